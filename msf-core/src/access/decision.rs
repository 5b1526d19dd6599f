//! How a rule is decided, and what a refusal is.

use axum_core::response::Response;

use super::rule::{Sighting, Term};
use super::{Condition, Identity, Principal, Rule};
use crate::context::Context;
use crate::error::{Error, Kind};

/// Why a caller was not let in.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody is known to be calling, or the credentials were refused.
    Unauthenticated(Error),
    /// The caller is known and may not call this.
    Forbidden,
    /// What the rule has to look at could not be extracted; the extractor's own answer.
    Rejected(Box<Response>),
}

impl<T> Rule<T> {
    /// Decides whether `identity` may call; conditions that need not look at the request come first.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub async fn decide(&self, identity: Option<&Identity>, target: &mut T) -> Result<(), Refusal> {
        let principal = match self.decide_at_sight(identity) {
            AtSight::Decided(decision) => return decision,
            AtSight::Look(principal) => principal,
        };
        let mut refusal = Refusal::Forbidden;
        for terms in self.alternatives().iter().filter(|terms| !is_plain(terms)) {
            if !all_hold(terms, Some(principal)) {
                continue;
            }
            match all_tests_hold(terms, target, principal).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // A rejection answers only if no other alternative lets the caller in.
                Err(rejected) => refusal = rejected,
            }
        }
        Err(refusal)
    }

    /// Decides what can be decided without looking at the request.
    pub(super) fn decide_at_sight<'a>(&self, identity: Option<&'a Identity>) -> AtSight<'a> {
        let principal = identity.and_then(Identity::principal);
        let mut plain = self.alternatives().iter().filter(|terms| is_plain(terms));
        if plain.any(|terms| all_hold(terms, principal)) {
            return AtSight::Decided(Ok(()));
        }
        let Some(principal) = principal else {
            return AtSight::Decided(Err(Refusal::Unauthenticated(match identity {
                Some(Identity::Refused(error)) => error.duplicate(),
                _ => Error::of(Kind::Unauthenticated),
            })));
        };
        let mut alternatives = self.alternatives().iter();
        if alternatives.all(|terms| is_plain(terms)) {
            return AtSight::Decided(Err(Refusal::Forbidden));
        }
        AtSight::Look(principal)
    }
}

/// What can be said of a request at its sight.
pub(super) enum AtSight<'a> {
    Decided(Result<(), Refusal>),
    /// A test has to look at the request that this principal made.
    Look(&'a Principal),
}

fn is_plain<T>(terms: &[Term<T>]) -> bool {
    terms.iter().all(|term| term.test.is_none())
}

fn all_hold<T>(terms: &[Term<T>], principal: Option<&Principal>) -> bool {
    terms.iter().all(|term| match (&term.condition, principal) {
        (Condition::Public(_), _) | (Condition::Authenticated(_), Some(_)) => true,
        (Condition::Role(role), Some(principal)) => {
            !principal.is_service() && principal.has_role(role)
        }
        (Condition::Service(name), Some(principal)) => {
            principal.is_service() && principal.subject() == name
        }
        (Condition::Owner | Condition::When(_), Some(_)) => term.test.is_some(),
        (_, None) => false,
    })
}

async fn all_tests_hold<T>(
    terms: &[Term<T>],
    target: &mut T,
    principal: &Principal,
) -> Result<bool, Refusal> {
    for test in terms.iter().filter_map(|term| term.test.as_deref()) {
        let holds = match test.holds(target, principal) {
            Sighting::Now(holds) => holds?,
            Sighting::Later(extraction) => extraction.await?,
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Refusal {
    /// Writes the refusal to the audit log (target `msf::access`) and counts it: `msf_access_refused_total`.
    pub(super) fn audit(&self, context: Option<&Context>, rule: &impl std::fmt::Display) {
        let reason = match self {
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Rejected(_) => "rejected",
        };
        let service = crate::observe::service_name();
        metrics::counter!(
            "msf_access_refused_total",
            "service" => service.as_deref().unwrap_or_default().to_owned(),
            "reason" => reason,
        )
        .increment(1);
        let route = context.and_then(|context| Some(context.route()?.to_string()));
        let principal = context
            .and_then(Context::principal)
            .map_or("", Principal::subject);
        tracing::warn!(
            target: "msf::access",
            reason,
            principal,
            route = route.as_deref(),
            %rule,
            "access refused"
        );
    }
}
