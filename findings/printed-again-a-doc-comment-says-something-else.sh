#!/usr/bin/env bash
# prettyplease prints Rust code anew from syn's tree, for generators of code. Of a doc comment it drops the spaces at a line's
# end, though two of them break the line in Markdown, so that rustdoc shows one line where there were two. #[doc = "a\rb"] it
# makes a comment with the bare carriage return in it, which Rust does not allow: what compiled does not any more. Newlines
# in such an attribute, and what would end a comment, it knows, and keeps. Seen with prettyplease 0.2.37, syn 2.0.119 and
# Rust 1.95.0.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
mkdir print print/src
cat >print/Cargo.toml <<'TOML'
[package]
name = "print"
version = "0.0.0"
edition = "2021"

[dependencies]
prettyplease = "=0.2.37"
syn = { version = "=2.0.119", default-features = false, features = ["full", "parsing"] }
TOML
cat >print/src/main.rs <<'RUST'
fn main() {
    let code = std::io::read_to_string(std::io::stdin()).unwrap();
    print!("{}", prettyplease::unparse(&syn::parse_file(&code).unwrap()));
}
RUST
cargo build --quiet --manifest-path print/Cargo.toml --target-dir print/target
rustdoc --version

# What rustdoc shows of a struct's text, with | for a new line in HTML, or its error.
shown() {
  rm -rf out
  rustdoc --crate-name text -o out "$1" 2>errors || { grep -m 1 '^error' errors; return; }
  tr '\n' '|' <out/text/struct.Text.html | sed 's/<.p>.*//; s/.*class="docblock"><p>//'
}
# What is shown of a code, and of the same code printed again.
expect() {
  local before after
  printf '%s\npub struct Text;\n' "$1" >before.rs
  print/target/debug/print <before.rs >after.rs
  before=$(shown before.rs)
  after=$(shown after.rs)
  printf '%s\n  before: %s\n  after:  %s\n' "$1" "$before" "$after"
  if [ "$before" != "$2" ] || [ "$after" != "$3" ]; then
    echo "not as it was: expected $2 and $3"
    exit 1
  fi
}

expect $'/// one  \n/// two' 'one<br />|two' 'one|two'
expect '#[doc = "one\rtwo"]' 'one|two' 'error: bare CR not allowed in doc-comment'
expect '#[doc = "one\ntwo */ three"]' 'one|two */ three' 'one|two */ three'
