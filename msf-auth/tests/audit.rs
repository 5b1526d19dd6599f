//! What is written down, what is counted, and what is never shown.

mod support;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use msf_auth::audit::{self, Event};
use msf_auth::identity::{IdentityVerifier, ServiceIdentity};
use msf_auth::keys::{KeyRing, KeySource, RemoteKeys, RotationPolicy};
use msf_auth::token::{AccessTokens, AccessVerifier};
use msf_core::access::{Authenticator, CallIdentity as _, Principal};
use msf_core::context::Context;
use msf_core::{BoxError, BoxFuture};
use support::capture::Captured;
use support::forge::{Forge, claims, with};
use support::{
    AUDIENCE, ISSUER, NOW, ana, ask, authorization, b64, clock, issue, ring, takes, tokens,
    verifier,
};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt as _};

/// The reason in the log of each refusal: one word of a fixed list.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn each_refusal_has_its_word_in_the_log_and_its_count() {
    let (captured, _guard) = Captured::start();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let forge = Forge::ed();
    let keys = || msf_auth::keys::KeySet::parse(forge.jwks().as_bytes()).unwrap();
    let verifier = AccessVerifier::new(keys(), ISSUER, AUDIENCE).clock(&clock().clock());
    let good = forge.access(&claims());
    let headed = |name: &str, value: &str| {
        format!(
            "Bearer {}",
            forge.token(
                &with(forge.header(), name, value).to_string(),
                &claims().to_string()
            )
        )
    };
    let saying = |name: &str, value: serde_json::Value| {
        format!("Bearer {}", forge.access(&with(claims(), name, value)))
    };
    let rows = [
        ("Bearer a b".to_owned(), "duplicate"),
        ("Basic dTpw".to_owned(), "scheme"),
        (format!("Bearer {}", "a".repeat(8193)), "size"),
        ("Bearer a.b".to_owned(), "shape"),
        ("Bearer a.b.c".to_owned(), "encoding"),
        (headed("crit", "x"), "header"),
        (headed("typ", "JWT"), "type"),
        (saying("iss", "https://evil.example".into()), "issuer"),
        (headed("kid", "unknown"), "key"),
        (headed("kid", "../k"), "header"),
        (headed("alg", "RS256"), "algorithm"),
        (
            format!(
                "Bearer {}.{}",
                good.rsplit_once('.').unwrap().0,
                b64([0; 64])
            ),
            "signature",
        ),
        (saying("sub", "".into()), "claims"),
        (saying("aud", "other".into()), "audience"),
        (saying("nbf", (NOW + 60).into()), "not_yet_valid"),
        (saying("exp", (NOW + 901).into()), "lifetime"),
    ];
    let refused = async |verifier: &dyn Authenticator, value: &str| {
        let headers = authorization(value);
        verifier.authenticate(&headers).await.is_err()
    };
    for (value, reason) in &rows {
        assert!(refused(&verifier, value).await);
        let line = captured.of("msf::audit").pop().unwrap();
        assert_eq!(line.field("event"), "authn_token_invalid");
        assert_eq!(
            (line.field("reason"), line.level),
            (*reason, tracing::Level::WARN)
        );
        assert_eq!(line.keys(), ["event", "message", "reason"]);
    }
    let expired = with(with(claims(), "iat", NOW - 600), "exp", NOW - 30);
    assert!(refused(&verifier, &format!("Bearer {}", forge.access(&expired))).await);
    let line = captured.of("msf::audit").pop().unwrap();
    assert_eq!(
        (line.field("reason"), line.level),
        ("expired", tracing::Level::INFO)
    );

    // A service that may not speak for users.
    let ring = KeyRing::generate().unwrap();
    let overreach = ServiceIdentity::new("a", ring.clone()).on_behalf();
    let value = overreach
        .header(Some(&Principal::user("ana")), "b")
        .unwrap();
    let inner = IdentityVerifier::new("b").trust("a", ring);
    assert!(refused(&inner, value.to_str().unwrap()).await);
    assert_eq!(
        captured.of("msf::audit").pop().unwrap().field("reason"),
        "subject"
    );

    assert_eq!(
        captured.of("msf::audit").len(),
        rows.len() + 2,
        "one line each"
    );
    takes(&verifier, &good).await;
    takes(&verifier, &good).await;
    assert!(
        verifier
            .authenticate(&http::HeaderMap::new())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        captured.of("msf::audit").len(),
        rows.len() + 2,
        "and none for what is good"
    );
    let series = series(&recorder.handle().render());
    let invalid = format!("{{outcome=\"token_invalid\"}} {}", rows.len() + 1);
    let expected = [
        "{outcome=\"token_expired\"} 1",
        &invalid,
        "{outcome=\"verified\"} 1",
    ];
    assert_eq!(series, expected);
}

