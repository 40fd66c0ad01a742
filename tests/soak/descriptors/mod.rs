//! Descriptors against the rules: too many, too few, where they do not belong. Nobody gets another's, and all that nobody
//! takes are closed.

mod clients;
mod servers;

use std::io::{IoSlice, PipeReader, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::{Held, alone};

/// What Linux sends with one message at most.
const MOST: usize = 253;

/// Longer than anything takes that does not hang.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// A descriptor that says this when it is read.
pub(crate) fn file(text: &str) -> PipeReader {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    reader
}

/// Sends bytes, and descriptors with the first of them, which stay open here.
pub(crate) fn pass(stream: &UnixStream, bytes: &str, files: &[impl AsFd]) {
    let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&files)));
    let bytes = [IoSlice::new(bytes.as_bytes())];
    sendmsg(stream, &bytes, &mut control, SendFlags::NOSIGNAL).unwrap();
}

fn open() -> usize {
    Held::now().descriptors
}

/// Waits until no more are open than that.
#[track_caller]
fn closed_to(count: usize) {
    let end = Instant::now() + SOON;
    while open() > count {
        assert!(Instant::now() < end, "{} are open, {count} were", open());
        thread::yield_now();
    }
}
