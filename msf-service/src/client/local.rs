//! gRPC inside the process: the services of its apps, by name.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::body::Body;
use futures_util::future::BoxFuture;
use msf_core::resilience::CatchPanicLayer;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_layer::Layer;
use tower_service::Service;

use super::visit::Visit;
#[cfg(feature = "bus")]
use crate::events::SharedTransport;

/// The services that the apps of one process offer each other, and the transport of their events. A clone is the same.
///
/// Apps that share it share their events: those of a process do, and those of a test that were told to.
///
/// ```
/// use msf_service::client::Local;
///
/// let local = Local::new();
/// let registration = local.register("user-service", axum::Router::new());
/// assert_eq!(registration.in_flight(), 0);
/// registration.close(); // from here on calls are answered with UNAVAILABLE
/// ```
#[derive(Clone, Default)]
pub struct Local {
    slots: Arc<Mutex<HashMap<Arc<str>, Arc<Slot>>>>,
    #[cfg(feature = "bus")]
    transport: SharedTransport,
}

/// The place of one name, whether or not a service is there.
pub(super) struct Slot {
    name: Arc<str>,
    entry: RwLock<Option<Arc<Entry>>>,
}

pub(super) struct Entry {
    pub(super) call: Box<dyn Fn(http::Request<Body>) -> Answer + Send + Sync>,
    calls: TaskTracker,
    pub(super) cut: CancellationToken,
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
                Ok(service.call(request).await?.map(Body::new))
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

    /// What carries the events of the apps.
    #[cfg(feature = "bus")]
    pub(crate) fn transport(&self) -> &SharedTransport {
        &self.transport
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
    /// Waits until no call is in flight, the bodies of answers included. [Close](Self::close) it first.
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
