//! Arguments in the form `key=value`, as QEMU's command line takes them.

mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::iter;

use qapi_types::{Object, Value};

use super::Capabilities;
use super::view::{JsonType, Type, TypeKind};

pub use error::{KeyValueError, KeyValueProblem};

/// The longest part of a key that QEMU takes.
const LONGEST: usize = 127;

/// The most parts of a key. QEMU reads values that nest 1024 deep; no schema comes near that, and every level is a call here.
const DEEPEST: usize = 250;

/// Keys and values as text, to be made arguments of a command by [`Capabilities::arguments`].
///
/// The rules are those of QEMU's options such as `-blockdev` and `-object` (*QEMU storage daemon*, `--blockdev`; the
/// comment at the head of QEMU's `util/keyval.c` has the grammar): the dots of a key lead into objects, and a number
/// between them is an index of a list, which needs all from 0 on. Of a key that comes twice the last value holds.
///
/// ```
/// use qapi_rt::capabilities::KeyValues;
///
/// let arguments = KeyValues::parse("qcow2,node-name=d0,file.driver=file,file.filename=a,,b.qcow2", Some("driver"))?;
/// let mut same = KeyValues::new();
/// same.set("driver", "qcow2")?;
/// same.set("node-name", "d0")?;
/// same.set("file.driver", "file")?;
/// same.set("file.filename", "a,b.qcow2")?;
/// assert_eq!(arguments, same);
/// # Ok::<(), qapi_rt::capabilities::KeyValueError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValues(BTreeMap<String, Node>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Json(Value),
    Keys(BTreeMap<String, Node>),
}

impl KeyValues {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads QEMU's form: pairs separated by commas, where two commas stand for one in a value. The first may lack its key
    /// and `=`, if there is an `implied_key` for that.
    ///
    /// # Errors
    /// When it is not in this form, or keys contradict each other.
    pub fn parse(text: &str, implied_key: Option<&str>) -> Result<Self, KeyValueError> {
        let mut all = Self::new();
        let mut rest = text;
        let mut implied_key = implied_key;
        while !rest.is_empty() {
            let (key, value) = match (rest.find(['=', ',']), implied_key.take()) {
                (Some(at), _) if rest.as_bytes()[at] == b'=' => {
                    let (key, value) = (&rest[..at], &rest[at + 1..]);
                    rest = value;
                    (key, unescape(&mut rest))
                }
                (at, Some(key)) if at != Some(0) => (key, unescape(&mut rest)),
                (at, _) => {
                    let key = &rest[..at.unwrap_or(rest.len())];
                    return Err(KeyValueError::new(key, KeyValueProblem::NoValue));
                }
            };
            all.set(key, value)?;
        }
        Ok(all)
    }

    /// Sets what is at a key to a text, whose meaning is the type's.
    ///
    /// # Errors
    /// When it is no key, or contradicts another one.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> Result<(), KeyValueError> {
        self.put(key, Node::Text(value.into()))
    }

    /// Sets what is at a key to a value of whatever type, which is passed on as it is.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn set_json(&mut self, key: &str, value: Value) -> Result<(), KeyValueError> {
        self.put(key, Node::Json(value))
    }

    /// The text at a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let mut keys = &self.0;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            match keys.get(part)? {
                Node::Text(text) if parts.peek().is_none() => return Some(text),
                Node::Keys(inner) => keys = inner,
                _ => return None,
            }
        }
        None
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn put(&mut self, key: &str, value: Node) -> Result<(), KeyValueError> {
        let invalid = || KeyValueError::new(key, KeyValueProblem::InvalidKey);
        let mut keys = &mut self.0;
        let mut end = 0;
        if let Some(first) = key.split('.').next()
            && key.split('.').nth(DEEPEST).is_some()
        {
            return Err(KeyValueError::new(first, KeyValueProblem::TooDeep));
        }
        for part in key.split('.') {
            if !(is_name(part) || end > 0 && is_index(part)) || part.len() > LONGEST {
                return Err(invalid());
            }
            let is_last = end + part.len() == key.len();
            end += part.len() + 1;
            if is_last {
                let old = keys.get(part);
                if matches!(old, Some(Node::Keys(_))) {
                    return Err(KeyValueError::new(key, KeyValueProblem::Inconsistent));
                }
                keys.insert(part.to_owned(), value);
                return Ok(());
            }
            let inner = keys
                .entry(part.to_owned())
                .or_insert_with(|| Node::Keys(BTreeMap::new()));
            let Node::Keys(inner) = inner else {
                let path = &key[..end - 1];
                return Err(KeyValueError::new(path, KeyValueProblem::Inconsistent));
            };
            keys = inner;
        }
        Err(invalid())
    }
}

/// Takes a value from the front, and the comma after it.
fn unescape(rest: &mut &str) -> String {
    let mut value = String::new();
    while let Some(at) = rest.find(',') {
        value.push_str(&rest[..at]);
        *rest = &rest[at + 1..];
        let Some(after) = rest.strip_prefix(',') else {
            return value;
        };
        value.push(',');
        *rest = after;
    }
    value.push_str(rest);
    *rest = "";
    value
}

