//! Tables.

use super::inline::Reader;
use super::{Block, is_blank};

/// The columns (start and end, in characters) of a line such as `=====  ===`.
pub(super) fn ruler(line: &str) -> Option<Vec<(usize, usize)>> {
    if !line.starts_with("==") || line.contains(|c| c != '=' && c != ' ') {
        return None;
    }
    let mut columns = Vec::new();
    for (i, c) in line.chars().enumerate() {
        match columns.last_mut() {
            Some((_, end)) if c == '=' && *end == i => *end = i + 1,
            _ if c == '=' => columns.push((i, i + 1)),
            _ => {}
        }
    }
    (columns.len() > 1).then_some(columns)
}

/// Whether a grid table starts with this line.
pub(super) fn is_grid(line: &str) -> bool {
    line.starts_with("+-") && line.ends_with('+') && !line.contains(|c| c != '+' && c != '-')
}

/// A table between rulers, and its number of lines.
pub(super) fn simple(lines: &[&str], inline: &Reader) -> Option<(Block, usize)> {
    let columns = ruler(lines[0])?;
    let is_ruler = |l: &&str| ruler(l).is_some();
    // The table ends with a ruler before a blank line.
    let end = (1..lines.len())
        .find(|&i| is_ruler(&lines[i]) && lines.get(i + 1).is_none_or(|next| is_blank(next)))?;
    let mut header: Vec<Vec<String>> = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in &lines[1..end] {
        if is_ruler(line) {
            header = std::mem::take(&mut rows);
            continue;
        }
        let cells = cells(line, &columns);
        match rows.last_mut() {
            // A row without a first cell continues the one above.
            Some(above) if cells[0].is_empty() => {
                for (above, cell) in above.iter_mut().zip(cells) {
                    *above = format!("{above} {cell}").trim().to_owned();
                }
            }
            _ if is_blank(line) => {}
            _ => rows.push(cells),
        }
    }
    let read = |rows: Vec<Vec<String>>| {
        let cells = |row: Vec<String>| row.iter().map(|cell| inline.read(cell)).collect();
        rows.into_iter().map(cells).collect()
    };
    let table = Block::Table {
        header: read(header),
        rows: read(rows),
    };
    Some((table, end + 1))
}

/// Cuts a line at the columns; the last one is open.
fn cells(line: &str, columns: &[(usize, usize)]) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    (0..columns.len())
        .map(|i| {
            let start = columns[i].0.min(chars.len());
            let end = columns.get(i + 1).map_or(chars.len(), |next| next.0);
            let cell: String = chars[start..end.min(chars.len())].iter().collect();
            cell.trim().to_owned()
        })
        .collect()
}
