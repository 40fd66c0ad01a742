//! Spreading messages over several lines.

/// Writes one line of JSON as a monitor with `pretty=on` does: four spaces a level, lines ended by CR LF.
pub(super) fn spread(line: &[u8], out: &mut Vec<u8>) {
    let mut depth = 0usize;
    let mut rest = line;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'"' => {
                let end = string_end(rest);
                out.push(b'"');
                out.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
            b'{' | b'[' => {
                depth += 1;
                out.push(*byte);
                // The end of an empty container starts a line by itself.
                if !matches!(rest.first(), Some(b'}' | b']')) {
                    new_line(depth, out);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(depth, out);
                out.push(*byte);
            }
            b',' => {
                out.push(b',');
                new_line(depth, out);
            }
            b':' => out.extend_from_slice(b": "),
            b' ' => {}
            _ => out.push(*byte),
        }
    }
}

/// Where a string ends, past its quote, whose content starts here.
fn string_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn new_line(depth: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
    out.resize(out.len() + 4 * depth, b' ');
}
