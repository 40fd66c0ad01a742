//! The first page.

use super::html::Html;
use super::page::marks;
use super::prose::Prose;
use super::{Site, stem};
use crate::model::{Builtin, JsonKind};
use crate::reference::book::{Entry, summary};
use crate::reference::kind::Kind;

pub(super) fn index(site: &Site) -> String {
    let mut main = Html::default();
    main.raw("<div class=\"title\">\n");
    main.element("h1", "", &site.book.title);
    main.raw("\n</div>\n");
    counts(site, &mut main);
    introduction(site, &mut main);
    main.raw("<h2 id=\"modules\">Modules</h2>\n<div class=\"table\" tabindex=\"0\"><table class=\"modules\">\n");
    for page in &site.pages {
        main.raw("<tr><td>");
        main.link("", &page.name, stem(&page.file));
        main.raw("</td><td>");
        if page.title != stem(&page.file) {
            main.text(&page.title);
        }
        main.raw("</td></tr>\n");
    }
    main.raw("</table></div>\n");
    for (kinds, id, heading) in [
        (&[Kind::Command][..], "commands", "Commands"),
        (&[Kind::Event], "events", "Events"),
        (
            &[Kind::Enum, Kind::Struct, Kind::Union, Kind::Alternate],
            "types",
            "Types",
        ),
    ] {
        let entries = site.book.entries.iter().filter(|e| kinds.contains(&e.kind));
        let mut entries: Vec<&Entry> = entries.collect();
        entries.sort_by_key(|entry| entry.name.to_ascii_lowercase());
        if entries.is_empty() {
            continue;
        }
        main.raw(&format!(
            "<h2 id=\"{id}\">{heading}</h2>\n<dl class=\"all\">\n"
        ));
        for entry in entries {
            main.raw("<div><dt>");
            main.link(marks(entry), &site.href(entry, None, None), entry.name);
            main.raw("</dt><dd>");
            main.text(&short(site, entry));
            main.raw("</dd></div>\n");
        }
        main.raw("</dl>\n");
    }
    builtins(&mut main);
    site.document(&site.book.title, None, Html::default(), main)
}

/// What a definition is, in a few words.
pub(super) fn short(site: &Site, entry: &Entry) -> String {
    let text = entry
        .sections(crate::model::SectionKind::Plain, None)
        .next();
    text.map_or_else(String::new, |text| {
        summary(&site.read(&text.text, None), 120)
    })
}

fn counts(site: &Site, html: &mut Html) {
    let counted = Kind::ALL.map(|kind| {
        let count = site.book.entries.iter().filter(|e| e.kind == kind).count();
        (count, kind.name())
    });
    let counted = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" }));
    html.element("p", "facts", &counted.collect::<Vec<_>>().join(", "));
    if let Some(releases) = site.book.releases {
        let (first, last) = (releases.names().first(), releases.names().last());
        if let (Some(first), Some(last)) = (first, last) {
            html.raw("<p class=\"facts\">Compared with the releases from ");
            html.text(first);
            html.raw(" to ");
            html.text(last);
            html.raw(": what is not said to be younger or gone is in each.</p>\n");
        }
    }
}

/// What the root file says, unless it has a page.
fn introduction(site: &Site, html: &mut Html) {
    if site.by_module.first() != Some(&None) {
        return;
    }
    let prose = Prose {
        site,
        page: None,
        entry: None,
        level: 2,
    };
    for (_, text) in &site.book.schema.modules()[0].free_form {
        prose.write(&text.text, html);
    }
}

fn builtins(html: &mut Html) {
    html.raw("<h2 id=\"builtins\">Built-in types</h2>\n<dl class=\"parts\">\n");
    let mut row = |name: &str, what: &str| {
        html.raw("<dt id=\"builtin-");
        html.raw(name);
        html.raw("\"><code>");
        html.raw(name);
        html.raw("</code></dt><dd>");
        html.raw(what);
        html.raw("</dd>\n");
    };
    for builtin in Builtin::ALL {
        row(builtin.name(), what(builtin));
    }
    row("QType", "the kinds of JSON value, as an enumeration");
    html.raw("</dl>\n");
}

fn what(builtin: Builtin) -> &'static str {
    match builtin {
        Builtin::Int | Builtin::Int64 => "an integer from −2<sup>63</sup> to 2<sup>63</sup> − 1",
        Builtin::Int8 => "an integer from −128 to 127",
        Builtin::Int16 => "an integer from −32768 to 32767",
        Builtin::Int32 => "an integer from −2<sup>31</sup> to 2<sup>31</sup> − 1",
        Builtin::Uint8 => "an integer from 0 to 255",
        Builtin::Uint16 => "an integer from 0 to 65535",
        Builtin::Uint32 => "an integer from 0 to 2<sup>32</sup> − 1",
        Builtin::Uint64 => "an integer from 0 to 2<sup>64</sup> − 1",
        Builtin::Size => "a number of bytes, from 0 to 2<sup>64</sup> − 1",
        other => match other.json_kind() {
            JsonKind::String => "a string",
            JsonKind::Number => "a number, with or without a fraction",
            JsonKind::Boolean => "<code>true</code> or <code>false</code>",
            JsonKind::Null => "<code>null</code>",
            _ => "any JSON value",
        },
    }
}
