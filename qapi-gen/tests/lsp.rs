//! The language server, as a program that an editor talks to.

#[path = "lsp/client.rs"]
mod client;
#[allow(dead_code)] // Other tests need more of it.
mod common;
#[path = "lsp/emacs.rs"]
mod emacs;
#[path = "lsp/names.rs"]
mod names;
#[path = "lsp/nvim.rs"]
mod nvim;
#[path = "lsp/qemu.rs"]
mod qemu;
#[allow(dead_code)]
#[path = "common/run.rs"]
mod run;
#[path = "lsp/session.rs"]
mod session;
#[path = "lsp/typing.rs"]
mod typing;
#[path = "lsp/vscode.rs"]
mod vscode;
#[path = "lsp/writing.rs"]
mod writing;

/// A schema of two files, with something of everything.
const ROOT: &str = "\
{ 'include': 'types.json' }

##
# @move:
#
# Moves a `Point`, or a @Shape.
#
# @by: how far
#
# @shape: what
#
# Since: 1.0
##
{ 'command': 'move', 'data': { 'by': 'Point', '*shape': 'Shape' }, 'returns': ['Point'] }

{ 'event': 'MOVED', 'data': 'Point' }
";

const TYPES: &str = "\
##
# @Point:
#
# A place.
#
# @x: to the right of `MOVED`; see @y
#
# @y: up (since 1.1)
#
# Features:
#
# @fast: quick
#
# Since: 1.0
##
{ 'struct': 'Point', 'data': { 'x': 'int', '*y': 'int' }, 'features': [ 'fast' ] }

{ 'enum': 'Kind', 'data': [ 'dot', 'line' ] }

##
# @Base:
#
# @kind: €𝄞 which it is
##
{ 'struct': 'Base', 'data': { 'kind': 'Kind' } }

{ 'union': 'Shape', 'base': 'Base', 'discriminator': 'kind',
  'data': { 'dot': 'Point', 'line': { 'type': 'Point', 'if': 'CONFIG_LINE' } } }
";

/// A folder with the schema, and its two files.
fn schema(test: &str) -> (run::Scratch, std::path::PathBuf, std::path::PathBuf) {
    let files = [("qapi-schema.json", ROOT), ("types.json", TYPES)];
    let scratch = run::Scratch::new(test, &files);
    let (root, types) = (
        scratch.0.join("qapi-schema.json"),
        scratch.0.join("types.json"),
    );
    (scratch, root, types)
}
