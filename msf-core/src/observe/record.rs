//! The record of one request: written once, when its answer is over, however it ends.

use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;
use tonic::Code;

use super::meter::{Meter, Series};
use super::{Route, service_name};
use crate::context::Context;
use crate::error::Protocol;

/// Where a record gets its route from when no inner layer names it.
pub(super) type Matched = fn(&http::Extensions) -> Option<String>;

/// Collects what becomes known of a request and writes it when told to, or when dropped.
#[derive(Debug)]
pub(super) struct Record {
    meter: Arc<Meter>,
    context: Context,
    protocol: Protocol,
    method: &'static str,
    start: Instant,
    http: Option<StatusCode>,
    grpc: Option<i32>,
    /// The text of a gRPC status, for the log.
    message: Option<String>,
    written: bool,
}

impl Record {
    pub(super) fn start<B>(
        meter: &Arc<Meter>,
        matched: Option<Matched>,
        request: &Request<B>,
    ) -> Self {
        let context = request
            .extensions()
            .get::<Context>()
            .cloned()
            .or_else(Context::current)
            .unwrap_or_else(Context::root);
        if let Some(pattern) = matched.and_then(|matched| matched(request.extensions())) {
            context.set_route(Route::http(pattern));
        }
        Self {
            meter: Arc::clone(meter),
            context,
            protocol: Protocol::of(request),
            method: method_label(request.method()),
            start: Instant::now(),
            http: None,
            grpc: None,
            message: None,
            written: false,
        }
    }

    pub(super) fn head<B>(&mut self, response: &Response<B>) {
        self.http = Some(response.status());
        self.trailers(response.headers());
    }

    /// How many bytes of the body of `response` are sent, where that is known before.
    ///
    /// A server does not ask a body for more than that: it is never told that this was all.
    pub(super) fn length<B: Body>(&self, response: &Response<B>) -> Option<u64> {
        let status = response.status();
        match self.protocol {
            // Its trailers come after the last byte.
            Protocol::Grpc => None,
            Protocol::Http
                if self.method == "HEAD"
                    || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) =>
            {
                Some(0)
            }
            Protocol::Http => response
                .headers()
                .get(CONTENT_LENGTH)
                .and_then(|value| value.to_str().ok()?.parse().ok())
                .or_else(|| response.body().size_hint().exact()),
        }
    }

    pub(super) fn route(&self) -> Option<&Route> {
        self.context.route()
    }

    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        let status = trailers
            .get("grpc-status")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        self.grpc = status.or(self.grpc);
        let message = trailers
            .get("grpc-message")
            .and_then(|value| value.to_str().ok());
        self.message = message.map(str::to_owned).or_else(|| self.message.take());
    }

    /// Writes the metrics and the log line; later calls do nothing.
    pub(super) fn finish(&mut self, complete: bool) {
        if std::mem::replace(&mut self.written, true) {
            return;
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let status = match self.protocol {
            Protocol::Http => self.http.map_or(499, |status| status.as_u16()),
            Protocol::Grpc => {
                let code = match self.grpc {
                    Some(code) => code,
                    None if complete => code_without_trailers(self.http) as i32,
                    None => Code::Cancelled as i32,
                };
                u16::try_from(code).unwrap_or(2)
            }
        };
        let series = Series {
            protocol: self.protocol,
            route: self.context.route().cloned(),
            method: self.method,
            status,
        };
        self.meter.record(series, seconds);
        let context = self.context.clone();
        service_name::in_service_sync(Arc::clone(self.meter.service()), || {
            context.sync_scope(|| self.log(seconds, status, complete));
        });
    }

    /// Whether the answer says that it is the server who failed, whoever wrote it.
    fn is_our_fault(&self, status: u16) -> bool {
        match self.protocol {
            Protocol::Http => status >= 500 && status != 501,
            Protocol::Grpc => [
                Code::Unknown,
                Code::DeadlineExceeded,
                Code::Internal,
                Code::Unavailable,
                Code::DataLoss,
            ]
            .iter()
            .any(|code| *code as i32 == i32::from(status)),
        }
    }

    fn log(&self, seconds: f64, status: u16, complete: bool) {
        let route = self.context.route();
        let is_probe = route.is_some_and(Route::is_probe);
        let route: &dyn std::fmt::Display = match route {
            Some(route) => route,
            None => &super::meter::UNMATCHED,
        };
        let route = tracing::field::display(route);
        let principal = self
            .context
            .principal()
            .map_or("", |principal| principal.subject());
        let code = self.context.failure().map(super::Failure::code);
        let cause = self.context.failure().and_then(super::Failure::cause);
        let cause = cause.or(self
            .message
            .as_deref()
            .filter(|_| self.is_our_fault(status)));
        let duration_ms = (seconds * 1e6).round() / 1e3;
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "msf::request",
                    $level,
                    protocol = self.protocol.as_str(),
                    method = self.method,
                    route,
                    status,
                    duration_ms,
                    principal,
                    code,
                    cause,
                    aborted = (!complete).then_some(true),
                    "request"
                )
            };
        }
        if cause.is_some() || self.is_our_fault(status) {
            line!(tracing::Level::ERROR);
        } else if is_probe {
            line!(tracing::Level::DEBUG);
        } else {
            line!(tracing::Level::INFO);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.finish(false);
    }
}

/// The standard methods by name, all others as `other`: a caller may send any word.
fn method_label(method: &Method) -> &'static str {
    const STANDARD: [(&Method, &str); 9] = [
        (&Method::GET, "GET"),
        (&Method::POST, "POST"),
        (&Method::PUT, "PUT"),
        (&Method::DELETE, "DELETE"),
        (&Method::PATCH, "PATCH"),
        (&Method::HEAD, "HEAD"),
        (&Method::OPTIONS, "OPTIONS"),
        (&Method::CONNECT, "CONNECT"),
        (&Method::TRACE, "TRACE"),
    ];
    STANDARD
        .iter()
        .find(|(known, _)| *known == method)
        .map_or("other", |(_, label)| label)
}

/// What gRPC has clients make of an answer of HTTP that came without a `grpc-status`.
fn code_without_trailers(status: Option<StatusCode>) -> Code {
    match status.map_or(0, |status| status.as_u16()) {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}
