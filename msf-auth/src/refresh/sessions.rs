//! Begins, refreshes and ends sessions.

use std::fmt;
use std::sync::Arc;

use msf_core::clock::Clock;
use msf_core::error::{Error, Kind};

use super::token::Claims;
use super::{
    Decision, Generation, NewSession, RefreshKey, RefreshToken, Session, SessionId, SessionPolicy,
    SessionStore,
};
use crate::audit::{self, Event};

/// Begins sessions at login, turns refresh tokens into their successors, and ends sessions.
///
/// A wrong, unknown, expired, reused or revoked token has one and the same answer: [`Kind::Unauthenticated`], code `refresh.invalid`.
/// The audit log (target `msf::audit`) tells them apart. A store that does not answer is never `refresh.invalid`.
///
/// Clones share the store and the key. See the [module](super) for an example.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    store: Box<dyn SessionStore>,
    key: RefreshKey,
    policy: SessionPolicy,
    clock: Clock,
}

/// A session that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its first refresh token.
    pub token: RefreshToken,
    /// Its public name, for the access token.
    pub session: SessionId,
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The refresh token to use from now on.
    pub token: RefreshToken,
    /// Its public name, for the access token.
    pub session: SessionId,
    /// Whose it is.
    pub subject: String,
    /// Whether this call made the token. Otherwise another one did, a moment ago, and it is the same token.
    pub rotated: bool,
}

/// A session that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose it was.
    pub subject: String,
    /// Its public name: access tokens with it should be refused from now on.
    pub session: SessionId,
}

impl Sessions {
    /// Puts a store, a key, a policy and a clock together.
    pub fn new(
        store: impl SessionStore,
        key: RefreshKey,
        policy: SessionPolicy,
        clock: Clock,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store: Box::new(store),
                key,
                policy,
                clock,
            }),
        }
    }

    /// Begins a session of `subject`, whose credentials were right. If it has too many by then, the one used longest ago ends.
    ///
    /// # Errors
    ///
    /// What the store says; an internal error if the subject is empty or longer than [`MAX_SUBJECT`](super::MAX_SUBJECT).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, a session may have begun whose token nobody has; it expires.
    pub async fn begin(&self, subject: &str) -> Result<Begun, Error> {
        let Shared {
            store,
            key,
            policy,
            clock,
        } = &*self.shared;
        let claims = Claims::first(subject)?;
        let token = claims.seal(key)?;
        let now = clock.now();
        let session = SessionId::random();
        let new = NewSession {
            fingerprint: claims.fingerprint(),
            session: Session {
                id: session,
                subject: claims.subject,
                generation: Generation::FIRST,
                created_at: now,
                rotated_at: now,
            },
        };
        let ended = store.create(new, *policy).await?;
        tracing::info!(target: "msf::audit", event = "session_created", subject, %session, "session_created");
        for session in ended {
            revoked(subject, session, "limit");
        }
        Ok(Begun { token, session })
    }

    /// Says whose token it is, by its tag alone: nothing is asked, so junk never reaches a store, and nothing is known of the session.
    ///
    /// Ask with it whether the user may still log in, before the token is refreshed.
    ///
    /// # Errors
    ///
    /// `refresh.invalid` if the tag is not ours.
    pub fn peek(&self, token: &str) -> Result<String, Error> {
        Ok(self.open(token)?.subject)
    }

    /// Turns a token into its successor.
    ///
    /// The current token is replaced; the one before it gives the same successor for 10 s, while that is unused; an older one ends the
    /// session.
    ///
    /// # Errors
    ///
    /// `refresh.invalid` if there is no successor for it; what the store says if it does not answer.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the token may have been replaced. The client has it still, and it gives the successor for 10 s.
    pub async fn refresh(&self, token: &str) -> Result<Refreshed, Error> {
        let Shared {
            store,
            key,
            policy,
            clock,
        } = &*self.shared;
        let mut claims = self.open(token)?;
        let rotation = store
            .rotate(
                claims.fingerprint(),
                claims.generation,
                clock.now(),
                *policy,
            )
            .await?;
        let Some(Session {
            id: session,
            subject,
            ..
        }) = rotation.session
        else {
            return Err(invalid());
        };
        let (to, rotated) = match rotation.decision {
            Decision::Rotate { to } => (to, true),
            Decision::Repeat { to } => (to, false),
            Decision::Reuse => {
                audit::event(&Event::TokenReuse {
                    subject: &subject,
                    session: &session.to_string(),
                });
                revoked(&subject, session, "reuse");
                return Err(invalid());
            }
            Decision::Expired => {
                tracing::info!(target: "msf::audit", event = "session_expired", subject, %session, "session_expired");
                return Err(invalid());
            }
            Decision::Unknown => return Err(invalid()),
        };
        claims.generation = to;
        Ok(Refreshed {
            token: claims.seal(key)?,
            session,
            subject,
            rotated,
        })
    }

    /// Ends the session of a token of any generation: a logout. `None` if it has ended before.
    ///
    /// # Errors
    ///
    /// `refresh.invalid` if the tag is not ours; what the store says if it does not answer.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the session may have ended. Call it again.
    pub async fn end(&self, token: &str) -> Result<Option<Ended>, Error> {
        let claims = self.open(token)?;
        let ended = self.shared.store.revoke(claims.fingerprint()).await?;
        Ok(ended.map(|Session { subject, id, .. }| {
            revoked(&subject, id, "logout");
            Ended {
                subject,
                session: id,
            }
        }))
    }

    /// Ends all sessions of `subject` and answers with their names: after a change of the password, or when the user is disabled.
    ///
    /// # Errors
    ///
    /// What the store says if it does not answer.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the sessions may have ended. Call it again.
    pub async fn end_all(&self, subject: &str) -> Result<Vec<SessionId>, Error> {
        let ended = self.shared.store.revoke_all(subject).await?;
        for session in &ended {
            revoked(subject, *session, "all");
        }
        Ok(ended)
    }

    fn open(&self, token: &str) -> Result<Claims, Error> {
        Claims::open(token, &self.shared.key).ok_or_else(invalid)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("policy", &self.shared.policy)
            .finish_non_exhaustive()
    }
}

fn revoked(subject: &str, session: SessionId, reason: &'static str) {
    tracing::info!(target: "msf::audit", event = "session_revoked", subject, %session, reason, "session_revoked");
}

fn invalid() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "refresh.invalid",
        "the refresh token is not valid",
    )
}
