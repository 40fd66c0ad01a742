//! From files to spanned expressions: lexer, parser, documentation comments, includes, pragmas.

pub(crate) mod ast;
pub(crate) mod doc;
mod lexer;
mod parser;
mod pragma;
mod recover;
mod value;

pub(crate) use parser::{Options, Parsed, parse};
