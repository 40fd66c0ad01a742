//! Messages as logs and manuals have them, with a mark of who said them: `C: ` and `S: ` in recordings, `--trace` and QEMU's
//! description of the protocol, `-> ` and `<- ` in its reference, `> ` in other logs.

const SENT: [&str; 3] = ["C: ", "-> ", "> "];
const RECEIVED: [&str; 3] = ["S: ", "<- ", "< "];

/// A line without the mark of what a client says, if JSON is behind it.
pub(crate) fn unmarked(line: &str) -> &str {
    behind(line, &SENT).unwrap_or(line)
}

/// What a server said, without its mark.
pub(crate) fn received(line: &str) -> Option<&str> {
    behind(line, &RECEIVED)
}

/// A further line of a message that has several: inside JSON such a mark stands for nothing else.
pub(crate) fn continued(line: &str) -> &str {
    let trimmed = line.trim_start();
    let all = SENT.into_iter().chain(RECEIVED);
    all.filter_map(|mark| trimmed.strip_prefix(mark))
        .next()
        .unwrap_or(line)
}

fn behind<'l>(line: &'l str, marks: &[&str]) -> Option<&'l str> {
    let trimmed = line.trim_start();
    let rest = marks.iter().find_map(|mark| trimmed.strip_prefix(mark))?;
    let rest = rest.trim_start();
    rest.starts_with('{').then_some(rest)
}
