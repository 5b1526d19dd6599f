//! What a token has to say. All of these are signed with the right key.

mod support;

use std::time::Duration;

use msf_auth::keys::KeySet;
use msf_auth::token::AccessVerifier;
use serde_json::{Value, json};
use support::forge::{Forge, claims, with, without};
use support::{AUDIENCE, ISSUER, NOW, at, clock, refuses, takes};

fn of(forge: &Forge) -> AccessVerifier {
    let keys = KeySet::parse(forge.jwks().as_bytes()).unwrap();
    AccessVerifier::new(keys, ISSUER, AUDIENCE).clock(&clock().clock())
}

/// For each claim values of each type that it does not have, or that are not its own.
fn wrong_values() -> Vec<(&'static str, Vec<Value>)> {
    let text = |own: Value| {
        vec![
            json!(null),
            json!(""),
            json!(1),
            json!(1.5),
            json!(true),
            json!([]),
            json!([own]),
            json!([own, "other"]),
            json!({}),
            json!({"value": own}),
        ]
    };
    let date = |own: Value| {
        vec![
            json!(null),
            json!(""),
            json!(own.to_string()),
            json!("2030-01-01T00:00:00Z"),
            json!(true),
            json!([own]),
            json!({"value": own}),
            json!(-1),
            json!(-1.5),
            json!(253_402_300_800_u64),
            json!(u64::MAX),
            json!(1e300),
        ]
    };
    let mut rows: Vec<_> = ["iss", "sub", "client_id", "sid", "jti"]
        .into_iter()
        .map(|name| (name, text(claims()[name].clone())))
        .collect();
    rows.extend(["iat", "exp"].map(|name| (name, date(claims()[name].clone()))));
    rows.push(("nbf", date(json!(NOW))));
    rows.push((
        "roles",
        vec![
            json!(null),
            json!("admin"),
            json!(1),
            json!({}),
            json!([1]),
            json!([null]),
            json!([["admin"]]),
            json!(true),
        ],
    ));
    rows.push((
        "aud",
        vec![
            json!(null),
            json!(""),
            json!("shop2"),
            json!("sho"),
            json!("SHOP"),
            json!("shop "),
            json!("shop,other"),
            json!(1),
            json!(true),
            json!({}),
            json!({"shop": "shop"}),
            json!([]),
            json!(["other"]),
            json!([["shop"]]),
            json!(["shop", 1]),
            json!(["shop", null]),
        ],
    ));
    rows.push((
        "iss",
        vec![
            json!("https://shop.example/"),
            json!("https://shop.example.evil"),
            json!("HTTPS://SHOP.EXAMPLE"),
            json!("shop"),
            json!(" "),
        ],
    ));
    rows
}

#[tokio::test]
async fn each_claim_is_there_and_of_its_type() {
    let forge = Forge::ed();
    let verifier = of(&forge);
    takes(&verifier, &forge.access(&claims())).await;
    let mut count = 0;
    for (name, values) in wrong_values() {
        let mut rows: Vec<_> = values
            .into_iter()
            .map(|value| with(claims(), name, value))
            .collect();
        if !matches!(name, "nbf" | "roles") {
            rows.push(without(claims(), name));
        }
        for row in rows {
            count += 1;
            let code = refuses(&verifier, &forge.access(&row)).await;
            assert_eq!(code, "token.invalid", "{name} in {row}");
        }
    }
    println!("{count} rows");
    assert!(count > 120, "{count}");
}

#[tokio::test]
async fn what_is_allowed_passes() {
    let forge = Forge::ed();
    let verifier = of(&forge);
    for (name, value) in [
        ("aud", json!(["other", "shop"])),
        ("aud", json!(["shop"])),
        ("nbf", json!(NOW)),
        ("nbf", json!(0)),
        ("iat", json!(1.8e9)),
        ("exp", json!(1_800_000_599.75)),
        ("roles", json!([])),
        ("tenant", json!({"deep": [1, 2, {"er": null}]})),
    ] {
        takes(&verifier, &forge.access(&with(claims(), name, value))).await;
    }
    let principal = takes(&verifier, &forge.access(&without(claims(), "roles"))).await;
    assert_eq!(principal.roles().count(), 0);
}

