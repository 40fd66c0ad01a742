//! Schemas in forms for other languages, as other projects' tools take them.

mod namesakes;

use crate::common;
use crate::common::run::Scratch;
use qapi_gen::export::{Format, export};
use qapi_gen::{Frontend, Interface};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const SCHEMA: &str = "
{ 'enum': 'Kind', 'data': [ 'one', 'two', 'three', 'four' ] }
{ 'struct': 'Base', 'data': { '*id': 'uint8' } }
{ 'struct': 'Node', 'base': 'Base', 'data': { 'next': 'NodeRef' }, 'features': [ 'fast' ] }
{ 'alternate': 'NodeRef', 'data': { 'node': 'Node', 'name': 'str', 'none': 'null' } }
{ 'union': 'Shape', 'base': { 'kind': 'Kind', 'sizes': ['size'] }, 'discriminator': 'kind',
  'data': { 'three': 'Node', 'two': 'Base' } }
{ 'command': 'draw', 'data': 'Shape', 'boxed': true, 'returns': 'Shape', 'allow-oob': true }
{ 'command': 'stop', 'data': { '*why': 'any' }, 'features': [ 'deprecated' ] }
{ 'command': 'add', 'data': { 'driver': 'str' }, 'gen': false }
{ 'event': 'DRAWN', 'data': { 'ratio': 'number' }, 'features': [ 'unstable' ] }
{ 'event': 'ERASED' }
";

fn interface() -> Interface {
    Interface::of(&Frontend::new().read_text("a.json", SCHEMA).unwrap())
}

fn document(format: Format) -> Value {
    serde_json::from_str(&export(&interface(), format, "Example")).unwrap()
}

#[test]
fn json_schema_has_types_and_messages() {
    let document = document(Format::JsonSchema);
    let defs = &document["$defs"];
    assert_eq!(
        defs["Kind"],
        json!({ "type": "string", "enum": ["one", "two", "three", "four"] })
    );
    let string = json!({ "type": "string" });
    let node = json!({ "$ref": "#/$defs/Node" });
    assert_eq!(
        defs["NodeRef"],
        json!({ "anyOf": [node, string, { "type": "null" }] })
    );
    let id = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
    let sizes = json!({ "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": u64::MAX } });
    let case = |kind: Value, more: &[(&str, Value)], required: &[&str]| {
        let mut properties = json!({ "kind": kind, "sizes": sizes });
        for (name, schema) in more {
            properties[name] = schema.clone();
        }
        let required = [&["kind", "sizes"], required].concat();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    };
    assert_eq!(
        defs["Shape"],
        json!({ "oneOf": [
            case(json!({ "enum": ["one", "four"] }), &[], &[]),
            case(json!({ "const": "three" }), &[("id", id.clone()), ("next", json!({ "$ref": "#/$defs/NodeRef" }))], &["next"]),
            case(json!({ "const": "two" }), &[("id", id)], &[]),
        ]})
    );
    assert_eq!(defs["StopRequest"]["required"], json!(["execute"]));
    assert_eq!(defs["StopRequest"]["deprecated"], true);
    assert_eq!(
        defs["DrawRequest"]["oneOf"][1]["required"],
        json!(["exec-oob", "arguments"])
    );
    assert_eq!(
        defs["DrawReply"]["properties"]["return"],
        json!({ "$ref": "#/$defs/Shape" })
    );
    let open = &defs["AddRequest"]["properties"]["arguments"];
    assert_eq!(open.get("additionalProperties"), None);
    assert_eq!(
        defs["DrawnEvent"]["required"],
        json!(["event", "data", "timestamp"])
    );
    assert_eq!(defs["DrawnEvent"]["$comment"], "features: unstable");
    assert_eq!(
        defs["ErasedEvent"]["required"],
        json!(["event", "timestamp"])
    );
    assert_eq!(defs["Request"]["anyOf"].as_array().unwrap().len(), 3);
    assert_eq!(document["title"], "Example");
}

