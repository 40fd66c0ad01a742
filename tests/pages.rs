//! Schemas, programs and pictures that pages show are what the pages say they are, and links lead somewhere.
//!
//! With the environment variable `QAPI_BLESS` set, what is generated is written instead of compared.

use std::ops::Range;
use std::path::{Path, PathBuf};

use qapi_gen::render::{Style, human};
use qapi_gen::{Frontend, diagnostic::Errors, model::Schema};

/// A fenced block of a page.
struct Block<'a> {
    info: &'a str,
    text: &'a str,
    range: Range<usize>,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = 0;
    while let Some(fence) = page[rest..].find("```") {
        let info = rest + fence + 3;
        let start = info + page[info..].find('\n').expect("a block follows") + 1;
        let end = start + page[start..].find("```").expect("the block ends");
        blocks.push(Block {
            info: page[info..start].trim_end(),
            text: &page[start..end],
            range: start..end,
        });
        rest = end + 3;
    }
    blocks
}

/// The schema lies where QEMU's can be included from.
fn read(text: &str) -> Result<Schema, Errors> {
    let root = qapi_schema::directory().join("vmm.json");
    Frontend::new().style(true).read_text(root, text)
}

fn rendered(errors: &Errors) -> String {
    let folder = format!("{}/", qapi_schema::directory().display());
    let all = errors.diagnostics.iter();
    let all = all.map(|error| human(error, &errors.sources, Style::Plain));
    all.collect::<Vec<_>>().join("\n").replace(&folder, "")
}

/// The page of guarantees names tests that are there.
#[test]
fn guarantees() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for folder in ["src", "tests", "qapi-gen/tests"] {
        read_sources(&root.join(folder), &mut sources);
    }
    let page = std::fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(" | `"));
    let promises: Vec<&str> = rows.filter(|row| row.matches('|').count() == 3).collect();
    assert!(promises.len() > 10);
    for row in promises {
        let attacks = row.rsplit('|').nth(1).unwrap();
        let (tests, targets) = attacks.split_once("fuzz targets").unwrap_or((attacks, ""));
        for test in tests.split('`').skip(1).step_by(2) {
            let written = ["fn NAME(", "    NAME(kind) {"].map(|way| way.replace("NAME", test));
            let known = ["CUTS", "SOAK_SECONDS", "QAPI_KILLS"].contains(&test)
                || written.iter().any(|way| sources.contains(way));
            assert!(known, "there is no test '{test}'");
        }
        for target in targets.split('`').skip(1).step_by(2) {
            let path = root.join(format!("fuzz/fuzz_targets/{target}.rs"));
            assert!(path.is_file(), "there is no fuzz target '{target}'");
        }
    }
}

fn read_sources(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_schema_language() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/schema-language.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let blocks = blocks(&page);
    let mut before = String::new();
    let mut schemas = 0;
    let mut blessed = String::new();
    let mut copied = 0;
    for (i, block) in blocks.iter().enumerate() {
        let line = page[..block.range.start].lines().count();
        let text = match block.info {
            "qapi,more" => before + block.text,
            info if info.starts_with("qapi") => block.text.to_owned(),
            _ => continue,
        };
        schemas += 1;
        match (block.info, read(&text)) {
            ("qapi,rejected", Err(errors)) => {
                let told = &blocks[i + 1];
                let errors = rendered(&errors);
                if std::env::var_os("QAPI_BLESS").is_none() {
                    assert_eq!(told.text, errors, "what is said of line {line}");
                }
                blessed += &page[copied..told.range.start];
                blessed += &errors;
                copied = told.range.end;
            }
            ("qapi,rejected", Ok(_)) => panic!("the schema at line {line} is accepted"),
            (_, Err(errors)) => panic!("the schema at line {line}:\n{}", rendered(&errors)),
            (_, Ok(_)) => {}
        }
        before = text;
    }
    assert!(schemas > 8, "only {schemas} schemas were found");
    blessed += &page[copied..];
    if blessed != page {
        std::fs::write(&path, blessed).unwrap();
    }
}

