//! JSON objects that are objects.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A struct that is read from a JSON object and from nothing else.
///
/// What serde derives for a struct also takes an array of the values in their order: a second spelling, which no other
/// reader of the same text would understand so.
#[derive(Debug, Clone)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: u8,
        b: u8,
    }

    #[test]
    fn a_struct_is_an_object_and_no_array() {
        assert!(
            serde_json::from_str::<Pair>("[1,2]").is_ok(),
            "why this type exists"
        );
        let read = |text| serde_json::from_str::<Object<Pair>>(text);
        let Object(pair) = read(r#"{"a":1,"b":2}"#).unwrap();
        assert_eq!((pair.a, pair.b), (1, 2));
        for text in [
            "[1,2]",
            "null",
            "1",
            "{}",
            r#"{"a":1,"b":2,"c":3}"#,
            r#"{"a":1,"a":1,"b":2}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
