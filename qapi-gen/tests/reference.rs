//! References of schemas: the web site, Markdown and text.

mod browser;
mod folders;
pub(crate) mod html;

use crate::common;
use crate::common::run::Scratch;
use qapi_gen::model::Schema;
use qapi_gen::reference::{File, Reference};
use qapi_gen::{Frontend, MemoryLoader, Releases};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

fn heater() -> Schema {
    Frontend::new()
        .read(folder().join("schema/heater.json"))
        .unwrap()
}

fn releases() -> Releases {
    Releases::parse(&std::fs::read_to_string(folder().join("schema/releases.txt")).unwrap())
        .unwrap()
}

fn page<'f>(files: &'f [File], name: &str) -> &'f str {
    let file = files.iter().find(|file| file.name == name);
    &file.unwrap_or_else(|| panic!("no {name}")).text
}

#[track_caller]
fn golden(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text == expected, "{name} differs:\n{text}");
}

#[test]
fn markdown_and_text_are_golden() {
    let (schema, releases) = (heater(), releases());
    let reference = Reference::with_releases(&schema, "Heater <3", Some(&releases));
    golden("heater.md", &reference.markdown());
    let text = reference.text();
    golden("heater.txt", &text);
    assert!(text.lines().all(|line| line.chars().count() <= 79));
}

#[test]
fn a_page_says_what_the_schema_says() {
    let (schema, releases) = (heater(), releases());
    let site = Reference::with_releases(&schema, "Heater", Some(&releases)).site();
    let names: Vec<&str> = site.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "index.html",
            "search-index.js",
            "style.css",
            "script.js",
            "heater.html",
            "room.html"
        ]
    );
    let heater = html::words(page(&site, "heater.html"));
    for expected in [
        "command mode-set unstable",
        "since 1.2 out-of-band heater.json:81",
        "mode-set(mode : Mode, until?: int)",
        "until : int optional default 3600",
        "boost since 2.1 if HAVE_BOOST",
        "frost until 2.1 deprecated as Mode.eco Feature deprecated Use eco with a low target.",
        "query-rooms() → [ Room ]",
        "[Thing] in 1.0",
        "room : str optional int in 1.0 to 1.4 where",
        "Errors If until is negative, GenericError",
        "Example: Wrong",
        "Used by command mode-set : argument mode",
    ] {
        assert!(heater.contains(expected), "{expected}\n{heater}");
    }
    let room = html::words(page(&site, "room.html"));
    for expected in [
        "name : str of Thing what people say",
        "doors : [ Door ] optional since 1.4",
        "Further members, by kind glass : Glass if all(HAVE_GLASS, not(SAFE)) none for wood",
        "count : uint8",
        "struct Room : base",
        "union Door : branch glass",
    ] {
        assert!(room.contains(expected), "{expected}\n{room}");
    }
    let index = page(&site, "index.html");
    assert!(html::words(index).contains("Modules heater Heater room Rooms"));
    assert!(index.contains("<a class=\"new\" href=\"heater.html#command-mode-set\">"));
    assert!(
        page(&site, "heater.html").contains("<code><a href=\"#type-Mode:eco\">Mode.eco</a></code>")
    );
}

