//! Data beside the types: what a program wants to know of commands and events by name.

use super::Output;
use super::plan::{Item, Place};
use super::text::{CALL_WIDTH, Fit, literal};
use crate::compact::{CollectVec as _, cat, join, order};
use crate::model::{Command, CommandId, Doc, Event, EventId, Features};

impl<'s> Output<'_, 's> {
    /// The commands that are in the generated file, re-exported ones included.
    pub(crate) fn all_commands(&self) -> Vec<(&'s Command, Item)> {
        let commands = self.plan.schema.commands.iter().enumerate();
        commands
            .map(|(i, command)| (command, self.plan.command_item(CommandId(i as u32)).clone()))
            .filter(|(_, item)| item.place != Place::Absent)
            .collect_vec()
    }

    /// The events that are in the generated file, re-exported ones included.
    pub(crate) fn all_events(&self) -> Vec<(&'s Event, Item)> {
        let events = self.plan.schema.events.iter().enumerate();
        events
            .map(|(i, event)| (event, self.plan.event_item(EventId(i as u32)).clone()))
            .filter(|(_, item)| item.place != Place::Absent)
            .collect_vec()
    }

    /// The tables of commands and events, by name.
    pub(crate) fn tables(&mut self) {
        let commands = self.all_commands();
        let names: Vec<&str> = commands
            .iter()
            .map(|(command, _)| &*command.name)
            .collect_vec();
        let rows = sorted(&names).into_iter().map(|at| {
            let (command, item) = &commands[at];
            let mut row = self.row(
                "CommandInfo",
                &command.name,
                &command.features,
                &command.doc,
            );
            for (flag, method) in [
                (command.allow_oob, ".allow_oob()"),
                (command.allow_preconfig, ".allow_preconfig()"),
                (!command.success_response, ".no_success_response()"),
            ] {
                if flag {
                    row.push(method.to_owned());
                }
            }
            (when(item), row)
        });
        let rows: Vec<_> = rows.collect_vec();
        self.table(
            "COMMANDS",
            "CommandInfo",
            "Facts about the commands, sorted by name.",
            rows,
        );

        let events = self.all_events();
        let names: Vec<&str> = events.iter().map(|(event, _)| &*event.name).collect_vec();
        let rows = sorted(&names).into_iter().map(|at| {
            let (event, item) = &events[at];
            let row = self.row("EventInfo", &event.name, &event.features, &event.doc);
            (when(item), row)
        });
        let rows: Vec<_> = rows.collect_vec();
        self.table(
            "EVENTS",
            "EventInfo",
            "Facts about the events, sorted by name.",
            rows,
        );
    }

    fn row(&self, ty: &str, name: &str, features: &Features, doc: &Option<Doc>) -> Vec<String> {
        let mut row = vec![cat(&[
            &self.paths.root,
            "::",
            ty,
            "::new(",
            &literal(name),
            ")",
        ])];
        if let Some(since) = doc.as_ref().and_then(Doc::since) {
            row.push(cat(&[".since(", &literal(since), ")"]));
        }
        if !features.is_empty() {
            let names: Vec<String> = features.iter().map(|f| literal(&f.name)).collect_vec();
            row.push(cat(&[".features(&[", &join(&names, ", "), "])"]));
        }
        row
    }

    fn table(&mut self, name: &str, ty: &str, doc: &str, rows: Vec<(Option<String>, Vec<String>)>) {
        self.t.blank();
        self.t.doc(doc);
        let head = cat(&[
            "pub static ",
            name,
            ": &[",
            &self.paths.root,
            "::",
            ty,
            "] = &[",
        ]);
        if rows.is_empty() {
            self.t.line(&[&head, "];"]);
            return;
        }
        // rustfmt puts a short list of one on one line, and has a call alone open within its bracket. How it
        // breaks chains there depends on too much.
        if let [(None, row)] = rows.as_slice() {
            let call = match row.as_slice() {
                [call] => call.strip_suffix(')').and_then(|call| call.split_once('(')),
                _ => None,
            };
            if join(row, "").len() <= CALL_WIDTH && row.len() <= 2 {
                self.t.list(&head, &[&join(row, "")], "];", Fit::Call);
                return;
            } else if let Some((callee, argument)) = call {
                self.t.open(&[&head, callee, "("]);
                self.t.line(&[argument, ","]);
                self.t.close(")];");
                return;
            }
            self.t.line(&["#[rustfmt::skip]"]);
        }
        self.t.open(&[&head]);
        for (when, row) in rows {
            self.t.attributes(when.as_deref());
            self.t.chain(&row, ",");
        }
        self.t.close("];");
    }
}

/// The places of names in their order.
fn sorted(names: &[&str]) -> Vec<usize> {
    order(names.len(), &|a, b| names[a].cmp(names[b]))
}

/// The `cfg` attribute of an item.
pub(crate) fn when(item: &Item) -> Option<String> {
    match &item.place {
        Place::Here(presence) => presence.attribute(),
        _ => None,
    }
}