/// The clock at each border, a second to either side.
#[tokio::test]
async fn times_hold_with_thirty_seconds_of_leeway() {
    let forge = Forge::ed();
    let rows: [(&str, i64, i64, Option<i64>, &str); 14] = [
        // Relative to now: iat, exp, nbf.
        ("issued in 30 s", 30, 600, None, "ok"),
        ("issued in 31 s", 31, 600, None, "token.invalid"),
        ("valid in 30 s", 0, 600, Some(30), "ok"),
        ("valid in 31 s", 0, 600, Some(31), "token.invalid"),
        ("expired for 29 s", -600, -29, None, "ok"),
        ("expired for 30 s", -600, -30, None, "token.expired"),
        ("expired for 31 s", -600, -31, None, "token.expired"),
        ("expires now", -600, 0, None, "ok"),
        ("lives for 900 s", 0, 900, None, "ok"),
        ("lives for 901 s", 0, 901, None, "token.invalid"),
        (
            "lives for 901 s, most of them past",
            -871,
            30,
            None,
            "token.invalid",
        ),
        ("lives for no time", 0, 0, None, "token.invalid"),
        ("ends before it begins", 10, 5, None, "token.invalid"),
        (
            "expired for a year",
            -32_000_000,
            -31_999_400,
            None,
            "token.expired",
        ),
    ];
    for (name, issued, expires, from, expected) in rows {
        let time = |offset: i64| NOW.checked_add_signed(offset).unwrap();
        let mut claims = with(with(claims(), "iat", time(issued)), "exp", time(expires));
        if let Some(from) = from {
            claims = with(claims, "nbf", time(from));
        }
        let verifier = of(&forge);
        let answer = support::ask(&verifier, &forge.access(&claims)).await;
        let code = answer.map_or_else(|error| error.code().to_owned(), |_| "ok".to_owned());
        assert_eq!(code, expected, "{name}");
    }
}

#[tokio::test]
async fn leeway_and_longest_lifetime_can_be_set_but_not_a_larger_leeway() {
    let forge = Forge::ed();
    let late = forge.access(&with(with(claims(), "iat", NOW - 600), "exp", NOW));
    for (leeway, expected) in [(0, false), (1, true), (30, true), (3600, true)] {
        let verifier = of(&forge).leeway(Duration::from_secs(leeway));
        let answer = support::ask(&verifier, &late).await;
        assert_eq!(answer.is_ok(), expected, "{leeway}");
    }
    let later = forge.access(&with(with(claims(), "iat", NOW - 600), "exp", NOW - 30));
    let generous = of(&forge).leeway(Duration::from_secs(3600));
    assert_eq!(refuses(&generous, &later).await, "token.expired");

    let hour = forge.access(&with(claims(), "exp", NOW + 3600));
    assert_eq!(refuses(&of(&forge), &hour).await, "token.invalid");
    let patient = of(&forge).max_lifetime(Duration::from_secs(3600));
    takes(&patient, &hour).await;
}

#[tokio::test]
async fn a_claim_twice_is_refused_wherever_it_is_and_whoever_knows_it() {
    let forge = Forge::ed();
    let verifier = of(&forge);
    let text = claims().to_string();
    let inner = &text[1..text.len() - 1];
    let names = [
        "iss",
        "aud",
        "sub",
        "client_id",
        "sid",
        "jti",
        "iat",
        "exp",
        "roles",
    ];
    for name in names {
        let own = claims()[name].to_string();
        for (first, second) in [
            (&own, &own),
            (&"null".to_owned(), &own),
            (&own, &"null".to_owned()),
        ] {
            let rest = without(claims(), name).to_string();
            let rest = &rest[1..rest.len() - 1];
            let payload = format!(r#"{{"{name}":{first},{rest},"{name}":{second}}}"#);
            let token = forge.token(&forge.header().to_string(), &payload);
            assert_eq!(
                refuses(&verifier, &token).await,
                "token.invalid",
                "{payload}"
            );
        }
    }
    for payload in [
        format!(r#"{{{inner},"tenant":"a","tenant":"b"}}"#),
        format!(r#"{{{inner},"nbf":0,"nbf":0}}"#),
        // The same name in another spelling.
        format!(r#"{{{inner},"s\u0075b":"bob"}}"#),
        format!("{{{inner}}}{{{inner}}}"),
        format!("{{{inner}}} x"),
        format!("[{{{inner}}}]"),
        format!("{{{inner}"),
        "null".to_owned(),
        String::new(),
    ] {
        let token = forge.token(&forge.header().to_string(), &payload);
        assert_eq!(
            refuses(&verifier, &token).await,
            "token.invalid",
            "{payload}"
        );
    }
}

#[tokio::test]
async fn the_clock_before_1970_takes_nothing() {
    let forge = Forge::ed();
    let clock = clock();
    let keys = KeySet::parse(forge.jwks().as_bytes()).unwrap();
    let verifier = AccessVerifier::new(keys, ISSUER, AUDIENCE).clock(&clock.clock());
    let token = forge.access(&claims());
    clock.set(at(0) - Duration::from_secs(1000));
    assert_eq!(refuses(&verifier, &token).await, "token.invalid");
    clock.set(at(NOW));
    takes(&verifier, &token).await;
}
