//! Who handles an event, and what becomes of it when that fails.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use msf_core::BoxError;

use crate::{Delivery, Event};

/// What a handler returns: done, or what is to become of the event.
pub type Handled = Result<(), HandlerError>;

/// Handles events of one type: a type of your own, or any `async fn(Delivery<E>) -> Handled`.
///
/// A delivery may come again, after a crash at the latest: record its [`receipt`](Delivery::receipt) in the same write as
/// the effect (see [`crate::inbox`]), or have an effect that may happen twice. The future is dropped at the deadline of the
/// subscription, which counts as a failure; so does a panic.
///
/// ```
/// # use msf_bus::{Delivery, Event, Handle, Handled, HandlerError};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(name = "orders.order-placed", crate = "msf_bus")]
/// # struct OrderPlaced { total_cents: u64 }
/// struct Bill;
///
/// impl Handle<OrderPlaced> for Bill {
///     async fn handle(&self, placed: Delivery<OrderPlaced>) -> Handled {
///         if placed.total_cents == 0 {
///             return Err(HandlerError::dead("nothing to bill"));
///         }
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle the event `{E}`",
    label = "expected `async fn(Delivery<{E}>) -> Handled`, or a type with `impl Handle<{E}>`"
)]
pub trait Handle<E: Event>: Send + Sync + 'static {
    /// Handles one delivery.
    fn handle(&self, delivery: Delivery<E>) -> impl Future<Output = Handled> + Send;
}

impl<E, F, R> Handle<E> for F
where
    E: Event,
    F: Fn(Delivery<E>) -> R + Send + Sync + 'static,
    R: Future<Output = Handled> + Send,
{
    fn handle(&self, delivery: Delivery<E>) -> impl Future<Output = Handled> + Send {
        self(delivery)
    }
}

/// What becomes of an event that was not handled. `?` makes a [`Retry`](HandlerError::Retry) of any error.
///
/// ```
/// use msf_bus::HandlerError;
/// let error = HandlerError::from(std::fmt::Error);
/// assert!(matches!(error, HandlerError::Retry(_)));
/// ```
#[non_exhaustive]
pub enum HandlerError {
    /// Tried again, later each time; a dead letter when the policy of the subscription is used up.
    Retry(BoxError),
    /// Tried again after this time, where the policy leaves an attempt.
    RetryAfter(Duration, BoxError),
    /// A dead letter at once: no further attempt would help.
    Dead(BoxError),
}

impl HandlerError {
    /// To be tried again.
    pub fn retry(why: impl Into<BoxError>) -> Self {
        Self::Retry(why.into())
    }

    /// To be tried again after this time.
    pub fn retry_after(after: Duration, why: impl Into<BoxError>) -> Self {
        Self::RetryAfter(after, why.into())
    }

    /// Never to be tried again.
    pub fn dead(why: impl Into<BoxError>) -> Self {
        Self::Dead(why.into())
    }
}

impl<E> From<E> for HandlerError
where
    E: std::error::Error + Send + Sync + 'static,
{
    fn from(error: E) -> Self {
        Self::retry(error)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, why) = match self {
            Self::Retry(why) => ("Retry", why),
            Self::RetryAfter(_, why) => ("RetryAfter", why),
            Self::Dead(why) => ("Dead", why),
        };
        f.debug_tuple(name).field(why).finish()
    }
}
