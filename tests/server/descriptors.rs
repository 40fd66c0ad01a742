//! File descriptors that come with requests.
#![cfg(unix)]

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read as _};
use std::os::fd::OwnedFd;

use crate::server::monitor::Monitor;

/// A descriptor to be sent, and the means to see whether it was closed.
fn pipe() -> (OwnedFd, PipeReader) {
    let (reader, writer): (PipeReader, PipeWriter) = std::io::pipe().expect("a pipe");
    (writer.into(), reader)
}

fn is_closed(mut reader: PipeReader) -> bool {
    reader.read(&mut [0]).is_ok_and(|read| read == 0)
}

const GETFD: &str = "{'execute':'getfd','arguments':{'fdname':'a'}}";
const STATUS: &str = "{'execute':'query-status'}";

#[test]
fn they_go_to_the_request_that_they_came_with() {
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    let (fd, reader) = pipe();
    monitor.session.receive(STATUS.as_bytes());
    monitor.session.receive_with_fds(GETFD.as_bytes(), vec![fd]);
    monitor.session.receive(STATUS.as_bytes());
    let mut next = || {
        let request = monitor.session.take_in_band().expect("a request");
        monitor.session.finish(request.ticket());
        request
    };
    assert!(next().descriptors().is_none());
    let request = next();
    let taken = request.descriptors().and_then(|fds| fds.take());
    assert!(
        request
            .descriptors()
            .is_some_and(|fds| fds.take().is_none())
    );
    drop(request);
    assert!(next().descriptors().is_none());
    let file = File::from(taken.expect("the descriptor"));
    drop(file);
    assert!(is_closed(reader));
}

#[test]
fn several_keep_their_order_and_those_left_are_closed() {
    let mut monitor = Monitor::qmp();
    monitor.hold = true;
    let (fds, mut readers): (Vec<_>, Vec<_>) = (0..3).map(|_| pipe()).unzip();
    monitor.session.receive_with_fds(GETFD.as_bytes(), fds);
    let request = monitor.session.take_in_band().expect("a request");
    let first = request.descriptors().and_then(|fds| fds.take());
    drop(request);
    let first_reader = readers.remove(0);
    assert!(readers.into_iter().all(is_closed));
    drop(first);
    assert!(is_closed(first_reader));
}

#[test]
fn of_several_requests_in_one_piece_the_one_that_wants_them_takes_them() {
    let mut monitor = Monitor::oob();
    monitor.hold = true;
    let (fd, reader) = pipe();
    let piece = format!("{STATUS}{GETFD}{STATUS}\n");
    monitor.session.receive_with_fds(piece.as_bytes(), vec![fd]);
    for wants in [false, true, false] {
        let request = monitor.session.take_in_band().expect("a request");
        if wants {
            assert!(
                request
                    .descriptors()
                    .is_some_and(|fds| fds.take().is_some())
            );
        }
        monitor.session.finish(request.ticket());
    }
    assert!(is_closed(reader));
}

#[test]
fn a_request_in_pieces_has_those_of_any_of_them() {
    for with in 0..3 {
        let mut monitor = Monitor::qmp();
        monitor.hold = true;
        let (fd, _reader) = pipe();
        let mut fds = vec![fd];
        for (at, piece) in [&GETFD[..5], &GETFD[5..20], &GETFD[20..]]
            .iter()
            .enumerate()
        {
            let fds = if at == with {
                std::mem::take(&mut fds)
            } else {
                Vec::new()
            };
            monitor.session.receive_with_fds(piece.as_bytes(), fds);
        }
        let request = monitor.session.take_in_band().expect("a request");
        assert!(
            request
                .descriptors()
                .is_some_and(|fds| fds.take().is_some()),
            "{with}"
        );
    }
}

#[test]
fn a_peer_cannot_pile_them_up() {
    let mut monitor = Monitor::qmp();
    let mut readers = Vec::new();
    monitor.session.receive(b"[");
    for _ in 0..100 {
        let (fd, reader) = pipe();
        monitor.session.receive_with_fds(b"1,", vec![fd]);
        readers.push(reader);
    }
    let last = readers.split_off(readers.len() - 4);
    assert!(readers.into_iter().all(is_closed));
    monitor.session.close();
    assert!(last.into_iter().all(is_closed));
}

#[test]
fn those_that_come_with_nothing_to_execute_are_closed() {
    for text in ["]", "{}", "@", "@ ", "@ @ "] {
        let mut monitor = Monitor::qmp();
        let (fd, reader) = pipe();
        monitor.session.receive_with_fds(text.as_bytes(), vec![fd]);
        monitor.session.receive(STATUS.as_bytes());
        let request = monitor.session.take_in_band().expect("a request");
        assert!(request.descriptors().is_none(), "{text}");
        assert!(is_closed(reader));
    }
}

/// As QEMU's client library for Python sends them.
#[test]
fn those_that_come_with_whitespace_are_for_the_next_request() {
    let mut monitor = Monitor::qmp();
    let (early, early_reader) = pipe();
    let (late, late_reader) = pipe();
    monitor.session.receive_with_fds(b" ", vec![early]);
    monitor.session.receive(b"\n");
    monitor.session.receive_with_fds(b"\r\n", vec![late]);
    monitor.hold = true;
    monitor.session.receive(GETFD.as_bytes());
    monitor.session.receive(STATUS.as_bytes());
    let request = monitor.session.take_in_band().expect("a request");
    let taken = request.descriptors().and_then(|fds| fds.take());
    monitor.session.finish(request.ticket());
    let next = monitor.session.take_in_band().expect("a request");
    assert!(next.descriptors().is_none());
    // Later ones take the place of earlier ones.
    assert!(is_closed(early_reader));
    drop(taken.expect("the later descriptor"));
    assert!(is_closed(late_reader));
}
