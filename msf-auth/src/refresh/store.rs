//! What keeps the sessions.

use std::time::SystemTime;

use msf_core::BoxFuture;
use msf_core::error::Error;

use super::{Decision, Fingerprint, Generation, Session, SessionId, SessionPolicy};

/// Keeps the sessions: `SqliteSessions` is one, a store of your own may be another.
///
/// Each method is one transaction: it happens wholly or not at all, and not at the same time as another on the same session. What is
/// answered has been written. Sessions that have ended are removed, not marked.
///
/// ```
/// use msf_auth::Error;
/// use msf_auth::refresh::{Fingerprint, Generation, NewSession, Rotation, Session, SessionId, SessionPolicy, SessionStore};
/// use msf_core::BoxFuture;
/// use std::time::SystemTime;
///
/// /// Counts nothing, keeps nothing: adds a name to the errors of another.
/// struct Named<S>(S);
///
/// impl<S: SessionStore> SessionStore for Named<S> {
///     fn create(&self, new: NewSession, policy: SessionPolicy) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
///         self.0.create(new, policy)
///     }
///     fn rotate(
///         &self, of: Fingerprint, presented: Generation, now: SystemTime, policy: SessionPolicy,
///     ) -> BoxFuture<'_, Result<Rotation, Error>> {
///         self.0.rotate(of, presented, now, policy)
///     }
///     fn revoke(&self, of: Fingerprint) -> BoxFuture<'_, Result<Option<Session>, Error>> {
///         self.0.revoke(of)
///     }
///     fn revoke_all(&self, subject: &str) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
///         self.0.revoke_all(subject)
///     }
/// }
/// ```
pub trait SessionStore: Send + Sync + 'static {
    /// Adds a session, ends those of its subject that are too many (the ones rotated longest ago), and answers with their names. It
    /// may remove a few expired ones as well, so that the store does not grow.
    ///
    /// # Errors
    ///
    /// Any error means that nothing was written.
    fn create(
        &self,
        new: NewSession,
        policy: SessionPolicy,
    ) -> BoxFuture<'_, Result<Vec<SessionId>, Error>>;

    /// Reads the session, calls [`decide`](super::decide) and carries out what it says, all in one transaction.
    ///
    /// # Errors
    ///
    /// Any error means that the caller gets no token; whether the rotation was written is then unknown, and harmless: the same
    /// token asks for the same successor.
    fn rotate(
        &self,
        of: Fingerprint,
        presented: Generation,
        now: SystemTime,
        policy: SessionPolicy,
    ) -> BoxFuture<'_, Result<Rotation, Error>>;

    /// Removes a session and answers with what it was; `None` if there is none.
    fn revoke(&self, of: Fingerprint) -> BoxFuture<'_, Result<Option<Session>, Error>>;

    /// Removes all sessions of `subject` and answers with their names.
    fn revoke_all(&self, subject: &str) -> BoxFuture<'_, Result<Vec<SessionId>, Error>>;
}

/// A session that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// What it is found by.
    pub fingerprint: Fingerprint,
    /// The rest of it.
    pub session: Session,
}

/// What [`SessionStore::rotate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// What was decided, and has been carried out.
    pub decision: Decision,
    /// The session as it was before; `None` if there was none.
    pub session: Option<Session>,
}
