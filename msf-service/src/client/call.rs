//! One call, from the caller's context to the end of the answer.

use std::sync::Arc;

use http::HeaderMap;
use msf_core::context::{self, Carrier, CarrierMut, Context, DEADLINE_MS, Deadline, GRPC_TIMEOUT};
use tonic::{Code, GrpcMethod, Status, TimeoutExpired};
use tracing::Instrument as _;

use super::record::Record;
use super::request::RequestBody;
use super::{Channel, ResponseBody};

/// On whose behalf a call is made.
pub(super) struct Caller {
    /// The call's own context: a child of the caller's.
    pub(super) context: Context,
    pub(super) service: Option<Arc<str>>,
}

/// The headers of a call of gRPC, which has one of its own for the deadline.
struct Metadata<'a>(&'a mut HeaderMap);

impl CarrierMut for Metadata<'_> {
    fn set(&mut self, name: &'static str, value: &str) {
        if name != DEADLINE_MS {
            CarrierMut::set(self.0, name, value);
        }
    }
}

pub(super) async fn call(
    channel: Channel,
    caller: Caller,
    request: http::Request<tonic::body::Body>,
) -> Result<http::Response<ResponseBody>, Status> {
    let context = match own_deadline(request.headers()) {
        Some(own) => caller.context.with_deadline(own),
        None => caller.context,
    };
    let mut record = Record::start(
        caller.service.clone(),
        channel.meter(),
        request.extensions().get::<GrpcMethod<'static>>(),
    );

    let (mut parts, body) = request.into_parts();
    // What the caller's layers left there (its principal, its route) is not for the callee.
    parts.extensions.clear();
    context::strip(&mut parts.headers);
    // What is written below, and what tonic and a proof add: the map grows once.
    parts.headers.reserve(12);
    if let Err(status) = channel.prove(context.principal(), &mut parts.headers) {
        record.finish(status.code());
        return Err(status);
    }
    if context.inject(&mut Metadata(&mut parts.headers)).is_err() {
        record.finish(Code::DeadlineExceeded);
        return Err(too_late(&channel));
    }

    let given = context.deadline();
    let default = Deadline::after(channel.default_bound());
    let body = RequestBody::new(body, context.clone(), caller.service, record.span().clone());
    let sending = channel
        .send(http::Request::from_parts(parts, body))
        .instrument(record.span().clone());
    let answer = match [given, default].into_iter().flatten().min() {
        Some(until) => tokio::time::timeout_at(until.instant(), sending)
            .await
            .unwrap_or_else(|_| Err(too_late(&channel))),
        None => sending.await,
    };

    let answer = match answer {
        Ok(answer) if expired_at_tonic(answer.headers()) => Err(too_late(&channel)),
        answer => answer,
    };
    match answer {
        Ok(mut answer) => {
            answer.extensions_mut().clear();
            // Only an answer without a body has its status in the head.
            if let Some(code) = status_code(answer.headers()) {
                record.finish(code);
            }
            Ok(answer.map(|body| ResponseBody::new(body, given, channel, context, record)))
        }
        Err(status) => {
            context.sync_scope(|| record.failed(&status));
            Err(status)
        }
    }
}

/// The deadline that the user set for this one request, with `Request::set_timeout`.
fn own_deadline(headers: &HeaderMap) -> Option<Deadline> {
    let mut names = [GRPC_TIMEOUT, DEADLINE_MS].into_iter();
    let given = names.any(|name| Carrier::get(headers, name).is_some());
    given.then(|| Context::extract(headers).deadline())?
}

/// A plain tonic server answers CANCELLED when the deadline that it was sent has passed.
fn expired_at_tonic(headers: &HeaderMap) -> bool {
    status_code(headers) == Some(Code::Cancelled)
        && Status::from_header_map(headers)
            .is_some_and(|status| status.message() == TimeoutExpired(()).to_string())
}

/// The status code of a head or of trailers.
pub(super) fn status_code(headers: &HeaderMap) -> Option<Code> {
    let code = headers.get("grpc-status")?;
    Some(Code::from_bytes(code.as_bytes()))
}

pub(super) fn too_late(channel: &Channel) -> Status {
    Status::deadline_exceeded(format!(
        "{} did not answer before the deadline",
        channel.name()
    ))
}
