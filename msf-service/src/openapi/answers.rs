//! The answers of an operation, by status.

use std::collections::BTreeMap;

use msf_core::context::CORRELATION_ID;
use serde_json::{Map, Value, json};

use super::operation::{Answer, Content, Operation};
use super::problems::{self, Nature};
use super::schemas::{Schemas, Side};

/// All answers of a route. One that nobody described may answer anything, beside the errors that all have.
pub(super) fn of_route(
    nature: Nature,
    operation: Option<&Operation>,
    schemas: &mut Schemas,
) -> Value {
    let mut answers = problems::of_route(nature, operation, schemas);
    let Some(operation) = operation else {
        let mut all = by_status(answers);
        let text = "What it answers is not described.";
        all.insert(
            "default".to_owned(),
            json!({ "description": text, "headers": headers() }),
        );
        return all.into();
    };
    for answer in &operation.answers {
        let written = described(answer, schemas);
        match answers.remove(&answer.status.as_u16()) {
            None => answers.insert(answer.status.as_u16(), written),
            Some(other) => {
                let other = resolved(other, answer.status.as_u16(), schemas);
                answers.insert(answer.status.as_u16(), merged(other, written))
            }
        };
    }
    for (status, header) in &operation.answer_headers {
        let status = status.as_u16();
        let Some(answer) = answers.remove(&status) else {
            continue;
        };
        let mut answer = resolved(answer, status, schemas);
        answer["headers"][header.name.to_ascii_lowercase()] = json!({
            "description": header.description,
            "required": true,
            "schema": { "type": "string" },
        });
        answers.insert(status, answer);
    }
    by_status(answers).into()
}

/// The headers of every answer.
pub(super) fn headers() -> Map<String, Value> {
    let reference = json!({ "$ref": "#/components/headers/CorrelationId" });
    [(CORRELATION_ID.to_owned(), reference)]
        .into_iter()
        .collect()
}

/// What the headers of every answer refer to.
pub(super) fn header_components() -> Value {
    json!({ "CorrelationId": {
        "description": "What the logs of the services know the request by.",
        "required": true,
        "schema": { "type": "string" },
    } })
}

fn by_status(answers: BTreeMap<u16, Value>) -> Map<String, Value> {
    let answers = answers.into_iter();
    answers
        .map(|(status, answer)| (status.to_string(), answer))
        .collect()
}

fn described(answer: &Answer, schemas: &mut Schemas) -> Value {
    let mut written = json!({ "description": answer.description, "headers": headers() });
    match answer.content {
        Content::Json(of) => {
            let schema = schemas.of(Side::Written, &of);
            written["content"] = json!({ "application/json": { "schema": schema } });
        }
        Content::Other(media_type) => {
            // JSON of a media type of its own (`application/jwk-set+json`) is a value, and not a text.
            let is_json = media_type.ends_with("/json") || media_type.ends_with("+json");
            let schema = if is_json {
                json!({})
            } else {
                json!({ "type": "string" })
            };
            written["content"] = json!({ media_type: { "schema": schema } });
        }
        Content::Empty => {}
    }
    written
}

/// The answer itself, where a reference cannot be added to.
fn resolved(answer: Value, status: u16, schemas: &mut Schemas) -> Value {
    match answer.get("$ref") {
        None => answer,
        Some(_) => problems::answer(status, problems::common_text(status), schemas),
    }
}

/// Two answers of one status: either may come.
fn merged(mut one: Value, other: Value) -> Value {
    let text = |answer: &Value| {
        answer["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (first, second) = (text(&other), text(&one));
    one["description"] = json!(format!("{} {second}", first.trim_end()));
    let Value::Object(contents) = other["content"].clone() else {
        return one;
    };
    for (media_type, content) in contents {
        match one["content"].get_mut(&media_type) {
            Some(present) => {
                let both = [present["schema"].take(), content["schema"].clone()];
                present["schema"] = json!({ "anyOf": both });
            }
            None => one["content"][media_type] = content,
        }
    }
    one
}
