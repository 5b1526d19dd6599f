//! Where the durations of calls go: one histogram for each caller, method and status, looked up once.
//!
//! The client's side of what `msf_core::observe` keeps for requests that are answered.

use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Histogram, Label};
use tonic::{Code, GrpcMethod};

/// The histograms of the calls of one channel and its clones.
pub(super) struct Meter {
    peer: Arc<str>,
    // As many as methods times codes, so that a search is as fast as a table.
    known: RwLock<Vec<(Series, Histogram)>>,
}

/// What one histogram is about.
struct Series {
    service: Option<Arc<str>>,
    method: GrpcMethod<'static>,
    code: Code,
}

impl Meter {
    pub(super) fn new(peer: Arc<str>) -> Self {
        Self {
            peer,
            known: RwLock::default(),
        }
    }

    /// Whom the channel calls.
    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    pub(super) fn record(
        &self,
        service: Option<&Arc<str>>,
        method: &GrpcMethod<'static>,
        code: Code,
        seconds: f64,
    ) {
        let is_it = |(series, _): &&(Series, Histogram)| {
            series.code == code
                && series.service.as_ref() == service
                && series.method.method() == method.method()
                && series.method.service() == method.service()
        };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, histogram)) = known.iter().find(is_it) {
            histogram.record(seconds);
            return;
        }
        drop(known);
        let series = Series {
            service: service.cloned(),
            method: method.clone(),
            code,
        };
        let histogram = series.histogram(&self.peer);
        histogram.record(seconds);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have met it meanwhile.
        if !known.iter().any(|entry| is_it(&entry)) {
            known.push((series, histogram));
        }
    }
}

impl Series {
    fn histogram(&self, peer: &Arc<str>) -> Histogram {
        let mut labels = vec![
            Label::new("peer", Arc::clone(peer)),
            Label::new("rpc_service", self.method.service().to_owned()),
            Label::new("rpc_method", self.method.method().to_owned()),
            Label::new("rpc_grpc_status_code", (self.code as i32).to_string()),
        ];
        // Where no service is at work, the recorder puts the name of the process.
        if let Some(service) = &self.service {
            labels.push(Label::new("service", Arc::clone(service)));
        }
        metrics::histogram!("rpc_client_duration_seconds", labels)
    }
}
