//! Bounds the size of a request's body.

use std::task::{Context as TaskContext, Poll};

use axum_core::body::Body;
use axum_core::response::Response;
use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
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

impl<S, ReqBody> Service<Request<ReqBody>> for BodyLimitService<S>
where
    S: Service<Request<Body>, Response = Response>,
    ReqBody: http_body::Body<Data = Bytes> + Send + 'static,
    ReqBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let protocol = Protocol::of(&request);
        if self.except_grpc && protocol == Protocol::Grpc {
            return Either::Left(self.inner.call(request.map(Body::new)));
        }
        let declared: Option<usize> = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        match declared {
            Some(length) if length > self.limit => {
                Either::Right(ready(Ok(protocol.respond(Error::of(Kind::TooLarge)))))
            }
            // The server holds a body to its declared length; only one without is counted here.
            Some(_) => Either::Left(self.inner.call(request.map(Body::new))),
            None => {
                let limit = self.limit;
                Either::Left(
                    self.inner
                        .call(request.map(|body| Body::new(Limited::new(body, limit)))),
                )
            }
        }
    }
}
