//! Whether a document is sound in itself.

use serde_json::Value;

/// References that lead nowhere, and schemas that are none.
pub(super) fn faults(document: &Value) -> Vec<String> {
    let mut told = Vec::new();
    dangling(document, document, &mut told);
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
            told.push(format!("the schema `{name}` is none: {error}"));
        }
    }
    told
}

fn dangling(document: &Value, value: &Value, told: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#');
                if pointer
                    .and_then(|pointer| document.pointer(pointer))
                    .is_none()
                {
                    told.push(format!("the reference {reference} leads nowhere"));
                }
            }
            let members = members.values();
            members.for_each(|value| dangling(document, value, told));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| dangling(document, value, told)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sound_document_has_schemas_and_references_that_lead_to_them() {
        let mut document = json!({
            "paths": { "/a": { "get": { "x": { "$ref": "#/components/schemas/A" } } } },
            "components": { "schemas": { "A": { "type": "object" } } },
        });
        assert_eq!(faults(&document), [""; 0]);
        document["components"]["schemas"]["B"] = json!({ "type": "text" });
        document["paths"]["/a"]["put"] = json!([{ "$ref": "#/components/schemas/C" }]);
        let faults = faults(&document);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
