//! What a token has to look like. Where these are signed at all, they are with the right key; all are refused.

mod support;

use aws_lc_rs::hmac;
use msf_auth::keys::KeySet;
use msf_auth::token::AccessVerifier;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::forge::{Forge, claims, with, without};
use support::{AUDIENCE, ISSUER, b64, clock, issue, refuses, ring, takes, tokens, unb64, verifier};

/// A verifier of tokens that `forge` signed.
fn of(forge: &Forge) -> AccessVerifier {
    let keys = KeySet::parse(forge.jwks().as_bytes()).unwrap();
    AccessVerifier::new(keys, ISSUER, AUDIENCE).clock(&clock().clock())
}

#[tokio::test]
async fn each_key_type_verifies_its_own_algorithm() {
    for forge in Forge::all() {
        let principal = takes(&of(&forge), &forge.access(&claims())).await;
        assert_eq!(principal.subject(), "ana", "{}", forge.alg());
    }
}

/// Every key with every name of an algorithm that is not its own.
#[tokio::test]
async fn a_key_has_one_algorithm() {
    let names = [
        "EdDSA",
        "Ed25519",
        "ES256",
        "ES384",
        "ES512",
        "ES256K",
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "HS256",
        "HS384",
        "HS512",
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "eddsa",
        "EDDSA",
        "rs256",
        "es256",
        "A128KW",
        "dir",
        "HS1",
        "RSA",
        "EdDSA ",
        "EdDSA\u{0}",
    ];
    for forge in Forge::all() {
        let verifier = of(&forge);
        for name in names.into_iter().filter(|name| *name != forge.alg()) {
            let header = with(forge.header(), "alg", name).to_string();
            let token = forge.token(&header, &claims().to_string());
            let code = refuses(&verifier, &token).await;
            assert_eq!(code, "token.invalid", "{} as {name}", forge.alg());
        }
    }
}

#[tokio::test]
async fn no_signature_is_no_token() {
    for forge in Forge::all() {
        let verifier = of(&forge);
        for alg in ["none", "None", "NONE", "nOnE", forge.alg()] {
            let header = b64(with(forge.header(), "alg", alg).to_string());
            let payload = b64(claims().to_string());
            for signature in ["", "AA", "AAAA", &b64([0; 64]), &b64([0; 256])] {
                let token = format!("{header}.{payload}.{signature}");
                assert_eq!(refuses(&verifier, &token).await, "token.invalid", "{token}");
            }
        }
    }
}

/// A verifier that believes the header takes the public key, in whatever form, for an HMAC secret.
#[tokio::test]
async fn a_public_key_is_no_hmac_secret() {
    for forge in Forge::all() {
        let verifier = of(&forge);
        let raw = forge.public_bytes();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &raw)
        );
        let jwk = forge.jwk().to_string();
        let secrets: [&[u8]; 5] = [
            &raw,
            pem.as_bytes(),
            pem.trim().as_bytes(),
            jwk.as_bytes(),
            b"",
        ];
        for secret in secrets {
            for (alg, hash) in [
                ("HS256", hmac::HMAC_SHA256),
                ("HS384", hmac::HMAC_SHA384),
                ("HS512", hmac::HMAC_SHA512),
                (forge.alg(), hmac::HMAC_SHA256),
            ] {
                let header = with(forge.header(), "alg", alg).to_string();
                let message = format!("{}.{}", b64(header), b64(claims().to_string()));
                let tag = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
                let token = format!("{message}.{}", b64(tag));
                assert_eq!(refuses(&verifier, &token).await, "token.invalid", "{alg}");
            }
        }
    }
}

