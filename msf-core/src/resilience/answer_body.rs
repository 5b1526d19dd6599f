//! The body of an answer: that of the service behind a layer, or of the layer itself.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use axum_core::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::BoxError;

pin_project! {
    /// Either is polled in place: a box for each layer would cost more than most layers do.
    #[project = AnswerBodyProjection]
    #[derive(Debug)]
    pub(super) enum AnswerBody<B> {
        Service { #[pin] body: B },
        Layer { #[pin] body: Body },
    }
}

impl<B> AnswerBody<B> {
    /// The body that the service behind the layer made.
    pub(super) fn of_service(body: B) -> Self {
        Self::Service { body }
    }

    /// The body of the layer's own answer.
    pub(super) fn of_layer(body: Body) -> Self {
        Self::Layer { body }
    }
}

impl<B> http_body::Body for AnswerBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project() {
            AnswerBodyProjection::Service { body } => body
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
            AnswerBodyProjection::Layer { body } => body
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service { body } => body.is_end_stream(),
            Self::Layer { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service { body } => body.size_hint(),
            Self::Layer { body } => body.size_hint(),
        }
    }
}
