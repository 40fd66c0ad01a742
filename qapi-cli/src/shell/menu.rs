//! The menu of what may stand at the cursor.

use reedline::{DescriptionMode, IdeMenu, MenuBuilder as _, ReedlineMenu, Suggestion};

use super::mode::columns;

pub(super) const NAME: &str = "completions";
/// Columns of a border on both sides.
const BORDER: usize = 2;
/// Columns that values have at most, with their border.
const WIDEST: u16 = 50;
/// Columns that a description has at least, with its border.
const NARROWEST: u16 = 15;

pub(super) fn menu() -> ReedlineMenu {
    let menu = IdeMenu::default()
        .with_name(NAME)
        .with_marker("> ")
        .with_default_border()
        .with_description_mode(DescriptionMode::PreferRight)
        .with_max_completion_width(WIDEST)
        .with_min_description_width(NARROWEST)
        .with_max_completion_height(12);
    ReedlineMenu::EngineCompleter(Box::new(menu))
}

/// What the menu shows of values fits into a row of the terminal: the menu itself does not look.
pub(super) fn fit(suggestions: &mut [Suggestion]) {
    fit_into(suggestions, columns());
}

fn fit_into(suggestions: &mut [Suggestion], columns: usize) {
    let room = columns.saturating_sub(BORDER).max(1);
    for suggestion in &mut *suggestions {
        if suggestion.value.chars().nth(room).is_some() {
            let start = suggestion.value.chars().take(room - 1);
            suggestion.display_override = Some(start.chain(['…']).collect());
        }
    }
    let lengths = suggestions
        .iter()
        .map(|suggestion| suggestion.display_value().chars().count());
    let width = lengths.max().unwrap_or(0) + BORDER;
    if width.min(WIDEST.into()) + usize::from(NARROWEST) > columns {
        for suggestion in suggestions {
            suggestion.description = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(value: &str, columns: usize, shown: &str, is_described: bool) {
        let mut all = [Suggestion {
            value: value.to_owned(),
            description: Some("about".to_owned()),
            ..Suggestion::default()
        }];
        fit_into(&mut all, columns);
        let [suggestion] = all;
        assert_eq!(suggestion.display_value(), shown);
        assert_eq!(suggestion.value, value);
        assert_eq!(suggestion.description.is_some(), is_described, "{columns}");
    }

    #[test]
    fn what_fits() {
        shows("query-jobs", 27, "query-jobs", true);
        shows("query-jobs", 26, "query-jobs", false);
        shows("query-jobs", 12, "query-jobs", false);
        shows("query-jobs", 11, "query-jo…", false);
        shows("älter", 6, "ält…", false);
        shows("query-jobs", 0, "…", false);
        let long = "x".repeat(60);
        shows(&long, 65, &long, true);
        shows(&long, 64, &long, false);
    }
}
