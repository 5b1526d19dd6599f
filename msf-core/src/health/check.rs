//! One thing that a service needs, and how to find out whether it is there.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};

use crate::BoxError;

/// Asks one dependency whether it answers. Required unless it is made [`optional`](Self::optional).
///
/// ```
/// use msf_core::BoxError;
/// use msf_core::health::Check;
/// use std::time::Duration;
///
/// let check = Check::new("cache", || async { Ok::<(), BoxError>(()) })
///     .optional()
///     .timeout(Duration::from_millis(200))
///     .cache(Duration::from_secs(5));
/// # let _ = check;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Check {
    pub(super) name: Cow<'static, str>,
    pub(super) required: bool,
    pub(super) timeout: Duration,
    pub(super) cache: Duration,
    pub(super) ask: Arc<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>,
}

impl Check {
    /// Makes a check of the dependency `name`: `ask` fails when it does not answer.
    ///
    /// `ask` runs in a task of its own, without the context of the request that wanted the report. Its error is shown
    /// to operators, so it should say what to do, and hold no secret.
    pub fn new<F, R, E>(name: impl Into<Cow<'static, str>>, ask: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        Self {
            name: name.into(),
            required: true,
            timeout: Duration::from_secs(1),
            cache: Duration::from_secs(1),
            ask: Arc::new(move || ask().map_err(Into::into).boxed()),
        }
    }

    /// The same check under another name, which says what the service needs it for.
    ///
    /// ```
    /// use msf_core::BoxError;
    /// use msf_core::health::Check;
    ///
    /// let check = Check::new("bus", || async { Ok::<(), BoxError>(()) }).named("events");
    /// assert!(format!("{check:?}").contains("events"));
    /// ```
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The service works without it, less well: its failure is `DEGRADED`, not `UNAVAILABLE`, and readiness stays.
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// How long it may take before it counts as failed. Default: 1 s.
    ///
    /// A probe of Kubernetes waits 1 s unless told otherwise, so a longer time here needs a longer one there.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a result is good for, counted from its end. Default: 1 s; zero asks for every report anew.
    pub fn cache(mut self, cache: Duration) -> Self {
        self.cache = cache;
        self
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .field("required", &self.required)
            .field("timeout", &self.timeout)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
