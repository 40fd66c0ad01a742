//! Data beside the types: what a program wants to know of commands and events by name.

use crate::model::{Command, Doc, Event, Features};
use crate::print::Code;
use crate::rust::plan::{Item, LastWith, Plan};
use crate::rust::template::commas;

/// The tables of commands and events, by name.
pub(crate) fn tables(plan: &Plan) -> Code {
    let types = &plan.types;
    let mut commands: Vec<(&Command, &Item)> = plan.all_commands().collect();
    commands.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let commands = commands.into_iter().map(|(command, item)| {
        let (when, name) = (item.presence(), command.name.as_str());
        let facts = facts(&command.doc, &command.features);
        let until = plan.last_with_command(command);
        let until = until.map(|LastWith(release)| code!(release => .until(#release)));
        let allow_oob = command.allow_oob.then(|| code!(.allow_oob()));
        let allow_preconfig = command.allow_preconfig.then(|| code!(.allow_preconfig()));
        let no_success = (!command.success_response).then(|| code!(.no_success_response()));
        code! {
            when, types, name, facts, until, allow_oob, allow_preconfig, no_success =>
            #when #types::CommandInfo::new(#name) #facts #until #allow_oob #allow_preconfig #no_success
        }
    });
    let mut events: Vec<(&Event, &Item)> = plan.all_events().collect();
    events.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let events = events.into_iter().map(|(event, item)| {
        let (when, name) = (item.presence(), event.name.as_str());
        let facts = facts(&event.doc, &event.features);
        code!(when, types, name, facts => #when #types::EventInfo::new(#name) #facts)
    });
    let (commands, events) = (commas(commands), commas(events));
    code! {
        types, commands, events =>
        /// Facts about the commands, sorted by name.
        pub static COMMANDS: &[#types::CommandInfo] = &[#commands];

        /// Facts about the events, sorted by name.
        pub static EVENTS: &[#types::EventInfo] = &[#events];
    }
}

/// What is said of commands and events alike.
fn facts(doc: &Option<Doc>, features: &Features) -> Code {
    let since = doc.as_ref().and_then(Doc::since);
    let since = since.map(|since| code!(since => .since(#since)));
    let names = features.iter().map(|feature| feature.name.as_str());
    let names = commas(names);
    let features = (!names.is_empty()).then(|| code!(names => .features(&[#names])));
    code!(since, features => #since #features)
}
