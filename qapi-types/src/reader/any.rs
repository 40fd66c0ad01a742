//! Values of any shape.

use serde_json::{Map, Number as JsonNumber, Value};

use super::{Kind, Number, Reader};
use crate::error::{Result, Syntax};

/// A container that is being filled.
enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, String),
}

impl Reader<'_> {
    /// Reads a value of any shape. `-0` becomes the integer 0, as in QEMU.
    ///
    /// # Errors
    /// When the text is not JSON, nested too deep, or (in strict mode) has duplicate keys.
    #[inline(never)]
    pub fn any(&mut self) -> Result<Value> {
        let mut stack: Vec<Open> = Vec::new();
        loop {
            let kind = self.peek()?;
            let mut value = match kind {
                Kind::Object => {
                    self.begin_object()?;
                    match self.next_key()? {
                        Some(key) => {
                            stack.push(Open::Object(Map::new(), key.into_owned()));
                            continue;
                        }
                        None => Value::Object(Map::new()),
                    }
                }
                Kind::Array => {
                    self.begin_array()?;
                    if self.next_element()? {
                        stack.push(Open::Array(Vec::new()));
                        continue;
                    }
                    Value::Array(Vec::new())
                }
                Kind::String => Value::String(self.string()?.into_owned()),
                Kind::Number => Value::Number(self.json_number()?),
                Kind::Bool => Value::Bool(self.bool()?),
                Kind::Null => {
                    self.null()?;
                    Value::Null
                }
            };
            loop {
                match stack.pop() {
                    None => return Ok(value),
                    Some(Open::Array(mut elements)) => {
                        elements.push(value);
                        if self.next_element()? {
                            stack.push(Open::Array(elements));
                            break;
                        }
                        value = Value::Array(elements);
                    }
                    Some(Open::Object(mut members, key)) => {
                        if members.insert(key, value).is_some() && self.is_strict() {
                            return Err(self.syntax(Syntax::DuplicateKey));
                        }
                        if let Some(key) = self.next_key()? {
                            stack.push(Open::Object(members, key.into_owned()));
                            break;
                        }
                        value = Value::Object(members);
                    }
                }
            }
        }
    }

    fn json_number(&mut self) -> Result<JsonNumber> {
        match self.number("number")? {
            Number::Unsigned(value) => Ok(value.into()),
            Number::Negative(value) => Ok(value.into()),
            // `number` gives finite ones only.
            Number::Float(value) => {
                JsonNumber::from_f64(value).ok_or_else(|| self.syntax(Syntax::NumberRange))
            }
        }
    }
}