#[test]
fn documentation_goes_along() {
    let text = "
##
# @Mode:
#
# How */ it works.
#
# @a: the only one
#
# .. note:: Not this.
##
{ 'enum': 'Mode', 'data': [ 'a' ] }
##
# @run:
#
# Runs it.
#
# Since: 1.1
##
{ 'command': 'run', 'data': 'Arguments' }
##
# @Arguments:
#
# @mode: in which way
#
# @count: how often
##
{ 'struct': 'Arguments', 'data': { 'mode': 'Mode', '*count': 'int' } }
";
    let schema = Frontend::new().read_text("a.json", text).unwrap();
    let interface = Interface::of(&schema);
    let read =
        |format| -> Value { serde_json::from_str(&export(&interface, format, "x")).unwrap() };
    let defs = &read(Format::JsonSchema)["$defs"];
    assert_eq!(defs["Mode"]["description"], "How */ it works.");
    assert_eq!(defs["RunRequest"]["description"], "Runs it.\n\nSince: 1.1");
    let arguments = &defs["Arguments"];
    // Beside a reference a remark would be lost on some.
    assert_eq!(
        arguments["properties"]["mode"],
        json!({ "$ref": "#/$defs/Mode" })
    );
    assert_eq!(arguments["description"], "mode: in which way");
    assert_eq!(arguments["properties"]["count"]["description"], "how often");
    let method = &read(Format::OpenRpc)["methods"][0];
    assert_eq!(method["description"], "Runs it.\n\nSince: 1.1");
    assert_eq!(method["params"][0]["description"], "in which way");
    let declarations = export(&interface, Format::TypeScript, "x");
    for part in [
        "/** How *\\/ it works. */\nexport type Mode",
        "  /** in which way */\n  \"mode\": Mode;\n",
        "  /**\n   * Runs it.\n   *\n   * Since: 1.1\n   */\n  \"run\": {",
    ] {
        assert!(declarations.contains(part), "{part}\n{declarations}");
    }
}

