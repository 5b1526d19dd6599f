//! Access tokens: signed by one service, verified by any.
//!
//! [`AccessTokens`] issues JWT access tokens of RFC 9068, signed with Ed25519. [`AccessVerifier`] is the
//! [`Authenticator`](msf_core::access::Authenticator) for them. What is checked, in this order:
//!
//! 1. the text: at most 8 KiB, three parts of canonical base64url, before anything is decoded
//! 2. the header: `alg`, `typ` and `kid`, each once, and nothing else; `typ` is the kind's own
//! 3. the key: the issuer has one of this `kid`, and its one algorithm is the header's
//! 4. the signature
//! 5. the claims: all there, each of its type, none twice; `iss`, `aud`, the times, the longest lifetime
//!
//! A token that passed is remembered by its SHA-256, so that it costs a hash the next time; its end is looked at each
//! time.
//!
//! What people wrongly assume:
//!
//! - *"A JWT library checks a token."* With audience and issuer set, common defaults take a token without either, one
//!   whose `nbf` lies in the future, one that lives for 8000 years, one of any `typ`, and one with `crit`.
//! - *"Any signed token of our issuer will do."* An ID token, a password-reset token and an access token are signed with
//!   the same key. Only `typ` tells them apart, so it is checked.
//! - *"The caller should be told what is wrong."* Whoever made the token knows; whoever guesses must not. The answer is
//!   the same for all, but for a genuine token that has expired. The reason is in the log ([`audit`](crate::audit)).
//!
//! ```
//! use http::{HeaderMap, HeaderValue};
//! use msf_auth::keys::KeyRing;
//! use msf_auth::token::{AccessTokens, AccessVerifier, NewAccess};
//! use msf_core::access::Authenticator as _;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let ring = KeyRing::generate().unwrap();
//! let tokens = AccessTokens::new(ring.clone(), "https://shop.example", "shop");
//! let verifier = AccessVerifier::new(ring, "https://shop.example", "shop");
//!
//! let issued = tokens.issue(&NewAccess::new("user-7", "session-1", "web").role("admin")).unwrap();
//! let mut headers = HeaderMap::new();
//! let value = HeaderValue::try_from(format!("Bearer {}", issued.token.expose())).unwrap();
//! headers.insert("authorization", value);
//! let principal = verifier.authenticate(&headers).await.unwrap().unwrap();
//! assert_eq!(principal.subject(), "user-7");
//! assert!(principal.has_role("admin"));
//! # });
//! ```

mod access_claims;
mod access_tokens;
mod access_verifier;
mod cache;
mod claims;
mod gate;
mod kind;
mod refusal;
mod sign;
mod verifier;

pub use access_claims::AccessClaims;
pub use access_tokens::{AccessTokens, InvalidLifetime, Issued, NewAccess};
pub use access_verifier::AccessVerifier;

pub(crate) use claims::{Audience, Claims, NumericDate, Registered, present};
pub(crate) use gate::MAX_TOKEN;
pub(crate) use kind::TokenKind;
pub(crate) use refusal::Reason;
pub(crate) use sign::{sign, token_id};
pub(crate) use verifier::{Issuer, Profile, Settings, Verifier};