fn is_index(part: &str) -> bool {
    !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name of the schema language, perhaps a downstream one.
fn is_name(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Capabilities {
    /// Makes keys and values the arguments of a command, by the types that the server's schema has for them.
    ///
    /// - Where a number is wanted, integers are decimal, or hexadecimal after `0x`; also with a fraction and one of the
    ///   suffixes of sizes, `K M G T P E` for powers of 1024 bytes and `B` for bytes, since the schema does not tell sizes from
    ///   other integers.
    /// - Booleans are `on`, `yes`, `true`, `y`, or `off`, `no`, `false`, `n`.
    /// - Where one of several types is wanted (`BlockdevRef`), text is the string if there is one.
    /// - What the schema does not know is a string, as are values of any type.
    ///
    /// Whether the server would take them, [`examine_raw`](Self::examine_raw) says afterwards.
    ///
    /// ```no_run
    /// # #[cfg(unix)]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use qapi_rt::blocking::Client;
    /// use qapi_rt::capabilities::KeyValues;
    ///
    /// let client = Client::connect_unix("/run/vm/qmp.sock")?;
    /// let arguments = KeyValues::parse("null-co,node-name=n0,size=1G", Some("driver"))?;
    /// let arguments = client.capabilities()?.arguments("blockdev-add", &arguments)?;
    /// client.execute_raw("blockdev-add", arguments.into())?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// When the command is not known, or a text does not fit its type. Of several mistakes it is the first, by key.
    pub fn arguments(&self, command: &str, given: &KeyValues) -> Result<Object, KeyValueError> {
        let Some(command) = self.command(command) else {
            return Err(KeyValueError::new(command, KeyValueProblem::UnknownCommand));
        };
        let mut path = Vec::new();
        object(Some(command.arguments()), &given.0, &mut path)
    }
}

type Path<'k> = Vec<&'k str>;

fn at(path: &Path<'_>, problem: KeyValueProblem) -> KeyValueError {
    KeyValueError::new(path.join("."), problem)
}

fn object<'k>(
    ty: Option<Type<'_>>,
    keys: &'k BTreeMap<String, Node>,
    path: &mut Path<'k>,
) -> Result<Object, KeyValueError> {
    let types = ty.map_or_else(Vec::new, |ty| {
        let tag = |name: &str| match keys.get(name) {
            Some(Node::Text(text) | Node::Json(Value::String(text))) => Some(text.as_str()),
            _ => None,
        };
        ty.chosen_by(tag).0
    });
    let mut object = Object::new();
    for (key, node) in keys {
        let mut members = types.iter().flat_map(|ty| ty.members());
        let member = members.find(|member| member.name() == key);
        path.push(key);
        let value = value(member.map(super::Member::ty), node, path)?;
        path.pop();
        object.insert(key.clone(), value);
    }
    Ok(object)
}

fn value<'k>(
    ty: Option<Type<'_>>,
    node: &'k Node,
    path: &mut Path<'k>,
) -> Result<Value, KeyValueError> {
    match node {
        Node::Json(value) => Ok(value.clone()),
        Node::Text(text) => match ty {
            Some(ty) => scalar(ty, text).map_err(|problem| at(path, problem)),
            None => Ok(text.as_str().into()),
        },
        Node::Keys(keys) => {
            let indices = keys.keys().filter(|key| is_index(key)).count();
            if indices == 0 {
                let ty = ty.map(|ty| among(ty, |ty| matches!(ty.kind(), TypeKind::Object)));
                check(ty, path, |ty| {
                    matches!(ty.kind(), TypeKind::Object) || is_any(ty)
                })?;
                return object(ty, keys, path).map(Value::Object);
            }
            if indices < keys.len() {
                return Err(at(path, KeyValueProblem::Inconsistent));
            }
            let ty = ty.map(|ty| among(ty, |ty| matches!(ty.kind(), TypeKind::Array(_))));
            check(ty, path, |ty| {
                matches!(ty.kind(), TypeKind::Array(_)) || is_any(ty)
            })?;
            let element = ty.and_then(|ty| match ty.kind() {
                TypeKind::Array(element) => Some(element),
                _ => None,
            });
            list(element, keys, path)
        }
    }
}

fn list<'k>(
    element: Option<Type<'_>>,
    keys: &'k BTreeMap<String, Node>,
    path: &mut Path<'k>,
) -> Result<Value, KeyValueError> {
    // As text 10 comes before 2. What is an index fits.
    let by_index: BTreeMap<usize, _> = keys
        .iter()
        .map(|(key, node)| (key.parse().unwrap_or(usize::MAX), (key, node)))
        .collect();
    let mut elements = Vec::new();
    for (expected, (index, (key, node))) in by_index.into_iter().enumerate() {
        if index != expected {
            let list = path.join(".");
            let key = format!("{list}.{expected}");
            return Err(KeyValueError::new(key, KeyValueProblem::MissingElement));
        }
        path.push(key);
        elements.push(value(element, node, path)?);
        path.pop();
    }
    Ok(Value::Array(elements))
}

