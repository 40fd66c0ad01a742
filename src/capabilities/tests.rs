use std::fs;
use std::path::Path;

use qapi_types::Object;

use super::*;

/// Every meta-type, a union in a list, an alternate with a list of itself, features everywhere.
const SCHEMA: &str = r#"[
    {"name": "start", "meta-type": "command", "arg-type": "1", "ret-type": "[2]", "allow-oob": true,
     "features": ["unstable", "own"]},
    {"name": "BANG", "meta-type": "event", "arg-type": "0", "features": ["deprecated"]},
    {"name": "device_add", "meta-type": "command", "arg-type": "6", "ret-type": "0"},
    {"members": [], "name": "0", "meta-type": "object", "features": ["empty"]},
    {"name": "1", "meta-type": "object", "members": [
        {"name": "jobs", "type": "[2]"},
        {"name": "mode", "type": "3", "default": null, "features": ["deprecated"]},
        {"name": "any", "type": "any", "default": null},
        {"name": "2way", "type": "bool", "default": null},
        {"name": "tree", "type": "4", "default": null}]},
    {"name": "2", "meta-type": "object", "members": [
        {"name": "kind", "type": "3"}, {"name": "speed", "type": "number", "default": null}],
     "tag": "kind", "variants": [{"case": "fast", "type": "5"}, {"case": "slow", "type": "0"}]},
    {"name": "[2]", "meta-type": "array", "element-type": "2"},
    {"name": "3", "meta-type": "enum", "values": ["fast", "slow"], "members": [
        {"name": "fast"}, {"name": "slow", "features": ["deprecated"]}]},
    {"name": "4", "meta-type": "alternate", "members": [
        {"type": "null"}, {"type": "[4]"}, {"type": "str"}, {"type": "5"}]},
    {"name": "[4]", "meta-type": "array", "element-type": "4"},
    {"name": "5", "meta-type": "object", "members": [
        {"name": "boost", "type": "int", "features": ["unstable"]}]},
    {"name": "6", "meta-type": "object", "members": [{"name": "driver", "type": "str"}]},
    {"name": "7", "meta-type": "future", "news": [1, {"x": null}]},
    {"name": "str", "meta-type": "builtin", "json-type": "string"},
    {"name": "int", "meta-type": "builtin", "json-type": "int"},
    {"name": "number", "meta-type": "builtin", "json-type": "number"},
    {"name": "bool", "meta-type": "builtin", "json-type": "boolean"},
    {"name": "null", "meta-type": "builtin", "json-type": "null"},
    {"name": "any", "meta-type": "builtin", "json-type": "value"}]"#;

fn capabilities() -> Capabilities {
    Capabilities::parse(SCHEMA.as_bytes()).unwrap()
}

#[test]
fn commands_and_events_are_listed_by_name() {
    let capabilities = capabilities();
    let names: Vec<_> = capabilities.commands().map(Command::name).collect();
    assert_eq!(names, ["device_add", "start"]);
    let names: Vec<_> = capabilities.events().map(Event::name).collect();
    assert_eq!(names, ["BANG"]);
    assert!(capabilities.command("BANG").is_none());
    assert!(capabilities.event("start").is_none());
    assert!(
        capabilities.command("1").is_none(),
        "a type is not a command"
    );
}

#[test]
fn the_schema_can_be_walked() {
    let capabilities = capabilities();
    let start = capabilities.command("start").unwrap();
    assert!(start.allows_oob());
    assert_eq!(start.features().collect::<Vec<_>>(), ["unstable", "own"]);
    assert!(start.is_unstable() && !start.is_deprecated());
    assert!(capabilities.event("BANG").unwrap().is_deprecated());

    let jobs = start.argument("jobs").unwrap();
    assert!(!jobs.is_optional());
    let TypeKind::Array(job) = jobs.ty().kind() else {
        panic!("jobs is a list");
    };
    assert_eq!(job.tag(), Some("kind"));
    let cases: Vec<_> = job.variants().map(|(case, _)| case).collect();
    assert_eq!(cases, ["fast", "slow"]);
    let boost = job.variant("fast").unwrap().member("boost").unwrap();
    assert!(boost.is_unstable());
    assert!(matches!(
        boost.ty().kind(),
        TypeKind::Builtin(JsonType::Int)
    ));
    assert!(job.variant("slow").unwrap().member("boost").is_none());

    // Through the list, and through an alternate that has lists of itself.
    assert!(jobs.ty().member("speed").unwrap().is_optional());
    let tree = start.argument("tree").unwrap().ty();
    assert_eq!(tree.alternatives().count(), 4);
    assert!(tree.member("boost").is_some());
    assert!(tree.member("speed").is_none());

    let mode = start.argument("mode").unwrap();
    assert!(mode.is_optional() && mode.is_deprecated());
    let values: Vec<_> = mode.ty().values().map(Value::name).collect();
    assert_eq!(values, ["fast", "slow"]);
    assert!(mode.ty().value("slow").unwrap().is_deprecated());
    assert!(mode.ty().value("medium").is_none());
}

