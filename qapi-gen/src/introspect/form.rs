//! How the releases differ in what they show.

use crate::model::{Definition, Era, Object, Schema};

/// What one release's introspection looks like.
pub(super) struct Form {
    /// Enums have `members`: since 6.2.
    pub(super) enum_members: bool,
    /// Commands have `allow-oob` even if it is false: only 2.12.
    pub(super) allow_oob_always: bool,
    /// Implicit types are named `:obj-...` instead of `q_obj_...`: only 2.5.
    colon_names: bool,
}

impl Form {
    /// The form of a release, or of the one that the schema seems to be of.
    pub(super) fn of(schema: &Schema, release: Option<(u32, u32)>) -> Form {
        match release {
            Some(release) => Form {
                enum_members: release >= (6, 2),
                allow_oob_always: release == (2, 12),
                colon_names: release <= (2, 5),
            },
            None => Form::guess(schema),
        }
    }

    fn guess(schema: &Schema) -> Form {
        // The prose of a schema in today's language decides nothing.
        let release = match schema.era() {
            Era::Current => None,
            _ => newest_release(schema),
        };
        let within = |from, to| release.is_some_and(|r| (from..=to).contains(&r));
        let own = |name: &str| match schema.definition(name) {
            Some(Definition::Object(id)) => Some(schema.object(id)),
            _ => None,
        };
        let member = |object: &Object, name: &str| {
            let mut members = schema.all_members(object);
            members
                .find(|(_, m)| m.name == name)
                .map(|(_, m)| m.optional)
        };
        Form {
            enum_members: match own("SchemaInfoEnum") {
                Some(info) => member(info, "members").is_some(),
                None => schema.era() == Era::Current,
            },
            allow_oob_always: match own("SchemaInfoCommand") {
                Some(info) => member(info, "allow-oob") == Some(false),
                // The guest agent's schema of 2.12 mentions no newer release than 2.11.
                None => within((2, 11), (2, 12)),
            },
            colon_names: schema.era() == Era::TextDocs && within((0, 0), (2, 5)),
        }
    }

    /// The name of an enum, object or alternate type.
    pub(super) fn type_name(&self, name: &str) -> String {
        if self.colon_names {
            if name == "q_empty" {
                return ":empty".to_owned();
            }
            if let Some(rest) = name.strip_prefix("q_obj_") {
                return format!(":obj-{rest}");
            }
        }
        name.to_owned()
    }
}

/// The newest release that the schema says something is in it since: a schema does not state
/// its own release.
fn newest_release(schema: &Schema) -> Option<(u32, u32)> {
    let texts = schema.sources().files().map(|(_, file)| file.text());
    texts.flat_map(releases).max()
}

/// The releases `X.Y` after the word "since".
fn releases(text: &str) -> impl Iterator<Item = (u32, u32)> {
    let words = text.split_ascii_whitespace();
    words.clone().zip(words.skip(1)).filter_map(|(word, next)| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        if !word.eq_ignore_ascii_case("since") {
            return None;
        }
        let (major, rest) = next.split_once('.')?;
        let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_found_in_prose() {
        let text = "# Since: 2.11\n# @x: text (since 2.12)\n# (Since 3.0.1) since: then since 4";
        assert_eq!(
            releases(text).collect::<Vec<_>>(),
            [(2, 11), (2, 12), (3, 0)]
        );
    }
}
