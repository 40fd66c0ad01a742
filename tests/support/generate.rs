//! Values made from a schema.

use std::collections::{BTreeMap, HashMap, HashSet};

use qapi_gen::model::{
    Alternate, AlternateId, Builtin, EnumId, JsonKind, Object, ObjectId, Schema, Type,
};
use serde_json::{Map, Value, json};

use crate::choices::Choice;

/// Where choices come from.
pub trait Source {
    /// A number below `n`, which is not 0.
    fn below(&mut self, n: usize) -> usize;
}

/// Choices that are random and the same for the same seed (SplitMix64).
pub struct Seeded(pub u64);

impl Source for Seeded {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let n = u64::try_from(n).expect("counts fit");
        usize::try_from((z ^ (z >> 31)) % n).expect("less than n")
    }
}

/// Choices that bytes spell out; none once they are used up.
pub struct Bytes<'b>(pub &'b [u8]);

impl Source for Bytes<'_> {
    fn below(&mut self, n: usize) -> usize {
        let mut choice = 0;
        let mut range = 1;
        while range < n {
            let Some((byte, rest)) = self.0.split_first() else {
                break;
            };
            self.0 = rest;
            choice = choice * 256 + usize::from(*byte);
            range *= 256;
        }
        choice % n
    }
}

/// Which optional members a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optional {
    /// None.
    Never,
    /// All, until values get large.
    Always,
    /// Some.
    Sometimes,
}

/// Makes values of a schema's types. Of every choice it takes each option in its turn, now and then.
pub struct Generator<'s, S> {
    schema: &'s Schema,
    /// Where choices come from.
    pub source: S,
    /// Which optional members values have.
    pub optional: Optional,
    /// Whether values hold what the schema does not have, as those of a newer release do.
    pub newer: bool,
    turns: HashMap<Choice, usize>,
    taken: HashSet<(Choice, usize)>,
    /// How many more objects and array elements to make until only what must be is made.
    budget: usize,
}

/// Objects and array elements in a value, roughly.
const BUDGET: usize = 300;

impl<'s, S: Source> Generator<'s, S> {
    /// A generator for the types of this schema.
    pub fn new(schema: &'s Schema, source: S) -> Self {
        Self {
            schema,
            source,
            optional: Optional::Sometimes,
            newer: false,
            turns: HashMap::new(),
            taken: HashSet::new(),
            budget: 0,
        }
    }

    /// Whether these options of choices were all taken.
    pub fn has_taken(&self, options: &HashSet<(Choice, usize)>) -> bool {
        options.is_subset(&self.taken)
    }

    /// Those of these options of choices that were not taken.
    pub fn not_taken(&self, options: &HashSet<(Choice, usize)>) -> Vec<(Choice, usize)> {
        options.difference(&self.taken).copied().collect()
    }

    /// A value of this type.
    pub fn value(&mut self, ty: Type) -> Value {
        self.budget = BUDGET;
        self.any_type(ty, 0)
    }

    /// The members of this object type; none without a type.
    pub fn members(&mut self, id: Option<ObjectId>) -> Value {
        self.budget = BUDGET;
        match id {
            Some(id) => self.object(id, 0),
            None => json!({}),
        }
    }

    fn any_type(&mut self, ty: Type, depth: usize) -> Value {
        match ty {
            Type::Builtin(builtin) => self.builtin(builtin),
            Type::Enum(id) => self.enum_value(id).into(),
            Type::Object(id) => self.object(id, depth),
            Type::Alternate(id) => self.alternate(id, depth),
            Type::Array(id) => {
                let most = if self.is_small(depth) { 1 } else { 4 };
                let count = self.source.below(most);
                let element = self.schema.array(id).element;
                self.budget = self.budget.saturating_sub(count);
                (0..count)
                    .map(|_| self.any_type(element, depth + 1))
                    .collect()
            }
        }
    }

    /// Whether to make no more than must be.
    fn is_small(&self, depth: usize) -> bool {
        self.budget == 0 || depth > 8
    }

    fn object(&mut self, id: ObjectId, depth: usize) -> Value {
        self.budget = self.budget.saturating_sub(1);
        let mut members = Map::new();
        self.put_members(id, depth, &mut members);
        self.strangers(members)
    }

    fn put_members(&mut self, id: ObjectId, depth: usize, members: &mut Map<String, Value>) {
        let schema = self.schema;
        let object = schema.object(id);
        let tag = object
            .variants
            .as_ref()
            .map(|variants| variants.tag.clone());
        for (_, member) in schema.all_members(object) {
            let is_tag = tag.as_ref() == Some(&member.name);
            if !is_tag && (!member.optional || self.has_optional(depth)) {
                let value = self.any_type(member.ty, depth + 1);
                members.insert(member.name.to_string(), value);
            }
        }
        if let Some(tag) = tag {
            self.branch(id, object, &tag, depth, members);
        }
    }

    fn has_optional(&mut self, depth: usize) -> bool {
        match self.optional {
            _ if self.is_small(depth) => false,
            Optional::Never => false,
            Optional::Always => true,
            Optional::Sometimes => self.source.below(depth + 2) == 0,
        }
    }

