//! The language server, as a program that an editor talks to.

mod client;
mod emacs;
mod names;
mod nvim;
mod qemu;
mod session;
mod typing;
mod vscode;
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
fn schema(
    test: &str,
) -> (
    crate::common::run::Scratch,
    std::path::PathBuf,
    std::path::PathBuf,
) {
    let files = [("qapi-schema.json", ROOT), ("types.json", TYPES)];
    let scratch = crate::common::run::Scratch::new(test, &files);
    let (root, types) = (
        scratch.0.join("qapi-schema.json"),
        scratch.0.join("types.json"),
    );
    (scratch, root, types)
}