#[test]
fn paths_in_libvirts_notation() {
    let capabilities = capabilities();
    for path in [
        "start",
        "BANG",
        "start/$own",
        "BANG/$deprecated",
        "BANG/arg-type/$empty",
        "start/arg-type",
        "start/ret-type/kind",
        "start/ret-type/+fast/boost/!int",
        "start/arg-type/jobs/kind/^slow",
        "start/arg-type/jobs/kind/^slow/$deprecated",
        "start/arg-type/jobs/*speed/!number",
        "start/arg-type/mode/$deprecated",
        "start/arg-type/any/!value",
        "start/arg-type/ 2way/!boolean",
        "start/arg-type/tree/!string",
        "start/arg-type/tree/!null",
        "start/arg-type/tree/boost",
        "start/arg-type/jobs/+slow/$empty",
    ] {
        assert_eq!(capabilities.has(path), Ok(true), "{path}");
    }
    for path in [
        "stop",
        "1",
        "str/!string",
        "BANG/ret-type",
        "start/members",
        "start/+fast",
        "start/$empty",
        "start/arg-type/*jobs",
        "start/arg-type/mode/^medium",
        "start/arg-type/jobs/kind/^fast/$deprecated",
        "start/arg-type/jobs/+medium",
        "start/arg-type/jobs/boost",
        "start/arg-type/jobs/speed/!int",
        "start/arg-type/any/!any",
        "start/arg-type/tree/!int",
        "start/arg-type/mode/fast",
        "start/arg-type/jobs/$empty",
    ] {
        assert_eq!(capabilities.has(path), Ok(false), "{path}");
    }
}

#[test]
fn malformed_paths_are_refused_at_the_component() {
    let capabilities = capabilities();
    for (path, component) in [
        ("", 0),
        ("/arg-type", 0),
        ("start/", 1),
        ("start//x", 1),
        ("start/arg-type/*", 2),
        ("start/arg-type/jobs/+/x", 3),
    ] {
        let error = PathError::Empty { component };
        assert_eq!(capabilities.has(path), Err(error), "{path}");
    }
    for (path, component) in [
        ("start/$own/x", 1),
        ("start/arg-type/any/!value/$x", 3),
        ("start/arg-type/mode/^slow/x", 3),
        ("start/arg-type/mode/^slow/$x/y", 4),
        // Whatever the schema has.
        ("stop/$own/x", 1),
    ] {
        let error = PathError::NotLast { component };
        assert_eq!(capabilities.has(path), Err(error), "{path}");
    }
}

fn object(text: &str) -> Object {
    qapi_types::from_str(text, qapi_types::Mode::Strict).unwrap()
}

