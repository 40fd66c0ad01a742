//! A web site that works from disk.

mod entry;
mod html;
mod index;
mod page;
mod prose;
mod search;

use super::File;
use super::book::{Book, Entry};
use crate::model::Definition;
use crate::rst::{self, Block};
use html::Html;
use std::collections::HashSet;

/// Files that are the same for every schema.
const ASSETS: [(&str, &str); 2] = [
    ("style.css", include_str!("style.css")),
    ("script.js", include_str!("script.js")),
];
const INDEX: &str = "index.html";
const SEARCH: &str = "search-index.js";

/// A page about a module.
struct Page {
    module: usize,
    /// Its file.
    name: String,
    /// Its schema file.
    file: String,
    title: String,
    /// The places of its definitions in the book.
    entries: Vec<usize>,
}

struct Site<'b> {
    book: &'b Book<'b>,
    pages: Vec<Page>,
    /// The page of each module, if it has one.
    by_module: Vec<Option<usize>>,
}

pub(super) fn files(book: &Book) -> Vec<File> {
    let site = Site::new(book);
    let file = |name: &str, text: String| File {
        name: name.to_owned(),
        text,
    };
    let mut files = vec![
        file(INDEX, index::index(&site)),
        file(SEARCH, search::index(&site)),
    ];
    files.extend(ASSETS.map(|(name, text)| file(name, text.to_owned())));
    for (at, page) in site.pages.iter().enumerate() {
        files.push(file(&page.name, page::page(&site, at)));
    }
    files
}

impl<'b> Site<'b> {
    fn new(book: &'b Book<'b>) -> Self {
        let modules = book.schema.modules();
        let mut taken: HashSet<String> = HashSet::from([INDEX.to_owned()]);
        let mut pages: Vec<Page> = Vec::new();
        let mut by_module = vec![None; modules.len()];
        for (at, module) in modules.iter().enumerate() {
            let entries: Vec<usize> = (0..book.entries.len())
                .filter(|&entry| book.entries[entry].module == at)
                .collect();
            // The root of many schemas only includes; what it says is on the first page.
            if entries.is_empty() && (module.free_form.is_empty() || at == 0) {
                continue;
            }
            by_module[at] = Some(pages.len());
            pages.push(Page {
                module: at,
                name: file_name(&module.name, &mut taken),
                file: module.name.to_string(),
                title: title(book, at).unwrap_or_else(|| stem(&module.name).to_owned()),
                entries,
            });
        }
        Site {
            book,
            pages,
            by_module,
        }
    }

    /// Where a definition is, as seen from a page (`None` is the index).
    fn href(&self, entry: &Entry, part: Option<&str>, from: Option<usize>) -> String {
        let page = self.by_module[entry.module];
        let file = match page {
            Some(at) if page != from => self.pages[at].name.as_str(),
            _ => "",
        };
        match part {
            Some(part) => format!("{file}#{}", entry.part_anchor(part)),
            None => format!("{file}#{}", entry.anchor()),
        }
    }

    fn definition_href(&self, definition: Definition, from: Option<usize>) -> Option<String> {
        match self.book.find(definition) {
            Some(entry) => Some(self.href(entry, None, from)),
            // The enumeration that comes with the language.
            None => match definition {
                Definition::Enum(_) => Some(builtin_href("QType", from)),
                _ => None,
            },
        }
    }

    /// What a name in documentation refers to.
    fn resolve(&self, name: &str, from: Option<usize>) -> Option<String> {
        let (entry, part) = self.book.named(name)?;
        Some(self.href(entry, part, from))
    }

    fn read(&self, text: &str, from: Option<usize>) -> Vec<Block> {
        rst::read(text, &|name| self.resolve(name, from))
    }

    /// A whole page.
    fn document(&self, title: &str, at: Option<usize>, contents: Html, main: Html) -> String {
        let mut html = Html::default();
        html.raw(include_str!("head.html").trim_end());
        html.raw("\n<title>");
        html.text(title);
        html.raw("</title>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n<header class=\"bar\">\n<a class=\"home\" href=\"index.html\">");
        html.text(&self.book.title);
        html.raw("</a>\n");
        html.raw(include_str!("bar.html"));
        html.raw("</header>\n<div class=\"columns\">\n<nav class=\"side\" aria-label=\"Contents\">\n<details open>\n<summary>Contents</summary>\n");
        self.modules(at, &contents, &mut html);
        html.raw("</details>\n</nav>\n<main id=\"main\" tabindex=\"-1\">\n");
        html.append(main);
        html.raw("</main>\n</div>\n</body>\n</html>\n");
        html.finish()
    }

    /// The list of modules; below the one that is shown, what is in it.
    fn modules(&self, at: Option<usize>, contents: &Html, html: &mut Html) {
        html.raw("<ul class=\"modules\">\n");
        for (index, page) in self.pages.iter().enumerate() {
            html.raw("<li><a href=\"");
            html.text(&page.name);
            html.raw(if at == Some(index) {
                "\" aria-current=\"page\">"
            } else {
                "\">"
            });
            html.text(stem(&page.file));
            html.raw("</a>");
            if at == Some(index) {
                html.append(contents.clone());
            }
            html.raw("</li>\n");
        }
        html.raw("</ul>\n");
    }
}

fn builtin_href(name: &str, from: Option<usize>) -> String {
    match from {
        Some(_) => format!("{INDEX}#builtin-{name}"),
        None => format!("#builtin-{name}"),
    }
}

/// The first heading of a module's own text.
fn title(book: &Book, module: usize) -> Option<String> {
    let texts = book.schema.modules()[module].free_form.iter();
    let mut blocks = texts.flat_map(|(_, text)| rst::read(&text.text, &|_| None));
    blocks.find_map(|block| match block {
        Block::Heading { text, .. } => Some(super::book::plain(&text)),
        _ => None,
    })
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    // Standard input is not a file.
    let name = name.trim_matches(['<', '>']);
    name.strip_suffix(".json").unwrap_or(name)
}

/// A name for a page that every file system takes, and that no other page has.
fn file_name(module: &str, taken: &mut HashSet<String>) -> String {
    let path = module.strip_suffix(".json").unwrap_or(module);
    let parts = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    let safe = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => c,
        _ => '-',
    };
    let parts: Vec<String> = parts.map(|part| part.chars().map(safe).collect()).collect();
    let stem: String = parts
        .join("-")
        .trim_start_matches(['.', '-'])
        .trim_end_matches('-')
        .chars()
        .take(100)
        .collect();
    let stem = if stem.is_empty() { "module" } else { &stem };
    let mut name = format!("{stem}.html");
    let mut number = 2;
    // File systems may take capitals for small letters.
    while !taken.insert(name.to_ascii_lowercase()) {
        name = format!("{stem}-{number}.html");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_names_of_their_own() {
        let mut taken = HashSet::from([INDEX.to_owned()]);
        let mut name = |module| file_name(module, &mut taken);
        assert_eq!(name("block/core.json"), "block-core.html");
        assert_eq!(name("../../qapi/block.json"), "qapi-block.html");
        assert_eq!(name("index.json"), "index-2.html");
        assert_eq!(name("Job.json"), "Job.html");
        assert_eq!(name("job.json"), "job-2.html");
        assert_eq!(name("javascript:x\"<é>"), "javascript-x.html");
        assert_eq!(name("..json"), "module.html");
        assert_eq!(name("<stdin>"), "stdin.html");
        assert_eq!(name(&"x".repeat(300)).len(), 105);
    }
}
