//! A definition as HTML.

use super::html::Html;
use super::prose::Prose;
use super::{Site, builtin_href};
use crate::model::*;
use crate::reference::book::{Entry, Part, condition};
use crate::reference::facts::Facts;
use crate::reference::kind::Kind;
use crate::reference::signature::{self, Pen};
use crate::reference::uses::How;

/// Writes signatures and types with links.
struct Linked<'a> {
    site: &'a Site<'a>,
    page: Option<usize>,
    /// The definition whose members are links.
    entry: Option<&'a Entry<'a>>,
    html: &'a mut Html,
}

impl Pen for Linked<'_> {
    fn text(&mut self, text: &str) {
        self.html.text(text);
    }

    fn member(&mut self, name: &str) {
        match self.entry {
            Some(entry) => self
                .html
                .link("m", &format!("#{}", entry.part_anchor(name)), name),
            None => self.html.text(name),
        }
    }

    fn ty(&mut self, name: &str, definition: Option<Definition>) {
        let href = match definition {
            Some(definition) => self.site.definition_href(definition, self.page),
            None => Some(builtin_href(name, self.page)),
        };
        match (href, definition) {
            (Some(href), Some(_)) => self.html.link("t", &href, name),
            (Some(href), None) => self.html.link("b", &href, name),
            (None, _) => self.html.text(name),
        }
    }
}

/// Writes a definition, with its anchor.
pub(super) fn entry(site: &Site, page: usize, entry: &Entry, html: &mut Html) {
    let writer = Writer {
        site,
        page: Some(page),
        entry,
    };
    let anchor = entry.anchor();
    html.raw("<section class=\"entry ");
    html.raw(entry.kind.name());
    html.raw("\" id=\"");
    html.text(&anchor);
    html.raw("\">\n<h2>");
    html.element("span", "kind", entry.kind.name());
    html.raw(" ");
    html.link("name", &format!("#{anchor}"), entry.name);
    writer.badges(entry.features, html);
    html.raw("</h2>\n");
    writer.facts(html);
    if matches!(entry.kind, Kind::Command | Kind::Event) {
        html.raw("<pre class=\"signature\" tabindex=\"0\"><code>");
        let mut pen = Linked {
            site,
            page: Some(page),
            entry: Some(entry),
            html,
        };
        signature::write(site.book, entry, &mut pen);
        html.raw("</code></pre>\n");
    }
    writer.sections(SectionKind::Plain, Some(false), "", html);
    writer.parts(html);
    writer.branches(html);
    writer.sections(SectionKind::Returns, None, "Returns", html);
    writer.sections(SectionKind::Errors, None, "Errors", html);
    writer.features(html);
    writer.sections(SectionKind::Plain, Some(true), "", html);
    writer.sections(SectionKind::Todo, None, "To do", html);
    writer.uses(html);
    html.raw("</section>\n");
}

struct Writer<'a> {
    site: &'a Site<'a>,
    page: Option<usize>,
    entry: &'a Entry<'a>,
}

