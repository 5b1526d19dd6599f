//! The OpenAPI 3.1 document of an app, at `/openapi.json`, and a page to read and try it, at `/docs` (feature `openapi`).
//!
//! [`App::openapi`](crate::App::openapi) serves both, to everybody. An [`Operation`] says what only its author knows: what the
//! route takes, what it answers when all is well, and which errors its handler has. The rest is computed from the routes, so
//! that it cannot be forgotten:
//!
//! | a route has | because |
//! | --- | --- |
//! | `x-access-rule`, its rule in words | every route has a rule |
//! | `security`, 400, 401, 403, 429 | its rule is not public |
//! | 400, 415, 422 | it takes a body |
//! | 400 | it takes a query, or its path has variables |
//! | 413, 500, 503, 504 | the layers of the server give these on any route |
//! | `application/problem+json`, one schema | every error is one |
//! | `x-correlation-id` | every answer has it |
//!
//! The probes of the port are in the document too. HEAD is not: it is answered wherever GET is.
//!
//! Schemas come from `derive(JsonSchema)` of `schemars` 1, which reads the attributes of serde. A type that is written otherwise than
//! it is read (a field with a default) has a second schema, `NoteInput`. Of types that share a name each gets that of
//! its module too: `LoginBody`, `RegisterBody`. `#[schemars(rename = "..")]` gives a name that stays.
//!
//! What people wrongly assume:
//!
//! - *"A route that nobody described is not in the document."* It is, with its rule and the errors that all have. What cannot be
//!   said in OpenAPI (a mounted router, a variable for several segments) is listed under `x-other-routes`.
//! - *"The schema validates."* It tells callers what is right; the handler has to refuse what is not. `msf_testing::Contract` holds answers
//!   against the document.
//! - *"A page to try an API is a risk on a public port."* It sends what a caller could send anyway, and a browser lets it do nothing
//!   else: it runs one script, known by its hash, and asks nobody but the app.
//!
//! ```
//! use msf_service::axum::http::StatusCode;
//! use msf_service::http::{Json, Path, Routes};
//! use msf_service::openapi::{OpenApi, Operation};
//! use msf_service::{App, Rule};
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Greeting { text: String }
//!
//! async fn hello(Path(name): Path<String>) -> Json<Greeting> {
//!     Json(Greeting { text: format!("Hello, {name}!") })
//! }
//!
//! let routes = Routes::new()
//!     .get("/hello/{name}", Rule::public("a greeting is no secret"), hello)
//!     .describe(
//!         Operation::new("hello", "Greets")
//!             .path::<String>("name", "Whom to greet.")
//!             .answers::<Greeting>(StatusCode::OK, "The greeting."),
//!     );
//! let app = App::new().http(routes).openapi(OpenApi::new("Hello", "1.0.0"));
//! # let _ = app;
//! ```

mod answers;
mod api;
mod bounds;
mod document;
mod operation;
mod page;
mod path;
mod probes;
mod problems;
mod publish;
mod schemas;

pub use api::OpenApi;
pub use operation::Operation;

pub(crate) use publish::publish;
