//! What has to stay the same when a schema is restated.

use qapi_gen::model::{
    Alternative, Condition, Definition, EnumValue, Features, Member, Object, Schema,
};
use std::fmt::Write as _;

/// Everything that a schema says, but for documentation and places.
pub(crate) fn shape(schema: &Schema) -> String {
    let mut out = String::new();
    for module in schema.modules() {
        let _ = writeln!(out, "module {} {:?}", module.name, module.includes);
        for &definition in &schema.definitions()[module.definitions.clone()] {
            let name = schema.name(definition);
            let _ = match definition {
                Definition::Enum(id) => {
                    let e = schema.enum_(id);
                    let values = e.values.iter().map(value).collect::<String>();
                    let more = qualified(&e.condition, &e.features);
                    writeln!(out, "enum {name} {:?}{more}{values}", e.prefix)
                }
                Definition::Object(id) => {
                    let o = schema.object(id);
                    writeln!(out, "object {name} {}", object(schema, o))
                }
                Definition::Alternate(id) => {
                    let a = schema.alternate(id);
                    let list = a.alternatives.iter();
                    let list = list.map(|a| alternative(schema, a)).collect::<String>();
                    let more = qualified(&a.condition, &a.features);
                    writeln!(out, "alternate {name}{more}{list}")
                }
                Definition::Command(id) => {
                    let c = schema.command(id);
                    let arguments = c.arguments.map(|id| &schema.object(id).name);
                    let returns = c.returns.map(|ty| schema.type_name(ty));
                    let flags = [
                        c.boxed,
                        c.gen_,
                        c.success_response,
                        c.allow_oob,
                        c.allow_preconfig,
                        c.coroutine,
                    ];
                    let more = qualified(&c.condition, &c.features);
                    writeln!(
                        out,
                        "command {name} {arguments:?} {returns:?} {flags:?}{more}"
                    )
                }
                Definition::Event(id) => {
                    let e = schema.event(id);
                    let data = e.data.map(|id| &schema.object(id).name);
                    let more = qualified(&e.condition, &e.features);
                    writeln!(out, "event {name} {data:?} {}{more}", e.boxed)
                }
            };
        }
    }
    out
}

fn object(schema: &Schema, o: &Object) -> String {
    let base = o.base.map(|id| &schema.object(id).name);
    let mut out = format!("{base:?}{}", qualified(&o.condition, &o.features));
    o.members.iter().for_each(|m| out += &member(schema, m));
    if let Some(variants) = &o.variants {
        let _ = write!(out, "\n  tag {}", variants.tag);
        for branch in &variants.branches {
            let ty = &schema.object(branch.object).name;
            let explicit = branch.explicit;
            let _ = write!(
                out,
                "\n  {} {ty} {explicit} {:?}",
                branch.value, branch.condition
            );
        }
    }
    out
}

fn member(schema: &Schema, m: &Member) -> String {
    let ty = schema.type_name(m.ty);
    let more = qualified(&m.condition, &m.features);
    format!("\n  {} {ty} {}{more}", m.name, m.optional)
}

fn value(v: &EnumValue) -> String {
    format!("\n  {}{}", v.name, qualified(&v.condition, &v.features))
}

fn alternative(schema: &Schema, a: &Alternative) -> String {
    format!(
        "\n  {} {} {:?}",
        a.name,
        schema.type_name(a.ty),
        a.condition
    )
}

fn qualified(condition: &Option<Condition>, features: &Features) -> String {
    let features: Vec<_> = features.iter().map(|f| (&f.name, &f.condition)).collect();
    format!(" {condition:?} {features:?}")
}
