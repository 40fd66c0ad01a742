//! Input that is broken, huge or malicious: an error or a schema, never a panic.

use qapi_gen::diagnostic::{Code, Errors};
use qapi_gen::model::{Definition, Schema};
use qapi_gen::{FolderLoader, Frontend, MemoryLoader};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn read_text(text: impl Into<Vec<u8>>) -> Result<Schema, Errors> {
    Frontend::new()
        .loader(MemoryLoader::new([("main.json", text)]))
        .read("main.json")
}

/// The only error: its code, and `FILE:LINE[:COLUMN]`.
#[track_caller]
fn error(result: Result<Schema, Errors>) -> (Code, String) {
    let errors = result.expect_err("the schema is wrong");
    assert_eq!(errors.diagnostics.len(), 1, "{errors}");
    let diagnostic = &errors.diagnostics[0];
    let place = diagnostic.location(&errors.sources).map(|location| {
        let position = location.position;
        let file = errors.sources.file(position.file).name();
        let mut place = format!("{file}:{}", position.line);
        if location.with_column {
            write!(place, ":{}", position.column).unwrap();
        }
        place
    });
    (diagnostic.code, place.unwrap_or_default())
}

/// A folder that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let unique = format!("qapi-gen-hostile-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(unique);
        _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, root: &str) -> Result<Schema, Errors> {
        Frontend::new().read(self.0.join(root))
    }

    /// Takes the folder off an error's place.
    fn relative(&self, (code, place): (Code, String)) -> (Code, String) {
        let folder = format!("{}/", self.0.display());
        (code, place.replacen(&folder, "", 1))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_missing_root_file() {
    let loader = MemoryLoader::new([("other.json", "")]);
    let result = Frontend::new().loader(loader).read("main.json");
    assert_eq!(error(result), (Code::UnreadableRoot, String::new()));
    let folder = Folder::new("missing");
    let result = folder.read("main.json");
    let message = result.as_ref().unwrap_err().diagnostics[0].message.clone();
    assert!(message.contains("main.json"), "{message}");
    assert_eq!(error(result), (Code::UnreadableRoot, String::new()));
}

#[cfg(unix)]
#[test]
fn a_device_as_included_file() {
    let folder = Folder::new("device");
    folder.file("main.json", "{ 'include': '/dev/zero' }");
    let found = folder.relative(error(folder.read("main.json")));
    assert_eq!(found, (Code::IncludeUnreadable, "main.json:1".into()));
}

#[test]
fn a_directory_as_root_file() {
    let folder = Folder::new("root-directory");
    assert_eq!(
        error(folder.read("")),
        (Code::UnreadableRoot, String::new())
    );
}

/// Files with holes, which nobody reads.
#[cfg(unix)]
#[test]
fn files_of_more_than_4_gib() {
    let folder = Folder::new("large");
    let large = fs::File::create(folder.0.join("large.json")).unwrap();
    large.set_len(1 << 32).unwrap();
    let found = error(folder.read("large.json"));
    assert_eq!(found, (Code::TooLarge, String::new()));
    folder.file(
        "main.json",
        "{ 'command': 'stop' }\n{ 'include': 'large.json' }",
    );
    let found = folder.relative(error(folder.read("main.json")));
    assert_eq!(found, (Code::TooLarge, "main.json:2:1".into()));
}

#[test]
fn a_directory_as_included_file() {
    let folder = Folder::new("directory");
    folder.file("main.json", "# up\n{ 'include': '.' }\n");
    let found = folder.relative(error(folder.read("main.json")));
    assert_eq!(found, (Code::IncludeUnreadable, "main.json:2".into()));
}

#[test]
fn a_path_that_no_file_can_have() {
    let long = "x".repeat(100_000);
    let text = format!("{{ 'include': '{long}' }}");
    let folder = Folder::new("path");
    folder.file("main.json", &text);
    let found = folder.relative(error(folder.read("main.json")));
    assert_eq!(found, (Code::IncludeUnreadable, "main.json:1".into()));
}

#[cfg(unix)]
#[test]
fn includes_that_go_round_through_symbolic_links() {
    let folder = Folder::new("links");
    fs::create_dir(folder.0.join("sub")).unwrap();
    std::os::unix::fs::symlink("../main.json", folder.0.join("sub/again.json")).unwrap();
    std::os::unix::fs::symlink(".", folder.0.join("here")).unwrap();
    folder.file("main.json", "{ 'include': 'here/sub/../sub/again.json' }\n");
    // Each round is a path of its own, until the operating system follows no more links.
    let (code, _) = error(folder.read("main.json"));
    assert_eq!(code, Code::IncludeUnreadable);
    // A link to itself is not a file at all.
    std::os::unix::fs::symlink("round.json", folder.0.join("round.json")).unwrap();
    folder.file("main.json", "{ 'include': 'round.json' }\n");
    let (code, _) = error(folder.read("main.json"));
    assert_eq!(code, Code::IncludeUnreadable);
}

#[cfg(unix)]
#[test]
fn files_outside_of_the_folders_are_refused() {
    let folder = Folder::new("within");
    for name in ["own", "own/sub", "shared"] {
        fs::create_dir(folder.0.join(name)).unwrap();
    }
    folder.file("secret.json", "the secret");
    folder.file("shared/found.json", "the secret");
    folder.file("own/sub/good.json", "{ 'command': 'go' }");
    let own = folder.0.join("own");
    std::os::unix::fs::symlink("../secret.json", own.join("link.json")).unwrap();
    std::os::unix::fs::symlink("..", own.join("up")).unwrap();
    let frontend = || {
        let loader = FolderLoader::new([&own]);
        Frontend::new()
            .loader(loader)
            .include_path(folder.0.join("shared"))
    };
    let absolute = folder.0.join("secret.json").display().to_string();
    for path in [
        "../secret.json",
        "link.json",
        "up/secret.json",
        "sub/../../secret.json",
        "found.json",
        &absolute,
    ] {
        folder.file("own/main.json", &format!("{{ 'include': '{path}' }}"));
        let errors = frontend().read(own.join("main.json")).unwrap_err();
        assert_eq!(
            errors.diagnostics[0].code,
            Code::IncludeUnreadable,
            "{path}"
        );
        let told = &errors.diagnostics[0].message;
        // Of several places the error is about the first, beside the including file.
        let refused = told.contains("outside of the folders");
        assert!(refused || path == "found.json", "{told}");
        assert!(!format!("{errors:?}").contains("the secret"), "{path}");
    }
    folder.file(
        "own/main.json",
        "{ 'include': 'up/own/sub/../sub/good.json' }",
    );
    assert!(frontend().read(own.join("main.json")).is_ok());
}

/// As in QEMU's generator, a link is a file of its own.
#[cfg(unix)]
#[test]
fn links_are_not_followed_to_tell_files_apart() {
    let folder = Folder::new("told-apart");
    for name in ["a", "b"] {
        fs::create_dir(folder.0.join(name)).unwrap();
        folder.file(
            &format!("{name}/types.json"),
            &format!("{{ 'command': 'from-{name}' }}"),
        );
    }
    folder.file("second.json", "{ 'struct': 'Bbb', 'data': {} }");
    folder.file(
        "twice.json",
        "{ 'include': 'first.json' }\n{ 'include': 'second.json' }",
    );
    folder.file("a/inc.json", "{ 'include': 'types.json' }");
    folder.file(
        "both.json",
        "{ 'include': 'a/inc.json' }\n{ 'include': 'b/inc.json' }",
    );
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.0.join(name)).unwrap();
    link("second.json", "first.json");
    link("../a/inc.json", "b/inc.json");

    let found = folder.relative(error(folder.read("twice.json")));
    assert_eq!(found, (Code::Redefinition, "second.json:1".into()));

    let schema = folder.read("both.json").unwrap();
    let names: Vec<&str> = schema.commands().map(|command| &*command.name).collect();
    assert_eq!(names, ["from-a", "from-b"]);
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(
        error(read_text(b"{ 'command': '\xff\xfe' }".as_slice())),
        (Code::InvalidUtf8, "main.json:1:15".into())
    );
    let (code, place) = error(read_text(b"{ 'command': 'stop' }\n\0".as_slice()));
    assert_eq!((code, &*place), (Code::StrayToken, "main.json:2:1"));
    for byte in 0..=255 {
        // Alone, in a string, in a comment, in documentation.
        for (before, after) in [
            ("", ""),
            ("{ 'x", "y': true }"),
            ("# ", "\n"),
            ("##\n# ", "\n##\n"),
        ] {
            let text = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            _ = read_text(text);
        }
    }
}

