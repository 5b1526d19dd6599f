//! Access tokens that are forged, broken, misplaced or somebody else's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::bodies::Row;

/// Values of `authorization` that must let nobody in, made from one that does, with what each is answered.
#[expect(clippy::too_many_lines, reason = "a table")]
fn headers(token: &str) -> Vec<(&'static str, Vec<String>, u16)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("a token has three parts");
    };
    let bearer = |token: String| vec![format!("Bearer {token}")];
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let with_header = |json: String| bearer(format!("{}.{payload}.{signature}", encode(&json)));
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let with_claims = |json: String| bearer(format!("{header}.{}.{signature}", encode(&json)));
    let mut flipped = payload.to_owned().into_bytes();
    flipped[10] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    vec![
        ("no token", vec![], 401),
        ("garbage", bearer("garbage".to_owned()), 401),
        ("an empty token", vec!["Bearer ".to_owned()], 401),
        ("only the scheme", vec!["Bearer".to_owned()], 401),
        ("no scheme", vec![token.to_owned()], 401),
        ("Basic", vec!["Basic YW5hOmh1bnRlcjI=".to_owned()], 401),
        ("another scheme", vec![format!("Token {token}")], 401),
        ("three dots", bearer("a.b.c.d".to_owned()), 401),
        ("empty parts", bearer("..".to_owned()), 401),
        (
            "alg none",
            bearer(format!(
                "{}.{payload}.",
                encode(r#"{"alg":"none","typ":"at+jwt"}"#)
            )),
            401,
        ),
        (
            "alg nOnE",
            with_header(decoded.replace("EdDSA", "nOnE")),
            401,
        ),
        (
            "alg HS256",
            with_header(decoded.replace("EdDSA", "HS256")),
            401,
        ),
        (
            "alg RS256",
            with_header(decoded.replace("EdDSA", "RS256")),
            401,
        ),
        (
            "alg ES256",
            with_header(decoded.replace("EdDSA", "ES256")),
            401,
        ),
        (
            "typ JWT",
            with_header(decoded.replace("at+jwt", "JWT")),
            401,
        ),
        (
            "an unknown key",
            with_header(decoded.replace("\"kid\":\"", "\"kid\":\"x")),
            401,
        ),
        (
            "a key in the header",
            with_header(decoded.replacen('{', r#"{"jwk":{},"#, 1)),
            401,
        ),
        (
            "a flipped payload",
            bearer(format!("{header}.{flipped}.{signature}")),
            401,
        ),
        (
            "another role",
            with_claims(claims.replace("\"user\"", "\"admin\"")),
            401,
        ),
        (
            "another subject",
            with_claims(claims.replacen("\"sub\":\"", "\"sub\":\"0", 1)),
            401,
        ),
        (
            "a longer life",
            with_claims(claims.replacen("\"exp\":1", "\"exp\":2", 1)),
            401,
        ),
        (
            "a cut signature",
            bearer(token[..token.len() - 4].to_owned()),
            401,
        ),
        ("no signature", bearer(format!("{header}.{payload}.")), 401),
        ("a longer signature", bearer(format!("{token}AAAA")), 401),
        ("a character that is none", bearer(format!("{token}!")), 401),
        ("padding", bearer(format!("{token}==")), 401),
        ("9 kB", bearer("a".repeat(9000)), 401),
        ("two tokens", vec![format!("Bearer {token} {token}")], 400),
        (
            "two headers",
            vec![format!("Bearer {token}"), format!("Bearer {token}")],
            400,
        ),
        (
            "two headers, one bad",
            vec![format!("Bearer {token}"), "Bearer x".to_owned()],
            400,
        ),
    ]
}

/// Each bad token at a route that asks for one, with a body that the route would read.
pub(crate) fn rows(token: &str, routes: &[(&'static str, &str, Vec<u8>)]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (method, path, body) in routes {
        let base = |name: String, status| {
            let row = Row::of(method, *path, status).named(name);
            if body.is_empty() {
                row
            } else {
                row.json(body.clone())
            }
        };
        for (name, values, status) in headers(token) {
            let mut row = base(format!("token: {name}"), status);
            row.headers
                .extend(values.into_iter().map(|value| ("authorization", value)));
            rows.push(row);
        }
        // A token anywhere but in its header is none.
        for (name, value) in [
            ("cookie", format!("access_token={token}")),
            ("x-access-token", token.to_owned()),
            ("proxy-authorization", format!("Bearer {token}")),
        ] {
            rows.push(base(format!("a token in {name}"), 401).header(name, value));
        }
        // Who a client says it is does not count.
        for name in [
            "x-msf-identity",
            "x-msf-subject",
            "x_msf_subject",
            "x-forwarded-user",
            "x_forwarded_user",
            "x-forwarded-email",
            "x-forwarded-groups",
            "x-auth-request-user",
            "remote-user",
            "x-principal",
        ] {
            rows.push(base(format!("identity header {name}"), 401).header(name, "admin"));
        }
    }
    rows
}
