//! The errors of an operation: those that every route has, and those of its handler.

use std::collections::BTreeMap;

use msf_core::error::{Kind, PROBLEM_JSON};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::operation::{Operation, TypeOf};
use super::schemas::{Schemas, Side};

/// The errors that a layer or an extractor gives, each a component: its name, its kind, and when.
const COMMON: [(&str, Kind, &str); 10] = [
    ("Malformed", Kind::Malformed, "The request cannot be read."),
    (
        "Unauthenticated",
        Kind::Unauthenticated,
        "There are no credentials, or they are not valid.",
    ),
    (
        "Forbidden",
        Kind::Forbidden,
        "The caller is known and may not do this.",
    ),
    (
        "TooLarge",
        Kind::TooLarge,
        "The body is larger than the limit of the server.",
    ),
    (
        "UnsupportedMediaType",
        Kind::UnsupportedMediaType,
        "The body is not `application/json`.",
    ),
    (
        "Invalid",
        Kind::Invalid,
        "The body was read, and fields of it do not fit: see `errors`.",
    ),
    (
        "TooManyRequests",
        Kind::TooManyRequests,
        "The caller came with bad credentials too often.",
    ),
    ("Internal", Kind::Internal, "A fault of the server."),
    (
        "Unavailable",
        Kind::Unavailable,
        "The server has too much in hand, is stopping, or lacks something that it needs.",
    ),
    (
        "DeadlineExceeded",
        Kind::DeadlineExceeded,
        "The answer was not there in time.",
    ),
];

/// Where the components of answers are in the document.
const COMPONENTS: &str = "#/components/responses/";

/// The error of every operation, RFC 9457.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::error` writes it"
)]
struct Problem {
    /// Always `about:blank`: `code` says what it is.
    #[serde(rename = "type")]
    type_uri: String,
    /// The name of the status.
    title: String,
    /// The status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong, for people.
    detail: String,
    /// What is wrong, for programs: it stays the same.
    code: String,
    /// What the logs of the services know the request by.
    #[serde(skip_serializing_if = "String::is_empty")]
    correlation_id: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Violation>,
}

/// What is wrong with one field of the input.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "its schema is what counts; `msf_core::error` writes it"
)]
struct Violation {
    /// The path of the field, as it was sent: `lines[1].amount`.
    field: String,
    /// What is wrong, for programs.
    code: String,
    /// What is wrong, for people.
    message: String,
}

/// What decides which errors a route has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nature {
    /// A probe, which is outside of all bounds.
    pub(super) probe: bool,
    pub(super) public: bool,
    /// Its path has variables.
    pub(super) variables: bool,
}

impl Nature {
    /// The errors that are not the handler's.
    fn kinds(self, operation: Option<&Operation>) -> Vec<Kind> {
        let body = operation.is_some_and(|operation| operation.body.is_some());
        let query = operation.is_some_and(|operation| operation.query.is_some());
        let mut kinds = vec![Kind::Internal, Kind::Unavailable];
        if self.probe {
            return kinds;
        }
        // Of any body, also of one that nobody reads.
        kinds.extend([Kind::DeadlineExceeded, Kind::TooLarge]);
        if !self.public {
            // Two tokens in one request are malformed.
            kinds.extend([Kind::Malformed, Kind::Unauthenticated, Kind::Forbidden]);
            kinds.push(Kind::TooManyRequests);
        }
        if body {
            kinds.extend([Kind::Malformed, Kind::UnsupportedMediaType, Kind::Invalid]);
        }
        if query || self.variables {
            kinds.push(Kind::Malformed);
        }
        kinds
    }
}

/// Every error of a route by its status: a reference where it is a common one, all of it where the handler has words for it.
pub(super) fn of_route(
    nature: Nature,
    operation: Option<&Operation>,
    schemas: &mut Schemas,
) -> BTreeMap<u16, Value> {
    let mut said: BTreeMap<u16, (Vec<String>, Option<&str>)> = BTreeMap::new();
    let kinds = nature.kinds(operation);
    for (name, kind, text) in COMMON {
        if kinds.contains(&kind) {
            said.insert(
                kind.http_status().as_u16(),
                (vec![text.to_owned()], Some(name)),
            );
        }
    }
    for (kind, when) in operation.iter().flat_map(|operation| &operation.failures) {
        let (texts, name) = said.entry(kind.http_status().as_u16()).or_default();
        texts.push(sentence(when));
        *name = None;
    }
    said.into_iter()
        .map(|(status, (texts, name))| {
            let answer = match name {
                Some(name) => json!({ "$ref": format!("{COMPONENTS}{name}") }),
                None => answer(status, &texts.join(" "), schemas),
            };
            (status, answer)
        })
        .collect()
}

/// The answers that routes refer to.
pub(super) fn components(schemas: &mut Schemas) -> Map<String, Value> {
    let component = |(name, kind, text): (&str, Kind, &str)| {
        let status = kind.http_status().as_u16();
        (name.to_owned(), answer(status, text, schemas))
    };
    COMMON.into_iter().map(component).collect()
}

/// When a common error of this status comes.
pub(super) fn common_text(status: u16) -> &'static str {
    let of_status = |(_, kind, _): &(&str, Kind, &str)| kind.http_status().as_u16() == status;
    COMMON
        .iter()
        .find(|common| of_status(common))
        .map_or("", |(_, _, text)| text)
}

/// One answer of this status with a problem as its body.
pub(super) fn answer(status: u16, description: &str, schemas: &mut Schemas) -> Value {
    let schema = schemas.of(Side::Written, &TypeOf::of::<Problem>());
    let mut headers = super::answers::headers();
    let mut add = |name: &str, required: bool, description: &str| {
        let schema = json!({ "type": "string" });
        let header = json!({ "description": description, "required": required, "schema": schema });
        headers.insert(name.to_owned(), header);
    };
    match status {
        401 => add("www-authenticate", true, "How to authenticate: RFC 6750."),
        429 => add("retry-after", true, "In how many seconds to try again."),
        503 => add("retry-after", false, "In how many seconds to try again."),
        _ => {}
    }
    let content = json!({ PROBLEM_JSON: { "schema": schema } });
    json!({ "description": description, "headers": headers, "content": content })
}

/// `there is no such user` is `There is no such user.`
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let mut sentence = first.unwrap_or_default() + letters.as_str();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
