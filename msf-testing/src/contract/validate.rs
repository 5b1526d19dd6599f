//! JSON against the schemas of a document.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// Each schema that was asked for, compiled once.
#[derive(Default)]
pub(super) struct Validators(Mutex<HashMap<String, Arc<Validator>>>);

impl Validators {
    /// Everything that the schema has against these bytes.
    pub(super) fn json(&self, document: &Value, schema: &Value, body: &[u8]) -> Vec<String> {
        let value: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => return vec![format!("the body is no JSON: {error}")],
        };
        let validator = match self.of(document, schema) {
            Ok(validator) => validator,
            Err(error) => return vec![error],
        };
        let told = |error: jsonschema::ValidationError<'_>| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "the body" } else { &place };
            format!("{place}: {error}")
        };
        validator.iter_errors(&value).map(told).collect()
    }

    fn of(&self, document: &Value, schema: &Value) -> Result<Arc<Validator>, String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = schema.to_string();
        if let Some(validator) = known.get(&key) {
            return Ok(Arc::clone(validator));
        }
        // References lead into the components, so they have to be in the schema.
        let schemas = json!({ "schemas": document["components"]["schemas"] });
        let whole = json!({ "allOf": [schema], "components": schemas });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&whole)
            .map_err(|error| {
                format!("the document has a schema that is none: {error}: {schema}")
            })?;
        let validator = Arc::new(validator);
        known.insert(key, Arc::clone(&validator));
        Ok(validator)
    }
}

impl fmt::Debug for Validators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validators").finish_non_exhaustive()
    }
}
