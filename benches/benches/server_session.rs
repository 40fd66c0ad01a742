//! A server's session alone: what it takes to get a request out of bytes and its reply into bytes, without executing
//! anything and without I/O.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use qapi_rt::session::server::{Config, Session};
use qapi_types::message::{VersionInfo, VersionTriple};

fn main() {
    divan::main();
}

const TRIVIAL: &[u8] = b"{\"execute\": \"query-status\", \"id\": 12345}\r\n";
const ARGUMENTS: &[u8] =
    b"{\"execute\": \"object-del\", \"arguments\": {\"id\": \"some-object\"}, \"id\": \"libvirt-123\"}\r\n";

fn session() -> Session {
    let version = VersionInfo::new(VersionTriple {
        major: 10,
        minor: 2,
        micro: 0,
    });
    let mut session = Session::new(&Config::qmp(version));
    session.receive(b"{'execute': 'qmp_capabilities'}");
    session.sent(session.output().len());
    session
}

/// Answers all that came.
fn answer(session: &mut Session) {
    while let Some(request) = session.take_in_band() {
        black_box(request.arguments());
        session.reply(
            request.ticket(),
            Ok(b"{\"status\": \"running\", \"running\": true}"),
        );
    }
    black_box(session.output());
    session.sent(session.output().len());
}

#[divan::bench(sample_size = 1000, args = [TRIVIAL, ARGUMENTS])]
fn one_request(bencher: Bencher, request: &[u8]) {
    let mut session = session();
    bencher.bench_local(|| {
        session.receive(black_box(request));
        answer(&mut session);
    });
}

#[divan::bench(sample_size = 100)]
fn many_requests_at_once(bencher: Bencher) {
    let mut session = session();
    let requests = TRIVIAL.repeat(64);
    bencher.counter(ItemsCount::new(64usize)).bench_local(|| {
        session.receive(black_box(&requests));
        answer(&mut session);
    });
}

/// A request that does not come in one piece is lexed on its own.
#[divan::bench(sample_size = 1000)]
fn in_two_pieces(bencher: Bencher) {
    let mut session = session();
    let (first, second) = TRIVIAL.split_at(20);
    bencher.bench_local(|| {
        session.receive(black_box(first));
        session.receive(black_box(second));
        answer(&mut session);
    });
}

#[divan::bench(sample_size = 1)]
fn a_mebibyte_in_pieces(bencher: Bencher) {
    let mut session = session();
    let data = "A".repeat(1 << 20);
    let request = format!(
        "{{\"execute\": \"guest-file-write\", \"arguments\": {{\"buf-b64\": \"{data}\"}}}}"
    );
    bencher
        .counter(divan::counter::BytesCount::new(request.len()))
        .bench_local(|| {
            for piece in request.as_bytes().chunks(64 << 10) {
                session.receive(black_box(piece));
            }
            answer(&mut session);
        });
}
