//! What reports say of changed types.

use crate::diff::compare;

#[test]
fn lists_are_in_brackets_and_ranges_that_overlap_say_what_is_not_common() {
    for (old, new, expected) in [
        ("['str']", "['int']", &["was [str] and is [int]"][..]),
        (
            "['int8']",
            "['int']",
            &["was [int8] and is the wider [int]"],
        ),
        ("'str'", "['str']", &["was str and is [str]"]),
        (
            "'int'",
            "'size'",
            &[
                "was int and is size, which adds 9223372036854775808 to 18446744073709551615",
                "was int and is size, which lacks -9223372036854775808 to -1",
            ],
        ),
        (
            "'uint16'",
            "'int8'",
            &[
                "was uint16 and is int8, which adds -128 to -1",
                "was uint16 and is int8, which lacks 128 to 65535",
            ],
        ),
        ("'uint8'", "'int'", &["was uint8 and is the wider int"]),
    ] {
        let side = |ty: &str| format!("{{ 'command': 'go', 'data': {{ 'l': {ty} }} }}");
        let report = compare(&side(old), &side(new));
        let said: Vec<String> = report.changes.iter().map(|c| c.message()).collect();
        assert_eq!(said, expected);
    }
}

#[test]
fn a_branch_that_keeps_its_type_is_not_a_new_one() {
    let side = |own: &str| {
        format!(
            "{{ 'enum': 'Kind', 'data': [ 'a' ] }} {{ 'struct': 'Own', 'data': {{ {own} }} }}
             {{ 'union': 'Shape', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind', 'data': {{ 'a': 'Own' }} }}
             {{ 'command': 'draw', 'data': 'Shape', 'boxed': true }}"
        )
    };
    let report = compare(&side(""), &side("'z': 'int'"));
    let said = |c: &qapi_gen::diff::Change| format!("{} {}", c.subject, c.message());
    assert_eq!(
        report.changes.iter().map(said).collect::<Vec<_>>(),
        ["type 'Own', member 'z' is new, and mandatory: int"]
    );
}
