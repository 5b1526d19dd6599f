//! What a job takes along from the task that wants it: context, service, span and subscriber.

use std::pin::pin;
use std::sync::Arc;
use std::task::{self, Waker};

use msf_core::context::{Context, Deadline};
use msf_core::observe::{in_service, service_name};
use tracing::{Dispatch, Span, dispatcher};

/// The surroundings of a task, to be put around a job on another thread.
pub(super) struct Caller {
    context: Option<Context>,
    service: Option<Arc<str>>,
    span: Span,
    dispatch: Dispatch,
}

impl Caller {
    pub(super) fn current() -> Self {
        Self {
            context: Context::current(),
            service: service_name(),
            span: Span::current(),
            dispatch: dispatcher::get_default(Dispatch::clone),
        }
    }

    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.context.as_ref().and_then(Context::deadline)
    }

    /// Runs `work` as if the caller's task ran it.
    pub(super) fn scope(self, work: impl FnOnce()) {
        let Self {
            context,
            service,
            span,
            dispatch,
        } = self;
        dispatcher::with_default(&dispatch, || {
            let _entered = span.enter();
            let work = || match context {
                Some(context) => context.sync_scope(work),
                None => work(),
            };
            match service {
                None => work(),
                Some(name) => {
                    // Only a future can be given the name of its service; this one is done with its first poll.
                    let named = pin!(in_service(name, async { work() }));
                    let _ = named.poll(&mut task::Context::from_waker(Waker::noop()));
                }
            }
        });
    }
}
