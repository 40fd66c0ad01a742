//! The line editor: history, colours, completion, hints.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use nu_ansi_term::{Color, Style};
use reedline::{
    Completer, DefaultHinter, Emacs, FileBackedHistory, Highlighter, History, HistoryItem,
    HistoryItemId, HistorySessionId, KeyCode, KeyModifiers, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, ReedlineEvent, SearchQuery, Span, StyledText, Suggestion,
    ValidationResult, Validator, default_emacs_keybindings,
};

use super::current::{Current, current};
use super::events::View;
use super::interpret::Interpreter;
use super::menu;
use super::secrets::masked;
use crate::cli::shell::OWN;
use crate::complete::{self, Candidate};
use crate::hmp;
use crate::pasted;
use crate::words::{self, is_complete, split};

/// Lines that are remembered.
const LINES: usize = 5000;
/// So often it is looked whether there is a row to be shown above the line.
const POLL: Duration = Duration::from_millis(25);

pub(super) fn editor(interpreter: &Interpreter) -> (Reedline, Line) {
    let colour = interpreter.settings().output.palette.colour;
    let mut keys = default_emacs_keybindings();
    let open = ReedlineEvent::UntilFound(vec![
        ReedlineEvent::Menu(menu::NAME.to_owned()),
        ReedlineEvent::MenuNext,
    ]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, open);
    // What was typed ahead, before the line was there, has this for its end.
    keys.add_binding(
        KeyModifiers::CONTROL,
        KeyCode::Char('j'),
        ReedlineEvent::Enter,
    );
    keys.add_binding(
        KeyModifiers::SHIFT,
        KeyCode::BackTab,
        ReedlineEvent::MenuPrevious,
    );
    let hinter = DefaultHinter::default().with_style(Style::new().fg(Color::DarkGray));
    let mut editor = Reedline::create()
        .use_bracketed_paste(true)
        .with_ansi_colors(colour)
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_menu(menu::menu())
        .with_completer(Box::new(Words(interpreter.session.clone())))
        .with_highlighter(Box::new(Colours))
        .with_hinter(Box::new(hinter))
        .with_validator(Box::new(Brackets))
        .with_quick_completions(true)
        .with_partial_completions(true);
    if let Some(history) = history() {
        editor = editor.with_history(Box::new(history));
    }
    let view = interpreter.watch.as_ref().map(super::events::Watch::view);
    if let Some(view) = &view {
        editor = editor
            .with_external_printer(view.above().printer())
            .with_break_signal(view.changed())
            .with_poll_interval(POLL);
    }
    let line = Line {
        name: name(interpreter),
        view,
        is_line: Cell::new(false),
    };
    (editor, line)
}

/// What the prompt calls the server.
pub(super) fn name(interpreter: &Interpreter) -> String {
    let address = interpreter.settings().address.as_deref();
    let name = address.unwrap_or_default().rsplit('/').next();
    name.unwrap_or_default().to_owned()
}

/// In the user's state directory, for nobody else to read.
fn history() -> Option<Masked> {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state =
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    let directory = state.join("qmp");
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory);
    let file = directory.join("history");
    let opened = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&file);
    made.and(opened.map(drop)).ok()?;
    Some(Masked(FileBackedHistory::with_file(LINES, file).ok()?))
}

/// A history in which secrets are masked.
struct Masked(FileBackedHistory);

impl History for Masked {
    fn save(&mut self, mut item: HistoryItem) -> reedline::Result<HistoryItem> {
        item.command_line = masked(&item.command_line);
        let saved = self.0.save(item)?;
        // A terminal that is closed leaves no time for it. Where it fails the line is there for this session.
        let _ = self.0.sync();
        Ok(saved)
    }

    fn load(&self, id: HistoryItemId) -> reedline::Result<HistoryItem> {
        self.0.load(id)
    }

    fn count(&self, query: SearchQuery) -> reedline::Result<i64> {
        self.0.count(query)
    }

    fn search(&self, query: SearchQuery) -> reedline::Result<Vec<HistoryItem>> {
        self.0.search(query)
    }

    fn update(
        &mut self,
        id: HistoryItemId,
        updater: &dyn Fn(HistoryItem) -> HistoryItem,
    ) -> reedline::Result<()> {
        self.0.update(id, updater)
    }

    fn clear(&mut self) -> reedline::Result<()> {
        self.0.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> reedline::Result<()> {
        self.0.delete(id)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.0.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.0.session()
    }
}

/// The prompt.
pub(super) struct Line {
    name: String,
    view: Option<View>,
    /// Whether the left half was asked for last.
    is_line: Cell<bool>,
}

impl Line {
    fn left(&self) -> String {
        let is_gone = self.view.as_ref().is_some_and(|view| view.state().is_gone);
        let gone = if is_gone { " (gone)" } else { "" };
        format!("{}{gone}", self.name)
    }

    /// Before a line is read: a new one, or the same as before.
    pub(super) fn starts(&self, is_new: bool) {
        if let Some(view) = &self.view {
            view.above().start(is_new);
        }
    }

