//! The built-in types of the schema language.

use serde_json::Value;

use crate::codec::{Decode, Encode, Members, Seen, keep, put_kept};
use crate::error::{Error, ErrorKind, Result};
use crate::open::{Empty, Null, Object, Unrecognized};
use crate::reader::Reader;
use crate::writer::Writer;

macro_rules! signed {
    ($($type:ty, $name:literal;)*) => {$(
        impl Decode for $type {
            #[inline]
            fn blank() -> Self {
                0
            }

            #[inline]
            fn decode(r: &mut Reader<'_>) -> Result<Self> {
                let start = r.offset();
                r.i64()?.try_into().map_err(|_| Error::new(ErrorKind::Range($name), start))
            }
        }

        impl Encode for $type {
            #[inline]
            fn encode(&self, w: &mut Writer<'_>) {
                w.i64((*self).into());
            }
        }
    )*};
}

macro_rules! unsigned {
    ($($type:ty, $name:literal;)*) => {$(
        impl Decode for $type {
            #[inline]
            fn blank() -> Self {
                0
            }

            #[inline]
            fn decode(r: &mut Reader<'_>) -> Result<Self> {
                let start = r.offset();
                // QEMU lets negative integers wrap before it looks at the range.
                let value = r.integer()?.ok().and_then(|value| value.try_into().ok());
                value.ok_or_else(|| Error::new(ErrorKind::Range($name), start))
            }
        }

        impl Encode for $type {
            #[inline]
            fn encode(&self, w: &mut Writer<'_>) {
                w.u64((*self).into());
            }
        }
    )*};
}

signed! {
    i8, "int8_t";
    i16, "int16_t";
    i32, "int32_t";
}

unsigned! {
    u8, "uint8_t";
    u16, "uint16_t";
    u32, "uint32_t";
}

macro_rules! scalar {
    ($($type:ty, |$r:ident| $read:expr, |$value:ident, $w:ident| $write:expr;)*) => {$(
        impl Decode for $type {
            #[inline]
            fn blank() -> Self {
                Self::default()
            }

            #[inline]
            fn decode($r: &mut Reader<'_>) -> Result<Self> {
                $read
            }
        }

        impl Encode for $type {
            #[inline]
            fn encode(&self, $w: &mut Writer<'_>) {
                let $value = self;
                $write
            }
        }
    )*};
}

scalar! {
    i64, |r| r.i64(), |value, w| w.i64(*value);
    u64, |r| r.u64(), |value, w| w.u64(*value);
    f64, |r| r.f64(), |value, w| w.f64(*value);
    bool, |r| r.bool(), |value, w| w.bool(*value);
    String, |r| r.owned_string(), |value, w| w.string(value);
    Value, |r| r.any(), |value, w| w.any(value);
    Null, |r| r.null().map(|()| Self), |_value, w| w.null();
    Object, |r| any_object(r), |value, w| any_members(value, w);
}

fn any_object(r: &mut Reader<'_>) -> Result<Object> {
    if r.peek()? != crate::codec::Kind::Object {
        return Err(r.mismatch("object"));
    }
    match r.any()? {
        Value::Object(members) => Ok(members),
        _ => Err(r.mismatch("object")),
    }
}

fn any_members(members: &Object, w: &mut Writer<'_>) {
    w.begin_object();
    crate::codec::put_open(w, members);
    w.end_object();
}

impl Members for Empty {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        keep(&mut self.unrecognized, key, seen, r)
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        put_kept(w, &self.unrecognized);
    }
}

impl Encode for Unrecognized {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        w.string(self.as_str());
    }
}

impl Decode for Unrecognized {
    #[inline]
    fn blank() -> Self {
        Self::blank()
    }

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        r.string().map(Self::new)
    }
}

crate::impl_object!(Empty);
crate::impl_serde!(Unrecognized, Null);

impl Encode for str {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        w.string(self);
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        (**self).encode(w);
    }
}

impl<T: Decode> Decode for Box<T> {
    // Apart, so that the value does not stay on the caller's stack.
    #[inline(never)]
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let mut value = Self::blank();
        value.decode_into(r)?;
        Ok(value)
    }

    #[inline]
    fn decode_into(&mut self, r: &mut Reader<'_>) -> Result<()> {
        (**self).decode_into(r)
    }
}

impl<T: Encode> Encode for Box<T> {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        (**self).encode(w);
    }
}

impl<T: Decode> Decode for Vec<T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let mut elements = Self::new();
        elements.decode_into(r)?;
        Ok(elements)
    }

    #[inline(never)]
    fn decode_into(&mut self, r: &mut Reader<'_>) -> Result<()> {
        r.begin_array()?;
        let start = r.offset();
        while r.next_element()? {
            self.push(T::blank());
            if let Some(element) = self.last_mut()
                && let Err(error) = element.decode_into(r)
            {
                return Err(error.in_element(self.len() - 1));
            }
            if self.len() == 1 {
                self.reserve(r.elements_left(start, size_of::<T>()));
            }
        }
        Ok(())
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline(never)]
    fn encode(&self, w: &mut Writer<'_>) {
        w.begin_array();
        for element in self {
            w.element();
            element.encode(w);
        }
        w.end_array();
    }
}
