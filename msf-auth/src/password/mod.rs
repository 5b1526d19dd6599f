//! Passwords: kept secret, judged, hashed with argon2id on threads of their own.
//!
//! A [`PasswordPool`] hashes and verifies; [`check`] says what is wrong with a password that somebody wants to have. A
//! hash costs 19 MiB and about 20 ms of one core, and that is its purpose; so it runs on a few OS threads that keep their
//! memory, behind a bounded queue, and never on a thread that answers requests.
//!
//! What people wrongly assume:
//!
//! - *"`spawn_blocking` is enough."* It starts up to 512 threads with 19 MiB each; 192 logins at once took 3 GiB.
//! - *"A semaphore bounds the hashes."* A permit that the request holds is freed when the client hangs up, and its hash still
//!   runs. Here the thread that hashes is the permit.
//! - *"No such user: answer at once."* The time tells who has an account. [`PasswordPool::verify`] does the same work for nobody.
//! - *"Digits and symbols make it strong."* They make `Password1!`. What counts is length, and not being the one that everybody has.
//! - *"Normalise it first."* A password is the bytes that were sent: no trimming, no truncation, no Unicode normalisation. Two ways
//!   to write `é` are two passwords; a client that wants them to be one normalises on its side, always.
//!
//! ```
//! use msf_auth::password::{Params, Password, PasswordPool, Verdict, check};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let wanted = "a walk in the snow";
//! assert!(check(wanted, &["ana@example.com", "Ana"]).is_empty());
//!
//! let pool = PasswordPool::new(Params::default())?;
//! let password = Password::new(wanted.to_owned())?;
//! let stored = pool.hash(&password).await?;
//! assert_eq!(pool.verify(&password, Some(&stored)).await?, Verdict::Right { rehash: false });
//! assert_eq!(pool.verify(&password, None).await?, Verdict::Wrong);
//! # Ok::<(), msf_auth::Error>(())
//! # }).unwrap();
//! ```

mod builder;
mod common;
mod component;
mod hash;
mod job;
mod memory;
mod params;
mod policy;
mod pool;
mod queue;
mod secret;
#[cfg(test)]
mod tests;
mod worker;

pub use builder::PasswordPoolBuilder;
pub use component::PasswordPoolComponent;
pub use hash::PasswordHash;
pub use params::Params;
pub use policy::{MIN_CHARACTERS, check};
pub use pool::{PasswordPool, Verdict};
pub use secret::{MAX_BYTES, Password};