    /// After a line was read.
    pub(super) fn ends(&self) {
        if let Some(view) = &self.view {
            view.above().end();
        }
    }
}

impl Prompt for Line {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        self.is_line.set(true);
        if let Some(view) = &self.view {
            view.above().painted();
        }
        self.left().into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        // Asked for without the left one it is for its length: the editor finds the rows of the line from that, though it
        // is what is to the left that counts, less the three columns that it adds.
        if !self.is_line.take() {
            return " ".repeat(self.left().len().saturating_sub(1)).into();
        }
        let jobs = self.view.as_ref().map(|view| view.state().jobs);
        jobs.unwrap_or_default().into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "… ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("search '{}'> ", search.term).into()
    }
}

struct Words(Current);

impl Completer for Words {
    fn complete(&mut self, line: &str, pos: usize) -> Vec<Suggestion> {
        let typed = &line[..pos];
        let mut words = split(typed);
        let is_new =
            typed.ends_with(char::is_whitespace) && words.last().is_none_or(|word| word.closed);
        let word = if is_new { None } else { words.pop() };
        let (start, word) = word.map_or((pos, String::new()), |word| (word.span.start, word.text));
        let before: Vec<_> = words.iter().map(|word| &*word.text).collect();
        let candidates = candidates(&self.0, &before, &word).into_iter();
        let mut fitting: Vec<_> = candidates
            .filter(|candidate| candidate.value.starts_with(&word))
            .collect();
        // Names that begin so come first, but what is in the middle of a name is of use as well.
        if fitting.is_empty() && before.is_empty() {
            fitting = self::candidates(&self.0, &before, "");
            fitting.retain(|candidate| candidate.value.contains(&*word));
        }
        let mut fitting: Vec<_> = fitting
            .into_iter()
            .map(|candidate| Suggestion {
                append_whitespace: !candidate.is_open(),
                value: words::quote(&candidate.value),
                description: (!candidate.about.is_empty()).then_some(candidate.about),
                span: Span::new(start, pos),
                ..Suggestion::default()
            })
            .collect();
        menu::fit(&mut fitting);
        fitting
    }
}

fn candidates(session: &Current, before: &[&str], word: &str) -> Vec<Candidate> {
    let session = current(session);
    let Ok(Some(schema)) = session.schema() else {
        return Vec::new();
    };
    let capabilities = &schema.capabilities;
    let commands = || complete::commands(capabilities);
    let events = || {
        let all = capabilities.events();
        all.map(|event| Candidate::new(event.name(), "event"))
    };
    let plain = |names: &[&str]| names.iter().map(|name| Candidate::new(*name, "")).collect();
    match before {
        [] => {
            let own = OWN.map(|(name, about)| Candidate::new(name, about));
            let mut all = commands();
            all.extend(own);
            all.sort_by(|a, b| a.value.cmp(&b.value));
            all
        }
        ["describe"] => commands().into_iter().chain(events()).collect(),
        ["supports" | "oob"] => commands(),
        ["events"] => plain(&["on", "off", "filter", "list"]),
        ["events", "filter" | "list", ..] => events().collect(),
        ["hmp", before @ ..] => hmp::candidates(&session, before),
        ["timing"] => plain(&["on", "off"]),
        ["job"] => complete::Live::values(&*session, "job-cancel", &Default::default(), "id", ""),
        ["oob" | "describe" | "supports", command, others @ ..] | [command, others @ ..] => {
            complete::arguments(capabilities, &*session, command, others, word)
        }
    }
}

/// More lines follow until all brackets are closed.
struct Brackets;

impl Validator for Brackets {
    fn validate(&self, line: &str) -> ValidationResult {
        if is_complete(line) {
            ValidationResult::Complete
        } else {
            ValidationResult::Incomplete
        }
    }
}

struct Colours;

impl Highlighter for Colours {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        let mut push = |colour: Option<Color>, text: &str| {
            let style = colour.map_or_else(Style::new, |colour| Style::new().fg(colour));
            styled.push((style, text.to_owned()));
        };
        if pasted::message(line).is_some() {
            json(line, &mut push);
            return styled;
        }
        let mut end = 0;
        for (index, word) in split(line).into_iter().enumerate() {
            push(None, &line[end..word.span.start]);
            let text = &line[word.span.clone()];
            match text.find('=') {
                _ if index == 0 => push(Some(Color::Cyan), text),
                Some(at) => {
                    push(Some(Color::Blue), &text[..at]);
                    push(None, "=");
                    push(Some(Color::Green), &text[at + 1..]);
                }
                None if text.starts_with('-') => push(Some(Color::Yellow), text),
                None => push(None, text),
            }
            end = word.span.end;
        }
        push(None, &line[end..]);
        styled
    }
}

/// Strings in one colour, all else in another.
fn json(text: &str, push: &mut impl FnMut(Option<Color>, &str)) {
    let mut start = 0;
    let (mut within, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if within => escaped = true,
            '"' if within => {
                push(Some(Color::Green), &text[start..=at]);
                (start, within) = (at + 1, false);
            }
            '"' => {
                push(Some(Color::Cyan), &text[start..at]);
                (start, within) = (at, true);
            }
            _ => {}
        }
    }
    let colour = if within { Color::Green } else { Color::Cyan };
    push(Some(colour), &text[start..]);
}