fn series(rendered: &str) -> Vec<String> {
    let mut series: Vec<_> = rendered
        .lines()
        .filter_map(|line| line.strip_prefix("msf_auth_total"))
        .map(str::to_owned)
        .collect();
    series.sort_unstable();
    series
}

struct Unreachable;

impl KeySource for Unreachable {
    fn fetch(&self) -> BoxFuture<'_, Result<bytes::Bytes, BoxError>> {
        Box::pin(async { Err("connection refused to auth-7.internal".into()) })
    }
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_neither_the_callers_fault_nor_his_business() {
    let (captured, _guard) = Captured::start();
    let clock = clock();
    let verifier =
        AccessVerifier::new(RemoteKeys::new(Unreachable), ISSUER, AUDIENCE).clock(&clock.clock());
    let error = ask(&verifier, &issue(&tokens(&ring(&clock))))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "token.undecided");
    assert_eq!(error.kind(), msf_core::error::Kind::Unavailable);
    assert!(!error.to_string().contains("auth-7"), "{error}");
    assert!(msf_core::error::chain(&error).ends_with("connection refused to auth-7.internal"));
    let lines = captured.of("msf::audit");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!(lines[0].field("event"), "authn_token_undecided");
    assert_eq!(captured.of("msf::auth").len(), 1);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn each_event_is_a_line_of_the_vocabulary_with_its_correlation_id_and_service() {
    let (captured, _guard) = Captured::start();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let (subject, session) = ("user-7", "session-1");
    let rows: [(Event<'_>, &str, &str, &str, &str); 9] = [
        (
            Event::LoginSuccess { subject, session },
            "authn_login_success",
            subject,
            session,
            "",
        ),
        (
            Event::LoginFail {
                subject: Some(subject),
                reason: "password",
            },
            "authn_login_fail",
            subject,
            "",
            "password",
        ),
        (
            Event::LoginFail {
                subject: None,
                reason: "unknown",
            },
            "authn_login_fail",
            "",
            "",
            "unknown",
        ),
        (
            Event::LoginFailMax { subject: None },
            "authn_login_fail_max",
            "",
            "",
            "",
        ),
        (
            Event::Logout { subject, session },
            "authn_logout",
            subject,
            session,
            "",
        ),
        (
            Event::TokenCreated { subject, session },
            "authn_token_created",
            subject,
            session,
            "",
        ),
        (
            Event::TokenReuse { subject, session },
            "authn_token_reuse",
            subject,
            session,
            "",
        ),
        (
            Event::TokenRevoked { subject },
            "authn_token_revoked",
            subject,
            "",
            "",
        ),
        (Event::TokenUndecided, "authn_token_undecided", "", "", ""),
    ];
    let context = Context::root();
    let work = async {
        for (event, name, subject, session, reason) in &rows {
            context.clone().sync_scope(|| audit::event(event));
            let line = captured.of("msf::audit").pop().unwrap();
            assert_eq!((line.field("event"), line.field("message")), (*name, *name));
            assert_eq!(
                (
                    line.field("subject"),
                    line.field("session"),
                    line.field("reason")
                ),
                (*subject, *session, *reason)
            );
            assert_eq!(
                line.correlation_id.as_deref(),
                Some(context.correlation_id().as_str())
            );
            assert_eq!(line.service.as_deref(), Some("auth-service"));
        }
    };
    msf_core::observe::in_service("auth-service".into(), work).await;
    let series = series(&recorder.handle().render());
    assert_eq!(series.len(), 8, "{series:#?}");
    assert!(
        series
            .iter()
            .all(|line| line.contains(r#"service="auth-service""#)),
        "{series:#?}"
    );
    assert!(
        series.contains(&r#"{outcome="login_fail",service="auth-service"} 2"#.to_owned()),
        "{series:#?}"
    );
}

/// Everything that is logged by anybody, as text.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Everything {
    fn on_event(&self, event: &tracing::Event<'_>, _: LayerContext<'_, S>) {
        struct Text<'a>(&'a mut Vec<String>);
        impl Visit for Text<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0.push(format!("{field}={value:?}"));
            }
        }
        event.record(&mut Text(&mut self.0.lock().unwrap()));
    }
}

