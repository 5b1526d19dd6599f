//! Refresh sessions on a real file: rotation, reuse, window, lifetimes, logout, bounds, what the file and the log give away.
#![cfg(feature = "sqlite")]

mod refresh_support;

use std::time::Duration;

use futures_util::FutureExt;
use msf_auth::refresh::{RefreshKey, SessionPolicy, Sessions};
use msf_core::error::Kind;
use proptest::prelude::*;

use refresh_support::{DAY, Fixture, KEY, Log, bytes_of, contains, dump, is_invalid, rid_of};

const MILLI: Duration = Duration::from_millis(1);

/// The first token of a session of ana, and its two successors.
async fn three(sessions: &Sessions) -> [String; 3] {
    let first = sessions.begin("ana").await.unwrap().token;
    let second = sessions.refresh(first.expose()).await.unwrap().token;
    let third = sessions.refresh(second.expose()).await.unwrap().token;
    [first, second, third].map(|token| token.expose().to_owned())
}

#[tokio::test]
async fn a_token_is_replaced_by_its_successor_in_the_same_session() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let begun = sessions.begin("ana").await.unwrap();
    let mut token = begun.token;
    for _ in 0..20 {
        let refreshed = sessions.refresh(token.expose()).await.unwrap();
        assert_eq!(
            (&*refreshed.subject, refreshed.session, refreshed.rotated),
            ("ana", begun.session, true)
        );
        assert_ne!(refreshed.token.expose(), token.expose());
        token = refreshed.token;
    }
    assert_eq!(fixture.rows(), 1);
}

#[tokio::test]
async fn an_older_token_ends_the_session_even_within_the_window() {
    for older in 0..2 {
        let fixture = Fixture::new();
        let sessions = fixture.sessions();
        let tokens = three(&sessions).await;
        let (presented, last) = if older == 0 {
            (tokens[0].clone(), tokens[2].clone())
        } else {
            let fourth = sessions.refresh(&tokens[2]).await.unwrap().token;
            (tokens[1].clone(), fourth.expose().to_owned())
        };
        is_invalid(sessions.refresh(&presented).await);
        is_invalid(sessions.refresh(&last).await);
        for token in &tokens {
            is_invalid(sessions.refresh(token).await);
        }
        assert_eq!(fixture.rows(), 0);
    }
}

#[tokio::test]
async fn the_immediate_predecessor_gives_the_same_successor_for_ten_seconds_and_writes_nothing() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let first = sessions.begin("ana").await.unwrap().token;
    let second = sessions.refresh(first.expose()).await.unwrap();
    let before = fixture.written();
    for _ in 0..5 {
        fixture.clock.advance(Duration::from_secs(2));
        let again = sessions.refresh(first.expose()).await.unwrap();
        assert_eq!(again.token.expose(), second.token.expose());
        assert_eq!((again.session, again.rotated), (second.session, false));
    }
    assert!(fixture.written() == before, "the file has changed");
    fixture.clock.advance(MILLI);
    is_invalid(sessions.refresh(first.expose()).await);
    is_invalid(sessions.refresh(second.token.expose()).await);
}

#[tokio::test]
async fn a_thousand_rotations_within_one_millisecond_are_told_apart() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let mut tokens = vec![sessions.begin("ana").await.unwrap().token];
    for number in 0..1000 {
        let next = sessions.refresh(tokens[number].expose()).await.unwrap();
        assert!(next.rotated);
        tokens.push(next.token);
    }
    let again = sessions.refresh(tokens[999].expose()).await.unwrap();
    assert_eq!(
        (again.token.expose(), again.rotated),
        (tokens[1000].expose(), false)
    );
    is_invalid(sessions.refresh(tokens[998].expose()).await);
    is_invalid(sessions.refresh(tokens[1000].expose()).await);
}

#[tokio::test]
async fn reuse_is_seen_after_a_restart() {
    let fixture = Fixture::new();
    let tokens = three(&fixture.sessions()).await;
    let last = fixture.sessions().refresh(&tokens[2]).await.unwrap().token;
    is_invalid(fixture.sessions().refresh(&tokens[0]).await);
    is_invalid(fixture.sessions().refresh(last.expose()).await);
}

