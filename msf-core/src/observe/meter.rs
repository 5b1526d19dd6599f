//! Where the durations of requests go: one histogram for each route, method and status, looked up once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Histogram, SharedString};

use super::Route;
use super::route::Named;
use crate::error::Protocol;

/// What is not a route of ours.
pub(super) const UNMATCHED: &str = "unmatched";

/// The histograms of one service.
///
/// Names and labels are put together when a series is first met; asking the recorder for it costs ten times as much as
/// the measurement.
pub(super) struct Meter {
    service: Arc<str>,
    known: RwLock<HashMap<Series, Histogram>>,
}

/// What one histogram is about. As many as routes, times the statuses that they answer with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Series {
    pub(super) protocol: Protocol,
    pub(super) route: Option<Route>,
    /// Of HTTP; RPCs all have the same.
    pub(super) method: &'static str,
    pub(super) status: u16,
}

impl Meter {
    pub(super) fn new(service: Arc<str>) -> Self {
        Self {
            service,
            known: RwLock::default(),
        }
    }

    pub(super) fn service(&self) -> &Arc<str> {
        &self.service
    }

    pub(super) fn record(&self, series: Series, seconds: f64) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = known.get(&series) {
            histogram.record(seconds);
            return;
        }
        drop(known);
        let histogram = series.histogram(&self.service);
        histogram.record(seconds);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(series, histogram);
    }
}

impl Series {
    fn histogram(&self, service: &Arc<str>) -> Histogram {
        let service = SharedString::from_shared(Arc::clone(service));
        let unmatched = || SharedString::const_str(UNMATCHED);
        let route = self.route.as_ref().map(|route| &route.0);
        match self.protocol {
            Protocol::Grpc => {
                let (name, method) = match route {
                    Some(Named::Rpc { service, method }) => (service.clone(), method.clone()),
                    _ => (unmatched(), unmatched()),
                };
                // Any other number is no code of gRPC; 2 is UNKNOWN.
                let code = if self.status <= 16 { self.status } else { 2 };
                metrics::histogram!(
                    "rpc_server_duration_seconds",
                    "service" => service,
                    "rpc_service" => name,
                    "rpc_method" => method,
                    "rpc_grpc_status_code" => code.to_string(),
                )
            }
            Protocol::Http => {
                let route = match route {
                    Some(Named::Http(pattern)) => pattern.clone(),
                    _ => unmatched(),
                };
                metrics::histogram!(
                    "http_server_request_duration_seconds",
                    "service" => service,
                    "http_request_method" => self.method,
                    "http_route" => route,
                    "http_response_status_code" => self.status.to_string(),
                )
            }
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
