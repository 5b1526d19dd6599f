//! The table over gRPC, as the services' own callers see it.

use msf_service::Principal;
use msf_service::tonic::{Code, Status};
use msf_service::tonic_types::StatusExt;
use shop_proto::{auth, user};

use super::support::api::new_user;
use super::support::{Options, PASSWORD, Shop, fresh_email};

/// What a call is expected to end with.
#[derive(Clone, Copy)]
enum Expected {
    Fine,
    /// INVALID_ARGUMENT, with a violation of this field.
    Field(&'static str),
    /// This code, with this stable reason.
    Refused(Code, &'static str),
}

use Expected::{Field, Fine, Refused};

fn check<T>(name: &str, outcome: Result<T, Status>, expected: Expected) {
    let (code, reason, field) = match (expected, &outcome) {
        (Fine, Ok(_)) => return,
        (Fine, Err(status)) => panic!("{name}: {status:?}"),
        (Field(field), _) => (Code::InvalidArgument, "invalid", Some(field)),
        (Refused(code, reason), _) => (code, reason, None),
    };
    let Err(status) = outcome else {
        panic!("{name}: answered, expected {code:?}");
    };
    assert_eq!(status.code(), code, "{name}: {status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, reason, "{name}");
    assert!(
        !details.request_info().unwrap().request_id.is_empty(),
        "{name}"
    );
    if let Some(field) = field {
        let violations = &details.bad_request().unwrap().field_violations;
        let named = violations.iter().any(|violation| violation.field == field);
        assert!(named, "{name}: {violations:?}");
    }
    for internal in ["sqlite", ".rs", "panicked", "argon2"] {
        let told = format!("{status:?}").to_lowercase();
        assert!(!told.contains(internal), "{name}: {status:?}");
    }
}

/// A shop in which failed logins are not bounded.
async fn shop() -> Shop {
    let options = Options {
        login_failures: Some(100_000),
        ..Options::default()
    };
    Shop::with(options).await
}

/// Nothing of ours failed.
fn ended(shop: &Shop, rows: usize) {
    println!("{rows} rows");
    assert_eq!(shop.errors(), Vec::<serde_json::Value>::new());
}

fn gateway() -> Principal {
    Principal::service("api-gateway")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn registrations() {
    let shop = shop().await;
    let (email, _) = new_user(&shop.gateway).await;
    let users = user::UserServiceClient::new(shop.users.channel_of(&gateway()));

    let right = || user::RegisterRequest {
        name: "Ana".to_owned(),
        email: fresh_email(),
        password: "correct horse".to_owned(),
        role: None,
    };
    let with = |change: &dyn Fn(&mut user::RegisterRequest)| {
        let mut request = right();
        change(&mut request);
        request
    };
    let table: Vec<(&str, user::RegisterRequest, Expected)> = vec![
        ("right", right(), Fine),
        (
            "role user",
            with(&|r| r.role = Some("user".to_owned())),
            Fine,
        ),
        (
            "role admin",
            with(&|r| r.role = Some("admin".to_owned())),
            Refused(Code::PermissionDenied, "role.forbidden"),
        ),
        (
            "role empty",
            with(&|r| r.role = Some(String::new())),
            Refused(Code::PermissionDenied, "role.forbidden"),
        ),
        (
            "nothing at all",
            user::RegisterRequest::default(),
            Field("name"),
        ),
        ("no name", with(&|r| r.name = String::new()), Field("name")),
        (
            "blank name",
            with(&|r| r.name = "  ".to_owned()),
            Field("name"),
        ),
        ("long name", with(&|r| r.name = long(201)), Field("name")),
        ("longest name", with(&|r| r.name = long(200)), Fine),
        ("odd name", with(&|r| r.name = "Zoë 👩‍👩‍👧 ﷽".to_owned()), Fine),
        (
            "control in name",
            with(&|r| r.name = "a\u{1b}[2J".to_owned()),
            Field("name"),
        ),
        (
            "turned name",
            with(&|r| r.name = "a\u{202e}b".to_owned()),
            Field("name"),
        ),
        (
            "no e-mail",
            with(&|r| r.email = String::new()),
            Field("email"),
        ),
        (
            "no at",
            with(&|r| r.email = "ana".to_owned()),
            Field("email"),
        ),
        (
            "two at",
            with(&|r| r.email = "a@b@c.d".to_owned()),
            Field("email"),
        ),
        (
            "long e-mail",
            with(&|r| r.email = format!("{}@b.c", long(300))),
            Field("email"),
        ),
        (
            "odd e-mail",
            with(&|r| r.email = "zoë@b.c".to_owned()),
            Field("email"),
        ),
        (
            "control in e-mail",
            with(&|r| r.email = "a\0@b.c".to_owned()),
            Field("email"),
        ),
        (
            "no password",
            with(&|r| r.password = String::new()),
            Field("password"),
        ),
        (
            "short password",
            with(&|r| r.password = "seven77".to_owned()),
            Field("password"),
        ),
        (
            "common password",
            with(&|r| r.password = "Password1".to_owned()),
            Field("password"),
        ),
        (
            "long password",
            with(&|r| r.password = long(1025)),
            Field("password"),
        ),
        ("longest password", with(&|r| r.password = long(1024)), Fine),
        (
            "e-mail as password",
            with(&|r| r.password = r.email.to_uppercase()),
            Field("password"),
        ),
        (
            "name as password",
            with(&|r| (r.name, r.password) = ("Anastasia B".to_owned(), "anastasia b".to_owned())),
            Field("password"),
        ),
        (
            "taken",
            with(&|r| r.email = email.to_uppercase()),
            Refused(Code::AlreadyExists, "email.taken"),
        ),
    ];
    let rows = table.len();
    for (name, request, expected) in table {
        check(
            &format!("register: {name}"),
            users.clone().register(request).await,
            expected,
        );
    }
    ended(&shop, rows);
}

#[tokio::test]
async fn logins() {
    let shop = shop().await;
    let (email, _) = new_user(&shop.gateway).await;
    let sessions = auth::AuthServiceClient::new(shop.auth.channel_of(&gateway()));
    let wrong = Refused(Code::Unauthenticated, "credentials.wrong");
    let table: Vec<(&str, String, String, Expected)> = vec![
        ("right", email.clone(), PASSWORD.to_owned(), Fine),
        (
            "in capitals",
            email.to_uppercase(),
            PASSWORD.to_owned(),
            Fine,
        ),
        ("wrong password", email.clone(), "wrong".to_owned(), wrong),
        ("unknown", fresh_email(), PASSWORD.to_owned(), wrong),
        ("no address", "ana".to_owned(), PASSWORD.to_owned(), wrong),
        (
            "control characters",
            "a\0\n".to_owned(),
            "b\0\n".to_owned(),
            wrong,
        ),
        ("odd Unicode", "zoë@b.c".to_owned(), "👩‍👩‍👧".to_owned(), wrong),
        (
            "no e-mail",
            String::new(),
            PASSWORD.to_owned(),
            Field("email"),
        ),
        (
            "no password",
            email.clone(),
            String::new(),
            Field("password"),
        ),
        (
            "long e-mail",
            long(255),
            PASSWORD.to_owned(),
            Field("email"),
        ),
        (
            "long password",
            email.clone(),
            long(1025),
            Field("password"),
        ),
    ];
    let rows = table.len();
    for (name, email, password, expected) in table {
        let request = auth::LoginRequest { email, password };
        check(
            &format!("login: {name}"),
            sessions.clone().login(request).await,
            expected,
        );
    }
    ended(&shop, rows);
}

#[tokio::test]
async fn refreshes() {
    let shop = shop().await;
    let (_, tokens) = new_user(&shop.gateway).await;
    let sessions = auth::AuthServiceClient::new(shop.auth.channel_of(&gateway()));
    let invalid = Refused(Code::Unauthenticated, "refresh.invalid");
    let half = tokens.refresh[..tokens.refresh.len() / 2].to_owned();
    let table = [
        ("empty", String::new(), Field("refresh_token")),
        ("garbage", "garbage".to_owned(), invalid),
        ("cut", half, invalid),
        ("control characters", "\0\n".to_owned(), invalid),
        ("odd Unicode", "👩‍👩‍👧".to_owned(), invalid),
        ("long", long(100_000), invalid),
        ("an access token", tokens.access.clone(), invalid),
        ("right", tokens.refresh.clone(), Fine),
    ];
    let rows = table.len();
    for (name, refresh_token, expected) in table {
        let request = auth::RefreshRequest { refresh_token };
        check(
            &format!("refresh: {name}"),
            sessions.clone().refresh(request).await,
            expected,
        );
    }
    ended(&shop, rows);
}

#[tokio::test]
async fn users_by_id() {
    let shop = shop().await;
    let asker = Principal::service("auth-service");
    let users = user::UserServiceClient::new(shop.users.channel_of(&asker));
    let table = [
        ("unknown", uuid(), Refused(Code::NotFound, "user.unknown")),
        (
            "empty",
            String::new(),
            Refused(Code::NotFound, "user.unknown"),
        ),
        (
            "no id",
            "ana' OR '1'='1".to_owned(),
            Refused(Code::NotFound, "user.unknown"),
        ),
    ];
    let rows = table.len();
    for (name, id, expected) in table {
        let request = user::GetUserRequest { id };
        check(
            &format!("get user: {name}"),
            users.clone().get_user(request).await,
            expected,
        );
    }
    ended(&shop, rows);
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

fn uuid() -> String {
    "019aba00-0000-7000-8000-000000000000".to_owned()
}

#[tokio::test]
async fn nobody_but_its_callers_is_admitted() {
    let shop = Shop::start().await;
    let (_, tokens) = new_user(&shop.gateway).await;
    // The policy walk tries every rule with everybody that it names and with strangers.
    for app in [&shop.gateway, &shop.auth, &shop.users] {
        let walk = app.policy_walk().await;
        assert_eq!(walk.violations().count(), 0, "{walk}");
    }
    // A client's own token opens no service behind the gateway.
    let token = format!("Bearer {}", tokens.access).parse().unwrap();
    let channel = shop
        .users
        .channel()
        .with_header("authorization".parse().unwrap(), token);
    let request = user::GetUserRequest { id: uuid() };
    let refused = user::UserServiceClient::new(channel)
        .get_user(request)
        .await;
    check(
        "an access token",
        refused,
        Refused(Code::Unauthenticated, "token.invalid"),
    );
    // Only the auth-service may ask whether a password is right.
    let request = || user::VerifyCredentialsRequest {
        email: fresh_email(),
        password: PASSWORD.to_owned(),
    };
    for (name, principal) in [
        ("the gateway", Principal::service("api-gateway")),
        ("a stranger", Principal::service("stranger")),
        (
            "an admin",
            Principal::user("auth-service").with_role("admin"),
        ),
    ] {
        let mut client = user::UserServiceClient::new(shop.users.channel_of(&principal));
        let refused = client.verify_credentials(request()).await;
        check(name, refused, Refused(Code::PermissionDenied, "forbidden"));
    }
}
