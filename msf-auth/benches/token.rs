//! What a token costs: verified for the first time beside the bare check of its signature, verified again beside one hash of
//! it, and a service's own token for a callee, made once and used again.
//!
//! ```sh
//! cargo bench -p msf-auth
//! ```

use std::hint::black_box;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue};
use msf_auth::identity::ServiceIdentity;
use msf_auth::keys::KeyRing;
use msf_auth::token::{AccessTokens, AccessVerifier, NewAccess};
use msf_core::access::{Authenticator as _, CallIdentity as _, Principal};

const ISSUER: &str = "https://shop.example";
const AUDIENCE: &str = "shop";

/// A token as a login gives it, and what is needed to check it by hand.
struct Issued {
    token: String,
    headers: HeaderMap,
    key: Vec<u8>,
    signature: Vec<u8>,
}

impl Issued {
    fn by(ring: &KeyRing) -> Self {
        let (user, session) = (
            "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d11",
            "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d12",
        );
        let tokens = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE);
        let issued = tokens.issue(&NewAccess::new(user, session, "web").role("user"));
        let token = issued.unwrap().token.expose().to_owned();
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        headers.insert("authorization", value);
        let set: serde_json::Value = serde_json::from_str(&ring.jwks()).unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        Self {
            headers,
            key: URL_SAFE_NO_PAD
                .decode(set["keys"][0]["x"].as_str().unwrap())
                .unwrap(),
            signature: URL_SAFE_NO_PAD.decode(signature).unwrap(),
            token,
        }
    }

    /// What is signed.
    fn message(&self) -> &[u8] {
        self.token.rsplit_once('.').unwrap().0.as_bytes()
    }
}

fn verify(criterion: &mut Criterion) {
    let ring = KeyRing::generate().unwrap();
    let issued = Issued::by(&ring);
    let remembers = AccessVerifier::new(ring.clone(), ISSUER, AUDIENCE);
    let forgets = AccessVerifier::new(ring, ISSUER, AUDIENCE).cached_tokens(0);
    let check = |verifier: &AccessVerifier| {
        let answer = verifier.authenticate(black_box(&issued.headers));
        answer.now_or_never().unwrap().unwrap().unwrap()
    };

    let mut group = criterion.benchmark_group("a token for the first time");
    group.bench_function("bare Ed25519", |bencher| {
        bencher.iter(|| {
            let key = UnparsedPublicKey::new(&ED25519, &issued.key);
            key.verify(black_box(issued.message()), &issued.signature)
                .unwrap();
        });
    });
    group.bench_function("verified", |bencher| bencher.iter(|| check(&forgets)));
    group.finish();

    let mut group = criterion.benchmark_group("a token again");
    group.bench_function("bare SHA-256", |bencher| {
        bencher.iter(|| digest(&SHA256, black_box(issued.token.as_bytes())));
    });
    group.bench_function("verified", |bencher| bencher.iter(|| check(&remembers)));
    group.finish();
}

fn identity(criterion: &mut Criterion) {
    let identity = ServiceIdentity::new("api-gateway", KeyRing::generate().unwrap());
    let (itself, on_behalf) = (identity.itself(), identity.on_behalf());
    let user = Principal::user("0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d11").with_role("user");
    let mut group = criterion.benchmark_group("a service's own token, used again");
    group.bench_function("as itself", |bencher| {
        bencher.iter(|| itself.header(None, black_box("user-service")).unwrap());
    });
    group.bench_function("on behalf of a user", |bencher| {
        bencher.iter(|| {
            on_behalf
                .header(Some(&user), black_box("user-service"))
                .unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, verify, identity);
criterion_main!(benches);
