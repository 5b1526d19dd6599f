//! The pieces, each made ready as a request finds it.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, ParsedPublicKey, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use msf_core::access::{Authenticator as _, Identity, Principal, Rule};
use msf_core::context::{Context, Deadline};
use msf_service::auth::keys::KeyRing;
use msf_service::auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_service::bus::{Envelope, Event};
use serde::{Deserialize, Serialize};

use super::piece::{Piece, at_once};
use crate::measure::Void;

pub(super) const HASH: &str = "SHA-256 of a token";
pub(super) const HIT: &str = "a token that was there before";
pub(super) const SIGNATURE: &str = "bare check of a signature";
pub(super) const MISS: &str = "a token for the first time";

const ISSUER: &str = "http://127.0.0.1:8080";
const AUDIENCE: &str = "shop";
const USER: &str = "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d11";

/// Somebody has an account.
#[derive(Serialize, Deserialize, Event)]
#[event(name = "bench.user-registered")]
struct UserRegistered {
    #[event(key)]
    user_id: String,
    name: String,
    email: String,
}

/// A token, and what is needed to check it by hand.
struct Token {
    text: String,
    headers: HeaderMap,
    signature: Vec<u8>,
}

impl Token {
    fn issue(tokens: &AccessTokens) -> Result<Self, Void> {
        let session = "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d12";
        let issued = tokens.issue(&NewAccess::new(USER, session, "web").role("user"));
        let text = issued.map_err(void)?.token.expose().to_owned();
        let value = HeaderValue::from_str(&format!("Bearer {text}")).map_err(void)?;
        let signature = text.rsplit_once('.').map_or("", |(_, signature)| signature);
        Ok(Self {
            headers: HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]),
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(void)?,
            text,
        })
    }

    /// What is signed.
    fn message(&self) -> &[u8] {
        let signed = self.text.rsplit_once('.').map_or("", |(signed, _)| signed);
        signed.as_bytes()
    }
}

/// All of them; tokens are the first that this thread meets, `count` of them.
pub(super) fn pieces(count: usize) -> Result<Vec<Piece>, Void> {
    let mut all = tokens(count)?;
    all.extend([rule(), extract()?, inject()?]);
    all.extend(envelope()?);
    Ok(all)
}

fn tokens(count: usize) -> Result<Vec<Piece>, Void> {
    let ring = KeyRing::generate().map_err(void)?;
    let set: serde_json::Value = serde_json::from_str(&ring.jwks()).map_err(void)?;
    let key = set["keys"][0]["x"].as_str().unwrap_or_default();
    let key = URL_SAFE_NO_PAD.decode(key).map_err(void)?;
    let parsed = ParsedPublicKey::new(&ED25519, &key).map_err(void)?;
    let signer = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE);
    let issued: Result<Vec<_>, Void> = (0..count).map(|_| Token::issue(&signer)).collect();
    let issued = Rc::new(issued?);
    let in_turn = || {
        let (issued, mut next) = (Rc::clone(&issued), 0);
        move || {
            next = (next + 1) % issued.len();
            next
        }
    };
    let remembers = AccessVerifier::new(ring.clone(), ISSUER, AUDIENCE);
    for token in &*issued {
        at_once(remembers.authenticate(&token.headers))?.map_err(void)?;
    }
    let forgets = AccessVerifier::new(ring, ISSUER, AUDIENCE).cached_tokens(0);
    let by = |verifier: AccessVerifier| {
        let (tokens, mut next) = (Rc::clone(&issued), in_turn());
        move || {
            let principal = at_once(verifier.authenticate(&tokens[next()].headers))?;
            principal
                .map_err(void)?
                .ok_or_else(|| Void::new("a token names nobody"))
        }
    };

    let (tokens, mut next) = (Rc::clone(&issued), in_turn());
    let hash = move || Ok(digest(&SHA256, tokens[next()].text.as_bytes()));
    let (tokens, mut next) = (Rc::clone(&issued), in_turn());
    let check = move || {
        let token = &tokens[next()];
        let key = UnparsedPublicKey::new(&ED25519, &key);
        key.verify(token.message(), &token.signature).map_err(void)
    };
    let (tokens, mut next) = (Rc::clone(&issued), in_turn());
    let check_parsed = move || {
        let token = &tokens[next()];
        let checked = parsed.verify_sig(token.message(), &token.signature);
        checked.map_err(void)
    };
    Ok(vec![
        Piece::new(HASH, hash),
        Piece::new(HIT, by(remembers)).beside(HASH),
        Piece::new(SIGNATURE, check),
        Piece::new("the same, its key read before", check_parsed).beside(SIGNATURE),
        Piece::new(MISS, by(forgets)).beside(SIGNATURE),
    ])
}

fn rule() -> Piece {
    let identity = Identity::Known(Principal::user(USER).with_role("user"));
    // A message of gRPC that is one text.
    let rule = Rule::role("admin").or(Rule::owner(|id: &String| id));
    let mut id = USER.to_owned();
    Piece::new("rule: a role, or the owner", move || {
        let decision = at_once(rule.decide(Some(&identity), &mut id))?;
        decision.map_err(|_| Void::new("the rule refuses its owner"))
    })
}

/// The context of a request that another service has sent. Its deadline is later than the end of any run.
fn arrived() -> Result<HeaderMap, Void> {
    let deadline = Deadline::after(Duration::from_secs(3600));
    let deadline = deadline.ok_or_else(|| Void::new("no such deadline"))?;
    let mut headers = HeaderMap::new();
    let context = Context::root().with_deadline(deadline);
    context.inject(&mut headers).map_err(void)?;
    Ok(headers)
}

fn extract() -> Result<Piece, Void> {
    let headers = arrived()?;
    Ok(Piece::new("context: read from headers", move || {
        Ok(Context::extract(black_box(&headers)))
    }))
}

fn inject() -> Result<Piece, Void> {
    let context = Context::extract(&arrived()?);
    Ok(Piece::new(
        "context: a child, written into headers",
        move || {
            let mut headers = HeaderMap::new();
            context.child().inject(&mut headers).map_err(void)?;
            Ok(headers)
        },
    ))
}

fn envelope() -> Result<[Piece; 2], Void> {
    let event = UserRegistered {
        user_id: USER.to_owned(),
        name: "Ana Maria Example-Lindqvist".to_owned(),
        email: "ana.maria.example-lindqvist@example.com".to_owned(),
    };
    let envelope = Envelope::of(&event).map_err(void)?;
    let encode = move || Envelope::of(&event).map_err(void);
    let decode = move || {
        let event: UserRegistered = serde_json::from_slice(&envelope.data).map_err(void)?;
        Ok((event, Context::extract(&envelope), envelope.parsed_type()))
    };
    Ok([
        Piece::new("envelope: written", encode),
        Piece::new("envelope: event and context read", decode),
    ])
}

fn void(error: impl std::fmt::Display) -> Void {
    Void::new(error.to_string())
}
