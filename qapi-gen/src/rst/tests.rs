use super::markdown::labelled;

fn markdown(text: &str, resolve: &dyn Fn(&str) -> Option<String>) -> String {
    labelled("", text, resolve)
}

fn links(name: &str) -> Option<String> {
    if name == "Here" {
        return Some(name.into());
    }
    matches!(name, "Disk" | "disk-add" | "DISK_GONE").then(|| format!("crate::{name}"))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(markdown(text, &links), expected);
}

#[test]
fn paragraphs_keep_their_lines() {
    check("", "");
    check("One\ntwo.  Three.\n\n\nFour", "One\ntwo.  Three.\n\nFour");
    check("One\u{202e}two\u{2066}", "One two");
    check("One\r\n\ttab", "- One\n\n  tab");
}

#[test]
fn names_become_links_where_they_resolve() {
    check("See `Disk`.", "See [`Disk`](crate::Disk).");
    check("(`disk-add`)", "([`disk-add`](crate::disk-add))");
    check("`Disk`'s `Tape`", "[`Disk`](crate::Disk)'s `Tape`");
    check(
        "`disk-add[0].x <disk-add>`",
        "[`disk-add[0].x`](crate::disk-add)",
    );
    check(
        ":event:`DISK_GONE` :qapi:type:`Disk`",
        "[`DISK_GONE`](crate::DISK_GONE) [`Disk`](crate::Disk)",
    );
    check(
        "`QMP:disk-add`, `~Disk`",
        "[`disk-add`](crate::disk-add), [`Disk`](crate::Disk)",
    );
    check(
        "an array of #Disk, #tape",
        "an array of [`Disk`](crate::Disk), \\#tape",
    );
    check("`Here`, `there <Here>`", "[`Here`], [`there`](Here)");
    check("`two\nlines`", "`two lines`");
}

#[test]
fn roles_of_the_manual_leave_their_title() {
    check(":doc:`The *spec* </interop/spec>`", "The \\*spec\\*");
    check(":ref:`cpu-topology`", "`cpu-topology`");
}

#[test]
fn members_and_literals_are_code() {
    check("@size, @x-y. (@a_b)", "`size`, `x-y`. (`a_b`)");
    check("a@b.c, @, \"@\"", "a@b.c, @, \"@\"");
    check("``a|b`` ``<x>`` ``-\n-y``", "`a|b` `<x>` `- -y`");
    check("``a`b``", "``a`b``");
    check("``a` ``", "\\`\\`a\\` \\`\\`");
    check("@a@b ``a``@b", "`a`@b `a` `b`");
    check("``a``` end", "`` a` `` end");
}

#[test]
fn emphasis() {
    check("*one* and **two words**", "*one* and **two words**");
    check("2 * 3 * 4, a*b*c, *.c", "2 \\* 3 \\* 4, a\\*b\\*c, \\*.c");
    check("\"*\" '*' \\*x\\*", "\"\\*\" '\\*' \\*x\\*");
    check("*<T>*", "*\\<T>*");
}

#[test]
fn what_looks_like_markdown_is_escaped() {
    check("child<chardev> <b>", "child\\<chardev> \\<b>");
    check(
        "[0, 10) ring[i][link](x)",
        "\\[0, 10) ring\\[i\\]\\[link\\](x)",
    );
    check("``foo'' and `bar", "\\`\\`foo'' and \\`bar");
    check("snake_case _x_ x_*", "snake_case \\_x\\_ x\\_\\*");
    check(
        "--option ~~a~~ a|b &amp; A & B",
        "\\-\\-option \\~\\~a\\~\\~ a\\|b \\&amp; A & B",
    );
    check("C:\\dir \\", "C:\\\\dir \\\\");
    check(
        "x\n- y\n+ z\n1. a\n2) b\n# c\n> d\n=\n-> e\n10.5 f",
        "x\n\\- y\n\\+ z\n1\\. a\n2\\) b\n\\# c\n\\> d\n\\=\n-> e\n10.5 f",
    );
}

#[test]
fn urls() {
    check(
        "See https://example.org/a_(b).",
        "See <https://example.org/a_(b)>.",
    );
    check("(http://example.org)", "(<http://example.org>)");
    check("<https://example.org/>", "<https://example.org/>");
    check("starts with \"http://\"", "starts with \"http://\"");
    check(
        "`site <https://example.org>`_",
        "[site](<https://example.org>)",
    );
    check(
        "The `site`_.\n\n.. _site: https://example.org",
        "The [site](<https://example.org>).",
    );
}

#[test]
fn lists() {
    check("- a\n  b\n- c", "- a\n  b\n- c");
    check("* a\n\n* b\n\n  c", "- a\n\n- b\n\n  c");
    check("- a\n\n  - b\n- c\n\nend", "- a\n\n  - b\n\n- c\n\nend");
    check("1. a\n2. b\n   c", "1. a\n2. b\n   c");
    check("3) a\n\n#. b", "3. a\n\n4. b");
    check("a) x\nb) y", "- (a) x\n- (b) y");
    check("10. A line\nof text", "10\\. A line\nof text");
    check("Either:\n- a\n- b", "Either:\n\n- a\n- b");
    check("- a::\n\n    code", "- a:\n\n  ```text\n  code\n  ```");
}

