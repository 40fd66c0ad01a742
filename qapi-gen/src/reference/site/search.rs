//! What the search looks through. It is a script, because pages from disk may not read other files.

use super::Site;
use super::index::short;
use crate::json::{Layout, Writer};

/// `kinds` are numbers into a list, `pages` too; parts are names. The script in `script.js` reads it.
pub(super) fn index(site: &Site) -> String {
    let mut json = Writer::new(Layout::Line);
    json.object(|json| {
        json.key("pages")
            .strings(site.pages.iter().map(|page| page.name.as_str()));
        json.key("items").array(|json| {
            for entry in &site.book.entries {
                json.array(|json| {
                    json.string(entry.kind.name());
                    json.string(entry.name);
                    json.number(site.by_module[entry.module].unwrap_or_default());
                    json.string(&short(site, entry));
                    let flags = [
                        (entry.features.is_deprecated(), "deprecated"),
                        (entry.features.is_unstable(), "unstable"),
                    ];
                    json.strings(
                        flags
                            .into_iter()
                            .filter(|(has, _)| *has)
                            .map(|(_, flag)| flag),
                    );
                    json.strings(entry.parts.iter().map(|part| part.name));
                });
            }
        });
    });
    // Neither the end of a script nor, in old engines, the end of a line.
    let json = json
        .finish()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    format!("globalThis.qapiReference = {json};\n")
}