fn findings(command: &str, arguments: &str) -> Vec<String> {
    let findings = capabilities().examine_raw(command, &object(arguments));
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn arguments_are_examined() {
    assert_eq!(findings("stop", "{}"), ["the command is not known"]);
    assert_eq!(
        findings("start", r#"{"jobs": []}"#),
        ["the command is unstable"]
    );
    assert_eq!(
        findings(
            "start",
            r#"{"mode": "slow", "news": 1,
                "jobs": [{"kind": "fast", "boost": 1}, {"kind": "fast"}, {"kind": "medium", "x": 1},
                         {"kind": "slow", "boost": 1, "speed": "v"}, 3]}"#
        ),
        [
            "the command is unstable",
            "'jobs[0].boost' is unstable",
            "'jobs[1].boost' is missing",
            "'jobs[2].kind': value 'medium' is not known",
            "'jobs[3].boost' is not known",
            "'jobs[3].kind' is deprecated",
            "'jobs[3].speed' is of the wrong type",
            "'jobs[4]' is of the wrong type",
            "'mode' is deprecated",
            "'mode' is deprecated",
            "'news' is not known",
        ]
    );
    assert_eq!(
        findings(
            "start",
            r#"{"jobs": [], "tree": [null, ["x", [{"boost": 1.5}]], true]}"#
        ),
        [
            "the command is unstable",
            "'tree[1][1][0].boost' is unstable",
            "'tree[1][1][0].boost' is of the wrong type",
            "'tree[2]' is of the wrong type",
        ]
    );
}

#[test]
fn properties_of_devices_are_not_in_the_schema() {
    assert_eq!(
        findings("device_add", r#"{"driver": "x", "speed": 3}"#),
        [""; 0]
    );
    assert_eq!(
        findings("device_add", r#"{"speed": 3}"#),
        ["'driver' is missing"]
    );
}

#[test]
fn deep_arguments_are_examined_to_a_limit() {
    let mut tree = qapi_types::Value::Null;
    for _ in 0..1000 {
        tree = qapi_types::Value::Array(vec![tree]);
    }
    let mut arguments = object(r#"{"jobs": []}"#);
    arguments.insert("tree".into(), tree);
    assert_eq!(capabilities().examine_raw("start", &arguments).len(), 1);
}

/// What is wrong with a schema, in words.
fn error(schema: &str) -> String {
    Capabilities::parse(schema.as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_malformed_schema_is_refused_by_its_entry() {
    for (schema, message) in [
        ("", "at byte 0: JSON parse error, unexpected end of input"),
        (
            "{}",
            "at byte 0: Invalid parameter type for '<anonymous>', expected: array",
        ),
        (
            "[3]",
            "at byte 1: Invalid parameter type for '<anonymous>', expected: object",
        ),
        (
            r#"[{"name": 1}]"#,
            "at byte 10: Invalid parameter type for '<anonymous>', expected: string",
        ),
        (
            r#"[{"meta-type": "array"}]"#,
            "schema entry 'number 0' lacks 'name'",
        ),
        (r#"[{"name": "a"}]"#, "schema entry 'a' lacks 'meta-type'"),
        (
            r#"[{"name": "a", "meta-type": "object"}]"#,
            "schema entry 'a' lacks 'members'",
        ),
        (
            r#"[{"name": "a", "meta-type": "builtin"}]"#,
            "schema entry 'a' lacks 'json-type'",
        ),
        (
            r#"[{"name": "a", "meta-type": "array"}]"#,
            "schema entry 'a' lacks 'element-type'",
        ),
        (
            r#"[{"name": "a", "meta-type": "event"}]"#,
            "schema entry 'a' lacks 'arg-type'",
        ),
        (
            r#"[{"name": "a", "meta-type": "command", "arg-type": "a"}]"#,
            "schema entry 'a' lacks 'ret-type'",
        ),
        (
            r#"[{"name": "a", "meta-type": "enum", "members": [{}]}]"#,
            "schema entry 'a' lacks 'name of a member'",
        ),
        (
            r#"[{"name": "a", "meta-type": "object", "members": [{"name": "x"}]}]"#,
            "schema entry 'a' lacks 'type of a member'",
        ),
        (
            r#"[{"name": "a", "meta-type": "event", "arg-type": "0"}]"#,
            "schema entry 'a' uses type '0', which is not there",
        ),
        (
            r#"[{"name": "a", "meta-type": "x"}, {"name": "a", "meta-type": "y"}]"#,
            "the schema has two entries 'a'",
        ),
    ] {
        assert_eq!(error(schema), message, "{schema}");
    }
    let whole = SCHEMA.as_bytes();
    for end in 0..whole.len() {
        assert!(Capabilities::parse(&whole[..end]).is_err(), "{end}");
    }
}

/// Types that lead nowhere but to themselves.
#[test]
fn circles_end() {
    let schema = r#"[
        {"name": "go", "meta-type": "command", "arg-type": "[a]", "ret-type": "b"},
        {"name": "[a]", "meta-type": "array", "element-type": "[a]"},
        {"name": "b", "meta-type": "alternate", "members": [{"type": "b"}, {"type": "[a]"}, {"type": "b"}]}]"#;
    let capabilities = Capabilities::parse(schema.as_bytes()).unwrap();
    let go = capabilities.command("go").unwrap();
    assert!(go.argument("x").is_none());
    assert!(go.reply().value("x").is_none());
    assert_eq!(capabilities.has("go/ret-type/x/+y/!int"), Ok(false));
    assert_eq!(capabilities.examine_raw("go", &Object::new()).len(), 0);
}

/// The schemas of real servers, of all releases.
#[test]
fn introspection_of_every_release() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with("masked.json") {
            continue;
        }
        let text = fs::read(&path).unwrap();
        let capabilities = Capabilities::parse(&text).unwrap();
        count += 1;
        let tree: Vec<Object> = qapi_types::from_slice(&text, qapi_types::Mode::Lenient).unwrap();
        let of_kind = |kind: &str| {
            tree.iter()
                .filter(|entry| entry["meta-type"] == kind)
                .count()
        };
        assert_eq!(capabilities.commands().count(), of_kind("command"));
        assert_eq!(capabilities.events().count(), of_kind("event"));
    }
    assert!(count > 0);
}

#[test]
fn what_releases_can_do() {
    let Some(folder) = corpus() else { return };
    let of = |release: &str| {
        let path = folder.join(format!("{release}.qemu.masked.json"));
        Capabilities::parse(&fs::read(path).unwrap()).unwrap()
    };
    let (old, new) = (of("6.0.0"), of("10.2.0"));
    for (path, then, now) in [
        ("blockdev-add/arg-type/driver/^nvme", true, true),
        ("blockdev-add/arg-type/driver/^nvme-io_uring", false, true),
        (
            "blockdev-add/arg-type/driver/^gluster/$deprecated",
            false,
            true,
        ),
        (
            "blockdev-add/arg-type/+qcow2/encrypt/+luks/*key-secret",
            true,
            true,
        ),
        (
            "blockdev-add/arg-type/+qcow2/file/+nbd/server/+unix/path/!string",
            true,
            true,
        ),
        ("netdev_add/arg-type/+stream/addr/+fd", false, true),
        ("blockdev-snapshot/$allow-write-only-overlay", true, true),
        ("query-hotpluggable-cpus/ret-type/props/die-id", true, true),
        (
            "migrate-set-parameters/arg-type/block-bitmap-mapping/bitmaps/transform",
            true,
            true,
        ),
        ("DEVICE_UNPLUG_GUEST_ERROR/arg-type/*device", false, true),
        ("migrate/arg-type/detach/$deprecated", false, true),
    ] {
        assert_eq!(old.has(path), Ok(then), "6.0.0: {path}");
        assert_eq!(new.has(path), Ok(now), "10.2.0: {path}");
    }
    assert!(new.command("blockdev-del").is_some());
    let arguments = object(
        r#"{"driver": "qcow2", "node-name": "d", "lazy-refcounts": true,
            "file": {"driver": "file", "filename": "d.qcow2", "aio": "io_uring"}, "backing": null}"#,
    );
    assert_eq!(new.examine_raw("blockdev-add", &arguments), []);
}

/// Typed commands can hold what any release understands; which that is, the server's schema tells.
#[test]
#[cfg(feature = "qmp")]
#[allow(deprecated)]
fn typed_commands_are_examined() {
    use crate::qmp::{
        BlockdevOptions, BlockdevOptionsGluster, CXLMemModuleEvent, CxlEventLog, SocketAddress,
        UnixSocketAddress, commands,
    };
    let Some(folder) = corpus() else { return };
    let of = |release: &str| {
        let path = folder.join(format!("{release}.qemu.masked.json"));
        Capabilities::parse(&fs::read(path).unwrap()).unwrap()
    };
    let (old, new) = (of("10.2.0"), of("11.1.0"));
    let fatal = |findings: Vec<Finding>| -> Vec<String> {
        let fatal = findings.iter().filter(|f| f.problem.is_fatal());
        fatal.map(ToString::to_string).collect()
    };

    let migrate = commands::Migrate::new().uri("tcp:0:4444").detach(true);
    assert_eq!(fatal(old.examine(&migrate)), [""; 0]);
    assert_eq!(fatal(new.examine(&migrate)), ["'detach' is not known"]);

    let threads = commands::QueryMigrationthreads::new();
    assert_eq!(fatal(old.examine(&threads)), [""; 0]);
    assert_eq!(fatal(new.examine(&threads)), ["the command is not known"]);

    let server = SocketAddress::new(UnixSocketAddress::new("s"));
    let gluster = BlockdevOptionsGluster::new("volume", "path", [server]);
    let add = commands::BlockdevAdd::new(BlockdevOptions::new(gluster));
    assert_eq!(fatal(old.examine(&add)), [""; 0]);
    assert_eq!(
        fatal(new.examine(&add)),
        ["'driver': value 'gluster' is not known"]
    );

    let log = CxlEventLog::Informational;
    let event = CXLMemModuleEvent::new("cxl0", log, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    let mut inject = commands::CxlInjectMemoryModuleEvent::new(event);
    assert_eq!(fatal(old.examine(&inject)), ["'sub-type' is not known"]);
    assert_eq!(fatal(new.examine(&inject)), [""; 0]);
    inject.0.sub_type = None;
    assert_eq!(fatal(old.examine(&inject)), [""; 0]);
    assert_eq!(fatal(new.examine(&inject)), ["'sub-type' is missing"]);
}

fn corpus() -> Option<std::path::PathBuf> {
    let root = std::env::var_os("QAPI_CORPUS").unwrap_or_else(|| "../shared".into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(root)
        .join("introspection");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED introspection of releases: no {}; set QAPI_CORPUS",
            folder.display()
        );
        return None;
    }
    Some(folder)
}