#[test]
fn definitions() {
    check(
        "@a\n  first\n\n  more\n@b\n  second",
        "- `a`\n\n  first\n\n  more\n\n- `b`\n\n  second",
    );
    check("- 0:\n    nothing", "- - 0:\n\n    nothing");
}

#[test]
fn headings() {
    check("*****\nTitle\n*****\n\ntext", "# Title\n\ntext");
    check(
        "Disk <n>\n========\n\nPart\n----",
        "## Disk \\<n>\n\n### Part",
    );
    check("= Old\n\n== Older", "# Old\n\n## Older");
    check("abcde\n...", "abcde\n...");
    check("a\n\n------\n\nb", "a\n\n* * *\n\nb");
}

#[test]
fn literal_blocks_are_never_doctests() {
    check(
        "So::\n\n    let x;\n      y\n\n    z\n\nEnd",
        "So:\n\n```text\nlet x;\n  y\n\nz\n```\n\nEnd",
    );
    check("So ::\n\n  x", "So\n\n```text\nx\n```");
    check("::\n\n  ```\n", "````text\n```\n````");
    check("nothing::", "nothing:");
    check(
        ".. code-block:: c\n   :linenos:\n\n   int x;",
        "```text\nint x;\n```",
    );
}

#[test]
fn examples() {
    check(
        ".. qmp-example::\n\n   -> { \"execute\": \"a\" }\n   <- { ... }",
        "**Example**\n\n```text\n-> { \"execute\": \"a\" }\n<- { ... }\n```",
    );
    check(
        ".. qmp-example::\n   :annotated:\n   :title: Two [of them]\n\n   First::\n\n    -> 1\n\n   Then.",
        "**Example: Two \\[of them\\]**\n\nFirst:\n\n```text\n-> 1\n```\n\nThen.",
    );
    check(
        "Example:\n\n-> { }\n   <- { }\n\nEnd",
        "**Example:**\n\n```text\n-> { }\n   <- { }\n```\n\nEnd",
    );
    check(
        "Note: it\n      is `Disk`",
        "**Note:** it\nis [`Disk`](crate::Disk)",
    );
}

#[test]
fn admonitions() {
    check(
        ".. note:: One\n   two.\n\n   Three.",
        "> **Note:** One\n> two.\n>\n> Three.",
    );
    check(
        ".. caution::\n\n   - a\n   - b",
        "> **Caution:**\n>\n> - a\n> - b",
    );
    check(
        ".. admonition:: Mind\n\n   1. x\n\n   2. y",
        "> **Mind**\n>\n> 1. x\n>\n> 2. y",
    );
}

#[test]
fn other_directives() {
    check(".. a comment\n   of two lines\n\ntext", "text");
    check(".. [1] A <note>", "\\[1\\] A \\<note>");
    check("text [1]_", "text \\[1\\]\\_");
    check(".. only:: html\n\n   text", "html\n\ntext");
    check(".. contents::\n   :local:", "");
}

#[test]
fn tables() {
    check(
        ".. table:: Which\n   :widths: auto\n\n   ======  ====\n   a       b|c\n   ======  ====\n   ``x|``  yes\n           or no\n   ======  ====",
        "**Which**\n\n| a | b\\|c |\n| --- | --- |\n| `x\\|` | yes or no |",
    );
    check("== ==\n1  2\n== ==", "|  |  |\n| --- | --- |\n| 1 | 2 |");
    check(
        "+--+\n|a |\n+--+\n\nb",
        "```text\n+--+\n|a |\n+--+\n```\n\nb",
    );
    check("=== ===\nno end", "\\=== ===\nno end");
}

#[test]
fn labels() {
    let check = |text: &str, expected| assert_eq!(labelled("**a:**", text, &links), expected);
    check("One\ntwo.\n\nThree", "**a:** One\ntwo.\n\nThree");
    check(
        "+--+\n|a |\n+--+\n\nb",
        "**a:**\n\n```text\n+--+\n|a |\n+--+\n```\n\nb",
    );
    check("- b\n- c", "**a:**\n\n- b\n- c");
    check("::\n\n  b", "**a:**\n\n```text\nb\n```");
    check("", "**a:**");
}

#[test]
fn quotations() {
    check("Text.\n\n  said\n  so", "Text.\n\n> said\n> so");
    check("  -> { }\n  <- { }", "```text\n-> { }\n<- { }\n```");
}

#[test]
fn deep_and_long_input_is_bounded() {
    let deep = "- ".repeat(5_000) + "x";
    assert!(markdown(&deep, &links).len() < 20_000);
    let stairs: String = (0..300)
        .map(|n| format!("{}a\n\n", " ".repeat(n)))
        .collect();
    assert!(markdown(&stairs, &links).contains("> a"));
    for piece in [
        "`a ",
        "*a ",
        "``a ",
        "**a ",
        ":a",
        "<",
        "\\",
        "http://a)",
        "@",
        "#",
        "|",
    ] {
        let text = piece.repeat(30_000);
        assert!(!markdown(&text, &links).is_empty());
    }
}
