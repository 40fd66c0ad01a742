//! What the search looks through. It is a script, because pages from disk may not read other files.

use super::Site;
use super::index::short;
use serde_json::{Value, json};

/// `kinds` are numbers into a list, `pages` too; parts are names. The script in `script.js` reads it.
pub(super) fn index(site: &Site) -> String {
    let pages: Vec<&str> = site.pages.iter().map(|page| page.name.as_str()).collect();
    let items = site.book.entries.iter().map(|entry| {
        let flags = [
            (entry.features.is_deprecated(), "deprecated"),
            (entry.features.is_unstable(), "unstable"),
        ];
        let flags = flags.iter().filter(|(has, _)| *has).map(|(_, flag)| *flag);
        json!([
            entry.kind.name(),
            entry.name,
            site.by_module[entry.module].unwrap_or_default(),
            short(site, entry),
            flags.collect::<Value>(),
            entry.parts.iter().map(|part| part.name).collect::<Value>(),
        ])
    });
    let index = json!({"pages": pages, "items": items.collect::<Value>()});
    // Neither the end of a script nor, in old engines, the end of a line.
    let index = index
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    format!("globalThis.qapiReference = {index};\n")
}
