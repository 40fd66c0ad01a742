//! A look at HTML, close enough for what we write: every tag is complete, and attributes are in double quotes.

use qapi_gen::reference::File;
use std::collections::{HashMap, HashSet};

/// The tags, without angle brackets.
pub(crate) fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
}

/// The words that are shown in `<main>`.
pub(crate) fn words(html: &str) -> String {
    let main = html.split("<main").nth(1).unwrap();
    let mut text = String::new();
    for piece in main.split('<') {
        let (tag, shown) = piece.split_once('>').unwrap_or(("", piece));
        // What is inline does not part words, unless it is a badge or a fact.
        if !matches!(tag, "strong" | "/strong" | "em" | "/em") {
            text.push(' ');
        }
        text.push_str(shown);
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in [",", ".", ")", "?", ":"] {
        if mark != ":" {
            words = words.replace(&format!(" {mark}"), mark);
        }
    }
    words.replace("( ", "(")
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// Checks that every tag is closed, that ids are unique, that links lead somewhere, and that nothing is loaded from
/// elsewhere.
pub(crate) fn check(files: &[File]) {
    let pages = files.iter().filter(|file| file.name.ends_with(".html"));
    let mut ids: HashMap<&str, HashSet<&str>> = HashMap::new();
    for page in pages.clone() {
        let of_page = ids.entry(&page.name).or_default();
        let mut open: Vec<&str> = Vec::new();
        for tag in tags(&page.text) {
            let name = tag.split([' ', '\n']).next().unwrap();
            match name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed), "{}: <{tag}>", page.name),
                None if matches!(name, "!DOCTYPE" | "meta" | "link" | "input" | "hr") => {}
                None => open.push(name),
            }
            if let Some(id) = attribute(tag, "id") {
                assert!(of_page.insert(id), "{}: {id} twice", page.name);
            }
        }
        assert_eq!(open, [""; 0], "{}", page.name);
        assert_eq!(page.text.matches("<h1").count(), 1, "{}", page.name);
    }
    for page in pages {
        for tag in tags(&page.text) {
            let name = tag.split(' ').next().unwrap();
            for loads in [
                "src",
                "srcset",
                "poster",
                "data",
                "action",
                "background",
                "style",
            ] {
                match attribute(tag, loads) {
                    Some("script.js") if name == "script" => {}
                    Some(other) => panic!("{}: {loads}={other}", page.name),
                    None => {}
                }
            }
            let Some(href) = attribute(tag, "href") else {
                continue;
            };
            if name == "link" {
                assert!(href == "style.css" || href.starts_with("data:"), "{href}");
                continue;
            }
            if href.contains("://") {
                assert!(tag.contains(" rel=\"noreferrer\""), "{tag}");
                continue;
            }
            let (file, anchor) = href
                .split_once('#')
                .map_or((href, None), |(f, a)| (f, Some(a)));
            let file = if file.is_empty() { &page.name } else { file };
            let there = ids
                .get(file)
                .unwrap_or_else(|| panic!("{}: {href}", page.name));
            assert!(
                anchor.is_none_or(|anchor| there.contains(anchor)),
                "{}: {href}",
                page.name
            );
        }
    }
    for file in files.iter().filter(|file| !file.name.ends_with(".html")) {
        let loads = [
            "://",
            "@import",
            "url(",
            "fetch(",
            "XMLHttpRequest",
            "innerHTML",
            "eval(",
        ];
        let own = file.name == "style.css" || file.name == "script.js";
        assert!(
            !own || loads.iter().all(|load| !file.text.contains(load)),
            "{}",
            file.name
        );
    }
}

/// Whether a line of Markdown, outside of fences, has no HTML but our anchors.
pub(crate) fn is_harmless_markdown(line: &str) -> bool {
    let mut rest = line;
    while let Some(at) = rest.find(['\\', '`', '<']) {
        rest = &rest[at..];
        let length = match rest.as_bytes()[0] {
            b'\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            b'`' => {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                match rest[ticks..].find(&rest[..ticks]) {
                    Some(end) => end + 2 * ticks,
                    None => return false,
                }
            }
            _ if rest.starts_with("<a id=\"") || rest.starts_with("<https://") => 1,
            _ if rest.starts_with("</a>") => 1,
            _ => return false,
        };
        rest = &rest[length..];
    }
    true
}