#[tokio::test]
async fn a_header_is_alg_typ_and_kid_each_once_and_nothing_else() {
    let forge = Forge::ed();
    let verifier = of(&forge);
    let own_jwk = forge.jwk();
    let base = forge.header();
    let more: [(&str, Value); 22] = [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("jwk", own_jwk),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("url", json!("https://evil.example")),
        ("nonce", json!("n")),
        ("iss", json!(ISSUER)),
        ("Alg", json!("none")),
        ("KID", json!("k")),
        ("", json!(1)),
        ("x", json!(null)),
        ("epk", json!({})),
    ];
    let mut bad: Vec<String> = more
        .into_iter()
        .map(|(name, value)| with(base.clone(), name, value).to_string())
        .collect();
    for name in ["alg", "typ", "kid"] {
        bad.push(without(base.clone(), name).to_string());
        for value in [
            json!(null),
            json!(1),
            json!(true),
            json!([base[name]]),
            json!({"a": 1}),
            json!(""),
        ] {
            bad.push(with(base.clone(), name, value).to_string());
        }
    }
    bad.extend([
        r#"{"typ":"at+jwt","alg":"none","alg":"EdDSA","kid":"k"}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":"EdDSA","alg":"EdDSA","kid":"k"}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"x","kid":"k"}"#.to_owned(),
        r#"{"typ":"JWT","typ":"at+jwt","alg":"EdDSA","kid":"k"}"#.to_owned(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k"}x"#.to_owned(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k"}{}"#.to_owned(),
        r#"["at+jwt","EdDSA","k","more"]"#.to_owned(),
        "\u{feff}{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"k\"}".to_owned(),
        "null".to_owned(),
        "\"at+jwt\"".to_owned(),
        "{}".to_owned(),
        String::new(),
    ]);
    // Another `typ` than an access token's.
    for typ in [
        "JWT",
        "jwt",
        "at",
        "at+jwt;v=1",
        " at+jwt",
        "id+jwt",
        "logout+jwt",
        "dpop+jwt",
        "msf-identity+jwt",
    ] {
        bad.push(with(base.clone(), "typ", typ).to_string());
    }
    // Ids that no ring has, and ids that are none.
    let long = "k".repeat(65);
    for kid in [
        "K",
        "k ",
        "k\u{0}",
        "../k",
        "k/../k",
        "' or '1'='1",
        "/dev/null",
        "$(id)",
        long.as_str(),
    ] {
        bad.push(with(base.clone(), "kid", kid).to_string());
    }
    for header in bad {
        let token = forge.token(&header, &claims().to_string());
        assert_eq!(
            refuses(&verifier, &token).await,
            "token.invalid",
            "{header}"
        );
    }
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let header = with(base.clone(), "typ", typ).to_string();
        takes(&verifier, &forge.token(&header, &claims().to_string())).await;
    }
}

/// serde reads a struct from an array too: the right values in the right order are no header.
#[tokio::test]
async fn an_array_is_neither_header_nor_claims() {
    let forge = Forge::ed();
    let verifier = of(&forge);
    for order in [["EdDSA", "at+jwt", "k"], ["at+jwt", "EdDSA", "k"]] {
        let token = forge.token(&json!(order).to_string(), &claims().to_string());
        assert_eq!(refuses(&verifier, &token).await, "token.invalid");
    }
    let list: Vec<_> = claims().as_object().unwrap().values().cloned().collect();
    let token = forge.token(&forge.header().to_string(), &json!(list).to_string());
    assert_eq!(refuses(&verifier, &token).await, "token.invalid");
}

