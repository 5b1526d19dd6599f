//! One error value on both protocols, and the way back from a status.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::response::IntoResponse as _;
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use msf_core::context::Context;
use msf_core::error::{Error, FieldError, Kind, PROBLEM_JSON, Protocol};
use proptest::prelude::*;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const KINDS: [Kind; 17] = [
    Kind::Malformed,
    Kind::Invalid,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::MethodNotAllowed,
    Kind::AlreadyExists,
    Kind::Conflict,
    Kind::TooLarge,
    Kind::UnsupportedMediaType,
    Kind::TooManyRequests,
    Kind::Cancelled,
    Kind::Unimplemented,
    Kind::Overloaded,
    Kind::Unavailable,
    Kind::DeadlineExceeded,
    Kind::Internal,
];

/// The status as a client reads it: written to headers and parsed again.
fn over_the_wire(error: Error) -> (Status, http::HeaderMap) {
    let answer = Protocol::Grpc.respond(error);
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers().clone();
    (Status::from_header_map(&headers).unwrap(), headers)
}

/// The size of a header list as HTTP/2 counts it: 32 bytes for each entry.
fn list_size(headers: &http::HeaderMap) -> usize {
    let entry = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + 32
    };
    headers.iter().map(entry).sum()
}

fn fields() -> impl Strategy<Value = Vec<FieldError>> {
    let field = ("\\PC{0,20}", "[a-z._]{1,20}", "\\PC{0,40}")
        .prop_map(|(field, code, message)| FieldError::new(field, code, message));
    proptest::collection::vec(field, 0..6)
}

proptest! {
    #[test]
    fn an_error_comes_back_whole_but_for_its_source(
        kind in proptest::sample::select(KINDS.as_slice()),
        code in "[a-z._]{1,30}",
        message in "\\PC{0,80}",
        fields in fields(),
        retry in proptest::option::of(0u64..100_000_000),
    ) {
        let mut error = Error::new(kind, code.clone(), message.clone())
            .with_fields(fields.clone())
            .with_source("db-7.internal refused");
        let retry = retry.map(Duration::from_millis);
        if let Some(after) = retry {
            error = error.with_retry_after(after);
        }
        let (status, headers) = over_the_wire(error);
        prop_assert_eq!(status.code(), kind.grpc_code());
        let seen = format!("{headers:?}{status:?}");
        prop_assert!(!seen.contains("db-7"));
        let back = Error::from_status(&status);
        prop_assert_eq!(back.kind(), kind);
        prop_assert_eq!(back.code(), code);
        prop_assert_eq!(back.message(), message);
        prop_assert_eq!(back.fields(), fields);
        prop_assert_eq!(back.retry_after(), retry);
        prop_assert!(std::error::Error::source(&back).is_none());
    }

    #[test]
    fn what_a_status_carries_is_bounded(
        count in 0usize..1_500,
        field in "\\PC{0,200}",
        message in "\\PC{0,2000}",
    ) {
        let fields = (0..count).map(|_| FieldError::new(field.clone(), "wrong", message.clone()));
        let error = Error::new(Kind::Invalid, "user.invalid", message.clone()).with_fields(fields);
        let id = "x".repeat(64);
        let arrived = BTreeMap::from([("x-correlation-id".to_owned(), id)]);
        let (status, headers) = Context::extract(&arrived).sync_scope(|| over_the_wire(error));
        prop_assert!(list_size(&headers) <= 8 * 1024, "{} bytes", list_size(&headers));
        prop_assert_eq!(status.code(), Code::InvalidArgument);
    }
}

#[test]
fn of_a_thousand_field_errors_some_are_sent_and_the_rest_counted() {
    let fields = (0..1_000).map(|index| {
        FieldError::new(
            format!("items.{index}.price"),
            "number.negative",
            "is negative",
        )
    });
    let error = Error::new(Kind::Invalid, "order.invalid", "the order is not valid");
    let (status, headers) = over_the_wire(error.with_fields(fields));
    assert!(list_size(&headers) <= 8 * 1024);
    let details = status.get_error_details();
    let sent = details.bad_request().unwrap().field_violations.len();
    assert!((10..1_000).contains(&sent), "{sent}");
    let left_out = &details.error_info().unwrap().metadata["fields_left_out"];
    assert_eq!(left_out.parse(), Ok(1_000 - sent));
    assert_eq!(Error::from_status(&status).fields().len(), sent);
}

