//! VS Code's library of the protocol as the client, where it is installed.

use crate::common::run::Scratch;
use crate::lsp::{ROOT, TYPES};
use std::io::Write as _;
use std::process::Command;

#[test]
fn vs_codes_library_understands_every_answer() {
    let probe = "require('vscode-languageserver-protocol/node'); require('vscode-languageserver-textdocument')";
    let library = Command::new("node").args(["-e", probe]).output();
    if !library.is_ok_and(|output| output.status.success()) {
        let required = std::env::var_os("QAPI_REQUIRE_PEERS").is_some();
        assert!(!required, "there is no vscode-languageserver-protocol");
        let text = "SKIPPED: there is no vscode-languageserver-protocol";
        _ = writeln!(std::io::stderr(), "{text}");
        return;
    }
    let files = [
        ("qapi-schema.json", ROOT),
        ("types.json", TYPES),
        ("test.js", include_str!("vscode.js")),
    ];
    let scratch = Scratch::new("vscode", &files);
    let output = Command::new("node")
        .arg("test.js")
        .env("QAPI_GEN", env!("CARGO_BIN_EXE_qapi-gen"))
        .current_dir(&scratch.0)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("everything is as it should be"), "{text}");
}