#[tokio::test]
async fn a_session_goes_on_after_a_restart_and_so_does_the_window() {
    let fixture = Fixture::new();
    let first = fixture.sessions().begin("ana").await.unwrap().token;
    let second = fixture
        .sessions()
        .refresh(first.expose())
        .await
        .unwrap()
        .token;
    let again = fixture
        .sessions()
        .refresh(first.expose())
        .await
        .unwrap()
        .token;
    assert_eq!(again.expose(), second.expose());
    assert!(
        fixture
            .sessions()
            .refresh(second.expose())
            .await
            .unwrap()
            .rotated
    );
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_its_login_however_often_it_is_used() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let mut token = sessions.begin("ana").await.unwrap().token;
    for _ in 0..29 {
        fixture.clock.advance(DAY);
        token = sessions.refresh(token.expose()).await.unwrap().token;
    }
    fixture.clock.advance(DAY.saturating_sub(MILLI));
    token = sessions.refresh(token.expose()).await.unwrap().token;
    fixture.clock.advance(MILLI);
    is_invalid(sessions.refresh(token.expose()).await);
    assert_eq!(fixture.rows(), 0);
}

#[tokio::test]
async fn a_session_ends_seven_days_after_its_last_use() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let first = sessions.begin("ana").await.unwrap().token;
    fixture.clock.advance((DAY * 7).saturating_sub(MILLI));
    let second = sessions.refresh(first.expose()).await.unwrap().token;
    fixture.clock.advance(DAY * 7);
    is_invalid(sessions.refresh(second.expose()).await);
}

#[tokio::test]
async fn a_clock_set_back_ends_nothing_and_opens_no_window() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let tokens = three(&sessions).await;
    fixture.clock.set(fixture.clock.clock().now() - DAY);
    let fourth = sessions.refresh(&tokens[2]).await.unwrap().token;
    fixture.clock.set(fixture.clock.clock().now() - DAY);
    is_invalid(sessions.refresh(&tokens[2]).await);
    is_invalid(sessions.refresh(fourth.expose()).await);
}

#[tokio::test]
async fn logout_takes_a_token_of_any_generation_and_may_come_twice() {
    for which in 0..3 {
        let fixture = Fixture::new();
        let sessions = fixture.sessions();
        let begun = sessions.begin("bo").await.unwrap();
        let tokens = three(&sessions).await;
        let ended = sessions.end(&tokens[which]).await.unwrap().unwrap();
        assert_eq!(ended.subject, "ana");
        assert_eq!(sessions.end(&tokens[which]).await.unwrap(), None);
        for token in &tokens {
            is_invalid(sessions.refresh(token).await);
        }
        let other = sessions.refresh(begun.token.expose()).await.unwrap();
        assert_ne!(other.session, ended.session);
        is_invalid(sessions.end("junk").await);
    }
}

#[tokio::test]
async fn all_sessions_of_a_subject_end_and_those_of_others_do_not() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let [one, two, other] = ["ana", "ana", "anna"].map(|subject| sessions.begin(subject).boxed());
    let (one, two, other) = (one.await.unwrap(), two.await.unwrap(), other.await.unwrap());
    let mut ended = sessions.end_all("ana").await.unwrap();
    ended.sort();
    let mut expected = vec![one.session, two.session];
    expected.sort();
    assert_eq!(ended, expected);
    is_invalid(sessions.refresh(one.token.expose()).await);
    is_invalid(sessions.refresh(two.token.expose()).await);
    assert!(sessions.refresh(other.token.expose()).await.is_ok());
    assert_eq!(sessions.end_all("ana").await.unwrap(), []);
}

#[tokio::test]
async fn the_fifty_first_login_ends_the_session_that_was_used_longest_ago() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let other = sessions.begin("bo").await.unwrap().token;
    let mut tokens = Vec::new();
    for _ in 0..50 {
        fixture.clock.advance(MILLI);
        tokens.push(sessions.begin("ana").await.unwrap().token);
    }
    fixture.clock.advance(MILLI);
    tokens[0] = sessions.refresh(tokens[0].expose()).await.unwrap().token;
    fixture.clock.advance(MILLI);
    tokens.push(sessions.begin("ana").await.unwrap().token);
    is_invalid(sessions.refresh(tokens.remove(1).expose()).await);
    for token in tokens {
        assert!(sessions.refresh(token.expose()).await.is_ok());
    }
    assert!(sessions.refresh(other.expose()).await.is_ok());
    assert_eq!(fixture.rows(), 51);
}

#[tokio::test]
async fn a_limit_of_one_or_nought_leaves_the_new_session() {
    for per_subject in [0, 1] {
        let mut fixture = Fixture::new();
        fixture.policy = SessionPolicy {
            per_subject,
            ..SessionPolicy::default()
        };
        let sessions = fixture.sessions();
        for _ in 0..3 {
            let begun = sessions.begin("ana").await.unwrap();
            assert!(sessions.refresh(begun.token.expose()).await.is_ok());
        }
        assert_eq!(fixture.rows(), 1);
    }
}

