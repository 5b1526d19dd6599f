//! Anything with a life of its own inside a service: a consumer, a relay, a key refresh, a pool.
//!
//! A [`Component`] starts with the service and ends in one step of its shutdown. It learns that its end has come from
//! its [`Life`]: first softly (finish what is in hand), then hard (whatever is left is cut).
//!
//! What people wrongly assume: *"returning early from [`Component::run`] ends the component quietly."* A component that
//! returns before it was told to stop has failed, with or without an error: the service stops in order and exits 1.
//!
//! ```
//! use msf_core::{BoxError, BoxFuture};
//! use msf_core::component::{Component, Life, Phase};
//! use std::time::Duration;
//!
//! struct Ticker;
//!
//! impl Component for Ticker {
//!     fn name(&self) -> &str {
//!         "ticker"
//!     }
//!     fn stops_in(&self) -> Phase {
//!         Phase::Messages
//!     }
//!     fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>> {
//!         Box::pin(async move {
//!             let mut ticks = tokio::time::interval(Duration::from_secs(1));
//!             loop {
//!                 tokio::select! {
//!                     () = life.soft() => return Ok(()),
//!                     _ = ticks.tick() => { /* one piece of work */ }
//!                 }
//!             }
//!         })
//!     }
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use axum_core::body::Body;
use axum_core::response::Response;
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::health::Check;
use crate::{BoxError, BoxFuture};

/// Answers the requests for one [`AdminPage`].
pub type PageHandler =
    Arc<dyn Fn(http::Request<Body>) -> BoxFuture<'static, Response> + Send + Sync>;

/// Anything that runs from the start of a service to its end.
pub trait Component: Send + 'static {
    /// Its name in logs, in the metrics and in the message that says which component failed.
    fn name(&self) -> &str;

    /// The step of the shutdown that ends it.
    fn stops_in(&self) -> Phase;

    /// What must be right for the service to be ready. Default: nothing.
    fn checks(&self) -> Vec<Check> {
        Vec::new()
    }

    /// Its pages on the admin port. Default: none.
    fn pages(&self) -> Vec<AdminPage> {
        Vec::new()
    }

    /// Works until [`Life::soft`], finishes the work in hand and returns.
    ///
    /// # Errors
    ///
    /// Any error ends the service: it stops in order and its process exits 1.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped at [`Life::hard`], wherever it is.
    fn run(self: Box<Self>, life: Life) -> BoxFuture<'static, Result<(), BoxError>>;
}

/// The step of the shutdown that ends a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The third step: no new messages are taken, those in hand are finished. Requests may still be in flight.
    Messages,
    /// The fifth step: requests and messages are done, connections to stores and brokers close.
    Pools,
}

/// Tells a component when to end.
///
/// Clones tell the same.
#[derive(Clone, Debug)]
pub struct Life {
    soft: CancellationToken,
    hard: CancellationToken,
}

/// Ends the [`Life`] it was made with. Dropping it ends nothing.
#[derive(Clone, Debug)]
pub struct LifeHandle(Life);

/// A page of the admin port that a component brings.
#[derive(Clone)]
#[non_exhaustive]
pub struct AdminPage {
    /// Where it is, below the service's part of the admin port: one segment, `/dead`. All below it is the page's too
    /// (`/dead/17`): the handler reads the rest from the request's URI, which begins with `path`.
    pub path: String,
    /// What the index page calls it.
    pub title: String,
    /// Answers every method and decides itself which of them it knows.
    pub handler: PageHandler,
}

// === impl Life ===

impl Life {
    /// Starts a life, with the handle that ends it.
    pub fn new() -> (LifeHandle, Self) {
        let hard = CancellationToken::new();
        // A child, because what is cut hard must also see the soft end.
        let life = Self {
            soft: hard.child_token(),
            hard,
        };
        (LifeHandle(life.clone()), life)
    }

    /// Waits for the soft end: take no new work, finish what is in hand, return.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called anew; an end that has come stays.
    pub async fn soft(&self) {
        self.soft.cancelled().await;
    }

    /// Whether the soft end has come.
    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Waits for the hard end: what is not finished by now is lost.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called anew; an end that has come stays.
    pub async fn hard(&self) {
        self.hard.cancelled().await;
    }
}

// === impl LifeHandle ===

impl LifeHandle {
    /// Brings the soft end. Further calls do nothing.
    pub fn stop(&self) {
        self.0.soft.cancel();
    }

    /// Brings the hard end, and the soft one with it. Further calls do nothing.
    pub fn cut(&self) {
        self.0.hard.cancel();
    }
}

// === impl AdminPage ===

impl AdminPage {
    /// Makes a page at `path` that the index calls `title`.
    ///
    /// ```
    /// use axum_core::response::IntoResponse;
    /// use msf_core::component::AdminPage;
    /// let page = AdminPage::new("/lag", "Lag of each subscription", |_request| async { "0\n".into_response() });
    /// assert_eq!(page.path, "/lag");
    /// ```
    pub fn new<F, R>(path: impl Into<String>, title: impl Into<String>, handler: F) -> Self
    where
        F: Fn(http::Request<Body>) -> R + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        Self {
            path: path.into(),
            title: title.into(),
            handler: Arc::new(move |request| handler(request).boxed()),
        }
    }
}

impl fmt::Debug for AdminPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminPage")
            .field("path", &self.path)
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_hard_end_brings_the_soft_one() {
        let (handle, life) = Life::new();
        assert!(!life.is_stopping());
        handle.cut();
        life.soft().await;
        life.hard().await;
        assert!(life.is_stopping());
    }

    #[tokio::test]
    async fn the_soft_end_is_not_the_hard_one() {
        let (handle, life) = Life::new();
        handle.stop();
        handle.stop();
        life.clone().soft().await;
        assert!(life.hard().now_or_never().is_none());
    }

    #[tokio::test]
    async fn dropping_the_handle_ends_nothing() {
        let (handle, life) = Life::new();
        drop(handle);
        assert!(life.soft().now_or_never().is_none());
    }
}
