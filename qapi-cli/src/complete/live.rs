//! Values that are names of what the server has right now.

use qapi_rt::types::{Object, Value};

use super::Candidate;
use crate::call::one;
use crate::output::Json;
use crate::session::Session;

/// Asks a server, quickly and without complaint.
pub(crate) trait Live {
    /// Values for an argument of a command, if they are names of things.
    fn values(&self, command: &str, given: &Object, key: &str, start: &str) -> Vec<Candidate>;

    /// Properties of a kind of device.
    fn properties(&self, driver: &str) -> Vec<Candidate>;
}

/// Of a guest nothing is asked.
pub(super) struct Nothing;

impl Live for Nothing {
    fn values(&self, _: &str, _: &Object, _: &str, _: &str) -> Vec<Candidate> {
        Vec::new()
    }

    fn properties(&self, _: &str) -> Vec<Candidate> {
        Vec::new()
    }
}

/// What an argument names.
enum Thing {
    Node,
    Job,
    Device,
    Object,
    Chardev,
    Export,
    Iothread,
    Kind,
    Path,
    Property,
}

/// By the name of a member, and of its command, since the schema says no more than that it is a string.
fn thing(command: &str, key: &str) -> Option<Thing> {
    let member = key.rsplit('.').next().unwrap_or(key);
    let is_block = command.starts_with("block") || command.starts_with("x-block");
    Some(match (command, member) {
        ("device_add", "driver")
        | ("device-list-properties" | "qom-list-properties", "typename") => Thing::Kind,
        ("device_del" | "eject" | "blockdev-open-tray" | "blockdev-close-tray", "id") => {
            Thing::Device
        }
        ("blockdev-insert-medium" | "blockdev-remove-medium" | "blockdev-change-medium", "id") => {
            Thing::Device
        }
        ("object-del", "id") => Thing::Object,
        ("chardev-remove" | "chardev-send-break" | "chardev-change", "id") => Thing::Chardev,
        ("block-export-del", "id") => Thing::Export,
        ("qom-list" | "qom-get" | "qom-set", "path") | (_, "qom-path") => Thing::Path,
        ("qom-get" | "qom-set", "property") => Thing::Property,
        (command, "id") if command.starts_with("job-") => Thing::Job,
        (command, "device") if command.starts_with("block-job-") => Thing::Job,
        (_, "iothread") => Thing::Iothread,
        ("blockdev-add", "node-name") if key == "node-name" => return None,
        (
            _,
            "file" | "backing" | "image" | "data-file" | "target" | "base-node" | "top-node"
            | "replaces",
        ) => Thing::Node,
        (_, "node-name" | "node" | "device" | "drive")
            if is_block || command.starts_with("nbd-") || member == "drive" =>
        {
            Thing::Node
        }
        ("block-export-add" | "device_add", "node-name" | "drive") => Thing::Node,
        _ => return None,
    })
}

impl Session {
    /// The members `name` and `about` of each element of a reply.
    fn names(&self, command: &str, arguments: Object, name: &str, about: &str) -> Vec<Candidate> {
        let reply = self.execute(command, arguments).ok();
        let list = reply.and_then(|reply| Json::parse(&reply).ok());
        let Some(list) = list else { return Vec::new() };
        let text = |element: &Json, member: &str| {
            let value = element.get(member)?;
            Some(
                value
                    .as_str()
                    .map_or_else(|| value.compact(), str::to_owned),
            )
        };
        let elements = list.elements().iter();
        elements
            .filter_map(|element| {
                let about = text(element, about).unwrap_or_default();
                Some(Candidate::new(text(element, name)?, about))
            })
            .collect()
    }

    /// Children of an object in the composition tree.
    fn children(&self, path: &str) -> Vec<Candidate> {
        let mut children = self.names("qom-list", one("path", path), "name", "type");
        children.retain(|child| child.about.starts_with("child<"));
        children
    }
}

impl Live for Session {
    fn values(&self, command: &str, given: &Object, key: &str, start: &str) -> Vec<Candidate> {
        let nothing = Object::new;
        match thing(command, key) {
            None => Vec::new(),
            Some(Thing::Node) => {
                let flat = Object::from_iter([("flat".to_owned(), true.into())]);
                self.names("query-named-block-nodes", flat, "node-name", "drv")
            }
            Some(Thing::Job) => self.names("query-jobs", nothing(), "id", "type"),
            Some(Thing::Device) => self.children("/machine/peripheral"),
            Some(Thing::Object) => self.children("/objects"),
            Some(Thing::Chardev) => self.names("query-chardev", nothing(), "label", "filename"),
            Some(Thing::Export) => self.names("query-block-exports", nothing(), "id", "type"),
            Some(Thing::Iothread) => self.names("query-iothreads", nothing(), "id", "thread-id"),
            Some(Thing::Kind) => {
                let base = if command.starts_with("device") {
                    "device"
                } else {
                    "object"
                };
                let arguments = [
                    ("implements", Value::from(base)),
                    ("abstract", false.into()),
                ];
                let arguments = arguments.map(|(name, value)| (name.to_owned(), value));
                self.names(
                    "qom-list-types",
                    Object::from_iter(arguments),
                    "name",
                    "parent",
                )
            }
            Some(Thing::Path) => {
                let (parent, _) = start.rsplit_once('/').unwrap_or(("", ""));
                let at = if parent.is_empty() { "/" } else { parent };
                let children = self.children(at).into_iter();
                children
                    .map(|child| Candidate::new(format!("{parent}/{}", child.value), child.about))
                    .collect()
            }
            Some(Thing::Property) => match given.get("path").and_then(Value::as_str) {
                Some(path) => self.names("qom-list", one("path", path), "name", "type"),
                None => Vec::new(),
            },
        }
    }

    fn properties(&self, driver: &str) -> Vec<Candidate> {
        let arguments = one("typename", driver);
        self.names("device-list-properties", arguments, "name", "type")
    }
}
