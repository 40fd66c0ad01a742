//! Numbers.

use super::Reader;
use crate::error::{Error, ErrorKind, Result, Syntax};

/// A number as it is written: an integer literal keeps its exact value if it fits 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Zero or above.
    Unsigned(u64),
    /// Below zero.
    Negative(i64),
    /// Written with a fraction or an exponent, or too large for 64 bits.
    Float(f64),
}

impl Reader<'_> {
    /// Reads an integer that fits `i64`. `1.0` and `1e0` are not integers.
    ///
    /// # Errors
    /// When the value is not such an integer.
    #[inline]
    pub fn i64(&mut self) -> Result<i64> {
        let start = self.pos;
        match self.number("integer")? {
            Number::Unsigned(value) if value <= i64::MAX as u64 => Ok(value as i64),
            Number::Negative(value) => Ok(value),
            _ => Err(Error::new(ErrorKind::Type("integer"), start)),
        }
    }

    /// Reads an integer that fits `u64`, or one that fits `i64` modulo 2^64, as QEMU does: clients send −1 for the
    /// greatest value. `1.0` and `1e0` are not integers.
    ///
    /// # Errors
    /// When the value is not such an integer.
    #[inline]
    pub fn u64(&mut self) -> Result<u64> {
        Ok(match self.integer()? {
            Ok(value) => value,
            Err(negative) => negative as u64,
        })
    }

    /// Reads an integer of 64 bits for an unsigned type: the inner error is a negative one.
    pub(crate) fn integer(&mut self) -> Result<Result<u64, i64>> {
        let start = self.pos;
        if !matches!(self.byte(), b'-' | b'0'..=b'9') {
            return Err(self.wrong(ErrorKind::Uint64));
        }
        match self.number("number")? {
            Number::Unsigned(value) => Ok(Ok(value)),
            Number::Negative(value) => Ok(Err(value)),
            Number::Float(_) => Err(Error::new(ErrorKind::Uint64, start)),
        }
    }

    /// Reads any number as a double.
    ///
    /// # Errors
    /// When the value is not a number.
    #[inline]
    pub fn f64(&mut self) -> Result<f64> {
        Ok(match self.number("number")? {
            Number::Unsigned(value) => value as f64,
            Number::Negative(value) => value as f64,
            Number::Float(value) => value,
        })
    }

    #[inline]
    pub(crate) fn number(&mut self, expected: &'static str) -> Result<Number> {
        let bytes = self.text.as_bytes();
        let start = self.pos;
        let mut at = start;
        let negative = self.byte() == b'-';
        if negative {
            at += 1;
        }
        let first = at;
        let mut value = 0u64;
        while let Some(digit @ 0..=9) = bytes.get(at).map(|b| b.wrapping_sub(b'0')) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            at += 1;
        }
        let digits = at - first;
        let leading_zero = digits > 1 && bytes[first] == b'0';
        // Nineteen digits always fit.
        if digits == 0
            || digits > 19
            || leading_zero
            || matches!(bytes.get(at), Some(b'.' | b'e' | b'E'))
        {
            return self.odd_number(expected);
        }
        let number = if !negative || value == 0 {
            Number::Unsigned(value)
        } else if let Some(value) = 0i64.checked_sub_unsigned(value) {
            Number::Negative(value)
        } else {
            return self.odd_number(expected);
        };
        self.pos = at;
        Ok(number)
    }

    /// A number that is not a short integer, or no number at all.
    #[inline(never)]
    fn odd_number(&mut self, expected: &'static str) -> Result<Number> {
        if !matches!(self.byte(), b'-' | b'0'..=b'9') {
            return Err(self.mismatch(expected));
        }
        let start = self.pos;
        let (end, integer) = self.number_end()?;
        let literal = &self.text[start..end];
        let number = if !integer {
            None
        } else if let Ok(value) = literal.parse() {
            Some(Number::Unsigned(value))
        } else {
            literal.parse().ok().map(Number::Negative)
        };
        let number = match number {
            Some(number) => number,
            None => match literal.parse::<f64>() {
                Ok(value) if value.is_finite() => Number::Float(value),
                _ => return Err(self.syntax(Syntax::NumberRange)),
            },
        };
        self.pos = end;
        Ok(number)
    }

    /// Steps over a number without its value, which still has to be one a double can hold.
    pub(super) fn skip_number(&mut self) -> Result<()> {
        self.number("number").map(drop)
    }

    /// Where the number that starts here ends, and whether it is written as an integer.
    fn number_end(&self) -> Result<(usize, bool)> {
        let bytes = self.text.as_bytes();
        let digits = |at: &mut usize| {
            let from = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at > from
        };
        let mut at = self.pos + usize::from(self.byte() == b'-');
        let mut integer = true;
        if bytes.get(at) == Some(&b'0') {
            at += 1;
        } else if !digits(&mut at) {
            return Err(self.stray_number(at));
        }
        if bytes.get(at) == Some(&b'.') {
            integer = false;
            at += 1;
            if !digits(&mut at) {
                return Err(self.stray_number(at));
            }
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            integer = false;
            at += 1;
            if matches!(bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            if !digits(&mut at) {
                return Err(self.stray_number(at));
            }
        }
        Ok((at, integer))
    }

    #[cold]
    fn stray_number(&self, at: usize) -> Error {
        match self.text[at..].chars().next() {
            None => Error::syntax(Syntax::UnexpectedEnd, at),
            Some(c) => {
                let text = &self.text[self.pos..at + c.len_utf8()];
                Error::syntax(Syntax::Stray(text.into()), at)
            }
        }
    }
}
