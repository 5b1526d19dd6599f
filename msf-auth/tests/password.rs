//! Passwords hashed and verified: golden hashes, both ways of a rehash, unicode, hung-up callers.

use std::time::Duration;

use msf_auth::password::{Params, Password, PasswordHash, PasswordPool, Verdict};

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn cheap() -> PasswordPool {
    PasswordPool::builder(Params::new(64, 1, 1).unwrap())
        .longest_wait(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// Made with the reference implementation in C (argon2-cffi).
const GOLDEN: [(&str, &str, bool); 5] = [
    (
        "correct horse battery staple",
        "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU",
        false,
    ),
    (
        "correct horse battery staple",
        "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$hTsnKkTbFCHAKWJmmlXrCZTzyrOF7RxMeSU+7hm6tJ4",
        false,
    ),
    (
        "correct horse battery staple",
        "$argon2id$v=19$m=47104,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$/coCT64XsUMXXk5yW5NB+70Xaq931514xE0oAH17Eac",
        true,
    ),
    (
        "correct horse battery staple",
        "$argon2id$v=19$m=8192,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$mu73UxPlhfSSwzxeEtgumtJTt914Yy1Tfomc1O3deJw",
        true,
    ),
    (
        "Zoë 🐎 ",
        "$argon2id$v=19$m=12288,t=3,p=1$EBESExQVFhcYGRobHB0eHw$nyZ7JyO74bbRTW231WtcvhV9yvdDHDmEX90ira5dLfA",
        true,
    ),
];

#[tokio::test]
async fn hashes_of_the_reference_implementation_are_verified_and_the_weaker_ones_are_to_be_rehashed()
 {
    let pool = PasswordPool::new(Params::default()).unwrap();
    for (text, stored, rehash) in GOLDEN {
        let stored: PasswordHash = stored.parse().unwrap();
        let verdict = pool.verify(&password(text), Some(&stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Right { rehash }, "{}", stored.params());
        let wrong = format!("{text}.");
        let verdict = pool.verify(&password(&wrong), Some(&stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong, "{}", stored.params());
    }
}

#[tokio::test]
async fn a_hash_is_a_phc_string_with_a_salt_of_its_own_that_reads_back() {
    let pool = PasswordPool::new(Params::default()).unwrap();
    let password = password("a walk in the snow");
    let (first, second) = (
        pool.hash(&password).await.unwrap(),
        pool.hash(&password).await.unwrap(),
    );
    assert!(
        first
            .expose()
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    assert_eq!(first.expose().len(), 97);
    assert_ne!(first.expose(), second.expose());
    let stored: PasswordHash = first.expose().parse().unwrap();
    let verdict = pool.verify(&password, Some(&stored)).await.unwrap();
    assert_eq!(verdict, Verdict::Right { rehash: false });
}

#[tokio::test]
async fn a_password_is_the_bytes_that_were_sent() {
    let pool = cheap();
    let long = "x".repeat(1024);
    let pairs = [
        ("password", "password "),
        ("password", " password"),
        ("password", "Password"),
        ("caf\u{e9}", "cafe\u{301}"),
        ("a\0b", "a\0c"),
        ("", " "),
        (&*long, &*format!("{}y", &long[..1023])),
    ];
    for (one, other) in pairs {
        let stored = pool.hash(&password(one)).await.unwrap();
        let right = pool.verify(&password(one), Some(&stored)).await.unwrap();
        assert_eq!(right, Verdict::Right { rehash: false }, "{one:?}");
        let wrong = pool.verify(&password(other), Some(&stored)).await.unwrap();
        assert_eq!(wrong, Verdict::Wrong, "{other:?}");
    }
}

#[tokio::test]
async fn a_user_that_does_not_exist_has_no_right_password() {
    let pool = cheap();
    for text in ["", "password", "a walk in the snow"] {
        assert_eq!(
            pool.verify(&password(text), None).await.unwrap(),
            Verdict::Wrong
        );
    }
}

#[test]
fn a_megabyte_is_refused_before_any_work() {
    let error = Password::new("x".repeat(1 << 20)).unwrap_err();
    assert_eq!(error.kind().http_status(), 422);
    assert_eq!(error.fields()[0].field(), "password");
    assert!(!format!("{error:?}{error}").contains("xx"));
}

#[test]
fn no_debug_shows_a_secret() {
    let stored: PasswordHash = GOLDEN[0].1.parse().unwrap();
    let shown = format!("{:?} {stored:?} {:?}", password("canary"), cheap());
    assert!(
        !shown.contains("canary") && !shown.contains("gYJZ"),
        "{shown}"
    );
}