#[test]
fn every_link_leads_somewhere() {
    let schema = heater();
    html::check(&Reference::new(&schema, "Heater").site());
    let data = Frontend::new()
        .read(common::data().join("qapi/qapi-schema.json"))
        .unwrap();
    let site = Reference::new(&data, "QEMU").site();
    html::check(&site);
    assert!(page(&site, "block-core.html").contains("id=\"type-BlockdevOptions:driver\""));
    let Some(corpus) = common::corpus("schemas") else {
        return;
    };
    for (release, root) in [
        ("1.0.0", "qapi-schema.json"),
        ("2.12.0", "qapi/qapi-schema.json"),
        ("10.2.0", "storage-daemon/qapi/qapi-schema.json"),
        ("11.1.0", "qapi/qapi-schema.json"),
        ("11.1.0", "qga/qapi-schema.json"),
    ] {
        let root = corpus.join("schemas").join(release).join(root);
        let schema = Frontend::new().legacy(true).read(root).unwrap();
        let reference = Reference::new(&schema, release);
        html::check(&reference.site());
        for text in [reference.text(), reference.markdown()] {
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
}

/// Schemas whose every text tries to be something else.
fn hostile() -> Schema {
    let break_out = "</script></title></style></pre>--><script>globalThis.broken=1</script>\
                     <img src=x onerror=broken=1>\" onmouseover=\"broken=1\" '><b>";
    let root = format!(
        "{{ 'include': 'a<b>\"&.json' }}
##
# = {break_out}
##

##
# @Kind:
#
# {break_out}
#
# ``{break_out}`` *{break_out}* **{break_out}** `{break_out}` [x](javascript:broken=1)
# `x <javascript:broken=1>`_ `y <https://example.org/\"onclick=\"broken=1>`_ \u{202e}txt
#
# .. qmp-example::
#    :title: {break_out}
#
#     -> {{ \"execute\": \"{break_out}\" }}
#
# ::
#
#   {break_out}
#
# .. raw:: html
#
#    <script>globalThis.broken=1</script>
#
# .. _z: javascript:broken=1
#
# Use z_.
#
# @a: (default: {break_out}) (default: <i>)
# @b: ```
#
# Since: <script>globalThis.broken=1</script>
##
{{ 'enum': 'Kind', 'data': [ 'a', {{ 'name': 'b', 'if': 'defined(X) && \"</code><script>globalThis.broken=1</script>`\"' }} ] }}
{{ 'command': 'go', 'data': {{ 'constructor': 'Kind' }} }}
"
    );
    let loader = MemoryLoader::new([
        ("main.json", root.as_str()),
        ("a<b>\"&.json", "{ 'event': 'GONE' }"),
    ]);
    Frontend::new()
        .legacy(true)
        .loader(loader)
        .read("main.json")
        .unwrap_or_else(|errors| panic!("{:?}", errors.diagnostics))
}

const HOSTILE_TITLE: &str = "</title><script>globalThis.broken=1</script>\n# x";

#[test]
fn nothing_breaks_out() {
    let schema = hostile();
    let reference = Reference::new(&schema, HOSTILE_TITLE);
    let site = reference.site();
    html::check(&site);
    for file in site.iter().filter(|file| file.name.ends_with(".html")) {
        let name = &file.name;
        assert_eq!(file.text.matches("<script").count(), 1, "{name}");
        assert_eq!(file.text.matches("<img").count(), 0, "{name}");
        assert!(
            !html::tags(&file.text)
                .any(|tag| tag.contains("onmouseover") || tag.contains("onclick"))
        );
        assert!(!file.text.contains("href=\"javascript:") && !file.text.contains('\u{202e}'));
    }
    let search = page(&site, "search-index.js");
    assert!(search.contains("globalThis.broken") && !search.contains('<'));
    assert_eq!(search.lines().count(), 1);
    // Outside of code, what Markdown passes on as HTML is nothing but our anchors and links.
    let markdown = reference.markdown();
    let mut fence = None;
    for line in markdown.lines() {
        let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
        match fence {
            Some(open) if ticks >= open => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            None => assert!(html::is_harmless_markdown(line), "{line}"),
            Some(_) => {}
        }
    }
    assert!(fence.is_none() && markdown.contains("# \\</title>\\<script>"));
    assert!(!reference.text().contains(['\u{202e}', '\u{1b}']));
}

#[test]
fn a_release_is_said_once() {
    let text = "##\n# @Kind:\n#\n# @a: (since 2.9)\n#\n# @b: old (since 2.8)\n#\n# Since: 2.0\n##\n\
                { 'enum': 'Kind', 'data': [ 'a', 'b' ] }";
    let schema = Frontend::new().read_text("a.json", text).unwrap();
    let text = Reference::new(&schema, "").text();
    let values = text.split("Values:\n").nth(1).unwrap();
    assert_eq!(
        values,
        "  a (since 2.9)\n  b (since 2.8)\n      old (since 2.8)\n"
    );
}

#[test]
fn examples_are_checked() {
    let schema = heater();
    let warnings = Reference::new(&schema, "").warnings();
    let warnings: Vec<String> = warnings
        .iter()
        .map(|warning| {
            let text = warning.to_string();
            text.rsplit('/').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        warnings,
        [
            "heater.json:67: warning: example of 'mode-set': arguments.mode is 'warm', which Mode has not",
            "heater.json:71: warning: example of 'query-rooms': return[0] has 'size', which the schema has not",
            "heater.json:72: warning: example of 'ALARM': data.room is no str",
            "heater.json:75: warning: example executes 'mode-get', which is no command",
        ]
    );
}

#[test]
fn the_command_takes_what_it_says() {
    let dir = Scratch::new(
        "command",
        &[
            (
                "a.json",
                "{ 'struct': 'Step', 'data': { 'x': 'int' } } { 'command': 'go', 'returns': ['Step'] }",
            ),
            ("r.txt", "releases 2.0 1.0"),
        ],
    );
    let run = dir.run(&["reference", "a.json"]);
    assert!(
        run.status == 2 && run.stderr.contains("--output"),
        "{}",
        run.stderr
    );
    let run = dir.run(&["reference", "--format", "text", "a.json", "--title", "Mine"]);
    assert_eq!(run.status, 0);
    assert!(
        run.stdout.starts_with("Mine\n****\n") && run.stdout.contains("go() → [Step]"),
        "{}",
        run.stdout
    );
    let run = dir.run(&["reference", "--format", "markdown", "a.json", "-o", "a.md"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(
        std::fs::read_to_string(dir.0.join("a.md"))
            .unwrap()
            .contains("id=\"command-go\"")
    );
    let run = dir.run(&["reference", "a.json", "-o", "site", "--releases", "r.txt"]);
    assert!(
        run.status == 2
            && run
                .stderr
                .contains("r.txt: line 1: '1.0' is no release later"),
        "{}",
        run.stderr
    );
    // Introspection has neither names nor documentation, and a reference all the same.
    std::fs::write(
        dir.0.join("told.json"),
        dir.run(&["introspect", "a.json"]).stdout,
    )
    .unwrap();
    let run = dir.run(&["reference", "--format", "text", "told.json"]);
    assert!(
        run.status == 0 && run.stdout.contains("go() → [Go"),
        "{}",
        run.stderr
    );
    // A warning fails only if that is asked for.
    let heater = folder().join("schema/heater.json");
    let heater = heater.to_str().unwrap();
    let facts = folder().join("schema/releases.txt");
    for (strict, status) in [(None, 0), (Some("--strict"), 1)] {
        let mut arguments = vec![
            "reference",
            "--format",
            "text",
            heater,
            "--releases",
            facts.to_str().unwrap(),
        ];
        arguments.extend(strict);
        let run = dir.run(&arguments);
        assert_eq!(
            (run.status, run.stderr.lines().count()),
            (status, 4),
            "{}",
            run.stderr
        );
        assert!(run.stdout.contains("boost (since 2.1, if HAVE_BOOST)"));
    }
    // What earlier releases had.
    std::fs::write(dir.0.join("gone.json"), "{ 'command': 'stay' }").unwrap();
    let run = dir.run(&[
        "reference",
        "--format",
        "text",
        "a.json",
        "--extend",
        "gone.json",
    ]);
    assert!(
        run.stdout.contains("command stay") && run.stdout.contains("command go"),
        "{}",
        run.stderr
    );
}
