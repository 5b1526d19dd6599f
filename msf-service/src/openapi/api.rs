//! What the document of an app says about the app as a whole.

/// The document of an app, before it is made: its title, its version and what it is for.
///
/// ```
/// use msf_service::openapi::OpenApi;
/// use msf_service::{App, Rule, http::Routes};
///
/// let routes = Routes::new().get("/", Rule::public("the front page"), || async { "hello" });
/// let app = App::new().http(routes).openapi(OpenApi::new("Hello", "1.0.0").description("Greets."));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OpenApi {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
}

impl OpenApi {
    /// A document with this title, of this version of the API.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            description: None,
        }
    }

    /// Says what the API is for.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}