/// Every secret of a life of tokens and keys, looked for in everything that is shown.
#[tokio::test]
async fn no_token_and_no_key_is_ever_shown() {
    let everything = Everything::default();
    let subscriber = tracing_subscriber::registry().with(everything.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let mut shown: Vec<String> = Vec::new();

    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("keys");
    let clock = clock();
    let ring = KeyRing::open(&folder, &clock.clock(), RotationPolicy::default()).unwrap();
    ring.rotate().unwrap();
    let file = std::fs::read_to_string(folder.join("keys.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let tokens = AccessTokens::new(ring.clone(), ISSUER, AUDIENCE);
    let issued = tokens.issue(&ana()).unwrap();
    let identity = ServiceIdentity::new("api-gateway", ring.clone());
    let value = identity.itself().header(None, "user-service").unwrap();
    let access = issued.token.expose().to_owned();
    let service = value.to_str().unwrap()["Bearer ".len()..].to_owned();

    let own = verifier(&ring, &clock);
    let inner = IdentityVerifier::new("user-service")
        .clock(&clock.clock())
        .trust("api-gateway", ring.clone());
    let principal = takes(&own, &access).await;
    takes(&inner, &service).await;
    shown.push(format!(
        "{ring:?} {tokens:?} {issued:?} {identity:?} {value:?} {own:?} {inner:?} {principal:?}"
    ));
    shown.push(format!(
        "{:?}",
        principal.claims::<msf_auth::token::AccessClaims>()
    ));
    shown.push(ring.jwks());
    let mut refusals = 0;
    let all: [&dyn Authenticator; 2] = [&own, &inner];
    let cut = &access[..access.len() - 3];
    let twice = format!("Bearer {access} {access}");
    let wrong = [
        format!("Bearer {service}"),
        format!("Bearer {access}x"),
        format!("Bearer {cut}"),
        format!("Basic {access}"),
        format!("Bearer {access}.{access}"),
        twice,
        access.clone(),
        format!("Bearer {access}="),
    ];
    for verifier in all {
        for value in &wrong {
            if let Err(error) = verifier.authenticate(&authorization(value)).await {
                shown.push(format!(
                    "{error} {error:?} {}",
                    msf_core::error::chain(&error)
                ));
                shown.push(format!("{:?}", tonic::Status::from(error)));
                refusals += 1;
            }
        }
    }
    clock.advance(Duration::from_secs(3600));
    let error = ask(&own, &access).await.unwrap_err();
    shown.push(format!("{error:?}"));
    std::fs::write(
        folder.join("keys.json"),
        file.to_string().replace("\"version\"", "\"versoin\""),
    )
    .unwrap();
    let error = ring.reload().unwrap_err();
    shown.push(format!("{error} {error:?}"));
    shown.extend(everything.0.lock().unwrap().drain(..));
    shown.push(recorder.handle().render());
    let shown = shown.join("\n");

    assert_eq!(
        refusals,
        2 * wrong.len() - 1,
        "the identity token is good at one of them"
    );
    assert!(
        shown.len() > 4000 && shown.contains("authn_token_invalid"),
        "something was shown"
    );
    let mut canaries = vec![access.clone(), service.clone()];
    for token in [&access, &service] {
        canaries.extend(token.split('.').map(str::to_owned));
    }
    for key in file["keys"].as_array().unwrap() {
        let pkcs8 = key["pkcs8"].as_str().unwrap();
        let bytes = support::unb64(pkcs8);
        // The last 32 bytes of it are the seed.
        let seed = &bytes[bytes.len() - 32..];
        canaries.extend([pkcs8.to_owned(), b64(seed), format!("{seed:?}"), hex(seed)]);
        canaries.push(base64::engine::general_purpose::STANDARD.encode(seed));
    }
    assert_eq!(canaries.len(), 18);
    for canary in canaries {
        assert!(!shown.contains(&canary), "shown: {canary}");
        assert!(
            !shown.contains(&canary[..canary.len().min(24)]),
            "shown: the start of {canary}"
        );
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap();
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}
