//! Refresh sessions: one family of tokens per login, a new token at every use, reuse that ends the family.
//!
//! [`Sessions`] begins a session at login, turns a refresh token into the next one, and ends sessions. A token carries a random id and a
//! generation under an HMAC; the store keeps a digest of the id and the current generation. So every token of a session can be computed
//! from any other by whoever has the [`RefreshKey`], nobody else can compute one from a dump of the store, and two concurrent refreshes
//! get one and the same successor.
//!
//! What happens to a token is decided by one pure function, [`decide`]:
//!
//! | presented generation | answer |
//! | --- | --- |
//! | the current one | rotate: the next generation is current from now on |
//! | the one before, within 10 s of the rotation | the same successor again; nothing is written |
//! | the one before, later; any older one | reuse: the session ends |
//! | one never handed out; no such session | unknown |
//!
//! A session ends 30 days after its login and 7 days after its last rotation, by the server's clock.
//!
//! What people wrongly assume:
//!
//! - *"Single use means that the second use is theft."* Two tabs refresh at once, and an answer gets lost. The immediate predecessor has
//!   ten seconds; further back has none.
//! - *"Within the window any recent token will do."* Only the immediate predecessor of a successor that nobody has used.
//! - *"The time of the last rotation orders the tokens."* Two rotations fit into one millisecond, and clocks are set back. The generation
//!   orders them; time only ends things.
//! - *"Read, decide, write."* Two requests read the same row. A [`SessionStore`] decides and writes in one transaction.
//! - *"A dump of the store gives the sessions away."* It holds a SHA-256 of 16 random bytes, and no key.
//! - *"Refreshing is enough to keep a disabled user out."* It knows nothing of users: [`Sessions::peek`] tells whose token it is, so that
//!   the user's state can be asked first.
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use msf_auth::refresh::{RefreshKey, SessionPolicy, Sessions, SqliteSessions};
//! use msf_core::clock::Clock;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir().unwrap();
//! # let folder = folder.path();
//! let store = SqliteSessions::open(folder.join("sessions.db"))?;
//! let key = RefreshKey::open(folder)?;
//! let sessions = Sessions::new(store, key, SessionPolicy::default(), Clock::system());
//!
//! let begun = sessions.begin("ana").await?; // after the password was right
//! let refreshed = sessions.refresh(begun.token.expose()).await?;
//! assert_eq!((refreshed.subject.as_str(), refreshed.session), ("ana", begun.session));
//!
//! sessions.end(refreshed.token.expose()).await?;
//! let error = sessions.refresh(refreshed.token.expose()).await.unwrap_err();
//! assert_eq!(error.code(), "refresh.invalid");
//! # Ok::<(), msf_core::BoxError>(())
//! # }).unwrap();
//! ```

mod decide;
mod key;
mod policy;
mod session;
mod sessions;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod token;

pub use decide::{Decision, decide};
pub use key::{RefreshKey, RefreshKeyError};
pub use policy::SessionPolicy;
pub use session::{Fingerprint, Generation, Session, SessionId};
pub use sessions::{Begun, Ended, Refreshed, Sessions};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteSessions;
pub use store::{NewSession, Rotation, SessionStore};
pub use token::{MAX_SUBJECT, RefreshToken};
