use super::Printer;
use crate::rust::code_of;

fn printed(code: &str, indent: Option<usize>) -> String {
    let mut printer = Printer::new(indent);
    printer.items(&code_of(code));
    let printed = printer.text();
    printed.strip_prefix('\n').unwrap_or(printed).to_owned()
}

/// Checks that code comes out as it is when its line breaks are taken from it.
#[track_caller]
fn check(code: &str) {
    assert_eq!(printed(code, Some(0)), code);
    // Without documentation a line is as good.
    assert_eq!(printed(&code.replace('\n', " "), Some(0)), code);
}

#[test]
fn items_stand_apart_if_one_takes_several_lines() {
    check("type A = ::b::C<'static>;\nconst D: &'static [u8] = &[1, 2];\n");
    check("pub struct A {\n    pub a: u8,\n}\n\nstatic B: u8 = 1;\n");
    check("#[a]\n#[b(c = \"d\")]\npub(crate) mod m {\n    impl !A for B {}\n    fn f() {}\n}\n");
}

#[test]
fn statements_arms_and_fields_have_lines_of_their_own() {
    check(
        "fn f<S: T>(mut self, (): &mut S::A, _: &[&str]) -> Result<Vec<S>> {
    let (A(None), Some(m)) = p else {
        return Err(g::<S>(&p.0, !m)?);
    };
    if !::core::matches!(self.u, U::V(..)) {
        h(|()| Self { a, ..b });
    } else {
        loop {}
    }
    match key {
        \"a\" => r.null().map(|x| x),
        U { tag, .. } => {}
        _ => {
            a(b);
        }
    }
}
",
    );
}

#[test]
fn what_is_too_long_is_broken_at_its_brackets() {
    let (long, longer) = ("x".repeat(60), "y".repeat(90));
    check(&format!(
        "fn f(\n    {long}: u8,\n    b: {long},\n) -> C {{\n    D\n}}\n"
    ));
    check(
        &format!("fn f() {{\n    g({long})({long});\n}}\n")
            .replace(")(", ")(\n        ")
            .replace(");", ",\n    );"),
    );
    check(&format!("type A =\n    {longer}::B;\n"));
    check(&format!("const A: B = &[\n    {long},\n    {long},\n];\n"));
    check(&format!(
        "fn f() {{\n    Ok(Self {{\n        a: {long},\n        b: {long},\n    }})\n}}\n"
    ));
    // A tuple of one element has its comma already, and brackets around an expression must not get one.
    check(&format!("const A: B = (\n    {long}{long}\n);\n"));
    check(&format!("const A: B = (\n    {long}{long},\n);\n"));
}

#[test]
fn attributes_with_conditions_stand_before_elements() {
    check("const A: B = &[\n    #[cfg(a)]\n    (1, 2),\n    #[cfg(b)]\n    3,\n];\n");
}

#[test]
fn what_stands_in_angle_brackets_is_broken_last() {
    let long = "x".repeat(50);
    check(&format!(
        "fn f(\n    a: {long},\n    b: A<B>,\n) -> C<{long}> {{\n    D\n}}\n"
    ));
    check(&format!(
        "fn f() -> A<\n    {long},\n    B = {long},\n> + C {{\n    D\n}}\n"
    ));
    // Whatever `<` is, nothing gets lost.
    let code = format!("const A: B = {long} < {long};");
    let printed = printed(&code, Some(0));
    let plain = |code: &str| code.replace([' ', '\n'], "");
    assert_eq!(plain(&printed), plain(&code));
}

#[test]
fn values_go_to_the_next_line_with_what_is_in_their_brackets() {
    let (name, long) = ("n".repeat(60), "x".repeat(70));
    check(&format!(
        "fn f() {{
    match a {{
        {name} =>
            {name}(
                {long},
                {long},
            ),
    }}
}}
"
    ));
}

#[test]
fn documentation_becomes_comments_unless_it_cannot() {
    let code = r##"#[doc = " a"] #[doc = ""] #[doc = r#" "b" \"#] #[doc = r" c"] #[doc = "d"] #[doc = " \u{202e}"] enum E {}"##;
    let expected =
        "/// a\n///\n/// \"b\" \\\n/// c\n#[doc = \"d\"]\n#[doc = \" \\u{202e}\"]\nenum E {}\n";
    assert_eq!(printed(code, Some(0)), expected);
}

#[test]
fn an_item_is_a_line_unless_it_is_laid_out() {
    let code = "#[doc = \" a\"] enum E { A, B }\n#[b] fn f(a: u8) -> C { d(); e }\n";
    assert_eq!(printed(code, None), code);
}
