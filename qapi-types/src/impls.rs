//! Macros for the implementations that are the same for every generated type of a kind.

/// For object types that implement [`Members`](crate::codec::Members): `Decode`, `Encode`, and with the feature `serde`
/// also `Serialize` and `Deserialize`.
#[macro_export]
macro_rules! impl_object {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::codec::Decode for $type {
            #[inline]
            fn blank() -> Self {
                $crate::codec::Members::blank()
            }

            #[inline]
            fn decode(r: &mut $crate::Reader<'_>) -> $crate::Result<Self> {
                $crate::codec::object(r)
            }

            #[inline]
            fn decode_into(&mut self, r: &mut $crate::Reader<'_>) -> $crate::Result<()> {
                $crate::codec::object_into(self, r)
            }
        }

        impl $crate::codec::Encode for $type {
            #[inline]
            fn encode(&self, w: &mut $crate::Writer<'_>) {
                $crate::codec::encode_object(self, w);
            }
        }

        $crate::impl_serde!($type);
    )*};
}

/// For enumerations that implement [`Enum`](crate::codec::Enum): `KNOWN`, `as_str`, `Display`, `FromStr`, `Decode`,
/// `Encode`, and with the feature `serde` also `Serialize` and `Deserialize`.
#[macro_export]
macro_rules! impl_enum {
    ($($type:ty),* $(,)?) => {$(
        impl $type {
            /// The values of the schema, in its order.
            pub const KNOWN: &'static [Self] = <Self as $crate::codec::Enum>::VALUES;

            /// The name on the wire.
            #[must_use]
            #[inline]
            pub fn as_str(&self) -> &str {
                $crate::codec::Enum::name(self)
            }
        }

        impl ::core::fmt::Display for $type {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::core::str::FromStr for $type {
            type Err = $crate::UnknownValue;

            /// Only values that the schema has.
            #[inline]
            fn from_str(name: &str) -> ::core::result::Result<Self, $crate::UnknownValue> {
                $crate::codec::parse(name)
            }
        }

        impl $crate::codec::Decode for $type {
            #[inline]
            fn blank() -> Self {
                $crate::codec::Enum::unrecognized($crate::Unrecognized::blank())
            }

            #[inline]
            fn decode(r: &mut $crate::Reader<'_>) -> $crate::Result<Self> {
                $crate::codec::enumeration(r)
            }
        }

        impl $crate::codec::Encode for $type {
            #[inline]
            fn encode(&self, w: &mut $crate::Writer<'_>) {
                $crate::codec::encode_enum(self, w);
            }
        }

        $crate::impl_serde!($type);
    )*};
}

/// `Serialize` and `Deserialize` for types that implement `Decode` and `Encode`; nothing without the feature `serde`.
#[cfg(feature = "serde")]
#[macro_export]
macro_rules! impl_serde {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::bridge::Serialize for $type {
            #[inline]
            fn serialize<S: $crate::bridge::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::bridge::serialize(self, serializer)
            }
        }

        impl<'de> $crate::bridge::Deserialize<'de> for $type {
            #[inline]
            fn deserialize<D: $crate::bridge::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::bridge::deserialize(deserializer)
            }
        }
    )*};
}

/// `Serialize` and `Deserialize` for types that implement `Decode` and `Encode`; nothing without the feature `serde`.
#[cfg(not(feature = "serde"))]
#[macro_export]
macro_rules! impl_serde {
    ($($type:ty),* $(,)?) => {};
}
