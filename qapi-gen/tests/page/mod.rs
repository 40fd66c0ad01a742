//! The page `docs/generated-code.md`: the golden schemas beside what is generated from them.
//!
//! A comment in a schema whose first line is a title starts a section: its text explains, what
//! follows is shown. Another comment ends the section.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The schemas in the order of the page.
const SCHEMAS: [&str; 9] = [
    "struct",
    "enum",
    "union",
    "alternate",
    "command",
    "event",
    "conditions",
    "recursive",
    "names",
];

const INTRODUCTION: &str = "\
# Schema and generated code

What `qapi-gen generate` makes of each construct of the language. The schemas are those in
[qapi-gen/tests/golden](../qapi-gen/tests/golden), where the whole code stands beside them; a test
writes this page from both.

Here the code is shortened: `…` stands for a body; attributes such as `#[must_use]` are left out,
and so is what only the codec needs. Generated code names everything in full
(`::core::option::Option`), since a schema may define types of any name. Every type implements
qapi-types' `Decode` and `Encode`, and with its feature `serde` also `Serialize` and `Deserialize`.
";

const LIBRARY: [&str; 6] = [
    "::core::convert::",
    "::core::option::",
    "::std::boxed::",
    "::std::string::",
    "::std::vec::",
    "::qapi_types::",
];

/// What the compiler needs, and readers do not.
const HIDDEN: [&str; 3] = ["#[must_use]", "#[inline]", "#[allow("];

/// A section of the page.
struct Section<'s> {
    title: &'s str,
    text: String,
    schema: &'s str,
    /// The lines of the schema, from 1.
    lines: std::ops::Range<usize>,
}

/// The page with what is generated now.
pub(crate) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut shown: Vec<String> = Vec::new();
    for name in SCHEMAS {
        let schema = crate::golden::directory().join(name).with_extension("json");
        let schema = std::fs::read_to_string(schema).unwrap();
        let code = crate::golden::builder(name).generate_to_string().unwrap();
        let items = items(&code);
        let sections = sections(&schema);
        for (index, section) in sections.iter().enumerate() {
            let mut rust = Rust::default();
            let mut inside = false;
            for item in &items {
                if let Some(line) = item.line {
                    inside = section.lines.contains(&line);
                } else if item.common() {
                    // What every file has is shown once, where there is something in it.
                    let last = index + 1 == sections.len();
                    inside = item.common_to(section.schema, last)
                        && !shown.iter().any(|head| head == item.head);
                    if inside {
                        shown.push(item.head.to_owned());
                    }
                }
                if inside && !item.hidden() {
                    rust.item(item);
                }
            }
            write!(
                page,
                "\n## {}\n\n{}\n\n```python\n{}\n```\n\n```rust,ignore\n{}```\n",
                section.title,
                section.text,
                section.schema,
                rust.finish()
            )
            .unwrap();
        }
    }
    page
}

/// Where the page is.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated-code.md")
}

fn sections(schema: &str) -> Vec<Section<'_>> {
    // Every comment that does not document a definition, as its lines.
    let lines: Vec<&str> = schema.lines().collect();
    let mut comments = Vec::new();
    let mut documents = false;
    for (number, line) in lines.iter().enumerate() {
        if *line == "##" {
            documents = !documents;
        } else if line.starts_with("# ") && !documents {
            match comments.last_mut() {
                Some(std::ops::Range { end, .. })
                    if lines[*end..number].iter().all(|l| *l == "#") =>
                {
                    *end = number + 1;
                }
                _ => comments.push(number..number + 1),
            }
        }
    }
    let ends = comments.iter().skip(1).map(|next| next.start);
    let ends = ends.chain([lines.len()]);
    let mut sections = Vec::new();
    for (comment, end) in comments.iter().zip(ends) {
        let title = lines[comment.start].trim_start_matches("# ");
        if title.ends_with('.') {
            continue;
        }
        let text: Vec<&str> = lines[comment.start + 2..comment.end]
            .iter()
            .map(|line| line.trim_start_matches('#').trim_start())
            .collect();
        let offset = |line: usize| lines[..line].iter().map(|l| l.len() + 1).sum::<usize>();
        let schema = schema[offset(comment.end)..offset(end)].trim();
        sections.push(Section {
            title,
            text: text.join("\n"),
            schema,
            lines: comment.end + 1..end + 1,
        });
    }
    sections
}

/// An item of the generated code, or of a module in it.
struct Item<'c> {
    /// The place in the schema that it names.
    line: Option<usize>,
    /// The line that says what it is.
    head: &'c str,
    /// Without the indentation of the module.
    lines: Vec<&'c str>,
    module: Option<&'c str>,
}

