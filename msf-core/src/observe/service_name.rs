//! The name of the service that a task works for: several may share a process.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    pub(super) static SERVICE: Arc<str>;
}

/// The name of the service that this task works for, if it works for one: the log key `service`.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use msf_core::observe::{in_service, service_name};
/// in_service("hello".into(), async { assert_eq!(service_name().as_deref(), Some("hello")) }).await;
/// assert_eq!(service_name(), None);
/// # });
/// ```
pub fn service_name() -> Option<Arc<str>> {
    SERVICE.try_with(Arc::clone).ok()
}

/// Runs `future` as work for the service `name`.
pub fn in_service<F: Future>(name: Arc<str>, future: F) -> impl Future<Output = F::Output> {
    SERVICE.scope(name, future)
}

pub(super) fn in_service_sync<R>(name: Arc<str>, work: impl FnOnce() -> R) -> R {
    SERVICE.sync_scope(name, work)
}
