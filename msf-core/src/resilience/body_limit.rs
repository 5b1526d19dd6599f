//! Bounds the size of a request's body.

use std::task::{Context as TaskContext, Poll};

use axum_core::body::Body;
use axum_core::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{Either, Map, Ready, ready};
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body_util::Limited;
use tower_layer::Layer;
use tower_service::Service;

use crate::BoxError;
use crate::error::{Error, Kind, Protocol};

/// Answers 413 to a body that is larger than the limit, by its declared length or as it is read.
///
/// Whatever the request says it is: put it around what answers HTTP. Around a server that answers gRPC too, say
/// [`except_grpc`](Self::except_grpc).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct BodyLimitLayer {
    limit: usize,
    except_grpc: bool,
}

impl BodyLimitLayer {
    /// Lets bodies of at most `limit` bytes through.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            except_grpc: false,
        }
    }

    /// Lets requests of gRPC through: a stream may be larger than any of its messages, and those have their own limit.
    ///
    /// Nothing behind it may read the whole body of a request just because it says that it is gRPC.
    pub const fn except_grpc(mut self) -> Self {
        self.except_grpc = true;
        self
    }
}

impl<S> Layer<S> for BodyLimitLayer {
    type Service = BodyLimitService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyLimitService {
            inner,
            limit: self.limit,
            except_grpc: self.except_grpc,
        }
    }
}

/// The service that [`BodyLimitLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimitService<S> {
    inner: S,
    limit: usize,
    except_grpc: bool,
}

/// The future of [`BodyLimitService`]: the answer of the service behind it, or that the body is too large.
pub type BodyLimitFuture<F, B, E> = Either<
    Map<F, fn(Result<http::Response<B>, E>) -> Result<Response, E>>,
    Ready<Result<Response, E>>,
>;

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for BodyLimitService<S>
where
    S: Service<Request<Body>, Response = http::Response<ResBody>>,
    ReqBody: http_body::Body<Data = Bytes> + Send + 'static,
    ReqBody::Error: Into<BoxError>,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BodyLimitFuture<S::Future, ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let protocol = Protocol::of(&request);
        let declared: Option<usize> = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let is_free = self.except_grpc && protocol == Protocol::Grpc;
        let request = match declared {
            _ if is_free => request.map(Body::new),
            Some(length) if length > self.limit => {
                return Either::Right(ready(Ok(protocol.respond(Error::of(Kind::TooLarge)))));
            }
            // The server holds a body to its declared length; only one without is counted here.
            Some(_) => request.map(Body::new),
            // No body at all, as with most GETs.
            None if request.body().is_end_stream() => request.map(Body::new),
            None => request.map(|body| Body::new(Limited::new(body, self.limit))),
        };
        let boxed = |answer: Result<http::Response<ResBody>, S::Error>| {
            answer.map(|response| response.map(Body::new))
        };
        Either::Left(self.inner.call(request).map(boxed))
    }
}
