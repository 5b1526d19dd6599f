//! Holds answers against the OpenAPI document of the app (feature `openapi`).
//!
//! What people wrongly assume:
//!
//! - *"The document is made from the code, so it is right."* Of what a handler answers it knows what somebody wrote beside the
//!   route. Only answers show whether that is so.
//! - *"A test for the good answer of each route will do."* Errors are half of the contract: check every answer that a test gets,
//!   in the one function that they all send with.
//!
//! ```
//! use msf_service::openapi::{OpenApi, Operation};
//! use msf_service::{App, Boot, Rule, axum::http::StatusCode, http::Json, http::Routes};
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Greeting { text: String }
//!
//! async fn app(_: Boot<()>) -> msf_service::Result<App> {
//!     let hello = async || Json(Greeting { text: "Hello!".to_owned() });
//!     let routes = Routes::new()
//!         .get("/hello", Rule::public("a greeting"), hello)
//!         .describe(Operation::new("hello", "A greeting").answers::<Greeting>(StatusCode::OK, "The greeting."));
//!     Ok(App::new().http(routes).openapi(OpenApi::new("Hello", "1.0.0")))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let app = msf_testing::start(app, ()).await.unwrap();
//! let contract = app.contract().await;
//! assert_eq!(contract.disagreements(&app).await, Vec::<String>::new());
//! let answer = app.get("/hello").send().await;
//! assert_eq!(contract.check_answer("GET", "/hello", &answer), Ok(()));
//! # });
//! ```

mod agreement;
mod document;
mod find;
mod validate;

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use msf_core::context::CORRELATION_ID;
use msf_core::error::PROBLEM_JSON;
use serde_json::{Value, json};

use crate::{Answer, Started};
use find::Found;
use validate::Validators;

/// What an app promises in its OpenAPI document.
#[derive(Debug)]
pub struct Contract {
    document: Value,
    validators: Validators,
}

impl Started {
    /// What the app promises at `/openapi.json`.
    ///
    /// # Panics
    ///
    /// When it answers no such document: that is a failed test.
    pub async fn contract(&self) -> Contract {
        let answer = self.get("/openapi.json").send().await;
        assert_eq!(
            answer.status(),
            200,
            "there is no document: {}",
            answer.text()
        );
        Contract::of(&answer.json())
    }

    /// Holds every further answer against the document of the app. One that does not match it is a failed test, and so is a
    /// good answer to a body that the document does not allow.
    ///
    /// Answers to gRPC, and to the calls of [`Started::policy_walk`], are not concerned.
    ///
    /// # Panics
    ///
    /// When the app has no document.
    pub async fn hold_to_contract(mut self) -> Self {
        self.contract = Some(self.contract().await);
        self
    }
}

