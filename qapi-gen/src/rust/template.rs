//! Templates: code with holes. What is in the holes is decided for each definition, while the code around them stays as it is; so
//! the tokens of a template are made once.

use crate::names::Name;
use crate::print::Code;
use proc_macro2::{Delimiter, Literal, Punct, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

/// Code from a template as `quote!` takes it. The names before `=>` are those of its holes, which variables of these names fill.
macro_rules! code {
    ($($hole:ident),+ => $($tokens:tt)*) => {{
        static TEMPLATE: ::std::sync::LazyLock<$crate::rust::template::Template> =
            ::std::sync::LazyLock::new(|| {
                let mut holes = (0..).map($crate::rust::template::Hole);
                $(let $hole = holes.next();)+
                $crate::rust::template::Template::new(::quote::quote!($($tokens)*))
            });
        TEMPLATE.fill(&[$(&$hole as &dyn $crate::rust::template::Piece),+])
    }};
    ($($tokens:tt)*) => {{
        static TEMPLATE: ::std::sync::LazyLock<$crate::rust::template::Template> =
            ::std::sync::LazyLock::new(|| {
                $crate::rust::template::Template::new(::quote::quote!($($tokens)*))
            });
        TEMPLATE.fill(&[])
    }};
}

/// What can be put into a hole.
pub(super) trait Piece {
    fn put(&self, code: &mut Code);
}

/// The place of a piece, by its number.
pub(super) struct Hole(pub(super) usize);

/// What no template has: generated code defines no macros.
const HOLE: char = '$';

impl ToTokens for Hole {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append(Punct::new(HOLE, Spacing::Alone));
        tokens.append(Literal::usize_unsuffixed(self.0));
    }
}

/// Code with holes.
#[derive(Default)]
pub(super) struct Template {
    /// The code before each hole, and its number.
    parts: Vec<(Code, usize)>,
    /// The code behind the last hole.
    end: Code,
}

impl Template {
    pub(super) fn new(tokens: TokenStream) -> Template {
        let mut template = Template::default();
        template.read(tokens, true);
        template
    }

    /// Appends tokens, and those between their brackets.
    fn read(&mut self, tokens: TokenStream, has_holes: bool) {
        let mut tokens = tokens.into_iter().peekable();
        let mut operator = String::new();
        let mut in_closure = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    let [open, close] = match group.delimiter() {
                        Delimiter::Parenthesis => ["(", ")"],
                        Delimiter::Bracket => ["[", "]"],
                        Delimiter::Brace => ["{", "}"],
                        Delimiter::None => {
                            self.read(group.stream(), has_holes);
                            continue;
                        }
                    };
                    // In a path, as in `use a::{b, c}`.
                    let is_tight = open == "{" && self.end.is_tight();
                    match is_tight {
                        true => self.end.tight_brace(open),
                        false => self.end.token(open),
                    }
                    self.read(group.stream(), has_holes);
                    match is_tight {
                        true => self.end.tight_brace(close),
                        false => self.end.token(close),
                    }
                }
                TokenTree::Punct(punct) if has_holes && punct.as_char() == HOLE => {
                    let number = tokens.next().and_then(|it| it.to_string().parse().ok());
                    let before = std::mem::take(&mut self.end);
                    self.parts.push((before, number.unwrap_or(usize::MAX)));
                }
                TokenTree::Punct(punct) => {
                    operator.push(punct.as_char());
                    let goes_on = match tokens.peek() {
                        Some(TokenTree::Punct(next)) => {
                            punct.spacing() == Spacing::Joint
                                && is_pair(punct.as_char(), next.as_char())
                        }
                        _ => false,
                    };
                    if goes_on {
                        continue;
                    }
                    let ends_closure = in_closure && operator == "|";
                    in_closure ^= operator == "|";
                    match ends_closure {
                        true => self.end.closing_bar(),
                        false => self.end.token(&operator),
                    }
                    operator.clear();
                }
                word => self.end.word(word),
            }
        }
    }

    /// The code with these pieces in its holes.
    pub(super) fn fill(&self, pieces: &[&dyn Piece]) -> Code {
        let mut code = Code::new();
        for (before, hole) in &self.parts {
            code.append(before);
            if let Some(piece) = pieces.get(*hole) {
                piece.put(&mut code);
            }
        }
        code.append(&self.end);
        code
    }
}

