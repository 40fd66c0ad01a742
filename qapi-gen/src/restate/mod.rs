//! Writes a schema anew: its facts in a canonical layout, without the documentation text, but with words of one's own if
//! there are any.
//!
//! What is kept: files and their includes, definitions and members in their order, types,
//! optionality, conditions, features, flags, and the releases in which things appeared. The
//! releases stand where QAPI has them, in documentation comments that hold nothing else, so that
//! every reader of the language gets at them.

mod definition;
mod doc;
mod dropped;
mod pragma;
mod words;

use crate::layout::Value;
use crate::model::{Module, Schema};
use crate::releases::Releases;

pub use dropped::dropped;
pub use pragma::Exceptions;
pub use words::Words;

/// A restated schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The module's name: the path relative to the root file's directory, as the schema has it.
    pub module: String,
    /// The whole text.
    pub text: String,
}

/// Restates every file of a schema, in the order of its modules. The schema must be in today's
/// language: [`Era::Current`](crate::model::Era::Current).
///
/// Reading the result gives the same model but for documentation; restating it gives the same
/// text. `header` stands at the top of each file, as comment lines without their `# `.
/// `exceptions` are at least those [of](Exceptions::of) the schema; they go to the first file
/// that has neither definitions nor includes, else to the root. Where a release lacks what should have been there according
/// to the schema's documentation, as `facts` know, the first is stated from which on all have it. `words` become
/// documentation; what they say of things that the schema does not have is left out.
pub fn restate(
    schema: &Schema,
    facts: &Releases,
    exceptions: &Exceptions,
    words: &Words,
    header: &str,
) -> Vec<File> {
    let modules = schema.modules();
    let pragmas = modules
        .iter()
        .position(|m| m.definitions.is_empty() && m.includes.is_empty())
        .unwrap_or(0);
    modules
        .iter()
        .enumerate()
        .map(|(index, module)| {
            let pragma = (index == pragmas).then(|| exceptions.pragma());
            File {
                module: module.name.to_string(),
                text: text(schema, facts, module, words, header, pragma.flatten()),
            }
        })
        .collect()
}

/// What words are about that none of the schemas has.
pub fn strangers<'w>(words: &'w Words, schemas: &[Schema]) -> Vec<&'w str> {
    let has = |schema: &Schema, subject: &str| {
        let name = subject.split(['.', ' ']).next().unwrap_or(subject);
        let definition = schema.definition(name);
        definition.is_some_and(|definition| {
            doc::Facts::new(schema, &Releases::default(), definition, words).has(subject)
        })
    };
    let unknown = |subject: &&str| !schemas.iter().any(|schema| has(schema, subject));
    words.subjects().filter(unknown).collect()
}

fn text(
    schema: &Schema,
    facts: &Releases,
    module: &Module,
    words: &Words,
    header: &str,
    pragma: Option<Value>,
) -> String {
    let comment: String = header
        .lines()
        .map(|line| format!("# {line}").trim_end().to_owned() + "\n")
        .collect();
    let includes: String = module
        .includes
        .iter()
        .map(|path| Value::object([("include", Value::str(path))]).text() + "\n")
        .collect();
    let definitions = &schema.definitions()[module.definitions.clone()];
    let definitions = definitions.iter().filter_map(|&definition| {
        let expression = definition::expression(schema, definition)?;
        let comment = doc::Facts::new(schema, facts, definition, words).comment();
        Some(comment + &expression.text() + "\n")
    });
    let parts: Vec<String> = [comment, includes]
        .into_iter()
        .chain(pragma.map(|p| p.text() + "\n"))
        .chain(definitions)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n")
}
