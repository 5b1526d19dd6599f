//! Money in JSON: a number, and never a float.

use msf_service::error::Error;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A price as the text of a JSON number: what stands in the document is what the product-service reads, digit by digit.
///
/// Which numbers are prices is for that service to say.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Price(Box<RawValue>);

impl Price {
    /// The decimal text of a service.
    ///
    /// # Errors
    ///
    /// It is no number.
    pub(super) fn of_text(text: String) -> Result<Self, Error> {
        let raw = RawValue::from_string(text).map_err(Error::internal)?;
        if !is_number(&raw) {
            return Err(Error::internal("a price that is no number"));
        }
        Ok(Self(raw))
    }

    pub(super) fn into_text(self) -> String {
        self.0.get().to_owned()
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !is_number(&raw) {
            return Err(D::Error::custom("expected a number"));
        }
        Ok(Self(raw))
    }
}

/// A JSON value is told by its first character.
fn is_number(raw: &RawValue) -> bool {
    raw.get()
        .starts_with(|first: char| first.is_ascii_digit() || first == '-')
}

impl JsonSchema for Price {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Price".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // No `multipleOf`: in floats, as most validators have it, 19.99 is no multiple of 0.01.
        json_schema!({
            "type": "number",
            "minimum": 0,
            "maximum": 1_000_000_000,
            "description": "At most two decimals. Exact: never read or written as a float.",
            "examples": [19.99],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        price: Price,
    }

    #[test]
    fn a_number_keeps_its_digits() {
        for text in [
            "19.99",
            "19.990",
            "0",
            "-0",
            "1E2",
            "1e400",
            "0.1000000000000000055511151231257827",
            "123456789012345678901234567890",
        ] {
            let json = format!("{{\"price\":{text}}}");
            let body: Body = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&body).unwrap(), json);
            assert_eq!(body.price.into_text(), text);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in ["\"19.99\"", "null", "true", "[19.99]", "{}"] {
            let json = format!("{{\"price\":{wrong}}}");
            assert!(serde_json::from_str::<Body>(&json).is_err(), "{wrong}");
            assert!(Price::of_text(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
