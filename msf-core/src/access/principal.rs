//! Who is calling.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A known caller: a user or a service, its roles, and the claims that its credentials carried.
///
/// A clone is one reference count. `Debug` shows neither claims nor more than the subject and roles.
///
/// ```
/// use msf_core::access::Principal;
/// let ana = Principal::user("ana").with_role("admin");
/// assert!(ana.has_role("admin") && !ana.is_service());
/// ```
#[derive(Clone)]
pub struct Principal {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    subject: Box<str>,
    service: bool,
    roles: Vec<Box<str>>,
    claims: Option<Arc<dyn Any + Send + Sync>>,
}

impl Principal {
    /// A person, or a program that acts as itself, by its subject.
    pub fn user(subject: impl Into<Box<str>>) -> Self {
        Self::named(subject.into(), false)
    }

    /// Another service of the system, by its name. It has no roles of users.
    pub fn service(name: impl Into<Box<str>>) -> Self {
        Self::named(name.into(), true)
    }

    fn named(subject: Box<str>, service: bool) -> Self {
        Self {
            inner: Arc::new(Inner {
                subject,
                service,
                roles: Vec::new(),
                claims: None,
            }),
        }
    }

    /// Adds a role.
    pub fn with_role(mut self, role: impl Into<Box<str>>) -> Self {
        Arc::make_mut(&mut self.inner).roles.push(role.into());
        self
    }

    /// Keeps the claims of the credentials, in a type of your own.
    pub fn with_claims<T: Send + Sync + 'static>(mut self, claims: T) -> Self {
        Arc::make_mut(&mut self.inner).claims = Some(Arc::new(claims));
        self
    }

    /// The subject: a user's id or a service's name.
    pub fn subject(&self) -> &str {
        &self.inner.subject
    }

    /// Whether another service is calling, and not a user.
    pub fn is_service(&self) -> bool {
        self.inner.service
    }

    /// The roles, in the order they were given.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.inner.roles.iter().map(|role| &**role)
    }

    /// Whether `role` is among the roles. Case counts.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// The claims, where they are of type `T`.
    pub fn claims<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.claims.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.inner.subject)
            .field("service", &self.inner.service)
            .field("roles", &self.inner.roles)
            .finish_non_exhaustive()
    }
}

/// An id that names the owner of something, to be held against the subject of a principal.
///
/// Implemented for `str`, `String` and `uuid::Uuid`; implement it for an id type of your own:
///
/// ```
/// use msf_core::access::OwnerId;
/// struct UserId(String);
/// impl OwnerId for UserId {
///     fn is(&self, subject: &str) -> bool { self.0.is(subject) }
/// }
/// assert!(UserId("ana".into()).is("ana"));
/// assert!(!UserId(String::new()).is(""));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name an owner",
    label = "this cannot be compared with the subject of a principal",
    note = "return a reference to a `str`, a `String`, a `uuid::Uuid`, or implement `OwnerId` for `{Self}`"
)]
pub trait OwnerId {
    /// Whether `subject` is the owner. An empty id owns nothing.
    fn is(&self, subject: &str) -> bool;
}

impl OwnerId for str {
    fn is(&self, subject: &str) -> bool {
        !self.is_empty() && self == subject
    }
}

impl OwnerId for String {
    fn is(&self, subject: &str) -> bool {
        self.as_str().is(subject)
    }
}

impl OwnerId for uuid::Uuid {
    fn is(&self, subject: &str) -> bool {
        !self.is_nil() && Self::try_parse(subject).is_ok_and(|id| id == *self)
    }
}
