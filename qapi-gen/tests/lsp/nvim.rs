//! Neovim as the client, where it is installed.

use crate::common::run::Scratch;
use crate::lsp::{ROOT, TYPES};
use std::io::Write as _;
use std::process::Command;

#[test]
fn neovim_shows_errors_and_follows_names() {
    let version = Command::new("nvim").arg("--version").output();
    if version.is_err() {
        let required = std::env::var_os("QAPI_REQUIRE_PEERS").is_some();
        assert!(!required, "there is no nvim");
        _ = writeln!(std::io::stderr(), "SKIPPED: there is no nvim");
        return;
    }
    let script = include_str!("nvim.lua");
    let files = [
        ("qapi-schema.json", ROOT),
        ("types.json", TYPES),
        ("test.lua", script),
    ];
    let scratch = Scratch::new("nvim", &files);
    let output = Command::new("nvim")
        .args(["--headless", "--clean", "-c", "luafile test.lua"])
        .env("QAPI_GEN", env!("CARGO_BIN_EXE_qapi-gen"))
        .env("XDG_STATE_HOME", &scratch.0)
        .env("XDG_CACHE_HOME", &scratch.0)
        .env("XDG_DATA_HOME", &scratch.0)
        .env("HOME", &scratch.0)
        .current_dir(&scratch.0)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("everything is as it should be"), "{text}");
}
