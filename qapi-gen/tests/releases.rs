//! Facts across releases: each rule on small schemas, and the real facts against real servers.

use qapi_gen::model::Schema;
use qapi_gen::{Frontend, MemoryLoader, Releases};

fn schema(text: &str) -> Schema {
    let loader = MemoryLoader::new([("main.json", text)]);
    match Frontend::new().loader(loader).read("main.json") {
        Ok(schema) => schema,
        Err(errors) => panic!("{:?}", errors.diagnostics),
    }
}

/// Compares schemas of releases 6.0, 7.0, …
fn compare(texts: &[&str]) -> Releases {
    let schemas: Vec<Schema> = texts.iter().map(|text| schema(text)).collect();
    let names: Vec<String> = (6..).take(texts.len()).map(|n| format!("{n}.0")).collect();
    let releases: Vec<(&str, &Schema)> = names.iter().map(String::as_str).zip(&schemas).collect();
    Releases::compute(&releases).unwrap()
}

/// The facts as text without the line that names the releases; the text is read back as well.
fn facts(texts: &[&str]) -> String {
    let facts = compare(texts);
    let text = facts.to_string();
    assert_eq!(Releases::parse(&text).as_ref(), Ok(&facts));
    let (releases, rest) = text.split_once('\n').unwrap();
    assert!(releases.starts_with("releases 6.0"));
    rest.to_owned()
}

#[test]
fn releases_that_agree_leave_nothing_to_say() {
    let text = "{ 'struct': 'A1b', 'data': { 'a': 'int', '*b': 'A1b' } }
                { 'command': 'query-a', 'returns': 'A1b' }";
    assert_eq!(facts(&[text, text]), "");
}

#[test]
fn commands_and_events_come_and_go() {
    let old = "{ 'command': 'gone' } { 'event': 'GONE' } { 'command': 'stays' }";
    let new = "{ 'command': 'fresh' } { 'event': 'FRESH' } { 'command': 'stays' }";
    assert_eq!(
        facts(&[old, old, new]),
        "command fresh 8.0\ncommand gone 6.0-7.0\nevent FRESH 8.0\nevent GONE 6.0-7.0\n"
    );
    assert_eq!(
        facts(&[new, old, new]),
        "command fresh 6.0,8.0\ncommand gone 7.0\nevent FRESH 6.0,8.0\nevent GONE 7.0\n"
    );
}

#[test]
fn received_members_must_have_been_sent_by_all() {
    let of = |members: &str| {
        format!(
            "{{ 'struct': 'Reply', 'data': {{ {members} }} }}
             {{ 'command': 'query-a', 'returns': [ 'Reply' ] }}"
        )
    };
    let new = of("'a': 'int'");
    assert_eq!(
        facts(&[&of(""), &new]),
        "struct Reply\n  member a 7.0 sometimes\n"
    );
    assert_eq!(
        facts(&[&of("'*a': 'int'"), &new]),
        "struct Reply\n  member a sometimes\n"
    );
    let conditional = of("'a': { 'type': 'int', 'if': 'A' }");
    assert_eq!(
        facts(&[&conditional, &new]),
        "struct Reply\n  member a sometimes\n"
    );
    assert_eq!(
        facts(&[&new, &conditional]),
        "struct Reply\n  member a sometimes\n"
    );
    assert_eq!(facts(&[&new, &of("'*a': 'int'")]), "");
    assert_eq!(facts(&[&new, &of("")]), "struct Reply\n  member a 6.0\n");
}

#[test]
fn data_of_events_is_received() {
    let old = "{ 'event': 'E', 'data': { 'a': 'int' } }";
    let new = "{ 'event': 'E', 'data': { 'a': 'int', 'b': 'int' } }";
    let found = compare(&[old, new]);
    assert_eq!(
        found.to_string().lines().nth(2),
        Some("  member b 7.0 sometimes")
    );
    assert!(!found.member("q_obj_E-arg", "b").always);
    assert!(found.member("q_obj_E-arg", "a").always);
    assert_eq!(
        found.member("q_obj_E-arg", "b").presence.first(),
        Some("7.0")
    );
    let none = "{ 'event': 'E' }";
    assert_eq!(facts(&[none, old]), "event E\n  member a 7.0 sometimes\n");
    assert_eq!(facts(&[old, none]), "event E\n  member a 6.0\n");
}

