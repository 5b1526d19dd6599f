//! What a rule may look at.

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use prost::Message;

use super::Head;

/// `Self` lets a rule look at an `X`: a message at itself, the [`Head`] of an HTTP request at any extractor of parts.
///
/// It is not implemented for [`ClientStream`](super::ClientStream): there is nothing to see before the first message.
#[diagnostic::on_unimplemented(
    message = "a rule on `{Self}` cannot look at `{X}`",
    label = "`{X}` is not known when this rule runs",
    note = "on an RPC the closure takes its request message: `Rule::owner(|request: &pb::GetUserRequest| &request.id)`",
    note = "on a route the closure takes an extractor of the head: `Rule::owner(|Path(id): &Path<String>| id)`",
    note = "on a client or bidirectional stream no message is there yet: use `Rule::role` or `Rule::authenticated`, and check each message in the handler"
)]
pub trait Sees<X>: Sized + Send {
    /// Calls `look` with the `X`.
    fn see<'a, R, F>(&'a mut self, look: F) -> Sight<'a, R>
    where
        R: Send + 'a,
        F: FnOnce(&X) -> R + Send + 'a;
}

/// What a look gives: an answer at once, or after an extraction that may be rejected.
#[allow(missing_debug_implementations, reason = "holds a future")]
pub enum Sight<'a, R> {
    /// The answer.
    Now(R),
    /// The answer, or the extractor's rejection, once the extraction is done.
    Later(BoxFuture<'a, Result<R, Response>>),
}

impl<M: Message> Sees<M> for M {
    fn see<'a, R, F>(&'a mut self, look: F) -> Sight<'a, R>
    where
        R: Send + 'a,
        F: FnOnce(&M) -> R + Send + 'a,
    {
        Sight::Now(look(self))
    }
}

// Where this impl does not fit, the words of `Sees` help; those of axum speak of a handler's arguments.
#[diagnostic::do_not_recommend]
impl<X> Sees<X> for Head
where
    X: FromRequestParts<()> + Send + 'static,
{
    fn see<'a, R, F>(&'a mut self, look: F) -> Sight<'a, R>
    where
        R: Send + 'a,
        F: FnOnce(&X) -> R + Send + 'a,
    {
        Sight::Later(Box::pin(async move {
            match X::from_request_parts(self.parts_mut(), &()).await {
                Ok(seen) => Ok(look(&seen)),
                Err(rejection) => Err(rejection.into_response()),
            }
        }))
    }
}
