//! Tests of the front end, of what is generated, and of the command. They are one program, since each more costs a
//! link and what it shares with the others; `cargo test -p qapi-gen --test all golden` runs those of one file.

mod breakout;
mod builder;
mod cli;
mod codec;
mod common;
mod corpus;
mod diff;
mod explain;
mod export;
mod extend;
mod format;
mod generate;
mod golden;
mod hostile;
mod import;
mod includes;
mod introspect;
mod lsp;
mod page;
mod qemu_modules;
mod reference;
mod releases;
mod render;
mod replies;
mod restate;
mod rules;
mod taken;