#[test]
fn sent_members_must_be_known_to_all() {
    let of = |argument: &str, member: &str| {
        format!(
            "{{ 'command': 'set', 'data': {{ 'a': 'Arg'{argument} }} }}
             {{ 'struct': 'Arg', 'data': {{ {member} }} }}"
        )
    };
    let found = compare(&[&of("", ""), &of(", 'c': 'int'", "'b': 'int'")]);
    assert_eq!(
        found.to_string(),
        "releases 6.0 7.0\n\
         command set\n  member c 7.0 sometimes\n\
         struct Arg\n  member b 7.0 sometimes\n"
    );
    assert!(!found.member("Arg", "b").always);
    // What may be sent to a server may be demanded.
    assert_eq!(facts(&[&of("", "'*b': 'int'"), &of("", "'b': 'int'")]), "");
}

#[test]
fn members_of_a_base_are_told_of_the_base() {
    let of = |member: &str| {
        format!(
            "{{ 'struct': 'Base', 'data': {{ {member} }} }}
             {{ 'struct': 'One', 'base': 'Base', 'data': {{}} }}
             {{ 'struct': 'Two', 'base': 'Base', 'data': {{}} }}
             {{ 'command': 'set', 'data': {{ 'one': 'One', 'two': 'Two' }} }}"
        )
    };
    assert_eq!(
        facts(&[&of("'*a': 'int'"), &of("")]),
        "struct Base\n  member a 6.0\n"
    );
}

#[test]
fn what_is_sent_and_received_is_judged_as_received() {
    let of = |members: &str| {
        format!(
            "{{ 'struct': 'Both', 'data': {{ {members} }} }}
             {{ 'command': 'set', 'data': 'Both' }}
             {{ 'command': 'get', 'returns': 'Both' }}"
        )
    };
    assert_eq!(
        facts(&[&of(""), &of("'a': 'int'")]),
        "struct Both\n  member a 7.0 sometimes\n"
    );
}

#[test]
fn types_are_matched_along_the_wire() {
    let old = "{ 'struct': 'Flat', 'data': { 'a': 'int', 'b': 'Inner', 'c': 'str' } }
               { 'struct': 'Inner', 'data': { 'x': 'int' } }
               { 'command': 'query-a', 'returns': 'Flat' }";
    let new = "{ 'struct': 'Common', 'data': { 'a': 'int' } }
               { 'struct': 'Whole', 'base': 'Common', 'data': { 'b': 'Renamed', 'c': 'str' } }
               { 'struct': 'Renamed', 'data': { 'x': 'int' } }
               { 'command': 'query-a', 'returns': 'Whole' }";
    assert_eq!(facts(&[old, new]), "");
    assert_eq!(facts(&[new, old]), "");
}

#[test]
fn a_type_is_as_old_as_its_place_on_the_wire() {
    let old = "{ 'struct': 'Late', 'data': { 'a': 'int' } } { 'command': 'x' }";
    let new = "{ 'struct': 'Late', 'data': { 'a': 'int' } } { 'command': 'x' }
               { 'command': 'query-late', 'returns': 'Late' }";
    assert_eq!(
        facts(&[old, new]),
        "command query-late 7.0\nstruct Late 7.0\n"
    );
    // Off the wire, the name is all there is.
    assert_eq!(facts(&[old, old]), "");
    assert_eq!(facts(&["{ 'command': 'x' }", old]), "struct Late 7.0\n");
}

