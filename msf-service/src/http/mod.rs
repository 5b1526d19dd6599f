//! HTTP routes, each with its access rule, and extractors whose rejections are problem documents.
//!
//! [`Routes`] is an axum `Router` that takes a rule beside each handler: leaving it out is a compile error. Handlers
//! stay plain axum, with `State` and any extractor.
//!
//! What people wrongly assume:
//!
//! - *"A ready-made `Router` can be merged."* Its routes cannot be listed, so it gets one rule for all of it:
//!   [`Routes::mount`].
//! - *"axum's `Json` will do."* It does, but its rejections are plain text; [`Json`], [`Path`] and [`Query`] of this
//!   module answer with the same error shape as everything else, field by field.
//!
//! ```
//! use msf_service::http::{Path, Routes};
//! use msf_service::Rule;
//!
//! async fn hello(Path(name): Path<String>) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! let routes: Routes = Routes::new().get("/hello/{name}", Rule::public("a greeting is no secret"), hello);
//! ```

mod fallback;
mod json;
mod misfit;
mod object;
mod path;
mod probes;
mod query;
mod routes;

pub use json::Json;
pub use path::Path;
pub use query::Query;
pub use routes::Routes;

pub(crate) use fallback::{method_not_allowed, not_found};
pub(crate) use probes::probes;
#[cfg(feature = "openapi")]
pub(crate) use routes::RouteRow;
