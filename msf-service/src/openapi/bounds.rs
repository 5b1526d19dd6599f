//! The bounds of integers, which the format of a schema names and JSON Schema does not enforce.

use serde_json::{Value, json};

/// Writes the bounds of the Rust integers into all schemas in `value`, where they are not narrower already.
///
/// `{"type": "integer", "format": "uint32"}` means nothing to a validator: it takes 2^40, and the service does not.
pub(super) fn bound_integers(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some((minimum, maximum)) = members.get("format").and_then(bounds) {
                members.entry("minimum").or_insert(minimum);
                members.entry("maximum").or_insert(maximum);
            }
            members.values_mut().for_each(bound_integers);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        _ => {}
    }
}

fn bounds(format: &Value) -> Option<(Value, Value)> {
    Some(match format.as_str()? {
        "int8" => (json!(i8::MIN), json!(i8::MAX)),
        "int16" => (json!(i16::MIN), json!(i16::MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        "int64" => (json!(i64::MIN), json!(i64::MAX)),
        "uint8" => (json!(0), json!(u8::MAX)),
        "uint16" => (json!(0), json!(u16::MAX)),
        "uint32" => (json!(0), json!(u32::MAX)),
        "uint64" => (json!(0), json!(u64::MAX)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_of_the_type_or_narrower() {
        let mut value = json!([
            { "type": "integer", "format": "uint32", "minimum": 1 },
            { "items": { "type": ["integer", "null"], "format": "int8" } },
            { "type": "string", "format": "uuid" },
            { "properties": { "format": { "type": "string" } } },
        ]);
        let untouched = [value[2].clone(), value[3].clone()];
        bound_integers(&mut value);
        assert_eq!(value[0]["minimum"], 1);
        assert_eq!(value[0]["maximum"], 4_294_967_295_u32);
        assert_eq!(value[1]["items"]["minimum"], -128);
        assert_eq!(value[1]["items"]["maximum"], 127);
        assert_eq!([value[2].clone(), value[3].clone()], untouched);
    }
}