#[test]
fn results_appear_and_change() {
    let nothing = "{ 'command': 'get' }";
    let object = "{ 'command': 'get', 'returns': 'Reply' }
                  { 'struct': 'Reply', 'data': { 'a': 'int' } }";
    let list = "{ 'command': 'get', 'returns': [ 'Reply' ] }
                { 'struct': 'Reply', 'data': { 'a': 'int' } }";
    assert_eq!(
        facts(&[nothing, object]),
        "struct Reply\n  member a 7.0 sometimes\n"
    );
    let found = compare(&[object, list]);
    let [(ty, presence)] = found.returned("get")[..] else {
        panic!("{found}");
    };
    assert_eq!((ty, presence.last()), ("Reply", Some("6.0")));
}

#[test]
fn changes_of_type_are_told_where_json_or_range_differ() {
    let of = |ty: &str| {
        format!(
            "{{ 'enum': 'Mode', 'data': [ 'on' ] }}
             {{ 'struct': 'Inner', 'data': {{}} }}
             {{ 'alternate': 'Either', 'data': {{ 'mode': 'Mode', 'inner': 'Inner' }} }}
             {{ 'command': 'get', 'returns': 'Reply' }}
             {{ 'struct': 'Reply', 'data': {{ 'a': {ty} }} }}"
        )
    };
    let change = |old, new| {
        let found = compare(&[&of(old), &of(new)]);
        let was = found.member("Reply", "a").was;
        was.first().map(|(ty, _)| (*ty).to_owned())
    };
    let some = |ty: &str| Some(ty.to_owned());
    assert_eq!(change("'int'", "'int64'"), None);
    assert_eq!(change("'size'", "'uint64'"), None);
    assert_eq!(change("'int'", "'uint64'"), some("int"));
    assert_eq!(change("'str'", "'Mode'"), some("str"));
    assert_eq!(change("[ 'uint8' ]", "[ 'uint16' ]"), some("[uint8]"));
    assert_eq!(change("'Mode'", "'Either'"), some("Mode"));
    assert_eq!(change("'Either'", "'Inner'"), some("Either"));
}

#[test]
fn values_and_alternatives_come_and_go() {
    let of = |values: &str, alternatives: &str| {
        format!(
            "{{ 'enum': 'Mode', 'data': [ {values} ] }}
             {{ 'alternate': 'Either', 'data': {{ {alternatives} }} }}
             {{ 'command': 'get', 'returns': 'Reply' }}
             {{ 'struct': 'Reply', 'data': {{ 'a': 'Mode', 'b': 'Either' }} }}"
        )
    };
    let old = of("'on', 'gone'", "'s': 'Mode', 'i': 'int'");
    let new = of("'on', '2nd'", "'other': 'str', 'l': [ 'int' ]");
    let found = compare(&[&old, &new]);
    assert_eq!(
        found.to_string(),
        "releases 6.0 7.0\n\
         enum Mode\n  value 2nd 7.0\n  value gone 6.0\n\
         alternate Either\n  alternative array 7.0\n  alternative int 6.0\n"
    );
    assert_eq!(found.value("Mode", "2nd").first(), Some("7.0"));
    assert!(found.value("Mode", "on").everywhere());
    assert_eq!(found.alternative("Either", "int").last(), Some("6.0"));
}

const KIND: &str = "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] }
                    { 'struct': 'ForA', 'data': { 'x': 'int' } }
                    { 'command': 'get', 'returns': 'Reply' }";

#[test]
fn branches_are_compared_by_value() {
    let old = format!(
        "{KIND} {{ 'union': 'Reply', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind',
                   'data': {{ 'a': 'ForA' }} }}"
    );
    let new = format!(
        "{KIND} {{ 'union': 'Reply', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind',
                   'data': {{ 'a': 'MoreForA', 'b': 'ForA', 'c': 'ForA' }} }}
         {{ 'struct': 'MoreForA', 'base': 'ForA', 'data': {{ 'y': 'int' }} }}"
    )
    .replace("[ 'a', 'b' ]", "[ 'a', 'b', 'c' ]");
    assert_eq!(
        facts(&[&old, &new]),
        "enum Kind\n  value c 7.0\n\
         struct ForA\n  member x sometimes\n\
         struct MoreForA\n  member y 7.0 sometimes\n\
         union Reply\n  branch c 7.0\n"
    );
    assert_eq!(
        facts(&[&new, &old]),
        "enum Kind\n  value c 6.0\n\
         struct ForA\n  member y 6.0\n\
         union Reply\n  branch c 6.0\n"
    );
}

