//! From files to spanned expressions: lexer, parser, documentation comments, includes, pragmas.

pub(crate) mod ast;
mod cursor;
mod doc;
mod files;
mod lexer;
mod parsed;
mod parser;
mod pragma;
mod recover;
mod value;

pub(crate) use files::{Input, parse};
pub(crate) use parsed::{Options, Parsed};
