//! Access rules as values.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::decision::Refusal;
use super::sees::Sight;
use super::{OwnerId, Principal, Sees};

/// Who may call one route or RPC. `T` is what the rule may look at.
///
/// For an RPC `T` is its request message; for one whose client streams it is [`ClientStream`](super::ClientStream), at
/// which nothing can be looked at before the first message; for an HTTP route it is [`Head`](super::Head).
///
/// There is no default: a rule that lets everybody in says why.
///
/// ```
/// use msf_core::access::{Head, Principal, Rule};
///
/// let rule: Rule<Head> = Rule::role("admin").or(Rule::when("on weekdays", |_: &http::Method, principal: &Principal| {
///     principal.has_role("clerk")
/// }));
/// assert_eq!(rule.to_string(), "role admin, or when on weekdays");
/// ```
#[must_use]
pub struct Rule<T> {
    /// Any of these may hold; of each, all conditions must. Empty: nobody.
    alternatives: Vec<Vec<Term<T>>>,
    refusal: Option<&'static str>,
}

pub(super) struct Term<T> {
    pub(super) condition: Condition,
    pub(super) test: Option<Arc<dyn Test<T>>>,
}

/// One condition of a rule, as the access table shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// Everybody, for this reason.
    Public(String),
    /// Every known caller, for this reason.
    Authenticated(String),
    /// Callers with this role.
    Role(String),
    /// The service of this name.
    Service(String),
    /// The owner of what is asked for.
    Owner,
    /// Known callers of whom this holds.
    When(String),
}

/// A rule as data: any of the alternatives, all conditions of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleInfo {
    /// The rule in words, as its `Display` writes it.
    pub text: String,
    /// Any of these; of each, all conditions. Empty: nobody.
    pub any_of: Vec<Vec<Condition>>,
}

/// A condition that looks at the request.
pub(super) trait Test<T>: Send + Sync {
    fn holds<'a>(&'a self, target: &'a mut T, principal: &'a Principal) -> Sighting<'a>;
}

/// Whether a test holds: known at once for a message, after an extraction for a route.
pub(super) enum Sighting<'a> {
    Now(Result<bool, Refusal>),
    Later(BoxFuture<'a, Result<bool, Refusal>>),
}

struct Predicate<X, F> {
    test: F,
    seen: std::marker::PhantomData<fn(&X)>,
}

impl<T, X, F> Test<T> for Predicate<X, F>
where
    T: Sees<X>,
    F: Fn(&X, &Principal) -> bool + Send + Sync + 'static,
{
    fn holds<'a>(&'a self, target: &'a mut T, principal: &'a Principal) -> Sighting<'a> {
        match target.see(move |seen| (self.test)(seen, principal)) {
            Sight::Now(answer) => Sighting::Now(Ok(answer)),
            Sight::Later(extraction) => Sighting::Later(Box::pin(async move {
                extraction
                    .await
                    .map_err(|rejection| Refusal::Rejected(Box::new(rejection)))
            })),
        }
    }
}

impl<T> Rule<T> {
    /// Everybody may call, for this reason.
    pub fn public(reason: &'static str) -> Self {
        Self::only(Condition::Public(reason.to_owned()), None)
    }

    /// Every known caller may call, for this reason.
    pub fn authenticated(reason: &'static str) -> Self {
        Self::only(Condition::Authenticated(reason.to_owned()), None)
    }

    /// Callers with this role may call.
    pub fn role(role: impl Into<String>) -> Self {
        Self::only(Condition::Role(role.into()), None)
    }

    /// The service of this name may call; no user may, whatever its subject.
    pub fn service(name: impl Into<String>) -> Self {
        Self::only(Condition::Service(name.into()), None)
    }

    /// Nobody may call, for this reason: for an RPC that has to exist and is not to be used.
    pub fn nobody(reason: &'static str) -> Self {
        Self {
            alternatives: Vec::new(),
            refusal: Some(reason),
        }
    }