#[test]
fn members_may_move_between_base_and_branches() {
    let in_branches = format!(
        "{KIND} {{ 'union': 'Reply', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind',
                   'data': {{ 'a': 'ForA', 'b': 'ForA' }} }}"
    );
    let in_one_branch = in_branches.replace(", 'b': 'ForA'", "");
    let in_base = format!(
        "{KIND} {{ 'union': 'Reply', 'base': {{ 'kind': 'Kind', 'x': 'int' }},
                   'discriminator': 'kind', 'data': {{}} }}"
    );
    assert_eq!(facts(&[&in_branches, &in_base]), "");
    assert_eq!(facts(&[&in_base, &in_branches]), "");
    assert_eq!(
        facts(&[&in_one_branch, &in_base]),
        "union Reply\n  member x sometimes\n"
    );
}

#[test]
fn a_struct_may_become_a_union() {
    let tagged = "{ 'struct': 'Reply', 'data': { 'kind': 'str', 'x': 'int', 'z': 'bool' } }
                  { 'command': 'get', 'returns': 'Reply' }";
    let untagged = "{ 'struct': 'Reply', 'data': { 'x': 'int', 'z': 'bool' } }
                    { 'command': 'get', 'returns': 'Reply' }";
    let union = format!(
        "{KIND} {{ 'union': 'Reply', 'base': {{ 'kind': 'Kind', 'z': 'bool' }},
                   'discriminator': 'kind', 'data': {{ 'a': 'ForA', 'b': 'ForB' }} }}
         {{ 'struct': 'ForB', 'data': {{ 'y': 'int' }} }}"
    );
    assert_eq!(
        facts(&[tagged, &union]),
        "enum Kind 7.0\nstruct ForB\n  member y 7.0 sometimes\n\
         union Reply\n  member kind was str 6.0\n"
    );
    let found = compare(&[untagged, &union]);
    assert_eq!(
        found.to_string(),
        "releases 6.0 7.0\n\
         enum Kind 7.0\n\
         struct ForB 7.0\n\
         union Reply\n  untagged 6.0 a\n  member kind 7.0 sometimes\n  branch b 7.0\n"
    );
    let meant = found.untagged("Reply").unwrap();
    assert_eq!(
        (meant.branch, meant.presence.last()),
        (Some("a"), Some("6.0"))
    );
    assert!(found.untagged("ForA").is_none());

    // With two branches that fit, nothing is known.
    let ambiguous = union.replace("{ 'y': 'int' }", "{ '*x': 'int' }");
    let found = compare(&[untagged, &ambiguous]);
    assert_eq!(found.untagged("Reply").unwrap().branch, None);
}

#[test]
fn unions_nest() {
    let of = |leaf: &str| {
        format!(
            "{KIND} {{ 'enum': 'Leaf', 'data': [ 'l', 'm' ] }}
             {{ 'union': 'Reply', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind',
                'data': {{ 'a': 'Sub' }} }}
             {{ 'union': 'Sub', 'base': {{ 'leaf': 'Leaf' }}, 'discriminator': 'leaf',
                'data': {{ 'l': 'ForL' }} }}
             {{ 'struct': 'ForL', 'data': {{ {leaf} }} }}"
        )
    };
    assert_eq!(
        facts(&[&of("'p': 'int'"), &of("'p': 'int', 'q': 'int'")]),
        "struct ForL\n  member q 7.0 sometimes\n"
    );
}

#[test]
fn recursive_types_end() {
    let old = "{ 'struct': 'Node', 'data': { '*next': 'Node', 'all': [ 'Node' ] } }
               { 'command': 'get', 'returns': 'Node' }";
    let new = "{ 'struct': 'Node', 'data': { '*next': 'Other', 'all': [ 'Node' ] } }
               { 'struct': 'Other', 'data': { '*next': 'Node', 'all': [ 'Other' ], 'x': 'int' } }
               { 'command': 'get', 'returns': 'Node' }";
    assert_eq!(
        facts(&[old, new]),
        "struct Other\n  member x 7.0 sometimes\n"
    );
}

