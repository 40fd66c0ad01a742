//! Types with names that the declarations for TypeScript use themselves.

use crate::common::run::Scratch;
use crate::export::tool;
use qapi_gen::export::{Format, export};
use qapi_gen::{Frontend, Interface};

/// Types with the names of all that the declarations use themselves.
const NAMESAKES: &str = "
{ 'struct': 'Array', 'data': { 'x': 'int', 'list': [ 'Record' ] } }
{ 'struct': 'Record', 'data': { } }
{ 'enum': 'Optional', 'data': [ 'a' ] }
{ 'struct': 'OutOfBand', 'data': { '*x': 'Optional' } }
{ 'struct': 'Key', 'data': { 'x': 'Array' } }
{ 'struct': 'Commands', 'data': { 'x': 'Events' } }
{ 'struct': 'Events', 'data': { 'x': 'ErrorReply' } }
{ 'struct': 'ErrorReply', 'data': { 'x': 'Greeting' } }
{ 'struct': 'Greeting', 'data': { 'x': 'Request', 'y': 'Reply', 'z': 'Event' } }
{ 'struct': 'Request', 'data': { 'x': 'OutOfBand' } }
{ 'struct': 'Reply', 'data': { } }
{ 'struct': 'Event', 'data': { } }
{ 'command': 'stop', 'data': { 'a': ['Array'], 'key': 'Key' }, 'returns': 'Commands', 'allow-oob': true }
{ 'command': 'cont' }
{ 'event': 'STOP', 'data': { 'x': 'OutOfBand' } }
";

#[test]
fn no_type_has_a_name_that_the_declarations_use() {
    let interface = Interface::of(&Frontend::new().read_text("a.json", NAMESAKES).unwrap());
    let text = export(&interface, Format::TypeScript, "");
    let name = |line: &str| {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let rest = ["interface ", "type "]
            .iter()
            .find_map(|word| line.strip_prefix(word));
        let end = |c: char| !c.is_ascii_alphanumeric();
        rest.map(|rest| rest.split(end).next().unwrap_or_default().to_owned())
    };
    let mut declared: Vec<String> = text.lines().filter_map(name).collect();
    assert!(declared.contains(&"Array2".to_owned()), "{text}");
    let global = ["Array".to_owned(), "Record".to_owned()];
    declared.extend(global);
    let count = declared.len();
    declared.sort();
    declared.dedup();
    assert_eq!(declared.len(), count, "{text}");
    assert!(text.contains("\"list\": Array<Record2>;"), "{text}");
    // Elsewhere the names are free.
    assert!(export(&interface, Format::JsonSchema, "").contains("#/$defs/Array\""));

    let dir = Scratch::new(
        "namesakes",
        &[
            ("qmp.ts", &text),
            (
                "program.ts",
                "import { Array2, Key, Request, Reply } from './qmp';
                 const key: Key = { x: { x: 1, list: [] } };
                 export const stop: Request<'stop'> = { 'exec-oob': 'stop', arguments: { a: [key.x], key } };
                 export const cont: Request<'cont'> = { execute: 'cont' };
                 // @ts-expect-error It is not to be executed out of band.
                 export const hasty: Request<'cont'> = { 'exec-oob': 'cont' };
                 export const list = (reply: Reply<'stop'>): Array2 | unknown => reply.return.x;
                ",
            ),
        ],
    );
    let arguments = [
        "tsc",
        "--strict",
        "--noEmit",
        "--target",
        "es2022",
        "program.ts",
    ];
    if let Some((accepted, output)) = tool(&dir, &["tsc", "--version"], &arguments) {
        assert!(accepted, "{output}");
    }
}
