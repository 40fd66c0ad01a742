//! Emacs as the client, with Eglot, where both are installed.

use crate::common::run::Scratch;
use crate::lsp::{ROOT, TYPES};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

#[test]
fn emacs_works_as_the_page_sets_it_up() {
    let probe = "(progn (package-initialize) (require 'eglot))";
    let eglot = Command::new("emacs")
        .args(["--batch", "-q", "--eval", probe])
        .output();
    if !eglot.is_ok_and(|output| output.status.success()) {
        let required = std::env::var_os("QAPI_REQUIRE_PEERS").is_some();
        assert!(!required, "there is no Emacs with Eglot");
        _ = writeln!(std::io::stderr(), "SKIPPED: there is no Emacs with Eglot");
        return;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/editor.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("\n## Emacs\n").unwrap();
    let (_, code) = section.split_once("```text\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    let files = [
        ("qapi/qapi-schema.json", ROOT),
        ("qapi/types.json", TYPES),
        ("page.el", code),
        ("test.el", include_str!("eglot.el")),
    ];
    let scratch = Scratch::new("emacs", &files);
    let programs = Path::new(env!("CARGO_BIN_EXE_qapi-gen")).parent().unwrap();
    let mut path = programs.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("emacs")
        .args(["--batch", "-q", "-l", "test.el"])
        .env("PATH", path)
        .env("HOME", &scratch.0)
        .current_dir(&scratch.0)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("everything is as it should be"), "{text}");
}