#[tokio::test]
async fn the_text_is_three_parts_of_canonical_base64url() {
    let clock = clock();
    let ring = ring(&clock);
    let verifier = verifier(&ring, &clock);
    let good = issue(&tokens(&ring));
    takes(&verifier, &good).await;
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let twisted = |part: &str| -> Vec<String> {
        // The same bytes in another spelling: the last character has bits that no byte needs.
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (rest, last) = part.split_at(part.len() - 1);
        let bytes = unb64(part);
        let others = alphabet.chars().filter(|other| !last.starts_with(*other));
        others
            .map(|other| format!("{rest}{other}"))
            .filter(|spelling| {
                let engine = base64::engine::GeneralPurpose::new(
                    &base64::alphabet::URL_SAFE,
                    base64::engine::GeneralPurposeConfig::new()
                        .with_decode_allow_trailing_bits(true)
                        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
                );
                base64::Engine::decode(&engine, spelling).is_ok_and(|other| other == bytes)
            })
            .collect()
    };
    let spellings = twisted(signature);
    assert_eq!(spellings.len(), 15, "64 bytes leave four bits over");
    let mut bad: Vec<String> = spellings
        .iter()
        .map(|spelling| format!("{header}.{payload}.{spelling}"))
        .collect();
    bad.extend([
        String::from("."),
        "..".to_owned(),
        "...".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}.{payload}.{payload}.{payload}.{signature}"),
        format!("{good}="),
        format!("{good}=="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        good.replace('-', "+").replace('_', "/"),
        format!("{good}A"),
        format!("{good}AAAA"),
        good[..good.len() - 1].to_owned(),
        good[..good.len() - 2].to_owned(),
        format!("{header}.{payload}.{}", &signature[..43]),
        format!("{header}.{signature}.{payload}"),
        good.to_uppercase(),
        format!("{good}\u{e4}"),
        format!("\"{good}\""),
        format!("{good}%00"),
    ]);
    for token in bad {
        if token == good {
            continue; // without `-` and `_` there was nothing to replace
        }
        assert_eq!(refuses(&verifier, &token).await, "token.invalid", "{token}");
    }
}

#[tokio::test]
async fn any_flipped_bit_of_any_part_is_seen() {
    let clock = clock();
    let ring = ring(&clock);
    let verifier = verifier(&ring, &clock);
    let good = issue(&tokens(&ring));
    let parts: Vec<Vec<u8>> = good.split('.').map(unb64).collect();
    for part in 0..3 {
        for bit in 0..parts[part].len() * 8 {
            let mut flipped = parts.clone();
            flipped[part][bit / 8] ^= 1 << (bit % 8);
            let token: Vec<_> = flipped.iter().map(b64).collect();
            let code = refuses(&verifier, &token.join(".")).await;
            assert_eq!(code, "token.invalid", "bit {bit} of part {part}");
        }
    }
    takes(&verifier, &good).await;
}