    fn branch(
        &mut self,
        id: ObjectId,
        object: &Object,
        tag: &str,
        depth: usize,
        members: &mut Map<String, Value>,
    ) {
        let branches = object
            .variants
            .iter()
            .flat_map(|variants| &variants.branches);
        let branches: Vec<_> = branches.collect();
        if self.is_new() {
            members.insert(tag.to_owned(), "x-newer-branch".into());
            members.insert("x-newer-part".into(), self.any());
            return;
        }
        let empty = branches
            .iter()
            .position(|branch| branch.object == self.schema.empty());
        let choice = match empty {
            Some(empty) if self.is_small(depth) => empty,
            _ => self.choose(Choice::Branch(id), branches.len()),
        };
        members.insert(tag.to_owned(), branches[choice].value.to_string().into());
        self.put_members(branches[choice].object, depth, members);
    }

    fn alternate(&mut self, id: AlternateId, depth: usize) -> Value {
        let alternate = self.schema.alternate(id);
        if self.is_new()
            && let Some(value) = self.stranger_to(alternate)
        {
            return value;
        }
        let scalar = |ty| !matches!(ty, Type::Object(_) | Type::Array(_));
        let alternatives = &alternate.alternatives;
        let choice = match alternatives.iter().position(|a| scalar(a.ty)) {
            Some(scalar) if self.is_small(depth) => scalar,
            _ => self.choose(Choice::Alternative(id), alternatives.len()),
        };
        self.any_type(alternatives[choice].ty, depth)
    }

    /// A value of a JSON kind that the alternate does not take.
    fn stranger_to(&self, alternate: &Alternate) -> Option<Value> {
        let mut others = BTreeMap::from([
            ("array", json!(["newer"])),
            ("bool", json!(true)),
            ("null", Value::Null),
            ("number", json!(7)),
            ("object", json!({ "newer": 1 })),
            ("string", json!("newer")),
        ]);
        for alternative in &alternate.alternatives {
            others.remove(kind(alternative.ty));
        }
        others.into_values().next()
    }

    fn enum_value(&mut self, id: EnumId) -> String {
        if self.is_new() {
            return "x-newer-value".into();
        }
        let values = &self.schema.enum_(id).values;
        values[self.choose(Choice::Value(id), values.len())]
            .name
            .to_string()
    }

    /// Whether to make something that the schema does not have.
    fn is_new(&mut self) -> bool {
        self.newer && self.source.below(12) == 0
    }

    fn strangers(&mut self, mut members: Map<String, Value>) -> Value {
        if self.is_new() {
            members.insert("x-newer-member".into(), self.any());
        }
        members.into()
    }

    fn choose(&mut self, choice: Choice, options: usize) -> usize {
        let option = if self.source.below(4) == 0 {
            self.source.below(options)
        } else {
            let turn = self.turns.entry(choice).or_default();
            *turn += 1;
            (*turn - 1) % options
        };
        self.taken.insert((choice, option));
        option
    }

    fn builtin(&mut self, builtin: Builtin) -> Value {
        let notable = notable(builtin);
        if notable.is_empty() {
            return self.any();
        }
        let choice = self.choose(Choice::Notable(builtin), notable.len());
        notable[choice].clone()
    }

    fn any(&mut self) -> Value {
        let notable = [
            Value::Null,
            json!(false),
            json!(-1),
            json!(u64::MAX),
            json!(0.25),
            json!("any"),
            json!([]),
            json!({}),
            json!({ "key": [1, { "x": null }], "": "\u{1F4BE}" }),
        ];
        notable[self.source.below(notable.len())].clone()
    }
}

/// Values of a built-in type at which mistakes show; for `any` none.
pub(crate) fn notable(builtin: Builtin) -> Vec<Value> {
    match builtin {
        Builtin::Str => vec![
            json!("text"),
            json!(""),
            json!("\"\\/\u{8}\u{c}\n\r\t"),
            json!("\0\u{1f}\u{7f}"),
            json!("d\u{e9}j\u{e0} \u{2028}\u{65e5}\u{1F4BE}"),
        ],
        Builtin::Number => vec![
            json!(0.5),
            json!(0.0),
            json!(-1.0e-9),
            json!(f64::MAX),
            json!(f64::MIN_POSITIVE),
            json!(12),
            json!(-1),
        ],
        Builtin::Bool => vec![json!(true), json!(false)],
        Builtin::Null => vec![Value::Null],
        Builtin::Any => vec![],
        integer => {
            let (least, most) = range(integer);
            let least = match i64::try_from(least) {
                Ok(least) => json!(least),
                Err(_) => json!(0),
            };
            vec![
                json!(0),
                json!(1),
                least,
                json!(most),
                json!(most - 1),
                json!(100),
            ]
        }
    }
}

/// The least and the greatest value of an integer type.
pub(crate) fn range(integer: Builtin) -> (i128, u64) {
    let signed = |bits: u32| (-(1i128 << (bits - 1)), (1u64 << (bits - 1)) - 1);
    match integer {
        Builtin::Int8 => signed(8),
        Builtin::Int16 => signed(16),
        Builtin::Int32 => signed(32),
        Builtin::Uint8 => (0, u64::from(u8::MAX)),
        Builtin::Uint16 => (0, u64::from(u16::MAX)),
        Builtin::Uint32 => (0, u64::from(u32::MAX)),
        Builtin::Uint64 | Builtin::Size => (0, u64::MAX),
        _ => signed(64),
    }
}

/// The kind of JSON value that stands for a type, integers being numbers.
pub(crate) fn kind(ty: Type) -> &'static str {
    match ty {
        Type::Object(_) => "object",
        Type::Array(_) => "array",
        Type::Enum(_) => "string",
        Type::Alternate(_) => "alternate",
        Type::Builtin(builtin) => match builtin.json_kind() {
            JsonKind::Number | JsonKind::Int => "number",
            JsonKind::Boolean => "bool",
            other => other.as_str(),
        },
    }
}