/// Whether two characters are of one operator.
fn is_pair(left: char, right: char) -> bool {
    (left == right && ":.&|".contains(left))
        || (right == '>' && "-=".contains(left))
        || (right == '=' && "=!.+-*/%^&|<>".contains(left))
}

/// Code that was written by hand, of which it was checked that it is code; nothing if it is none.
pub(crate) fn code_of(text: &str) -> Code {
    let mut code = Template::default();
    code.read(text.parse().unwrap_or_default(), false);
    code.end
}

/// Pieces with commas between them.
pub(super) fn commas(pieces: impl IntoIterator<Item = impl Piece>) -> Code {
    let mut code = Code::new();
    for piece in pieces {
        if !code.is_empty() {
            code.token(",");
        }
        piece.put(&mut code);
    }
    code
}

impl Code {
    pub(super) fn extend(&mut self, piece: impl Piece) {
        piece.put(self);
    }
}

impl<P: Piece> FromIterator<P> for Code {
    fn from_iter<I: IntoIterator<Item = P>>(pieces: I) -> Code {
        let mut code = Code::new();
        pieces.into_iter().for_each(|piece| piece.put(&mut code));
        code
    }
}

impl Piece for Code {
    fn put(&self, code: &mut Code) {
        code.append(self);
    }
}

impl<P: Piece + ?Sized> Piece for &P {
    fn put(&self, code: &mut Code) {
        (**self).put(code);
    }
}

/// `None` is no code.
impl<P: Piece> Piece for Option<P> {
    fn put(&self, code: &mut Code) {
        if let Some(piece) = self {
            piece.put(code);
        }
    }
}

/// As a literal.
impl Piece for str {
    fn put(&self, code: &mut Code) {
        let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        match self.bytes().all(is_plain) {
            true => code.token_of(["\"", self, "\""]),
            false => code.word(Literal::string(self)),
        }
    }
}

/// As a literal.
impl Piece for String {
    fn put(&self, code: &mut Code) {
        self.as_str().put(code);
    }
}

/// As a literal.
impl Piece for Name {
    fn put(&self, code: &mut Code) {
        self.as_str().put(code);
    }
}

/// As a literal without suffix.
impl Piece for usize {
    fn put(&self, code: &mut Code) {
        code.word(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::Printer;

    #[test]
    fn holes_are_filled_in_whatever_order_they_are_named() {
        let (first, second) = ("a", 2usize);
        let code = code!(second, first => f(#first, #second, #first) => { x::y });
        assert_eq!(code, code_of("f(\"a\", 2, \"a\") => { x::y }"));
        assert_eq!(code!(f()), code_of("f ( )"));
        let written = code_of("f($0)");
        assert_eq!(code!(written => #written), written);
        assert_eq!(printed(&written), "f($ 0)\n");
    }

    /// On one line.
    fn printed(code: &Code) -> String {
        let mut printer = Printer::new(None);
        printer.items(code);
        printer.text().to_owned()
    }

    #[test]
    fn pieces_stand_beside_code_as_tokens_do() {
        let (none, list, arm) = (None::<Code>, code_of("a, b"), code_of("_ => {}"));
        assert_eq!(
            printed(&code!(none, list => f([#none], [#list]) { #none })),
            "f([], [a, b]) {}\n"
        );
        assert_eq!(printed(&code!(list => use x::{#list};)), "use x::{a, b};\n");
        assert_eq!(
            printed(&code!(arm => match x { #arm })),
            "match x { _ => {} }\n"
        );
        assert_eq!(
            printed(&code!(list => f(|#list| &x, |y| !y))),
            "f(|a, b| &x, |y| !y)\n"
        );
        let path = code_of("::x::Y");
        assert_eq!(
            printed(&code!(path => f(&#path <#path>, #path))),
            "f(&::x::Y<::x::Y>, ::x::Y)\n"
        );
    }

    #[test]
    fn literals_are_those_of_rust() {
        for text in ["", "a b", "\"\\", "é\n\0\u{202e}"] {
            let literal = Literal::string(text).to_string();
            assert_eq!(code!(text => #text), code_of(&literal), "{text:?}");
        }
    }

    #[test]
    fn lists() {
        let list = [Some(1usize), None, Some(2)];
        assert_eq!(list.iter().collect::<Code>(), code_of("1 2"));
        assert_eq!(commas([1usize, 2]), code_of("1, 2"));
    }
}