/// The items of a file, and of its modules `commands` and `events`.
fn items(code: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut module = None;
    let mut lines = Vec::new();
    for line in code.lines() {
        if let Some(name) = line.strip_prefix("pub mod ") {
            module = Some(name.trim_end_matches(" {"));
            lines.clear();
            continue;
        }
        if line == "}" && module.is_some() {
            module = None;
            continue;
        }
        let line = match module {
            Some(_) => line.strip_prefix("    ").unwrap_or(line),
            None => line,
        };
        lines.push(line);
        let is_head = |l: &&str| !l.starts_with("//") && !l.starts_with('#');
        let Some(head) = lines.iter().copied().find(is_head) else {
            continue;
        };
        let ended = match head.ends_with(['{', '[', '(']) {
            true => matches!(line, "}" | "];" | ");"),
            false => true,
        };
        if head.is_empty() {
            lines.clear();
        } else if ended {
            items.push(Item {
                line: lines.iter().find_map(|line| origin(line)),
                head,
                lines: std::mem::take(&mut lines),
                module,
            });
        }
    }
    items
}

/// The place in the schema that a line of documentation names.
fn origin(line: &str) -> Option<usize> {
    let (_, number) = line.strip_prefix("///")?.rsplit_once("json` line ")?;
    number.parse().ok()
}

impl Item<'_> {
    /// Whether every file has it, whatever is in the schema.
    fn common(&self) -> bool {
        let heads = [
            "pub static ",
            "pub enum Event ",
            "impl ::qapi_types::Events ",
        ];
        heads.iter().any(|head| self.head.starts_with(head))
    }

    /// Whether it belongs to this part of a schema.
    fn common_to(&self, schema: &str, last: bool) -> bool {
        let has = |what: &str| schema.contains(&format!("{{ '{what}':"));
        match self.head.split([':', '{']).next().unwrap().trim() {
            "pub static COMMANDS" => last && has("command"),
            "pub static EVENTS" => last && has("event"),
            "pub enum Event" => has("event"),
            _ => false,
        }
    }

    /// Whether it is of no interest to readers.
    fn hidden(&self) -> bool {
        self.lines.contains(&"#[doc(hidden)]")
            || self.head.starts_with("::")
            || self.head.contains("::codec::")
    }

    /// Whether one line about it is enough.
    fn brief(&self) -> bool {
        self.head.starts_with("impl ::core::convert::From<")
    }
}

/// Code as the page shows it.
#[derive(Default)]
struct Rust<'c> {
    text: String,
    module: Option<&'c str>,
    /// Whether the item before was a brief one.
    brief: bool,
}

impl<'c> Rust<'c> {
    fn line(&mut self, line: &str) {
        let margin = if self.module.is_some() { "    " } else { "" };
        let line = LIBRARY
            .iter()
            .fold(line.to_owned(), |line, path| line.replace(path, ""));
        match line.as_str() {
            "" => self.text.push('\n'),
            line => writeln!(self.text, "{margin}{line}").unwrap(),
        }
    }

    fn enter(&mut self, module: Option<&'c str>) {
        if self.module == module {
            return;
        }
        if self.module.take().is_some() {
            self.text.push_str("}\n");
        }
        if let Some(name) = module {
            write!(self.text, "\npub mod {name} {{").unwrap();
            self.brief = false;
        }
        self.module = module;
    }

    fn item(&mut self, item: &Item<'c>) {
        self.enter(item.module);
        if !(self.brief && item.brief()) {
            self.text.push('\n');
        }
        self.brief = item.brief();
        if item.brief() {
            self.line(&format!("{} … }}", item.head));
            return;
        }
        let mut lines = item.lines.iter().copied();
        while let Some(line) = lines.next() {
            let text = line.trim_start();
            if text.is_empty() || HIDDEN.iter().any(|attribute| text.starts_with(attribute)) {
                continue;
            }
            if !text.starts_with("pub fn ") {
                self.line(line);
                continue;
            }
            let margin = &line[..line.len() - text.len()];
            let mut signature = text.to_owned();
            while !signature.ends_with('{') {
                let part = lines.next().unwrap().trim_start();
                let space = if signature.ends_with('(') { "" } else { " " };
                signature = match part.strip_prefix(')') {
                    Some(end) => format!("{}){end}", signature.trim_end_matches(',')),
                    None => format!("{signature}{space}{part}"),
                };
            }
            self.line(&format!("{margin}{signature} … }}"));
            let end = format!("{margin}}}");
            lines.by_ref().find(|line| *line == end);
        }
    }

    fn finish(mut self) -> String {
        self.enter(None);
        self.text.trim_start_matches('\n').to_owned()
    }
}
