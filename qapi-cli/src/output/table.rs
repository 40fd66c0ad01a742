//! Lists of objects as tables: a line for each, a column for each member that any of them has.

use super::{Json, Palette, Role, harmless};

/// A cell is cut off after so many characters, if it is not the last.
const WIDEST: usize = 40;

/// For a terminal cells are cut off; elsewhere nothing is lost.
pub(super) fn text(value: &Json, palette: Palette, is_whole: bool) -> String {
    let widest = if is_whole { usize::MAX } else { WIDEST };
    let rows = match value {
        Json::List(elements) if elements.is_empty() => return String::new(),
        Json::List(elements) => elements.iter().map(row).collect(),
        Json::Object(members) => {
            // One object: a line for each member.
            let rows = members
                .iter()
                .map(|(name, value)| vec![name.clone(), cell(value)]);
            return lay_out(None, &rows.collect::<Vec<_>>(), palette, widest);
        }
        scalar => return harmless(&cell(scalar)).into_owned(),
    };
    table(rows, palette, widest)
}

type Row = Vec<(String, String)>;

fn row(element: &Json) -> Row {
    match element {
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), cell(value)))
            .collect(),
        other => vec![("value".to_owned(), cell(other))],
    }
}

fn table(rows: Vec<Row>, palette: Palette, widest: usize) -> String {
    let mut columns: Vec<String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let value = |column: &String| row.iter().find(|(name, _)| name == column);
            let cells = columns.iter().map(value);
            cells
                .map(|found| found.map_or_else(String::new, |(_, value)| value.clone()))
                .collect()
        })
        .collect();
    let titles = columns.iter().map(|name| name.to_uppercase()).collect();
    lay_out(Some(titles), &rows, palette, widest)
}

fn cell(value: &Json) -> String {
    match value {
        Json::Text(text) => text.replace(['\n', '\r', '\t'], " "),
        other => other.compact(),
    }
}

fn lay_out(
    titles: Option<Vec<String>>,
    rows: &[Vec<String>],
    palette: Palette,
    most: usize,
) -> String {
    let lines: Vec<&Vec<String>> = titles.iter().chain(rows).collect();
    let count = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        widest.min(most)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            if column + 1 == line.len() {
                text.push_str(cell);
                continue;
            }
            let length = cell.chars().count();
            if length > widths[column] {
                text.extend(cell.chars().take(most - 1));
                text.push('…');
            } else {
                text.push_str(cell);
                text.extend(std::iter::repeat_n(' ', widths[column] - length));
            }
            text.push_str("  ");
        }
        let text = harmless(text.trim_end());
        match (&titles, number) {
            (Some(_), 0) => out.push_str(&palette.paint(Role::Title, &text)),
            _ => out.push_str(&text),
        }
        out.push('\n');
    }
    out
}
