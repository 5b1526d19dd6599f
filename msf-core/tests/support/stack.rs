//! The whole stack of layers, outermost first, with an authenticator whose tokens say who they are.

use std::time::Duration;

use msf_core::BoxFuture;
use msf_core::access::{AuthenticateLayer, Authenticator, Principal};
use msf_core::context::ContextLayer;
use msf_core::error::{Error, Kind};
use msf_core::observe::ObserveLayer;
use msf_core::resilience::{BodyLimitLayer, CatchPanicLayer, DeadlineLayer, InFlightLayer};

/// A tuple, so that a test replaces the one layer that it is about.
pub(crate) type Stack = (
    ContextLayer,
    ObserveLayer,
    CatchPanicLayer,
    BodyLimitLayer,
    InFlightLayer,
    DeadlineLayer,
    AuthenticateLayer,
);

pub(crate) fn stack(service: &'static str) -> Stack {
    let matched = |extensions: &http::Extensions| {
        let path = extensions.get::<axum::extract::MatchedPath>()?;
        Some(path.as_str().to_owned())
    };
    (
        ContextLayer::new().default_deadline(Duration::from_secs(10)),
        ObserveLayer::new(service).matched(matched),
        CatchPanicLayer::new(),
        BodyLimitLayer::new(1024).except_grpc(),
        InFlightLayer::new(64),
        DeadlineLayer::new(),
        AuthenticateLayer::new(Tokens),
    )
}

/// Reads `user:NAME`, `user:NAME+ROLE` and `service:NAME` in `authorization`; all else is a bad token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens;

impl Authenticator for Tokens {
    fn authenticate<'a>(
        &'a self,
        headers: &'a http::HeaderMap,
    ) -> BoxFuture<'a, Result<Option<Principal>, Error>> {
        Box::pin(async move {
            let Some(token) = headers.get("authorization") else {
                return Ok(None);
            };
            let known = match token.to_str().unwrap_or_default().split_once(':') {
                Some(("service", name)) => Some(Principal::service(name)),
                Some(("user", name)) => Some(match name.split_once('+') {
                    Some((name, role)) => Principal::user(name).with_role(role),
                    None => Principal::user(name),
                }),
                _ => None,
            };
            let bad = || Error::new(Kind::Unauthenticated, "token.bad", "the token is not valid");
            known.ok_or_else(bad).map(Some)
        })
    }
}
