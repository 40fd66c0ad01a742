//! Medians, and tables of them.

use std::fmt::Display;

/// The middle of some measurements.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// The median of how much more one cost than the other, round by round.
pub fn ratio(dear: &[f64], cheap: &[f64]) -> f64 {
    let ratios: Vec<f64> = dear.iter().zip(cheap).map(|(d, c)| d / c).collect();
    median(&ratios)
}

/// What a figure must be.
#[derive(Clone, Copy)]
pub enum Required {
    AtLeast(f64),
    AtMost(f64),
}

impl Required {
    /// The last cell of a row.
    pub fn shown(required: Option<Required>, figure: f64) -> String {
        // What the row shows is what counts.
        let figure = (figure * 100.0).round() / 100.0;
        let (text, kept) = match required {
            None => return String::new(),
            Some(Required::AtLeast(bound)) => (format!("≥ {bound}"), figure >= bound),
            Some(Required::AtMost(bound)) => (format!("≤ {bound}"), figure <= bound),
        };
        match kept {
            true => text,
            false => format!("{text}, **missed**"),
        }
    }
}

/// Prints a row of a Markdown table.
pub fn row<T: Display>(cells: impl IntoIterator<Item = T>) {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.to_string()).collect();
    println!("| {} |", cells.join(" | "));
}

/// Prints the head of a Markdown table.
pub fn head(cells: &[&str]) {
    row(cells);
    row(cells.iter().map(|_| "---"));
}
