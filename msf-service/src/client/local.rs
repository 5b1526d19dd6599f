//! gRPC inside the process: the services of its apps, by name.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context as TaskContext, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Frame, SizeHint};
use msf_core::context::{Context, ScopedBody};
use msf_core::resilience::CatchPanicLayer;
use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::Status;
use tower_layer::Layer;
use tower_service::Service;

use super::body::WireBody;

/// The services that the apps of one process offer each other. A clone is the same registry.
///
/// ```
/// use msf_service::client::Local;
///
/// let local = Local::new();
/// let registration = local.register("user-service", axum::Router::new());
/// assert_eq!(registration.in_flight(), 0);
/// local.close("user-service"); // from here on calls are answered with UNAVAILABLE
/// ```
#[derive(Clone, Default)]
pub struct Local {
    slots: Arc<Mutex<HashMap<Arc<str>, Arc<Slot>>>>,
}

/// The place of one name, whether or not a service is there.
pub(super) struct Slot {
    name: Arc<str>,
    entry: RwLock<Option<Arc<Entry>>>,
}

struct Entry {
    call: Box<dyn Fn(http::Request<Body>) -> Answer + Send + Sync>,
    calls: TaskTracker,
    cut: CancellationToken,
}

type Answer = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

impl Local {
    /// Makes an empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers `service`, with its whole stack, as `name`, until the registration is closed or dropped.
    ///
    /// A service that was registered under this name before gets no more calls.
    pub fn register<S>(&self, name: impl Into<Arc<str>>, service: S) -> Registration
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        // Inside a connection a panic ends at the connection's task; here it would end the caller's.
        let service = CatchPanicLayer::new().layer(service);
        let call = move |request| -> Answer {
            let mut service = service.clone();
            Box::pin(async move {
                poll_fn(|cx| service.poll_ready(cx)).await?;
                service.call(request).await
            })
        };
        let entry = Arc::new(Entry {
            call: Box::new(call),
            calls: TaskTracker::new(),
            cut: CancellationToken::new(),
        });
        let slot = self.slot(&name.into());
        slot.set(Some(Arc::clone(&entry)));
        Registration { slot, entry }
    }

    /// Takes the service `name` away: calls that come later are answered with UNAVAILABLE, those in flight go on.
    pub fn close(&self, name: &str) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            slot.set(None);
        }
    }

    pub(super) fn slot(&self, name: &Arc<str>) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(Arc::clone(name)).or_insert_with(|| {
            Arc::new(Slot {
                name: Arc::clone(name),
                entry: RwLock::new(None),
            })
        });
        Arc::clone(slot)
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(slots.keys()).finish()
    }
}

impl Slot {
    fn set(&self, entry: Option<Arc<Entry>>) {
        *self.entry.write().unwrap_or_else(PoisonError::into_inner) = entry;
    }

    /// Begins a call, unless nobody is there. Counted under the lock, so that no call begins after a close unseen.
    pub(super) fn enter(&self) -> Option<Visit> {
        let entry = self.entry.read().unwrap_or_else(PoisonError::into_inner);
        let entry = Arc::clone(entry.as_ref()?);
        let token = entry.calls.token();
        Some(Visit {
            name: Arc::clone(&self.name),
            entry,
            token,
        })
    }
}

/// A service's place in a [`Local`], and the count of its calls in flight. Dropping it takes the service away.
#[must_use = "dropping it takes the service away"]
pub struct Registration {
    slot: Arc<Slot>,
    entry: Arc<Entry>,
}

impl Registration {
    /// Waits until no call is in flight, the bodies of answers included. [Close](Local::close) the name first.
    ///
    /// Cancel safety: safe; it only waits.
    pub async fn drained(&self) {
        self.entry.calls.close();
        self.entry.calls.wait().await;
    }

    /// Takes the service away: calls that come later are answered with UNAVAILABLE, those in flight go on.
    pub fn close(&self) {
        let mut current = self
            .slot
            .entry
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if current
            .as_ref()
            .is_some_and(|entry| Arc::ptr_eq(entry, &self.entry))
        {
            *current = None;
        }
    }

    /// How many calls are in flight.
    pub fn in_flight(&self) -> usize {
        self.entry.calls.len()
    }

    /// Ends all calls in flight with UNAVAILABLE, and says how many they were: for the end of a stop's grace.
    pub fn cut(&self) -> usize {
        let cut = self.in_flight();
        self.entry.cut.cancel();
        cut
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.slot.name)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// One call inside a service.
pub(super) struct Visit {
    name: Arc<str>,
    entry: Arc<Entry>,
    token: TaskTrackerToken,
}

impl Visit {
    pub(super) async fn send(
        self,
        request: http::Request<Body>,
    ) -> Result<http::Response<WireBody>, Status> {
        // What crosses is what would cross a wire: the headers. The caller's task-local would show its principal.
        let context = Context::extract(request.headers());
        let answer = context.clone().sync_scope(|| (self.entry.call)(request));
        let mut cut = Box::pin(self.entry.cut.clone().cancelled_owned());
        let answer = tokio::select! {
            biased;
            () = &mut cut => return Err(stopped(&self.name)),
            answer = context.clone().scope(answer) => answer,
        };
        let Ok(answer) = answer;
        Ok(answer.map(|body| {
            WireBody::local(LocalBody {
                inner: ScopedBody::new(body, context),
                cut,
                name: self.name,
                _token: self.token,
            })
        }))
    }
}

pin_project! {
    /// The body of an answer from inside the process; a call in flight until it is dropped.
    pub(super) struct LocalBody {
        #[pin]
        inner: ScopedBody<Body>,
        cut: Pin<Box<WaitForCancellationFutureOwned>>,
        name: Arc<str>,
        _token: TaskTrackerToken,
    }
}

impl http_body::Body for LocalBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        match this.inner.poll_frame(cx) {
            Poll::Ready(frame) => {
                Poll::Ready(frame.map(|frame| frame.map_err(|error| broken_off(this.name, error))))
            }
            Poll::Pending => match this.cut.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Some(Err(stopped(this.name)))),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn stopped(name: &str) -> Status {
    Status::unavailable(format!("{name} is stopping"))
}

/// A server whose body fails resets the stream, which is INTERNAL to its client.
fn broken_off(name: &str, error: axum::Error) -> Status {
    let mut status = Status::internal(format!("{name} broke the answer off"));
    status.set_source(Arc::new(error));
    status
}