impl Writer<'_> {
    fn prose(&self) -> Prose<'_> {
        Prose {
            site: self.site,
            page: self.page,
            entry: Some(self.entry),
            level: 3,
        }
    }

    fn ty(&self, ty: Type, html: &mut Html) {
        let mut pen = Linked {
            site: self.site,
            page: self.page,
            entry: None,
            html,
        };
        signature::type_name(self.site.book.schema, ty, &mut pen);
    }

    fn badges(&self, features: &Features, html: &mut Html) {
        for feature in features.iter() {
            let class = match feature.name.as_str() {
                "deprecated" => "badge deprecated",
                "unstable" => "badge unstable",
                _ => continue,
            };
            html.raw(" ");
            html.element("span", class, &feature.name);
        }
    }

    /// The line below the name: releases, condition, flags, where it is defined.
    fn facts(&self, html: &mut Html) {
        html.raw("<p class=\"facts\">");
        self.releases(&self.entry.facts, html);
        if let Some(condition) = self.entry.condition {
            self.condition(condition, html);
        }
        if let Definition::Command(id) = self.entry.definition {
            let command = self.site.book.schema.command(id);
            for (flag, holds) in [
                ("out-of-band", command.allow_oob),
                ("before the machine is built", command.allow_preconfig),
                ("no reply on success", !command.success_response),
                ("takes further arguments", !command.gen_),
            ] {
                if holds {
                    html.element("span", "fact", flag);
                    html.raw(" ");
                }
            }
        }
        if let Some(span) = self.entry.span.filter(|_| self.site.book.places) {
            let sources = self.site.book.schema.sources();
            let module = &self.site.book.schema.modules()[self.entry.module].name;
            html.element(
                "span",
                "fact place",
                &format!("{module}:{}", sources.line(span)),
            );
        }
        html.raw("</p>\n");
    }

    fn releases(&self, facts: &Facts, html: &mut Html) {
        if let Some(since) = &facts.since {
            html.element("span", "fact", &format!("since {since}"));
            html.raw(" ");
        }
        if let Some(until) = &facts.until {
            html.element("span", "fact until", &format!("until {until}"));
            html.raw(" ");
        }
        for (ty, releases) in &facts.was {
            html.element("span", "fact", &format!("{ty} in {releases}"));
            html.raw(" ");
        }
    }

    fn condition(&self, when: &Condition, html: &mut Html) {
        html.raw("<span class=\"fact\">if ");
        html.element("code", "", &condition(when));
        html.raw("</span> ");
    }

    fn sections(&self, kind: SectionKind, trailing: Option<bool>, heading: &str, html: &mut Html) {
        let mut heading = Some(heading).filter(|heading| !heading.is_empty());
        for text in self.entry.sections(kind, trailing) {
            if let Some(heading) = heading.take() {
                html.element("h3", "", heading);
                html.raw("\n");
            }
            self.prose().write(&text.text, html);
        }
    }

    fn parts(&self, html: &mut Html) {
        if self.entry.parts.is_empty() {
            return;
        }
        html.element("h3", "", self.entry.kind.heading());
        html.raw("\n<dl class=\"parts\">\n");
        for part in &self.entry.parts {
            self.part(part, html);
        }
        html.raw("</dl>\n");
    }

    fn part(&self, part: &Part, html: &mut Html) {
        let anchor = self.entry.part_anchor(part.name);
        html.raw("<dt id=\"");
        html.text(&anchor);
        html.raw("\"><code>");
        html.link("name", &format!("#{anchor}"), part.name);
        if let Some(ty) = part.ty {
            html.raw("<span class=\"colon\">: </span>");
            self.ty(ty, html);
        }
        html.raw("</code> ");
        if part.optional {
            html.element("span", "fact", "optional");
            html.raw(" ");
        }
        if let Some(default) = &part.default {
            html.raw("<span class=\"fact\">default ");
            html.element("code", "", default);
            html.raw("</span> ");
        }
        if self.entry.tag == Some(part.name) {
            html.element("span", "fact", "selects the branch");
            html.raw(" ");
        }
        self.releases(&part.facts, html);
        if let Some(condition) = part.condition {
            self.condition(condition, html);
        }
        if let Some(owner) = part.inherited.and_then(|owner| self.site.book.find(owner)) {
            html.raw("<span class=\"fact\">of ");
            html.link(
                "t",
                &self.site.href(owner, Some(part.name), self.page),
                owner.name,
            );
            html.raw("</span> ");
        }
        self.badges(part.features, html);
        html.raw("</dt>\n<dd>");
        if let Some(doc) = part.doc {
            self.prose().write(&doc.text, html);
        }
        for feature in part.features.iter() {
            html.raw("<div class=\"feature\"><p>Feature ");
            html.element("code", "", &feature.name);
            self.feature_condition(feature, html);
            html.raw("</p>\n");
            if let Some(doc) = &feature.doc {
                self.prose().write(&doc.text, html);
            }
            html.raw("</div>\n");
        }
        html.raw("</dd>\n");
    }

    fn feature_condition(&self, feature: &Feature, html: &mut Html) {
        if let Some(condition) = &feature.condition {
            html.raw(" ");
            self.condition(condition, html);
        }
    }

    fn branches(&self, html: &mut Html) {
        if self.entry.branches.is_empty() {
            return;
        }
        let tag = self.entry.tag.unwrap_or_default();
        html.raw("<h3>Further members, by <code>");
        html.link("", &format!("#{}", self.entry.part_anchor(tag)), tag);
        html.raw("</code></h3>\n<ul class=\"branches\">\n");
        let schema = self.site.book.schema;
        let mut bare = Vec::new();
        for branch in &self.entry.branches {
            let object = schema.object(branch.object);
            if matches!(object.kind, ObjectKind::Empty) {
                bare.push(*branch);
                continue;
            }
            html.raw("<li><code>");
            self.value(branch, html);
            html.raw("</code>: <code>");
            self.ty(Type::Object(branch.object), html);
            html.raw("</code>");
            if let Some(condition) = &branch.condition {
                html.raw(" ");
                self.condition(condition, html);
            }
            html.raw("</li>\n");
        }
        if !bare.is_empty() {
            html.raw("<li>none for ");
            for (at, branch) in bare.into_iter().enumerate() {
                html.raw(if at > 0 { ", <code>" } else { "<code>" });
                self.value(branch, html);
                html.raw("</code>");
            }
            html.raw("</li>\n");
        }
        html.raw("</ul>\n");
    }

    /// The value of a branch, linked to where its enum describes it.
    fn value(&self, branch: &Branch, html: &mut Html) {
        let Some(variants) = self.variants() else {
            return html.text(&branch.value);
        };
        match self.site.book.find(Definition::Enum(variants.tag_enum)) {
            Some(enum_) => html.link(
                "m",
                &self.site.href(enum_, Some(&branch.value), self.page),
                &branch.value,
            ),
            None => html.text(&branch.value),
        }
    }

    fn variants(&self) -> Option<&Variants> {
        let schema = self.site.book.schema;
        let object = match self.entry.definition {
            Definition::Object(id) => Some(id),
            Definition::Command(id) => schema.command(id).arguments,
            Definition::Event(id) => schema.event(id).data,
            _ => None,
        };
        schema.object(object?).variants.as_ref()
    }

    fn features(&self, html: &mut Html) {
        if self.entry.features.is_empty() {
            return;
        }
        html.raw("<h3>Features</h3>\n<dl class=\"parts\">\n");
        for feature in self.entry.features.iter() {
            let anchor = self.entry.feature_anchor(&feature.name);
            html.raw("<dt id=\"");
            html.text(&anchor);
            html.raw("\"><code>");
            html.link("name", &format!("#{anchor}"), &feature.name);
            html.raw("</code>");
            self.feature_condition(feature, html);
            html.raw("</dt>\n<dd>");
            if let Some(doc) = &feature.doc {
                self.prose().write(&doc.text, html);
            }
            html.raw("</dd>\n");
        }
        html.raw("</dl>\n");
    }

    fn uses(&self, html: &mut Html) {
        if self.entry.uses.is_empty() {
            return;
        }
        html.raw("<details class=\"uses\" open>\n<summary>Used by</summary>\n<ul>\n");
        let mut uses = self.entry.uses.iter().peekable();
        while let Some(first) = uses.next() {
            let Some(by) = self.site.book.find(first.by) else {
                continue;
            };
            html.raw("<li>");
            html.raw(by.kind.name());
            html.raw(" <code>");
            html.link("", &self.site.href(by, None, self.page), by.name);
            html.raw("</code>: ");
            self.how(by, &first.how, html);
            while let Some(next) = uses.next_if(|next| next.by == first.by) {
                html.raw(", ");
                self.how(by, &next.how, html);
            }
            html.raw("</li>\n");
        }
        html.raw("</ul>\n</details>\n");
    }

    fn how(&self, by: &Entry, how: &How, html: &mut Html) {
        match how {
            How::Arguments => html.raw("arguments"),
            How::Returns => html.raw("returns"),
            How::Data => html.raw("data"),
            How::Base => html.raw("base"),
            How::Branch(value) => {
                html.raw("branch ");
                html.element("code", "", value);
            }
            How::Part(name) => {
                html.raw(by.kind.part());
                html.raw(" <code>");
                html.link("", &self.site.href(by, Some(name), self.page), name);
                html.raw("</code>");
            }
        }
    }
}
