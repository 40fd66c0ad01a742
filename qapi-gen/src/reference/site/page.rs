//! The page of a module.

use super::html::Html;
use super::prose::Prose;
use super::{Site, entry};
use crate::reference::book::{Entry, plain};
use crate::reference::kind::Kind;
use crate::rst::Block;

pub(super) fn page(site: &Site, at: usize) -> String {
    let page = &site.pages[at];
    let module = &site.book.schema.modules()[page.module];
    let mut main = Html::default();
    main.raw("<div class=\"title\">\n");
    main.element("h1", "", &page.title);
    main.element("p", "file", &page.file);
    main.raw("\n</div>\n");
    let mut free = module.free_form.iter().peekable();
    // What of the module's definitions stands before a text counts those that are implicit.
    let implicit = site.book.schema.definitions()[module.definitions.clone()].iter();
    let places: Vec<usize> = implicit
        .enumerate()
        .filter(|(_, definition)| site.book.find(**definition).is_some())
        .map(|(place, _)| place)
        .collect();
    let mut titled = false;
    let mut text = |before: usize, main: &mut Html| {
        while let Some((_, text)) = free.next_if(|(place, _)| *place <= before) {
            let mut blocks = site.read(&text.text, Some(at));
            // The title of the page is its first heading.
            let is_title = |block: &Block| matches!(block, Block::Heading { text, .. } if plain(text) == page.title);
            if !titled && blocks.first().is_some_and(is_title) {
                blocks.remove(0);
                titled = true;
            }
            let prose = Prose {
                site,
                page: Some(at),
                entry: None,
                level: 2,
            };
            main.raw("<div class=\"free\">\n");
            prose.blocks(&blocks, main);
            main.raw("</div>\n");
        }
    };
    for (&index, &place) in page.entries.iter().zip(&places) {
        text(place, &mut main);
        entry::entry(site, at, &site.book.entries[index], &mut main);
    }
    text(usize::MAX, &mut main);
    let title = format!("{} – {}", page.title, site.book.title);
    site.document(&title, Some(at), contents(site, at), main)
}

/// What is on the page, by kind.
fn contents(site: &Site, at: usize) -> Html {
    let mut html = Html::default();
    let entries = site.pages[at]
        .entries
        .iter()
        .map(|&entry| &site.book.entries[entry]);
    let entries: Vec<&Entry> = entries.collect();
    for (heading, kinds) in [
        ("Commands", &[Kind::Command][..]),
        ("Events", &[Kind::Event]),
        (
            "Types",
            &[Kind::Enum, Kind::Struct, Kind::Union, Kind::Alternate],
        ),
    ] {
        let mut of_kind = entries
            .iter()
            .filter(|e| kinds.contains(&e.kind))
            .peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        html.raw("\n<p class=\"kind\">");
        html.raw(heading);
        html.raw("</p>\n<ul>\n");
        for entry in of_kind {
            html.raw("<li>");
            html.link(marks(entry), &format!("#{}", entry.anchor()), entry.name);
            html.raw("</li>\n");
        }
        html.raw("</ul>");
    }
    html
}

/// Classes of links to what is on its way in or out.
pub(super) fn marks(entry: &Entry) -> &'static str {
    match (entry.features.is_deprecated(), entry.features.is_unstable()) {
        (true, _) => "old",
        (false, true) => "new",
        (false, false) => "",
    }
}
