//! What a token costs: the first time next to a bare verification, again next to a bare hash.
//!
//! ```sh
//! cargo test --release -p msf-auth --test token_cost -- --ignored --nocapture
//! ```

mod support;

use std::fmt;
use std::hint::black_box;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use futures_util::FutureExt as _;
use msf_core::access::Authenticator as _;
use support::{bearer, clock, issue, ring, tokens, unb64, verifier};
use tokio::time::Instant;

/// Lowers `least` to the nanoseconds that one of `calls` takes, if that is less: all else that runs only adds to it.
fn time(least: &mut f64, calls: u32, mut call: impl FnMut(u32)) {
    let start = Instant::now();
    for index in 0..calls {
        call(index);
    }
    *least = least.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
}

struct Costs {
    hash: f64,
    hit: f64,
    raw: f64,
    miss: f64,
    sign: f64,
    raw_sign: f64,
}

fn measure(rounds: usize, calls: u32) -> Costs {
    let clock = clock();
    let ring = ring(&clock);
    let tokens = tokens(&ring);
    // The clock that a service has: asking it is part of the cost.
    let cached = verifier(&ring, &clock);
    let uncached = verifier(&ring, &clock).cached_tokens(0);
    let texts: Vec<_> = (0..1000).map(|_| issue(&tokens)).collect();
    let headers: Vec<_> = texts.iter().map(|token| bearer(token)).collect();
    let set: serde_json::Value = serde_json::from_str(&ring.jwks()).unwrap();
    let key = unb64(set["keys"][0]["x"].as_str().unwrap());
    let pick = |index: u32| usize::try_from(index).unwrap() % texts.len();
    for headers in &headers {
        assert!(cached.authenticate(headers).now_or_never().unwrap().is_ok());
    }

    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let few = calls / 20;
    let mut costs = Costs {
        hash: f64::MAX,
        hit: f64::MAX,
        raw: f64::MAX,
        miss: f64::MAX,
        sign: f64::MAX,
        raw_sign: f64::MAX,
    };
    // What is compared is measured in turns, so that a slow second of the machine is one of both.
    for _ in 0..rounds {
        time(&mut costs.hash, calls, |index| {
            black_box(digest(&SHA256, texts[pick(index)].as_bytes()));
        });
        time(&mut costs.hit, calls, |index| {
            let answer = cached.authenticate(&headers[pick(index)]);
            assert!(black_box(answer.now_or_never().unwrap()).is_ok());
        });
        time(&mut costs.raw, few, |index| {
            let (message, signature) = texts[pick(index)].rsplit_once('.').unwrap();
            let key = UnparsedPublicKey::new(&ED25519, &key);
            key.verify(message.as_bytes(), &unb64(signature)).unwrap();
        });
        time(&mut costs.miss, few, |index| {
            let answer = uncached.authenticate(&headers[pick(index)]);
            assert!(black_box(answer.now_or_never().unwrap()).is_ok());
        });
        time(&mut costs.raw_sign, few, |index| {
            black_box(pair.sign(texts[pick(index)].as_bytes()));
        });
        time(&mut costs.sign, few, |_| {
            black_box(issue(&tokens));
        });
    }
    costs
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, bare: (&str, f64), own: (&str, f64)| {
            let ((bare, least), (own, cost)) = (bare, own);
            writeln!(
                f,
                "{bare} {least:.0} ns, {own} {cost:.0} ns: x{:.3}",
                cost / least
            )
        };
        row(
            f,
            ("SHA-256 of a token", self.hash),
            ("remembered token", self.hit),
        )?;
        row(f, ("bare verification", self.raw), ("new token", self.miss))?;
        row(
            f,
            ("bare signature", self.raw_sign),
            ("issued token", self.sign),
        )
    }
}

#[test]
fn a_remembered_token_costs_a_fraction_of_a_new_one() {
    let costs = measure(5, 2000);
    println!("{costs}");
    assert!(
        costs.hit * 2.0 < costs.miss,
        "{:.0} of {:.0} ns",
        costs.hit,
        costs.miss
    );
}

#[test]
#[ignore = "soak"]
fn soak_cost_of_a_token() {
    let costs = measure(60, 20_000);
    println!("{costs}");
    assert!(
        costs.hit <= 1.6 * costs.hash,
        "x{:.2}",
        costs.hit / costs.hash
    );
    assert!(
        costs.miss <= 1.15 * costs.raw,
        "x{:.3}",
        costs.miss / costs.raw
    );
}