#[tokio::test]
async fn sessions_that_nobody_comes_back_to_are_swept_by_later_logins() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    for user in 0..100 {
        sessions.begin(&format!("user-{user}")).await.unwrap();
    }
    assert_eq!(fixture.rows(), 100);
    fixture.clock.advance(DAY * 7);
    for user in 0..5 {
        sessions.begin(&format!("late-{user}")).await.unwrap();
    }
    assert_eq!(fixture.rows(), 100 + 5 - 5 * 8);
    for user in 0..20 {
        sessions.begin(&format!("later-{user}")).await.unwrap();
    }
    assert_eq!(fixture.rows(), 25);
}

#[tokio::test]
async fn junk_and_forgeries_never_reach_the_store() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let token = sessions.begin("ana").await.unwrap().token;
    let mut forgeries = vec![
        String::new(),
        "msfr1.".to_owned(),
        "msfr2.".to_owned() + &token.expose()[6..],
        token.expose().to_uppercase(),
        format!(" {}", token.expose()),
        "eyJhbGciOiJub25lIn0.e30.".to_owned(),
        "x".repeat(1 << 20),
    ];
    let bytes = bytes_of(token.expose());
    let spots = [
        ("version", 0),
        ("key id", 1),
        ("length", 9),
        ("subject", 10),
        ("rid", 13),
        ("generation", 36),
        ("tag", 37),
        ("tag", 68),
    ];
    for (_, at) in spots {
        use base64::Engine;
        let mut forged = bytes.clone();
        forged[at] ^= 1;
        forgeries
            .push("msfr1.".to_owned() + &base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(forged));
    }
    let other_folder = Fixture::new();
    let other_key = Sessions::new(
        other_folder.store(),
        RefreshKey::from_bytes([8; 32]),
        SessionPolicy::default(),
        fixture.clock.clock(),
    );
    forgeries.push(
        other_key
            .begin("ana")
            .await
            .unwrap()
            .token
            .expose()
            .to_owned(),
    );

    let before = fixture.calls();
    for forged in &forgeries {
        is_invalid(sessions.refresh(forged).await);
        is_invalid(sessions.end(forged).await);
        is_invalid(sessions.peek(forged));
    }
    assert_eq!(sessions.peek(token.expose()).unwrap(), "ana");
    assert_eq!(fixture.calls(), before);
    assert!(sessions.refresh(token.expose()).await.is_ok());
    assert_eq!(fixture.calls(), before + 1);
}

#[tokio::test]
async fn peek_knows_the_subject_of_a_token_whose_session_has_ended() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let token = sessions.begin("ana").await.unwrap().token;
    sessions.end(token.expose()).await.unwrap();
    assert_eq!(sessions.peek(token.expose()).unwrap(), "ana");
}

#[tokio::test]
async fn a_store_that_is_down_is_not_an_invalid_token() {
    let fixture = Fixture::new();
    let store = fixture.store();
    let key = RefreshKey::from_bytes(KEY);
    let sessions = Sessions::new(store.clone(), key, fixture.policy, fixture.clock.clock());
    let token = sessions.begin("ana").await.unwrap().token;
    store.database().close().await;
    let errors = [
        sessions.refresh(token.expose()).await.unwrap_err(),
        sessions.end(token.expose()).await.unwrap_err(),
        sessions.end_all("ana").await.unwrap_err(),
        sessions.begin("ana").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
    }
    assert!(fixture.sessions().refresh(token.expose()).await.is_ok());
}

#[tokio::test]
async fn a_refresh_whose_caller_hangs_up_costs_no_session() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let mut token = sessions.begin("ana").await.unwrap().token;
    for _ in 0..50 {
        let mut refresh = sessions.refresh(token.expose()).boxed();
        assert!(refresh.as_mut().now_or_never().is_none());
        drop(refresh);
        token = sessions.refresh(token.expose()).await.unwrap().token;
    }
}