    /// The user whose id the closure picks out of the request may call.
    ///
    /// The closure names the type of its argument: the message of an RPC, an extractor of a route. It never sees a
    /// body of HTTP. An empty id owns nothing, and a service owns nothing.
    ///
    /// ```
    /// use axum::extract::Path;
    /// use msf_core::access::{Head, Rule};
    /// let rule: Rule<Head> = Rule::owner(|Path(id): &Path<String>| id);
    /// ```
    pub fn owner<X, O, F>(id: F) -> Self
    where
        T: Sees<X>,
        X: 'static,
        O: OwnerId + ?Sized,
        F: Fn(&X) -> &O + Send + Sync + 'static,
    {
        let test = move |seen: &X, principal: &Principal| {
            !principal.is_service() && id(seen).is(principal.subject())
        };
        Self::only(Condition::Owner, Some(Self::predicate(test)))
    }

    /// Known callers of whom `test` holds may call; `reason` is what the access table says.
    pub fn when<X, F>(reason: &'static str, test: F) -> Self
    where
        T: Sees<X>,
        X: 'static,
        F: Fn(&X, &Principal) -> bool + Send + Sync + 'static,
    {
        Self::only(
            Condition::When(reason.to_owned()),
            Some(Self::predicate(test)),
        )
    }

    /// Either rule lets a caller in.
    pub fn or(mut self, other: Self) -> Self {
        self.alternatives.extend(other.alternatives);
        self.refusal = self.refusal.or(other.refusal);
        self
    }

    /// Both rules have to let a caller in.
    pub fn and(self, other: Self) -> Self {
        let both =
            |left: &Vec<Term<T>>, right: &Vec<Term<T>>| left.iter().chain(right).cloned().collect();
        let pairs = self.alternatives.iter().flat_map(|left| {
            other
                .alternatives
                .iter()
                .map(move |right| both(left, right))
        });
        Self {
            alternatives: pairs.collect(),
            refusal: self.refusal.or(other.refusal),
        }
    }

    /// The rule as data, for the access table.
    pub fn info(&self) -> RuleInfo {
        let conditions =
            |terms: &Vec<Term<T>>| terms.iter().map(|term| term.condition.clone()).collect();
        RuleInfo {
            text: self.to_string(),
            any_of: self.alternatives.iter().map(conditions).collect(),
        }
    }

    pub(super) fn alternatives(&self) -> &[Vec<Term<T>>] {
        &self.alternatives
    }

    fn only(condition: Condition, test: Option<Arc<dyn Test<T>>>) -> Self {
        Self {
            alternatives: vec![vec![Term { condition, test }]],
            refusal: None,
        }
    }

    fn predicate<X, F>(test: F) -> Arc<dyn Test<T>>
    where
        T: Sees<X>,
        X: 'static,
        F: Fn(&X, &Principal) -> bool + Send + Sync + 'static,
    {
        Arc::new(Predicate {
            test,
            seen: std::marker::PhantomData::<fn(&X)>,
        })
    }
}

// Derived impls would ask for `T: Clone` and `T: Debug`, which a message need not have.
impl<T> Clone for Term<T> {
    fn clone(&self) -> Self {
        Self {
            condition: self.condition.clone(),
            test: self.test.clone(),
        }
    }
}

impl<T> Clone for Rule<T> {
    fn clone(&self) -> Self {
        Self {
            alternatives: self.alternatives.clone(),
            refusal: self.refusal,
        }
    }
}

impl<T> fmt::Debug for Rule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({self})")
    }
}

impl<T> fmt::Display for Rule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alternatives.is_empty() {
            return write!(
                f,
                "nobody: {}",
                self.refusal.unwrap_or("no alternative is left")
            );
        }
        for (index, terms) in self.alternatives.iter().enumerate() {
            if index > 0 {
                f.write_str(", or ")?;
            }
            for (index, term) in terms.iter().enumerate() {
                if index > 0 {
                    f.write_str(" and ")?;
                }
                fmt::Display::fmt(&term.condition, f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public(reason) => write!(f, "public: {reason}"),
            Self::Authenticated(reason) => write!(f, "authenticated: {reason}"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Owner => f.write_str("owner"),
            Self::When(reason) => write!(f, "when {reason}"),
        }
    }
}
