//! What a request is called in logs and metrics, and what went wrong with it.

use std::borrow::Cow;

/// The route or RPC that answers: a pattern (`/users/{id}`) or a service and method, never a raw path.
///
/// ```
/// use msf_core::observe::Route;
/// assert_eq!(Route::http("/users/{id}").to_string(), "/users/{id}");
/// assert_eq!(Route::rpc("hello.v1.Greeter", "SayHello").to_string(), "hello.v1.Greeter/SayHello");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// The pattern of an HTTP route.
    Http(Cow<'static, str>),
    /// An RPC, by the names of the descriptor.
    Rpc {
        /// Package and service.
        service: Cow<'static, str>,
        /// The method.
        method: Cow<'static, str>,
    },
}

impl Route {
    /// An HTTP route by its pattern.
    pub fn http(pattern: impl Into<Cow<'static, str>>) -> Self {
        Self::Http(pattern.into())
    }

    /// An RPC by its names.
    pub fn rpc(
        service: impl Into<Cow<'static, str>>,
        method: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Rpc {
            service: service.into(),
            method: method.into(),
        }
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(pattern) => f.write_str(pattern),
            Self::Rpc { service, method } => write!(f, "{service}/{method}"),
        }
    }
}

/// What went wrong while answering: the code that the caller saw, and the cause that only the log sees.
///
/// ```
/// let failure = msf_core::observe::Failure::new("unavailable", Some("connect: refused".to_owned()));
/// assert_eq!(failure.code(), "unavailable");
/// ```
#[derive(Clone, Debug)]
pub struct Failure {
    code: Cow<'static, str>,
    cause: Option<String>,
}

impl Failure {
    /// Makes one from the public code and the private cause.
    pub fn new(code: impl Into<Cow<'static, str>>, cause: Option<String>) -> Self {
        Self {
            code: code.into(),
            cause,
        }
    }

    /// The code that the caller saw.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What caused it, with its own causes, in one line; present where the fault is ours.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}