/// ES256 has a twin of each signature: (r, n - s) verifies too. That is why nothing is revoked by a hash of its text, and
/// why the cache, which is keyed by it, holds only what may pass.
#[tokio::test]
async fn the_twin_of_an_ecdsa_signature_is_as_good_as_the_first() {
    const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let forge = Forge::ec();
    let verifier = of(&forge);
    let token = forge.access(&claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = unb64(signature);
    let mut borrow = 0;
    for index in (0..32).rev() {
        let n = i32::from(u8::from_str_radix(&N[2 * index..2 * index + 2], 16).unwrap());
        let difference = n - i32::from(signature[32 + index]) - borrow;
        borrow = i32::from(difference < 0);
        signature[32 + index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let twin = format!("{message}.{}", b64(&signature));
    assert_ne!(twin, token);
    let (one, other) = (
        takes(&verifier, &token).await,
        takes(&verifier, &twin).await,
    );
    assert_eq!(one.subject(), other.subject());
    for zero in [[0; 64], [255; 64]] {
        let psychic = format!("{message}.{}", b64(zero));
        assert_eq!(refuses(&verifier, &psychic).await, "token.invalid");
    }
}

#[tokio::test]
async fn eight_kib_is_the_longest_token_and_a_mebibyte_costs_nothing() {
    let forge = Forge::ed();
    let verifier = of(&forge);
    let sized = |length: usize| {
        let padded = |pad: usize| forge.access(&with(claims(), "pad", "x".repeat(pad)));
        let base = padded(0).len();
        // Three bytes are four characters.
        (0..8)
            .map(|extra| padded((length - base) * 3 / 4 - 2 + extra))
            .find(|token| token.len() >= length)
            .unwrap()
    };
    let longest = sized(8191);
    assert!(longest.len() <= 8192);
    takes(&verifier, &longest).await;
    let longer = sized(8193);
    assert_eq!(refuses(&verifier, &longer).await, "token.invalid");

    let huge = support::bearer(&format!("{}.{}.{}", "A".repeat(1 << 20), "A", "A"));
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            let start = tokio::time::Instant::now();
            let refusal = futures_util::FutureExt::now_or_never(
                msf_core::access::Authenticator::authenticate(&verifier, &huge),
            );
            assert!(refusal.unwrap().is_err());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("a token of 1 MiB is refused in {:?} (median)", times[100]);
    // To look at each of its bytes takes a debug build milliseconds.
    assert!(times[100].as_micros() < 300, "{:?}", times[100]);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_pass_nor_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let Ok(value) = http::HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", value);
        let verifier = of(&Forge::ed());
        let answer = runtime().block_on(msf_core::access::Authenticator::authenticate(&verifier, &headers));
        prop_assert!(answer.is_err());
    }

    #[test]
    fn three_random_parts_never_pass_nor_panic(
        header in "[ -~]{0,80}",
        payload in "[ -~]{0,80}",
        signature in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let token = format!("{}.{}.{}", b64(header), b64(payload), b64(signature));
        let code = runtime().block_on(refuses(&of(&Forge::ed()), &token));
        prop_assert_eq!(code, "token.invalid");
    }

    #[test]
    fn signed_random_json_never_panics(header in json_text(), payload in json_text()) {
        let forge = Forge::ed();
        let verifier = of(&forge);
        let code = runtime().block_on(refuses(&verifier, &forge.token(&header, &payload)));
        prop_assert_eq!(code, "token.invalid");
        let code = runtime().block_on(refuses(&verifier, &forge.token(&forge.header().to_string(), &payload)));
        prop_assert_eq!(code, "token.invalid");
    }

    #[test]
    fn a_changed_token_never_passes(
        at in any::<prop::sample::Index>(),
        byte in b'!'..=b'~',
        kind in 0..3,
    ) {
        let clock = clock();
        let ring = ring(&clock);
        let good = issue(&tokens(&ring));
        let mut bytes = good.clone().into_bytes();
        let index = at.index(bytes.len());
        match kind {
            0 => bytes[index] = byte,
            1 => bytes.insert(index, byte),
            _ => { bytes.remove(index); }
        }
        let changed = String::from_utf8(bytes).unwrap();
        prop_assume!(changed != good);
        let headers = support::bearer(&changed);
        let verifier = verifier(&ring, &clock);
        let answer = runtime().block_on(msf_core::access::Authenticator::authenticate(&verifier, &headers));
        prop_assert!(answer.is_err(), "{}", changed);
    }
}

/// Objects out of the names and values that matter, in any order, also twice.
fn json_text() -> impl Strategy<Value = String> {
    let names = [
        "alg",
        "typ",
        "kid",
        "iss",
        "aud",
        "sub",
        "exp",
        "iat",
        "nbf",
        "jti",
        "sid",
        "client_id",
        "roles",
        "crit",
        "x",
    ];
    let values = [
        "null",
        "0",
        "-1",
        "1e400",
        "1e10",
        "1.5",
        "18446744073709551616",
        "true",
        "\"\"",
        "\"EdDSA\"",
        "\"at+jwt\"",
        "\"k\"",
        "\"https://shop.example\"",
        "\"shop\"",
        "[]",
        "[\"shop\"]",
        "{}",
        "{\"a\":1,\"a\":2}",
        "[[[[[[[[[[]]]]]]]]]]",
        "\"\\ud800\"",
    ];
    let member = (
        prop::sample::select(names.to_vec()),
        prop::sample::select(values.to_vec()),
    );
    proptest::collection::vec(member, 0..12).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}
