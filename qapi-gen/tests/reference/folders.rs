//! What the command writes into folders.

use crate::common::run::Scratch;
use std::path::Path;

fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_is_written_as_a_whole_or_not_at_all() {
    let first = "{ 'include': 'more.json' } { 'command': 'go' }";
    let dir = Scratch::new(
        "folder",
        &[
            ("a.json", first),
            ("more.json", "{ 'event': 'GONE' }"),
            ("b.json", "{ 'command': 'stay' }"),
            ("bad.json", "{ 'command': 'go', 'data': 'None' }"),
            ("mine/index.html", "mine"),
        ],
    );
    let ours = [
        ".qapi-gen",
        "a.html",
        "index.html",
        "more.html",
        "script.js",
        "search-index.js",
        "style.css",
    ];
    let run = dir.run(&["reference", "a.json", "-o", "site"]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "")
    );
    assert_eq!(files_in(&dir.0.join("site")), ours);
    // What is there stays while there is nothing better.
    let run = dir.run(&["reference", "bad.json", "-o", "site"]);
    assert!(
        run.status == 2 && run.stderr.contains("error[T4]"),
        "{}",
        run.stderr
    );
    assert_eq!(files_in(&dir.0.join("site")), ours);
    // Ours is replaced, and pages of what is gone go.
    let run = dir.run(&["reference", "b.json", "-o", "site/"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(files_in(&dir.0.join("site")).contains(&"b.html".to_owned()));
    assert!(!files_in(&dir.0.join("site")).contains(&"more.html".to_owned()));
    // What others wrote is not.
    let run = dir.run(&["reference", "b.json", "-o", "mine"]);
    assert!(
        run.status == 2 && run.stderr.contains("mine has 'index.html'"),
        "{}",
        run.stderr
    );
    assert_eq!(
        std::fs::read_to_string(dir.0.join("mine/index.html")).unwrap(),
        "mine"
    );
    std::fs::write(dir.0.join("site/notes.txt"), "mine").unwrap();
    let run = dir.run(&["reference", "a.json", "-o", "site"]);
    assert!(
        run.status == 2 && run.stderr.contains("site has 'notes.txt'"),
        "{}",
        run.stderr
    );
    assert!(files_in(&dir.0.join("site")).contains(&"b.html".to_owned()));
    for (output, expected) in [
        ("none/site", "there is no folder none"),
        ("a.json", "a.json: it is no folder"),
        (".", ". has 'a.json'"),
    ] {
        let run = dir.run(&["reference", "a.json", "-o", output]);
        assert!(
            run.status == 2 && run.stderr.contains(expected),
            "{}",
            run.stderr
        );
    }
    // Nothing is left beside.
    assert_eq!(
        files_in(&dir.0),
        ["a.json", "b.json", "bad.json", "mine", "more.json", "site"]
    );
    std::fs::create_dir(dir.0.join("empty")).unwrap();
    assert_eq!(dir.run(&["reference", "a.json", "-o", "empty"]).status, 0);
    assert_eq!(files_in(&dir.0.join("empty")), ours);
}

/// The current folder, and one that is mounted, cannot be replaced, but what is in them can.
#[test]
fn a_folder_that_has_to_stay_is_filled() {
    let more = "{ 'command': 'go' }";
    let a = "{ 'include': 'more.json' } { 'command': 'stay' }";
    let dir = Scratch::new(
        "fixed",
        &[("a.json", a), ("more.json", more), ("b.json", more)],
    );
    let site = dir.0.join("site");
    std::fs::create_dir(&site).unwrap();
    let inside = |schema: &str| {
        let mut command = dir.command(&["reference", schema, "-o", "."]);
        let run = crate::common::run::Run::new(command.current_dir(&site).output().unwrap());
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        files_in(&site)
    };
    let fixed = ["index.html", "script.js", "search-index.js", "style.css"];
    let with = |pages: &[&'static str]| {
        let mut all: Vec<&str> = [".qapi-gen"]
            .iter()
            .chain(&fixed)
            .chain(pages)
            .copied()
            .collect();
        all.sort_unstable();
        all
    };
    assert_eq!(inside("../a.json"), with(&["a.html", "more.html"]));
    assert_eq!(inside("../b.json"), with(&["b.html"]));
    assert_eq!(dir.run(&["reference", "a.json", "-o", "site"]).status, 0);
    assert_eq!(files_in(&site), with(&["a.html", "more.html"]));

    // Nothing outside of the folder is removed, whatever the list in it says.
    let list = std::fs::read_to_string(site.join(".qapi-gen")).unwrap();
    std::fs::write(site.join(".qapi-gen"), list + "../a.json\n").unwrap();
    assert_eq!(inside("../b.json"), with(&["b.html"]));
    assert!(dir.0.join("a.json").exists());

    #[cfg(target_os = "linux")]
    {
        let script = "mount -t tmpfs none site || exit 77; \"$0\" reference a.json -o site && \"$0\" reference b.json -o site && ls -A site";
        let mut command = std::process::Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_qapi-gen")]);
        match command
            .current_dir(&dir.0)
            .output()
            .map(crate::common::run::Run::new)
        {
            Ok(run) if run.status == 0 => {
                let mut listed: Vec<&str> = run.stdout.lines().collect();
                listed.sort_unstable();
                assert_eq!(listed, with(&["b.html"]));
            }
            Ok(run) if run.status != 77 && !run.stderr.contains("unshare: ") => {
                panic!("{}", run.stderr)
            }
            _ => eprintln!("SKIPPED: nothing can be mounted here"),
        }
    }
}

#[test]
fn what_has_no_file_has_a_name_all_the_same() {
    let schema = "{ 'command': 'go' }";
    let dir = Scratch::new("names", &[("vmm.json", schema)]);
    let run = dir.run_with_input(&["reference", "-", "-o", "site"], schema);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let site = dir.0.join("site");
    assert!(files_in(&site).contains(&"stdin.html".to_owned()));
    let page = |name: &str| std::fs::read_to_string(site.join(name)).unwrap();
    assert!(page("index.html").contains("<title>Schema</title>"));
    assert!(page("index.html").contains("<a href=\"stdin.html\">stdin</a>"));

    let run = dir.run(&["reference", "./vmm.json", "-o", "site"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(page("index.html").contains("<title>vmm</title>"));
    assert!(page("vmm.html").contains("vmm.json:1"));
    std::fs::create_dir_all(dir.0.join("tree/qapi")).unwrap();
    std::fs::write(dir.0.join("tree/qapi/qapi-schema.json"), schema).unwrap();
    let run = dir.run(&["reference", "tree/.", "--format", "text"]);
    assert!(run.stdout.starts_with("tree\n****\n"), "{}", run.stdout);

    // What a server told has no lines.
    let told = dir.run(&["introspect", "vmm.json"]).stdout;
    std::fs::write(dir.0.join("told.txt"), &told).unwrap();
    let run = dir.run(&["reference", "told.txt", "-o", "site"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(!page("told.html").contains("told.json:"));
    let run = dir.run_with_input(&["export", "--format", "openrpc", "-"], &told);
    assert!(
        run.stdout.contains("\"title\": \"Schema\""),
        "{}",
        run.stdout
    );
}