#[test]
fn text_that_is_cut_off_anywhere() {
    let text = "##\n# @stop:\n#\n# Stops.\n#\n# @when: now é\n#\n# Since: 1.0\n##\n\
                { 'command': 'stop', 'data': { '*when': { 'type': [ 'str' ], 'if': { 'all': [ 'A', { 'not': 'B' } ] } } },\n\
                'boxed': true, 'features': [ { 'name': 'deprecated' } ] }\n";
    for end in 0..text.len() {
        _ = read_text(&text.as_bytes()[..end]);
        _ = read_text(&text.as_bytes()[end..]);
    }
}

#[test]
fn brackets_that_nest_deep() {
    for (open, close) in [("[", "]"), ("{ 'a': ", "}")] {
        let text = format!("{{ 'struct': 'A1b', 'data': {}", open.repeat(100_000));
        let (code, _) = error(read_text(text.clone()));
        assert_eq!(code, Code::NestingTooDeep);
        let (code, _) = error(read_text(text + "true" + &close.repeat(100_000) + "}"));
        assert_eq!(code, Code::NestingTooDeep);
    }
    let condition = |depth: usize| {
        let open = "{ 'not': ".repeat(depth);
        format!(
            "{{ 'command': 'stop', 'if': {open}'A'{} }}",
            "}".repeat(depth)
        )
    };
    // The expression itself is one level.
    assert!(read_text(condition(999)).is_ok());
    let (code, _) = error(read_text(condition(1_000)));
    assert_eq!(code, Code::NestingTooDeep);
}

