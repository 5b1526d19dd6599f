//! The part of an HTTP request that a rule may look at.

use http::Request;
use http::request::Parts;

/// Method, path, query and headers of an HTTP request, without its body.
///
/// A rule on a route looks at it through extractors: see [`Rule::owner`](super::Rule::owner).
#[derive(Debug)]
pub struct Head {
    parts: Parts,
}

impl Head {
    pub(super) fn split<B>(request: Request<B>) -> (Self, B) {
        let (parts, body) = request.into_parts();
        (Self { parts }, body)
    }

    pub(super) fn join<B>(self, body: B) -> Request<B> {
        Request::from_parts(self.parts, body)
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(super) fn parts_mut(&mut self) -> &mut Parts {
        &mut self.parts
    }
}