#[test]
fn openrpc_has_methods_and_notifications() {
    let document = document(Format::OpenRpc);
    let methods = document["methods"].as_array().unwrap();
    let names: Vec<&str> = methods
        .iter()
        .map(|m| m["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["draw", "stop", "add", "DRAWN", "ERASED"]);
    let params: Vec<(&str, bool)> = methods[0]["params"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["name"].as_str().unwrap(), p["required"] == true))
        .collect();
    assert_eq!(
        params,
        [
            ("kind", true),
            ("sizes", true),
            ("id", false),
            ("next", false)
        ]
    );
    assert_eq!(
        methods[0]["result"]["schema"],
        json!({ "$ref": "#/components/schemas/Shape" })
    );
    assert_eq!(methods[1]["deprecated"], true);
    // What has no result is a notification.
    assert_eq!(methods[3].get("result"), None);
    assert!(document["components"]["schemas"]["Shape"]["oneOf"].is_array());
}

#[test]
fn typescript_has_types_and_messages() {
    let text = export(&interface(), Format::TypeScript, "Example\nof two lines");
    for line in [
        "// Example of two lines: types and messages. Written by `qapi-gen export`.",
        r#"export type Kind = "one" | "two" | "three" | "four";"#,
        "export interface Node {\n  \"id\"?: number;\n  \"next\": NodeRef;\n}",
        "export type NodeRef = Node | string | null;",
        r#"export type Shape = { "kind": "one" | "four"; "sizes": Array<number> } | { "kind": "three"; "sizes": Array<number>; "id"?: number; "next": NodeRef } | { "kind": "two"; "sizes": Array<number>; "id"?: number };"#,
        "  /** @deprecated */\n  \"stop\": { arguments: { \"why\"?: unknown }; return: Record<string, never> };",
        r#"  "stop": { arguments: { "why"?: unknown }; return: Record<string, never> };"#,
        r#"  "add": { arguments: { "driver": string } & { [member: string]: unknown }; return: Record<string, never> };"#,
        "  /** @experimental */\n  \"DRAWN\": { data: { \"ratio\": number } };",
        r#"export type OutOfBand = "draw";"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn names_do_not_collide() {
    let text = "{ 'struct': 'StopRequest', 'data': { 'a': 'Event' } } { 'struct': 'Event', 'data': { 'x': 'int' } }
                { 'command': 'stop', 'returns': 'StopRequest' } { 'event': 'STOP' }";
    let interface = Interface::of(&Frontend::new().read_text("a.json", text).unwrap());
    let document: Value =
        serde_json::from_str(&export(&interface, Format::JsonSchema, "")).unwrap();
    let defs = document["$defs"].as_object().unwrap();
    assert_eq!(
        defs["StopRequest2"]["properties"]["execute"]["const"],
        "stop"
    );
    assert_eq!(
        defs["StopRequest"]["properties"]["a"],
        json!({ "$ref": "#/$defs/Event2" })
    );
    assert!(defs["Event"]["anyOf"].is_array());
    let declarations = export(&interface, Format::TypeScript, "");
    assert!(
        declarations.contains("export interface Event2 {"),
        "{declarations}"
    );
}

#[test]
fn the_command_writes_files_or_nothing() {
    let dir = Scratch::new(
        "command",
        &[
            ("a.json", SCHEMA),
            ("bad.json", "{ 'command': 'go', 'data': 'None' }"),
        ],
    );
    let run = dir.run(&[
        "export",
        "--format",
        "json-schema",
        "a.json",
        "-o",
        "out.json",
        "--title",
        "Mine",
    ]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "")
    );
    let written = std::fs::read_to_string(dir.0.join("out.json")).unwrap();
    assert_eq!(written, export(&interface(), Format::JsonSchema, "Mine"));
    let run = dir.run(&[
        "export",
        "--format",
        "typescript",
        "bad.json",
        "-o",
        "bad.ts",
    ]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("error[T4]") && !dir.0.join("bad.ts").exists());
    let run = dir.run(&["export", "a.json"]);
    assert!(
        run.status == 2 && run.stderr.contains("--format"),
        "{}",
        run.stderr
    );
    // Introspection has no names, but names can be made.
    let told = dir.run(&["introspect", "a.json"]).stdout;
    std::fs::write(dir.0.join("told.json"), told).unwrap();
    let run = dir.run(&["export", "--format", "typescript", "told.json"]);
    assert!(
        run.stdout.contains("export type DrawArguments = {"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr.starts_with("note: ")
            && run.stderr.contains("`qapi-gen import --names-from SCHEMA`")
    );
    // With names, what a schema alone can say comes along.
    let run = dir.run(&[
        "import",
        "told.json",
        "--names-from",
        "a.json",
        "-o",
        "named.json",
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let open = "{ \"driver\": string } & { [member: string]: unknown }";
    for (file, known) in [("named.json", true), ("told.json", false)] {
        let run = dir.run(&["export", "--format", "typescript", file]);
        assert_eq!(run.stdout.contains(open), known, "{}", run.stdout);
    }
}

/// QEMU's interface, from the crate qapi-schema, exported to a file.
fn exported(dir: &Scratch, format: &str, file: &str) {
    let schema = common::data().join("qapi/qapi-schema.json");
    let run = dir.run(&[
        "export",
        "--format",
        format,
        schema.to_str().unwrap(),
        "-o",
        file,
    ]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

/// Runs a tool of another project; `None` and a word about it if it is not there, unless `QAPI_REQUIRE_PEERS` is set.
/// `tests/export/` says which versions `.ci/run` takes.
fn tool(dir: &Scratch, probe: &[&str], arguments: &[&str]) -> Option<(bool, String)> {
    let run = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(&dir.0).output()
    };
    if !run(probe).is_ok_and(|output| output.status.success()) {
        let message = format!("{} does not run", probe.join(" "));
        let required = std::env::var_os("QAPI_REQUIRE_PEERS").is_some();
        assert!(!required, "{message}");
        // Not by a macro that the test harness captures: a skipped test passes.
        _ = writeln!(std::io::stderr(), "SKIPPED: {message}");
        return None;
    }
    let output = run(arguments).unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text.into_owned()))
}

const PYTHON: [&str; 3] = [
    "python3",
    "-c",
    "import jsonschema; jsonschema.Draft202012Validator",
];

#[test]
fn recordings_of_servers_are_valid_and_mutated_ones_are_not() {
    let Some(corpus) = common::corpus("transcripts") else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/validate.py");
    let dir = Scratch::new("recordings", &[]);
    let (mut arguments, mut groups) = (Vec::new(), Vec::new());
    for (program, root) in [
        ("qemu", "qapi/qapi-schema.json"),
        ("qsd", "storage-daemon/qapi/qapi-schema.json"),
        ("qga", "qga/qapi-schema.json"),
    ] {
        for (recorded, release) in [("7.2.22", "7.2.0"), ("11.1.3", "11.1.0")] {
            let schema = corpus.join("schemas").join(release).join(root);
            let schema = schema.to_str().unwrap();
            let prefix = format!("{program}-{recorded}.");
            let exported = format!("{prefix}json");
            let command = ["export", "--legacy", "--format", "json-schema", schema];
            let run = dir.run(&[&command[..], &["-o", &exported]].concat());
            assert_eq!((run.status, run.stderr.as_str()), (0, ""));
            let files = std::fs::read_dir(corpus.join("transcripts")).unwrap();
            let mut files: Vec<_> = files.map(|file| file.unwrap()).collect();
            files.retain(|file| file.file_name().to_str().unwrap().starts_with(&prefix));
            files.sort_by_key(|file| file.file_name());
            assert!(!files.is_empty(), "{prefix}");
            arguments.extend([String::from("--"), exported]);
            arguments.extend(
                files
                    .iter()
                    .map(|file| file.path().to_str().unwrap().to_owned()),
            );
            groups.push(prefix);
        }
    }
    // The first group has none before it.
    let arguments = arguments[1..].iter().map(String::as_str);
    let command: Vec<_> = ["python3", script.to_str().unwrap()]
        .into_iter()
        .chain(arguments)
        .collect();
    let Some((ran, output)) = tool(&dir, &PYTHON, &command) else {
        return;
    };
    assert!(ran, "{output}");
    let counts = output.lines().filter(|line| line.starts_with('{'));
    let counts: Vec<Value> = counts
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(counts.len(), groups.len(), "{output}");
    for (counts, group) in counts.iter().zip(groups) {
        assert_eq!(counts["invalid"], 0, "{group} {output}");
        assert!(counts["valid"].as_u64() > Some(10), "{group} {output}");
        assert!(counts["mutated"].as_u64() > Some(50), "{group} {output}");
    }
}

#[test]
fn openrpc_is_what_its_metaschema_says() {
    let dir = Scratch::new("openrpc", &[]);
    exported(&dir, "openrpc", "qmp.json");
    // The package has the metaschema.
    let script = "
const { validateOpenRPCDocument } = require('@open-rpc/schema-utils-js');
const result = validateOpenRPCDocument(require('./qmp.json'));
if (result !== true) { console.error(String(result).slice(0, 2000)); process.exit(1); }
";
    let probe = ["node", "-e", "require('@open-rpc/schema-utils-js')"];
    if let Some((valid, output)) = tool(&dir, &probe, &["node", "-e", script]) {
        assert!(valid, "{output}");
    }
}

const PROGRAM: &str = r#"
import type { BlockdevOptions, Commands, Event, Events, Reply, Request, RunState } from "./qmp";

declare function execute<K extends keyof Commands>(request: Request<K>): Promise<Reply<K>["return"]>;

export async function paused(): Promise<boolean> {
  const status = await execute<"query-status">({ execute: "query-status" });
  const state: RunState = status.status;
  return !status.running && state === "paused";
}

export const disk: BlockdevOptions = { driver: "qcow2", "node-name": "d0", file: { driver: "file", filename: "d0.qcow2" } };
export const add: Request<"blockdev-add"> = { execute: "blockdev-add", arguments: disk, id: 1 };
export const hotplug: Request<"device_add"> = { execute: "device_add", arguments: { driver: "virtio-blk-pci", drive: "d0" } };

export function told(event: Event): string {
  if (event.event === "SHUTDOWN") {
    const data: Events["SHUTDOWN"]["data"] = event.data;
    return data.reason;
  }
  return event.event;
}
export const pause: Request = { execute: "stop" };

// @ts-expect-error There is no such state.
export const asleep: RunState = "asleep";
// @ts-expect-error A file needs a name.
export const nothing: BlockdevOptions = { driver: "file" };
// @ts-expect-error The arguments are missing.
export const half: Request<"blockdev-del"> = { execute: "blockdev-del" };
// @ts-expect-error It is not to be executed out of band.
export const hasty: Request<"stop"> = { "exec-oob": "stop" };
"#;

#[test]
fn tsc_accepts_the_declarations_and_a_program_on_them() {
    let dir = Scratch::new("tsc", &[("program.ts", PROGRAM)]);
    exported(&dir, "typescript", "qmp.ts");
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

#[test]
fn pydantic_models_load() {
    let dir = Scratch::new("pydantic", &[]);
    exported(&dir, "json-schema", "qmp.json");
    let generate = [
        "datamodel-codegen",
        "--input",
        "qmp.json",
        "--input-file-type",
        "jsonschema",
        "--output-model-type",
        "pydantic_v2.BaseModel",
        // The others take longer than all the rest.
        "--formatters",
        "builtin",
        "--output",
        "qmp.py",
    ];
    let Some((generated, output)) = tool(&dir, &["datamodel-codegen", "--version"], &generate)
    else {
        return;
    };
    assert!(generated, "{output}");
    let script = "
import json, qmp, pydantic
reply = qmp.QueryStatusReply.model_validate_json('{\"return\": {\"running\": true, \"status\": \"running\"}}')
assert reply.return_.running is True
try:
    qmp.QueryStatusReply.model_validate_json('{\"return\": {\"running\": true, \"status\": \"asleep\"}}')
    raise SystemExit('accepted')
except pydantic.ValidationError:
    pass
";
    let (loads, output) = tool(
        &dir,
        &["python3", "-c", "import pydantic"],
        &["python3", "-c", script],
    )
    .unwrap();
    assert!(loads, "{output}");
}