#[test]
fn a_text_beyond_any_bound_is_cut_between_characters() {
    let error = Error::new(Kind::Invalid, "é".repeat(10_000), "€".repeat(10_000));
    let (status, headers) = over_the_wire(error);
    assert!(list_size(&headers) <= 8 * 1024);
    assert!(status.message().starts_with("€€€"));
    assert!(!status.message().contains('\u{fffd}'));
    assert!(Error::from_status(&status).code().starts_with("ééé"));
}

#[test]
fn the_text_of_a_foreign_status_stays_with_us() {
    for code in (0..=16).map(Code::from_i32) {
        let foreign = Status::new(code, "SQLSTATE 08006 at db-7.internal");
        let error = Error::from_status(&foreign);
        assert_eq!(error.kind(), Kind::from_grpc_code(code));
        assert!(
            msf_core::error::chain(&error).contains("db-7.internal"),
            "the log has it"
        );
        let (again, headers) = over_the_wire(error);
        assert!(
            !format!("{headers:?}{again:?}").contains("db-7"),
            "{again:?}"
        );
    }
}

#[test]
fn a_foreign_status_is_not_ours_for_having_details() {
    let mut details = tonic_types::ErrorDetails::new();
    details.set_error_info(
        "user.unknown",
        "example.com",
        [("kind".into(), "not_found".into())],
    );
    let foreign = Status::with_error_details(Code::Internal, "db-7.internal", details);
    let error = Error::from_status(&foreign);
    assert_eq!((error.kind(), error.code()), (Kind::Internal, "internal"));
    let garbled = Status::with_details(Code::NotFound, "db-7", vec![0xff; 40].into());
    assert_eq!(Error::from_status(&garbled).code(), "not_found");
}

#[test]
fn the_timer_of_a_tonic_client_is_a_deadline_and_no_cancellation() {
    let timer = Status::from_error(Box::new(tonic::TimeoutExpired(())));
    assert_eq!(timer.code(), Code::Cancelled, "what tonic makes of it");
    assert_eq!(Error::from_status(&timer).kind(), Kind::DeadlineExceeded);
}

#[tokio::test]
async fn a_problem_and_a_status_say_the_same() {
    let arrived = BTreeMap::from([("x-correlation-id".to_owned(), "order-7".to_owned())]);
    for kind in KINDS {
        let make = || {
            Error::new(kind, "user.invalid", "the user is not valid")
                .with_field(FieldError::new(
                    "email",
                    "email.syntax",
                    "is not an address",
                ))
                .with_retry_after(Duration::from_millis(1_200))
                .with_source("db-7.internal refused")
        };
        let context = Context::extract(&arrived);
        let answer = context.clone().sync_scope(|| make().into_response());
        assert_eq!(answer.status(), kind.http_status());
        assert_eq!(answer.headers()["content-type"], PROBLEM_JSON);
        assert_eq!(
            answer.headers()["retry-after"],
            "2",
            "rounded up: never too early"
        );
        let asks = answer.headers().contains_key("www-authenticate");
        assert_eq!(asks, kind == Kind::Unauthenticated);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("db-7"));
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();

        let (status, _) = context.sync_scope(|| over_the_wire(make()));
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        let violation = &details.bad_request().unwrap().field_violations[0];
        let request = details.request_info().unwrap();
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": kind.http_status().canonical_reason().unwrap_or("Client Closed Request"),
            "status": kind.http_status().as_u16(),
            "detail": status.message(),
            "code": info.reason,
            "correlation_id": request.request_id,
            "errors": [{
                "field": violation.field,
                "code": violation.reason,
                "message": violation.description,
            }],
        });
        assert_eq!(problem, expected);
        assert_eq!(problem["correlation_id"], "order-7");
        assert_eq!(
            details.retry_info().unwrap().retry_delay,
            Some(Duration::from_millis(1_200))
        );
    }
}

#[tokio::test]
async fn without_a_context_there_is_no_correlation_id_and_no_empty_member() {
    let answer = Error::of(Kind::NotFound).into_response();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let members: Vec<_> = problem.as_object().unwrap().keys().collect();
    assert_eq!(members, ["code", "detail", "status", "title", "type"]);
    let (status, _) = over_the_wire(Error::of(Kind::NotFound));
    assert!(status.get_error_details().request_info().is_none());
}

#[test]
fn a_challenge_of_its_own_is_told_whatever_the_kind() {
    let bad = HeaderValue::from_static(r#"Bearer error="invalid_request""#);
    for kind in [Kind::Unauthenticated, Kind::Malformed] {
        let answer = Error::of(kind).with_challenge(bad.clone()).into_response();
        assert_eq!(answer.headers()["www-authenticate"], bad);
    }
    let bare = Error::of(Kind::Unauthenticated).into_response();
    assert_eq!(bare.headers()["www-authenticate"], "Bearer");
}