#[test]
fn documentation_tells_of_releases_between() {
    let new = "##\n# @Reply:\n#\n# @a: first\n#\n# @b: second (since 6.2)\n#\n\
               # @c: third (since 5.0)\n#\n# Since: 5.0\n##\n\
               { 'struct': 'Reply', 'data': { 'a': 'int', 'b': 'int', 'c': 'int' } }\n\
               { 'command': 'get', 'returns': 'Reply' }";
    let old = new
        .replace("'b': 'int', ", "")
        .replace("# @b: second (since 6.2)\n#\n", "");
    // Release 6.0 has no such command, and 7.0 has the member: only the documentation knows.
    assert_eq!(
        facts(&["{ 'command': 'x' }", new, new]),
        "command get 7.0-\ncommand x 6.0\nstruct Reply 7.0-\n  member b sometimes\n"
    );
    assert_eq!(
        facts(&[&old, new]),
        "struct Reply\n  member b 7.0 sometimes\n"
    );
    // A type as young as the member was never without it.
    let young = new.replace("Since: 5.0", "Since: 6.2");
    assert_eq!(facts(&[&young, &young]), "");
}

#[test]
fn no_facts_take_the_schema_at_its_word() {
    let none = Releases::default();
    assert!(none.member("Any", "thing").always);
    assert!(none.command("any").everywhere());
    assert_eq!(none.command("any").first(), None);
    assert!(none.untagged("Any").is_none());
}

#[test]
fn releases_are_named_in_order() {
    let any = schema("{ 'command': 'x' }");
    let error = |names: &[&str]| {
        let releases: Vec<(&str, &Schema)> = names.iter().map(|name| (*name, &any)).collect();
        Releases::compute(&releases).unwrap_err().to_string()
    };
    assert_eq!(error(&[]), "no release is named");
    assert_eq!(
        error(&["9.0", "9.0.0"]),
        "'9.0.0' is no release later than the one before"
    );
    assert_eq!(
        error(&["10.0-rc1"]),
        "'10.0-rc1' is no release later than the one before"
    );
    let many: Vec<String> = (0..65).map(|n| format!("6.{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(error(&many), "there are more than 64 releases");
    let releases: Vec<(&str, &Schema)> = many[..64].iter().map(|name| (*name, &any)).collect();
    let all = Releases::compute(&releases).unwrap();
    assert!(all.command("x").everywhere());
    assert_eq!(all.command("x").last(), Some("6.63"));
}

#[test]
fn faults_in_a_file_are_located() {
    for (text, message) in [
        ("releases\n", "line 1: no release is named"),
        (
            "releases 6.0\nreleases 6.0\n",
            "line 2: the releases were named before",
        ),
        ("# x\n\nstruct\n", "line 3: a name is missing"),
        ("thing A\n", "line 1: 'thing' is unexpected"),
        (
            "releases 6.0\ncommand a 7.0\n",
            "line 2: '7.0' is none of the releases",
        ),
        (
            "releases 6.0 7.0\ncommand a 7.0-6.0\n",
            "line 2: '7.0-6.0' ends before it starts",
        ),
        ("command a\ncommand a\n", "line 2: 'a' was described before"),
        ("command a twice\n", "line 1: 'twice' is unexpected"),
        ("  member a\n", "line 1: it belongs to no definition"),
        ("struct A\n  member\n", "line 2: a name is missing"),
        ("struct A\n  limb a\n", "line 2: 'limb' is unexpected"),
        (
            "struct A\n  member a always\n",
            "line 2: 'always' is unexpected",
        ),
        (
            "releases 6.0\nstruct A\n  member a was int\n",
            "line 3: releases are missing",
        ),
        ("union A\n  untagged\n", "line 2: releases are missing"),
    ] {
        let error = Releases::parse(text).unwrap_err();
        assert_eq!(error.to_string(), message, "{text:?}");
    }
}
