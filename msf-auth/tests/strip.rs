//! Which headers of a client never reach a handler.

use std::convert::Infallible;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use msf_auth::StripIdentityHeaders;
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};

/// What a service behind the layer sees.
fn seen(layer: &StripIdentityHeaders, headers: HeaderMap) -> HeaderMap {
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    let echo =
        service_fn(
            |request: Request<()>| async move { Ok::<_, Infallible>(request.headers().clone()) },
        );
    let answer = layer.layer(echo).oneshot(request);
    futures_util::FutureExt::now_or_never(answer)
        .unwrap()
        .unwrap()
}

fn of(names: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in names {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_static("mallory"));
    }
    headers
}

const GONE: [&str; 18] = [
    "x-msf-principal",
    "x-msf-",
    "x-msf-roles",
    "x-auth-request-user",
    "x-auth-request-access-token",
    "x-auth-request-",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-access-token",
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-remote-user",
    "x-msf-x_y-z",
    "x-auth-request-preferred-username",
];

const STAY: [&str; 16] = [
    "authorization",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-request-id",
    "x-correlation-id",
    "traceparent",
    "cookie",
    "host",
    "remote",
    "x-remote",
    "x-ms-version",
    "x-msf",
    "x-forwarded-users",
    "x-forwarded-user-agent",
    "xx-msf-principal",
];

#[test]
fn these_go_and_those_stay() {
    let layer = StripIdentityHeaders::new();
    for name in GONE {
        for spelling in [
            name.to_owned(),
            name.replace('-', "_"),
            name.replacen('-', "_", 1),
            name.to_uppercase(),
        ] {
            let headers = seen(&layer, of(&[&spelling, "host", &spelling, &spelling]));
            assert_eq!(headers.len(), 1, "{spelling}: {headers:?}");
        }
    }
    let headers = seen(&layer, of(&STAY));
    assert_eq!(headers.len(), STAY.len(), "{headers:?}");
}

#[test]
fn own_names_go_too() {
    let layer = StripIdentityHeaders::new()
        .name("X-Employee_Number")
        .prefix("x-acme-");
    let all = [
        "x-employee-number",
        "x_employee_number",
        "x-acme-a",
        "x_acme_b",
        "x-msf-a",
        "x-employee-number-2",
    ];
    let headers = seen(&layer, of(&all));
    let left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(left, ["x-employee-number-2"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any mix of headers, each dash perhaps an underscore, each letter perhaps a capital, each perhaps repeated.
    #[test]
    fn no_spelling_of_an_identity_gets_through(
        picks in proptest::collection::vec((any::<prop::sample::Index>(), any::<u64>(), 1..4_usize), 0..12),
        others in proptest::collection::vec("[a-z][a-z0-9_-]{0,20}", 0..8),
    ) {
        let mut headers = HeaderMap::new();
        for (index, twists, times) in picks {
            let name: String = GONE[index.index(GONE.len())]
                .chars()
                .enumerate()
                .map(|(place, letter)| match twists >> (place % 64) & 1 {
                    1 if letter == '-' => '_',
                    1 => letter.to_ascii_uppercase(),
                    _ => letter,
                })
                .collect();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            for _ in 0..times {
                headers.append(name.clone(), HeaderValue::from_static("mallory"));
            }
        }
        for name in &others {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_static("other"));
        }
        headers.append("connection", HeaderValue::from_static("x-msf-principal, authorization"));
        headers.append("authorization", HeaderValue::from_static("Bearer t"));
        let layer = StripIdentityHeaders::new();
        let left = seen(&layer, headers.clone());
        for (name, value) in &left {
            prop_assert_ne!(value, "mallory", "{}", name);
        }
        prop_assert_eq!(left.get_all("authorization").iter().count(), headers.get_all("authorization").iter().count());
        // Nothing else is lost.
        let mine = |headers: &HeaderMap| headers.values().filter(|value| *value == "other").count();
        let claimed = |name: &HeaderName| {
            let plain = name.as_str().replace('_', "-");
            plain.starts_with("x-msf-") || plain.starts_with("x-auth-request-") || GONE.contains(&plain.as_str())
        };
        let expected = headers.iter().filter(|(name, value)| *value == "other" && !claimed(name)).count();
        prop_assert_eq!(mine(&left), expected);
    }
}