/// Of an alternate the alternative that will do; otherwise the type itself.
fn among<'c>(ty: Type<'c>, will_do: impl Fn(Type<'c>) -> bool) -> Type<'c> {
    let mut alternatives = ty.alternatives();
    alternatives
        .find(|alternative| will_do(*alternative))
        .unwrap_or(ty)
}

fn is_any(ty: Type<'_>) -> bool {
    matches!(
        ty.kind(),
        TypeKind::Builtin(JsonType::Any) | TypeKind::Other
    )
}

fn check(
    ty: Option<Type<'_>>,
    path: &Path<'_>,
    is_right: impl Fn(Type<'_>) -> bool,
) -> Result<(), KeyValueError> {
    match ty {
        Some(ty) if !is_right(ty) => Err(at(path, KeyValueProblem::Expects(ty.to_string()))),
        _ => Ok(()),
    }
}

fn scalar(ty: Type<'_>, text: &str) -> Result<Value, KeyValueProblem> {
    let value = match ty.kind() {
        TypeKind::Enum | TypeKind::Other => Some(text.into()),
        TypeKind::Builtin(json) => json.value(text)?,
        TypeKind::Alternate => return alternative(ty, text),
        TypeKind::Array(_) | TypeKind::Object => None,
    };
    value.ok_or_else(|| KeyValueProblem::Expects(ty.to_string()))
}

impl JsonType {
    /// The value of this type that a text stands for in `key=value`, by the rules of
    /// [`Capabilities::arguments`]; `None` if it stands for none.
    ///
    /// # Errors
    /// [`LeadingZero`](KeyValueProblem::LeadingZero).
    pub fn value(self, text: &str) -> Result<Option<Value>, KeyValueProblem> {
        Ok(match self {
            Self::String | Self::Any => Some(text.into()),
            Self::Int => return integer(text),
            Self::Number => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(integer), _) => Some(integer.into()),
                (_, Ok(number)) if number.is_finite() => Some(number.into()),
                _ => None,
            },
            Self::Boolean => match text {
                "on" | "yes" | "true" | "y" => Some(true.into()),
                "off" | "no" | "false" | "n" => Some(false.into()),
                _ => None,
            },
            Self::Null | Self::Object | Self::Array => None,
        })
    }
}

/// A string wins, as for QEMU, but where only an enumeration is one, what is none of its values may be something else.
fn alternative(ty: Type<'_>, text: &str) -> Result<Value, KeyValueProblem> {
    let strings = |ty: &Type<'_>| match ty.kind() {
        TypeKind::Enum => ty.value(text).is_some(),
        TypeKind::Builtin(JsonType::String) => true,
        _ => false,
    };
    if ty.alternatives().any(|ty| strings(&ty)) {
        return Ok(text.into());
    }
    let is_enum = |ty: &Type<'_>| matches!(ty.kind(), TypeKind::Enum);
    let (enums, others): (Vec<_>, Vec<_>) = ty.alternatives().partition(is_enum);
    let mut others = others.into_iter().chain(enums);
    others
        .find_map(|ty| scalar(ty, text).ok())
        .ok_or_else(|| KeyValueProblem::Expects(ty.to_string()))
}

/// Nothing, if it is no integer.
fn integer(text: &str) -> Result<Option<Value>, KeyValueProblem> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(None);
    }
    let hexadecimal = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let magnitude = match hexadecimal {
        Some(digits) if digits.starts_with('+') => None,
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => {
            if digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1] != b'.' {
                return Err(KeyValueProblem::LeadingZero);
            }
            digits.parse().ok().or_else(|| size(digits))
        }
    };
    Ok(magnitude.and_then(|magnitude| {
        if is_negative {
            0i64.checked_sub_unsigned(magnitude).map(Value::from)
        } else {
            Some(magnitude.into())
        }
    }))
}

/// A number of bytes in larger units. Fractions are exact: QEMU's are rounded down, too.
fn size(text: &str) -> Option<u64> {
    let suffix = text.chars().last()?;
    let shift = match suffix.to_ascii_uppercase() {
        'B' => 0,
        'K' => 10,
        'M' => 20,
        'G' => 30,
        'T' => 40,
        'P' => 50,
        'E' => 60,
        _ => return None,
    };
    let number = &text[..text.len() - suffix.len_utf8()];
    let (whole, fraction) = match number.split_once('.') {
        Some((_, fraction)) if shift == 0 && !fraction.is_empty() => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (number, ""),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    // As many digits as can matter.
    let fraction = &fraction[..fraction.len().min(18)];
    let scale = iter::repeat_n(10u128, fraction.len()).product::<u128>();
    let part = match fraction.parse::<u128>() {
        Ok(part) => (part << shift) / scale,
        Err(_) => 0,
    };
    whole.checked_add(u64::try_from(part).ok()?)
}