#[tokio::test]
async fn a_dump_of_the_store_holds_no_token_no_random_id_and_no_key() {
    let fixture = Fixture::new();
    let store = fixture.store();
    let key = RefreshKey::from_bytes(KEY);
    let sessions = Sessions::new(store.clone(), key, fixture.policy, fixture.clock.clock());
    let tokens = three(&sessions).await;
    let ended = sessions.begin("ana").await.unwrap().token;
    sessions.end(ended.expose()).await.unwrap();
    let while_open = dump(fixture.folder.path());
    store.database().close().await;
    for dump in [while_open, dump(fixture.folder.path())] {
        assert!(
            contains(&dump, b"ana") && dump.len() > 4096,
            "this is no dump"
        );
        for token in tokens.iter().map(String::as_str).chain([ended.expose()]) {
            let rid = rid_of(token, "ana");
            let tag = &bytes_of(token)[37..];
            for secret in [
                token.as_bytes(),
                &token.as_bytes()[20..40],
                &rid,
                &rid[..8],
                tag,
                &KEY,
            ] {
                assert!(!contains(&dump, secret));
            }
        }
    }
}

#[tokio::test]
async fn a_session_id_is_in_no_token_and_each_login_has_its_own() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    let (one, two) = (
        sessions.begin("ana").await.unwrap(),
        sessions.begin("ana").await.unwrap(),
    );
    assert_ne!(one.session, two.session);
    assert_ne!(
        rid_of(one.token.expose(), "ana"),
        rid_of(two.token.expose(), "ana")
    );
    assert!(!contains(
        &bytes_of(one.token.expose()),
        &one.session.as_bytes()[..8]
    ));
}

#[tokio::test]
async fn the_audit_log_tells_what_the_answer_does_not_and_holds_no_token() {
    let (log, _guard) = Log::keep();
    let mut fixture = Fixture::new();
    fixture.policy.per_subject = 1;
    let sessions = fixture.sessions();
    let tokens = three(&sessions).await;
    is_invalid(sessions.refresh(&tokens[0]).await);
    let expired = sessions.begin("bo").await.unwrap().token;
    fixture.clock.advance(DAY * 7);
    is_invalid(sessions.refresh(expired.expose()).await);
    let left = sessions.begin("cy").await.unwrap().token;
    sessions.end(left.expose()).await.unwrap();
    sessions.end(left.expose()).await.unwrap();
    sessions.begin("di").await.unwrap();
    sessions.begin("di").await.unwrap();
    sessions.end_all("di").await.unwrap();
    is_invalid(sessions.refresh("msfr1.canary").await);

    let audit: Vec<_> = log
        .audit()
        .iter()
        .map(|line| {
            line.split(" session=").next().unwrap().to_owned()
                + line.split_once(" reason=").map_or("", |(_, reason)| reason)
        })
        .collect();
    assert_eq!(
        audit,
        [
            "INFO msf::audit message=session_created event=session_created subject=ana",
            "WARN msf::audit message=authn_token_reuse event=authn_token_reuse subject=ana",
            "INFO msf::audit message=session_revoked event=session_revoked subject=anareuse",
            "INFO msf::audit message=session_created event=session_created subject=bo",
            "INFO msf::audit message=session_expired event=session_expired subject=bo",
            "INFO msf::audit message=session_created event=session_created subject=cy",
            "INFO msf::audit message=session_revoked event=session_revoked subject=cylogout",
            "INFO msf::audit message=session_created event=session_created subject=di",
            "INFO msf::audit message=session_created event=session_created subject=di",
            "INFO msf::audit message=session_revoked event=session_revoked subject=dilimit",
            "INFO msf::audit message=session_revoked event=session_revoked subject=diall",
        ]
    );
    for line in log.lines() {
        assert!(
            !line.contains("msfr1") && !line.contains("canary"),
            "{line}"
        );
        assert!(
            tokens.iter().all(|token| !line.contains(&token[20..40])),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_subject_that_does_not_fit_begins_nothing() {
    let fixture = Fixture::new();
    let sessions = fixture.sessions();
    for subject in [String::new(), "x".repeat(256)] {
        assert_eq!(
            sessions.begin(&subject).await.unwrap_err().kind(),
            Kind::Internal
        );
    }
    assert_eq!(fixture.calls(), 0);
    let longest = "ü".repeat(127);
    let token = sessions.begin(&longest).await.unwrap().token;
    assert_eq!(
        sessions.refresh(token.expose()).await.unwrap().subject,
        longest
    );
}

proptest! {
    #[test]
    fn no_text_panics_or_is_taken(text in ".{0,200}", like in "msfr1\\.[A-Za-z0-9_-]{0,120}") {
        let fixture = Fixture::new();
        let sessions = fixture.sessions();
        for text in [text, like] {
            let refreshed = sessions.refresh(&text).now_or_never().expect("the store was asked");
            let error = refreshed.unwrap_err();
            prop_assert_eq!(error.code(), "refresh.invalid");
            prop_assert!(sessions.peek(&text).is_err());
        }
    }
}