/// All pages of the repository, but for those of what was built.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" && name != ".git" {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    pages(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &mut found,
    );
    assert!(found.len() > 10, "only {} pages were found", found.len());
    let mut dead = Vec::new();
    let builder = repository("docs/build");
    // What is there once it is built, below target/doc.
    let built = |target: &str| {
        let (_, page) = target.rsplit_once("target/doc/")?;
        let name = page.strip_suffix("/index.html")?;
        Some(match name.strip_prefix("reference/") {
            Some(name) => builder.contains(&format!("\nreference {name} ")),
            None => name.starts_with("qapi_"),
        })
    };
    for path in found {
        let page = std::fs::read_to_string(&path).unwrap();
        for link in page.split("](").skip(1) {
            let target = link.split([')', '#', ' ']).next().unwrap_or_default();
            let elsewhere = target.is_empty() || target.contains(':');
            let there = || built(target).unwrap_or_else(|| path.with_file_name(target).exists());
            if !elsewhere && !there() {
                dead.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_eq!(dead, <[String; 0]>::default());
}

fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn what_the_readme_shows_is_there() {
    let readme = repository("README.md");
    let blocks = blocks(&readme);
    for path in [
        "thermostat/schema/thermostat.json",
        "thermostat/build.rs",
        "thermostat/src/main.rs",
        "meter/meter.json",
        "meter/src/main.rs",
    ] {
        let file = repository(&format!("examples/{path}"));
        assert!(
            blocks.iter().any(|block| block.text == file),
            "README.md does not show {path} as it is"
        );
    }
    let generated = qapi_gen::Builder::new(qapi_schema::qmp())
        .commands(["query-status"])
        .generate_to_string()
        .unwrap();
    let piece = blocks
        .iter()
        .find(|block| block.text.contains("pub struct StatusInfo"))
        .expect("README.md shows a piece of generated code");
    assert!(generated.contains(piece.text), "{generated}");
}

#[test]
fn the_generated_example_is_what_is_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/meter");
    let generated = qapi_gen::Builder::new(folder.join("meter.json"))
        .generate_to_string()
        .unwrap();
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(folder.join("src/meter.rs"), &generated).unwrap();
    }
    assert!(
        repository("examples/meter/src/meter.rs") == generated,
        "examples/meter/src/meter.rs is not what qapi-gen makes of meter.json; QAPI_BLESS=1 writes it anew"
    );
}

/// What the picture of a terminal shows, less the prompt.
const PICTURED: &str = "\
{ 'enum': 'DiskFormat', 'data': [ 'raw', 'qcow2' ] }

{ 'command': 'disk-add',
  'data': { 'format': 'DiskFromat', 'path': 'str' } }

{ 'union': 'Nic',
  'base': { 'id': 'str', '*backend': 'Backend' },
  'discriminator': 'backend',
  'data': { 'tap': 'Tap' } }
{ 'enum': 'Backend', 'data': [ 'tap', 'user' ] }
{ 'struct': 'Tap', 'data': { 'fd': 'int' } }
";

#[test]
fn the_picture_of_a_terminal_shows_what_is_printed() {
    let mut shown = String::new();
    for line in repository("docs/images/diagnostic.svg").lines() {
        if !line.starts_with("  <text ") {
            continue;
        }
        for part in line.split('<').skip(1) {
            shown += part.split_once('>').expect("tags end").1;
        }
        shown.push('\n');
    }
    let shown = shown.replace("&gt;", ">").replace("&lt;", "<");
    let expected = format!(
        "$ qapi-gen check vmm.json\n{}\n2 errors in vmm.json\n\
         help: 'qapi-gen explain T4' says more about a rule\n",
        rendered(&read(PICTURED).unwrap_err())
    );
    assert_eq!(shown, expected);
}
