//! Which keys of others are used, and why the rest is not.

mod support;

use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair, RsaPublicKeyComponents};
use msf_auth::keys::{InvalidKeySet, KeySet, Keys as _, PublicKey, SignatureAlgorithm};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::b64;
use support::forge::{Forge, with, without};

fn why(jwk: &Value) -> String {
    match PublicKey::from_jwk(&jwk.to_string()) {
        Ok(key) => panic!("{key:?} of {jwk} is taken"),
        Err(error) => error.to_string(),
    }
}

fn is_taken(jwk: &Value) -> SignatureAlgorithm {
    match PublicKey::from_jwk(&jwk.to_string()) {
        Ok(key) => key.algorithm(),
        Err(error) => panic!("{error}: {jwk}"),
    }
}

#[test]
fn three_types_are_taken_each_with_its_own_algorithm() {
    let [ed, ec, rsa] = Forge::all().map(|forge| forge.jwk());
    for (jwk, algorithm) in [
        (&ed, SignatureAlgorithm::EdDsa),
        (&ec, SignatureAlgorithm::Es256),
        (&rsa, SignatureAlgorithm::Rs256),
    ] {
        assert_eq!(is_taken(jwk), algorithm);
        let full = with(with(jwk.clone(), "use", "sig"), "alg", algorithm.name());
        assert_eq!(
            is_taken(&with(full, "key_ops", json!(["verify"]))),
            algorithm
        );
        // What we do not look at does no harm, nor does a member that is explicitly nothing.
        let more = with(with(jwk.clone(), "x5t", "AAAA"), "x5c", json!(["MIIB"]));
        assert_eq!(is_taken(&with(more, "d", json!(null))), algorithm);
        for alg in [
            "EdDSA", "ES256", "RS256", "RS512", "PS256", "HS256", "none", "", "Ed25519",
        ] {
            if alg != algorithm.name() {
                assert!(
                    why(&with(jwk.clone(), "alg", alg))
                        .ends_with(&format!("`alg` is not {algorithm}"))
                );
            }
        }
    }
}

#[test]
fn a_key_for_something_else_or_with_a_secret_is_not_taken() {
    for forge in Forge::all() {
        let jwk = forge.jwk();
        for usage in ["enc", "", "SIG", "sign"] {
            assert_eq!(
                why(&with(jwk.clone(), "use", usage)),
                "key k: its `use` is not `sig`"
            );
        }
        for ops in [json!([]), json!(["sign"]), json!(["encrypt", "deriveKey"])] {
            assert_eq!(
                why(&with(jwk.clone(), "key_ops", ops)),
                "key k: its `key_ops` do not hold `verify`"
            );
        }
        for part in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let error = why(&with(jwk.clone(), part, "c2VjcmV0LXBhcnQ"));
            assert_eq!(error, format!("key k: it holds a secret part (`{part}`)"));
        }
        for kid in ["", "a b", "a/b", "\u{e4}", "a\u{0}", &"k".repeat(65)] {
            let error = why(&with(jwk.clone(), "kid", kid));
            assert!(
                error.starts_with("key without a valid id: its `kid` is not"),
                "{error}"
            );
        }
        assert!(why(&without(jwk.clone(), "kid")).contains("its `kid` is not"));
        for wrong in [json!(1), json!(null), json!([]), json!({})] {
            for name in ["kty", "kid"] {
                assert!(why(&with(jwk.clone(), name, wrong.clone())).contains("it is no JWK"));
            }
        }
        let text = jwk.to_string();
        let twice = text.replace(r#""kid":"k""#, r#""kid":"j","kid":"k""#);
        assert!(PublicKey::from_jwk(&twice).is_err());
        let values: Vec<_> = jwk.as_object().unwrap().values().collect();
        assert!(PublicKey::from_jwk(&json!(values).to_string()).is_err());
    }
}

#[test]
fn the_type_the_curve_and_the_values_fit() {
    let [ed, ec, rsa] = Forge::all().map(|forge| forge.jwk());
    let none = "key k: its type is none of Ed25519, P-256 and RSA";
    for (jwk, name, values) in [
        (&ed, "crv", ["X25519", "Ed448", "ed25519", "P-256", ""]),
        (&ed, "kty", ["EC", "RSA", "oct", "okp", ""]),
        (
            &ec,
            "crv",
            ["P-384", "P-521", "secp256k1", "Ed25519", "p-256"],
        ),
        (&ec, "kty", ["OKP", "RSA", "oct", "ec", ""]),
        (&rsa, "kty", ["EC", "OKP", "oct", "rsa", ""]),
        (&rsa, "crv", ["P-256", "Ed25519", "", "x", "RSA"]),
    ] {
        for value in values {
            assert_eq!(why(&with(jwk.clone(), name, value)), none, "{name} {value}");
        }
    }
    for length in [0, 31, 33, 64] {
        let error = why(&with(ed.clone(), "x", b64(vec![7; length])));
        assert_eq!(error, "key k: its value is no key of its curve");
        let error = why(&with(ec.clone(), "x", b64(vec![7; length])));
        assert_eq!(error, "key k: its `x` and `y` are not of 32 bytes each");
    }
    for point in [[0; 32], [7; 32], [255; 32]] {
        let error = why(&with(ec.clone(), "y", b64(point)));
        assert_eq!(error, "key k: its value is no key of its curve");
    }
    for (jwk, name) in [(&ed, "x"), (&ec, "x"), (&ec, "y"), (&rsa, "n"), (&rsa, "e")] {
        let missing = format!("key k: its `{name}` is missing or not base64url");
        assert_eq!(why(&without(jwk.clone(), name)), missing);
        let own = jwk[name].as_str().unwrap();
        for bad in [format!("{own}="), format!("{own}+"), format!("{own} ")] {
            assert_eq!(why(&with(jwk.clone(), name, bad)), missing);
        }
    }
}