#[test]
fn a_long_chain_of_includes() {
    let name = |n: usize| match n {
        0 => "main.json".to_owned(),
        n => format!("part{n}.json"),
    };
    let file = |n: usize| {
        let include = format!("{{ 'include': '{}' }}\n", name(n + 1));
        (name(n), format!("{include}{{ 'command': 'c{n}' }}\n"))
    };
    let mut files: Vec<_> = (0..1_000).map(file).collect();
    files.push((name(1_000), "{ 'command': 'last' }\n".into()));
    let loader = MemoryLoader::new(files.clone());
    let schema = Frontend::new().loader(&loader).read("main.json").unwrap();
    assert_eq!(schema.modules().len(), 1_001);
    assert_eq!(schema.commands().count(), 1_001);

    files.last_mut().unwrap().1 = "{ 'include': 'main.json' }".into();
    let loader = MemoryLoader::new(files.clone());
    let result = Frontend::new().loader(&loader).read("main.json");
    let errors = result.as_ref().unwrap_err();
    let file = errors
        .sources
        .file_of(errors.diagnostics[0].primary.unwrap());
    assert_eq!(errors.sources.include_trail(file).len(), 1_000);
    assert_eq!(error(result), (Code::IncludeLoop, "part1000.json:1".into()));
}

#[test]
fn a_long_chain_of_bases() {
    // The last is defined first, so that every base is a forward reference.
    let mut text = String::new();
    for n in (1..=5_000).rev() {
        writeln!(
            text,
            "{{ 'struct': 'B{n}s', 'base': 'B{}s', 'data': {{ 'm{n}': 'int' }} }}",
            n - 1
        )
        .unwrap();
    }
    let end = "{ 'struct': 'B0s', 'data': { 'm0': 'int' } }";
    let schema = read_text(format!("{text}{end}")).unwrap();
    let Some(Definition::Object(last)) = schema.definition("B5000s") else {
        panic!("no last struct");
    };
    let members: Vec<&str> = schema
        .all_members(schema.object(last))
        .map(|(_, member)| member.name.as_str())
        .collect();
    assert_eq!(members.len(), 5_001);
    assert_eq!((members[0], members[5_000]), ("m0", "m5000"));

    let clash = "{ 'struct': 'B0s', 'data': { 'm5000': 'int' } }";
    assert_eq!(
        error(read_text(format!("{text}{clash}"))),
        (Code::MemberClash, "main.json:1".into())
    );
    let round = "{ 'struct': 'B0s', 'base': 'B5000s', 'data': {} }";
    let (code, _) = error(read_text(format!("{text}{round}")));
    assert_eq!(code, Code::ContainsItself);
}

