//! What old releases told, in forms that today's schemas have no words for.

use crate::common::run::Scratch;
use crate::import::imported;
use qapi_gen::Frontend;
use qapi_gen::introspect::{Options, schema_info};

const SIMPLE: &str = "
{ 'struct': 'Square', 'data': { 'a': 'int' } }
{ 'struct': 'Text', 'data': { 'text': 'str' } }
{ 'union': 'Shape', 'data': { 'square': 'Square', 'cube': 'Square', 'all': ['Square'], 'label': 'str', 'size': 'uint8' } }
{ 'union': 'Other', 'data': { 'square': 'Square' } }
{ 'enum': 'ThirdKind', 'data': [ 'a' ] }
{ 'union': 'Third', 'base': { 'type': 'ThirdKind' }, 'discriminator': 'type', 'data': { 'a': 'Text' } }
{ 'command': 'draw', 'data': { 'shape': 'Shape', 'other': 'Other', 'third': 'Third' } }
{ 'command': 'draw_it', 'data': { 'Name': 'str' } }
";

#[test]
fn simple_unions_keep_the_names_of_what_they_imply() {
    let read = |text: &str| {
        let read = Frontend::new().legacy(true).read_text("a.json", text);
        read.unwrap_or_else(|errors| panic!("{errors}\n{text}"))
    };
    for release in [(2, 5), (2, 12), (6, 1)] {
        let tell = |text: &str, unmask| {
            let options = Options {
                unmask,
                release: Some(release),
                ..Options::default()
            };
            schema_info(&read(text), &options)
        };
        let told = tell(SIMPLE, true);
        // Which introspection does not tell.
        let told = told
            .replace("obj_uint8-", "obj_int-")
            .replace("obj-uint8-", "obj-int-");
        let back = imported(&told, None);
        assert_eq!(back.release, Some(release));
        assert_eq!(tell(&back.text, true), told);
        let form = format!(
            "`qapi-gen introspect --release {}.{}`",
            release.0, release.1
        );
        assert!(
            back.notes.iter().any(|note| note.contains(&form)),
            "{:?}",
            back.notes
        );
        assert!(
            back.text
                .contains("{ 'union': 'Other', 'data': { 'square': 'Square' } }")
        );
        assert!(
            back.text.contains("'discriminator': 'type'"),
            "{}",
            back.text
        );

        // Without names there is no need for the old form.
        let told = tell(SIMPLE, false);
        let back = imported(&told, None);
        assert_eq!(tell(&back.text, false), told);
        assert!(!back.text.contains("'union': 'Other', 'data'"));
    }
}

#[test]
fn the_servers_description_of_itself_has_its_names() {
    let schema = "{ 'enum': 'Meta', 'data': [ 'enum' ] } { 'struct': 'Values', 'data': { 'values': ['str'] } }
        { 'union': 'Info', 'base': { 'meta-type': 'Meta' }, 'discriminator': 'meta-type', 'data': { 'enum': 'Values' } }
        { 'command': 'query-qmp-schema', 'returns': ['Info'] }";
    let dir = Scratch::new("itself", &[("schema.json", schema)]);
    let told = dir
        .run(&["introspect", "--release", "6.0", "schema.json"])
        .stdout;
    std::fs::write(dir.0.join("told.json"), &told).unwrap();
    let run = dir.run(&["import", "told.json", "-o", "back.json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(dir.0.join("back.json")).unwrap();
    assert!(
        text.contains("{ 'struct': 'SchemaInfoEnum', 'data': { 'values': ['str'] } }")
            || text.contains("{ 'struct': 'SchemaInfoEnum', 'data': { 'values': [ 'str' ] } }"),
        "{text}"
    );
    assert_eq!(
        dir.run(&["introspect", "--release", "6.1", "back.json"])
            .stdout,
        told
    );
}