/// aws-lc-rs makes no RSA key below 2048 bits, so shorter moduli are numbers of that length.
#[test]
fn rsa_is_of_2048_to_8192_bits_and_its_exponent_is_65537() {
    let rsa = Forge::rsa().jwk();
    let modulus = |bits: usize| {
        let mut n = vec![0xab; bits.div_ceil(8)];
        n[0] = if bits.is_multiple_of(8) {
            0x80
        } else {
            1 << ((bits % 8) - 1)
        };
        b64(n)
    };
    for bits in [2048, 2049, 3072, 4096, 8192] {
        is_taken(&with(rsa.clone(), "n", modulus(bits)));
    }
    for bits in [8, 512, 1024, 2040, 2047, 8193, 16384] {
        let error = why(&with(rsa.clone(), "n", modulus(bits)));
        assert_eq!(
            error, "key k: its modulus is not of 2048 to 8192 bits",
            "{bits}"
        );
    }
    let padded = [&[0][..], &support::unb64(&modulus(2048))].concat();
    assert!(why(&with(rsa.clone(), "n", b64(padded))).contains("modulus"));
    assert!(why(&with(rsa.clone(), "n", "")).contains("modulus"));
    for exponent in [
        &[1][..],
        &[3],
        &[17],
        &[1, 0, 0],
        &[0, 1, 0, 1],
        &[1, 0, 1, 0],
        &[],
    ] {
        let error = why(&with(rsa.clone(), "e", b64(exponent)));
        assert_eq!(error, "key k: its exponent is not 65537");
    }
    let large = RsaKeyPair::generate(KeySize::Rsa4096).unwrap();
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(large.public_key());
    is_taken(&json!({"kty": "RSA", "kid": "k", "n": b64(public.n), "e": b64(public.e)}));
}

#[tokio::test]
async fn a_set_keeps_its_usable_keys_and_names_the_rest() {
    let named = |forge: &Forge, kid: &str| with(forge.jwk(), "kid", kid);
    let [ed, ec, rsa] = Forge::all();
    let set = json!({"keys": [
        named(&ed, "a"), with(named(&ec, "b"), "use", "enc"), named(&rsa, "c"),
        {"kty": "oct", "kid": "d", "k": "c2VjcmV0"}, 7, null, "key", [],
        named(&ec, "twice"), named(&rsa, "twice"),
    ], "more": true})
    .to_string();
    let set = KeySet::parse(set.as_bytes()).unwrap();
    assert_eq!((set.len(), set.is_empty()), (2, false));
    for (kid, known) in [
        ("a", true),
        ("b", false),
        ("c", true),
        ("d", false),
        ("twice", false),
        ("", false),
    ] {
        assert_eq!(set.get(kid).is_some(), known, "{kid}");
        assert_eq!(set.find(kid).await.unwrap().is_some(), known, "{kid}");
    }
    assert_eq!(set.unusable().len(), 7, "{:#?}", set.unusable());
    let text = format!("{set:?}");
    assert!(!text.contains("c2VjcmV0"), "{text}");
}

#[test]
fn a_document_that_is_no_set_or_has_no_usable_key_is_an_error() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "7",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[}"#,
        "[[]]",
        "<html>",
    ] {
        let error = KeySet::parse(text.as_bytes()).unwrap_err();
        assert!(
            matches!(error, InvalidKeySet::NoDocument(..)),
            "{text}: {error}"
        );
    }
    assert!(KeySet::parse(&[0xff, 0xfe]).is_err());
    let error =
        KeySet::parse(br#"{"keys":[{"kty":"oct","kid":"d","k":"c2VjcmV0"},8]}"#).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.starts_with("a JWKS without a usable key; key d: it holds a secret part (`k`); "),
        "{text}"
    );
    assert!(!text.contains("c2VjcmV0"), "{text}");
    assert!(KeySet::parse(br#"{"keys":[]}"#).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_document_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        let _ = KeySet::parse(&bytes);
        let _ = PublicKey::from_jwk(&text);
        let _ = KeySet::parse(format!(r#"{{"keys":[{text}]}}"#).as_bytes());
    }

    #[test]
    fn no_value_of_a_member_makes_it_panic(name in "kty|crv|x|y|n|e|alg|use|kid|key_ops", value in "[A-Za-z0-9_-]{0,100}", which in 0..2) {
        let forge = if which == 0 { Forge::ed() } else { Forge::ec() };
        let _ = PublicKey::from_jwk(&with(forge.jwk(), &name, value).to_string());
    }
}
