//! What a request is called in logs and metrics, and what went wrong with it.

use std::borrow::Cow;

use metrics::SharedString;

/// The route or RPC that answers: a pattern (`/users/{id}`) or a service and method, never a raw path.
///
/// ```
/// use msf_core::observe::Route;
/// assert_eq!(Route::http("/users/{id}").to_string(), "/users/{id}");
/// assert_eq!(Route::rpc("hello.v1.Greeter", "SayHello").to_string(), "hello.v1.Greeter/SayHello");
/// ```
///
/// A clone allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route(pub(super) Named);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Named {
    Http(SharedString),
    Rpc {
        service: SharedString,
        method: SharedString,
    },
}

impl Route {
    /// An HTTP route by its pattern.
    pub fn http(pattern: impl Into<Cow<'static, str>>) -> Self {
        Self(Named::Http(shared(pattern.into())))
    }

    /// An RPC by the names of the descriptor: package and service, and the method.
    pub fn rpc(
        service: impl Into<Cow<'static, str>>,
        method: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Named::Rpc {
            service: shared(service.into()),
            method: shared(method.into()),
        })
    }
}

impl Route {
    /// Whether it answers how the service is; such requests are many and say nothing.
    pub(super) fn is_probe(&self) -> bool {
        match &self.0 {
            Named::Http(path) => {
                matches!(&**path, "/livez" | "/readyz" | "/startupz" | "/healthz")
            }
            Named::Rpc { service, .. } => &**service == "grpc.health.v1.Health",
        }
    }
}

fn shared(text: Cow<'static, str>) -> SharedString {
    match text {
        Cow::Borrowed(text) => SharedString::const_str(text),
        Cow::Owned(text) => SharedString::from_shared(text.into()),
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Named::Http(pattern) => f.write_str(pattern),
            Named::Rpc { service, method } => {
                f.write_str(service)?;
                f.write_str("/")?;
                f.write_str(method)
            }
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