#[test]
fn a_struct_of_many_members() {
    let mut text = String::from("{ 'struct': 'Wide', 'data': {");
    for n in 0..100_000 {
        write!(text, "'m{n}': 'int',").unwrap();
    }
    let schema = read_text(format!("{text}'last': 'str' }} }}")).unwrap();
    let Some(Definition::Object(wide)) = schema.definition("Wide") else {
        panic!("no struct");
    };
    assert_eq!(schema.object(wide).members.len(), 100_001);
    let (code, _) = error(read_text(format!("{text}'last': 'Gone' }} }}")));
    assert_eq!(code, Code::UnknownType);
}

#[test]
fn many_errors() {
    let text: String = (0..20_000)
        .map(|n| format!("{{ 'struct': 'S{n}s', 'data': {{ 'a': 'Gone{n}' }} }}\n"))
        .collect();
    let errors = read_text(text).unwrap_err();
    assert_eq!((errors.diagnostics.len(), errors.omitted), (10_000, 10_000));
    assert_eq!(read_text("{".repeat(900)).unwrap_err().diagnostics.len(), 1);
    assert!(read_text("; ".repeat(100_000)).is_err());
    assert!(read_text("{ 'a\n".repeat(20_000)).is_err());
    assert!(read_text("##\n".repeat(20_001)).is_err());
    assert!(read_text("[ { , } ] ".repeat(20_000)).is_err());
}

#[test]
fn unions_in_unions_are_not_walked_path_by_path() {
    let mut text = String::from("{ 'enum': 'Kind', 'data': [ 'a', 'b' ] }\n");
    for n in 0..60 {
        writeln!(
            text,
            "{{ 'union': 'U{n}s', 'base': {{ 'k{n}': 'Kind' }}, 'discriminator': 'k{n}',
                'data': {{ 'a': 'U{m}s', 'b': 'U{m}s' }} }}",
            m = n + 1
        )
        .unwrap();
    }
    let end = "{ 'struct': 'U60s', 'data': { 'x': 'int' } }";
    assert!(read_text(format!("{text}{end}")).is_ok());
    let clash = "{ 'struct': 'U60s', 'data': { 'k0': 'int' } }";
    assert_eq!(
        error(read_text(format!("{text}{clash}"))),
        (Code::BranchClash, "main.json:2".into())
    );
}

/// Names that cannot clash are not looked for in all that a union contains.
#[test]
fn a_long_chain_of_unions() {
    const DEPTH: usize = 20_000;
    let chain = |last: &str| {
        let mut text = format!(
            "{{ 'enum': 'Tag', 'data': [ 'next' ] }}\n{{ 'struct': 'U{DEPTH}e', 'data': {{ {last} }} }}\n"
        );
        for n in 0..DEPTH {
            text += &format!(
                "{{ 'union': 'U{n}e', 'base': {{ 't{n}': 'Tag' }}, 'discriminator': 't{n}', 'data': {{ 'next': 'U{}e' }} }}\n",
                n + 1
            );
        }
        text
    };
    assert!(read_text(chain("")).is_ok());
    // The line of the outermost union.
    let found = error(read_text(chain("'t0': 'int'")));
    assert_eq!(found, (Code::BranchClash, "main.json:3".into()));
    let found = error(read_text(chain("'t19999': 'int'")));
    assert_eq!(found, (Code::BranchClash, "main.json:20002".into()));
}

#[test]
fn long_lines_and_long_names() {
    let name = format!("N{}", "n".repeat(1_000_000));
    let text = format!("{{ 'struct': '{name}', 'data': {{ 'next': '{name}' }} }}");
    assert!(read_text(text).is_ok());
    let stray = format!("{{ 'command': {} }}", "x".repeat(1_000_000));
    let errors = read_text(stray).unwrap_err();
    assert_eq!(errors.diagnostics[0].code, Code::StrayToken);
    assert!(errors.diagnostics[0].message.len() < 1_000);
    let comment = format!("##\n# {}\n##\n", "word ".repeat(200_000));
    assert!(read_text(comment).is_ok());
}

#[test]
fn an_error_never_shows_a_path_that_was_not_given() {
    let loader = MemoryLoader::new([("dir/main.json", "{ 'include': '../../x.json' }")]);
    let result = Frontend::new()
        .loader(loader)
        .read(Path::new("dir/main.json"));
    assert_eq!(
        error(result),
        (Code::IncludeUnreadable, "dir/main.json:1".into())
    );
}