impl Contract {
    /// What this OpenAPI 3.1 document promises.
    pub fn of(document: &Value) -> Self {
        Self {
            document: document.clone(),
            validators: Validators::default(),
        }
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Every operation: its method and the template of its path.
    pub fn operations(&self) -> impl Iterator<Item = (String, &str)> {
        find::operations(&self.document)
            .map(|(method, path, _)| (method.to_ascii_uppercase(), path))
    }

    /// Holds one answer against what the document says about the operation that `path` (`/users/7?full=true`) belongs to.
    ///
    /// Its status has to be listed, its content type too, its body valid, and every header there that is required. Where no
    /// operation answers, a problem with 404 or 405 does.
    ///
    /// # Errors
    ///
    /// Everything that does not match.
    pub fn check(
        &self,
        method: &str,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), Vec<String>> {
        let mut told = Vec::new();
        match find::find(&self.document, method, path) {
            Found::Operation(template, operation) => {
                let head = method.eq_ignore_ascii_case("HEAD");
                let answers = &operation["responses"];
                let listed = answers.get(status.as_str()).or(answers.get("default"));
                match listed {
                    None => told.push(format!(
                        "the status is not one of those of `{template}`: {}",
                        names(answers)
                    )),
                    Some(listed) => {
                        let listed = find::resolve(&self.document, listed);
                        told.extend(missing_headers(&self.document, listed, headers));
                        let any = answers.get(status.as_str()).is_none();
                        let unsaid = any && listed.get("content").is_none();
                        if !(head || unsaid) {
                            told.extend(self.content(listed, headers, body));
                        }
                    }
                }
            }
            Found::Elsewhere => {}
            Found::OtherMethods(methods) => {
                if status != StatusCode::METHOD_NOT_ALLOWED || !headers.contains_key(ALLOW) {
                    told.push(format!(
                        "the path answers to {methods} alone, which is 405 with the header `allow`"
                    ));
                }
                told.extend(self.problem(method, headers, body));
            }
            Found::Nothing => {
                if status != StatusCode::NOT_FOUND {
                    told.push("no operation has this path, which is 404".to_owned());
                }
                told.extend(self.problem(method, headers, body));
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        let shown = String::from_utf8_lossy(&body[..body.len().min(500)]);
        told.insert(
            0,
            format!("{method} {path} was answered with {status}: {shown}"),
        );
        Err(told)
    }

    /// [`check`](Self::check) of an answer of this crate.
    ///
    /// # Errors
    ///
    /// Everything that does not match.
    pub fn check_answer(
        &self,
        method: &str,
        path: &str,
        answer: &Answer,
    ) -> Result<(), Vec<String>> {
        self.check(
            method,
            path,
            answer.status(),
            answer.headers(),
            answer.bytes(),
        )
    }

    /// Holds the body of a request against the schema that the document has for it.
    ///
    /// A request with a good answer and a body that the document does not allow shows a document that is too narrow. A path
    /// that no operation has, and an operation without a body, have no complaint.
    ///
    /// # Errors
    ///
    /// Everything that does not match.
    pub fn check_request(&self, method: &str, path: &str, body: &[u8]) -> Result<(), Vec<String>> {
        let Found::Operation(template, operation) = find::find(&self.document, method, path) else {
            return Ok(());
        };
        let expected = find::resolve(&self.document, &operation["requestBody"]);
        let Some(schema) = expected["content"]
            .get("application/json")
            .map(|content| &content["schema"])
        else {
            return Ok(());
        };
        let told = self.validators.json(&self.document, schema, body);
        if told.is_empty() {
            return Ok(());
        }
        let about = format!("the body of {method} {path} is none that `{template}` takes");
        Err(std::iter::once(about).chain(told).collect())
    }

    /// Checks an answer, and the request if that was found good.
    pub(crate) fn hold(&self, method: &str, path: &str, sent: &[u8], answer: &Answer) {
        if answer
            .header("content-type")
            .starts_with("application/grpc")
        {
            return;
        }
        let mut told = self
            .check_answer(method, path, answer)
            .err()
            .unwrap_or_default();
        if answer.status().is_success() {
            told.extend(
                self.check_request(method, path, sent)
                    .err()
                    .unwrap_or_default(),
            );
        }
        assert!(
            told.is_empty(),
            "this is not in the document: {}",
            told.join("\n")
        );
    }

    fn content(&self, listed: &Value, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
        let media_type = headers.get(CONTENT_TYPE);
        let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let contents = listed["content"]
            .as_object()
            .filter(|contents| !contents.is_empty());
        let Some(contents) = contents else {
            return match body {
                [] => Vec::new(),
                _ => vec!["there is a body, and the document has none for this status".to_owned()],
            };
        };
        let Some(media_type) = media_type else {
            return vec![format!(
                "there is no content type; the document has {}",
                names(&listed["content"])
            )];
        };
        let content = contents
            .iter()
            .find(|(name, _)| essence(name) == essence(&media_type));
        let Some((name, content)) = content else {
            let known = names(&listed["content"]);
            return vec![format!(
                "the content type is `{media_type}`; the document has {known}"
            )];
        };
        if essence(name).ends_with("json") {
            self.validators
                .json(&self.document, &content["schema"], body)
        } else {
            Vec::new()
        }
    }

    /// An answer that no operation gives is a problem all the same.
    fn problem(&self, method: &str, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        if !headers.contains_key(CORRELATION_ID) {
            told.push(format!("the header `{CORRELATION_ID}` is missing"));
        }
        if !method.eq_ignore_ascii_case("HEAD") {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let listed = json!({ "content": { PROBLEM_JSON: { "schema": schema } } });
            told.extend(self.content(&listed, headers, body));
        }
        told
    }
}

fn missing_headers(document: &Value, listed: &Value, headers: &HeaderMap) -> Vec<String> {
    let listed = listed["headers"].as_object().into_iter().flatten();
    let required = listed.filter(|(_, header)| find::resolve(document, header)["required"] == true);
    required
        .filter(|(name, _)| !headers.contains_key(name.as_str()))
        .map(|(name, _)| format!("the header `{name}` is missing"))
        .collect()
}

/// A media type without its parameters.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn names(object: &Value) -> String {
    let names = object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    names.collect::<Vec<_>>().join(", ")
}
