//! The table over gRPC, as the services' own callers see it.

use msf_service::Principal;
use msf_service::tonic::{Code, Status};
use msf_service::tonic_types::StatusExt;
use shop_proto::{auth, product, user};

use super::support::api::{admin, new_user, user_id};
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

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn users_by_admins() {
    let shop = shop().await;
    let tokens = admin(&shop.gateway).await;
    let id = user_id(&shop.gateway, &tokens.access).await;
    let caller = Principal::user(id.clone()).with_role("admin");
    let users = user::UserServiceClient::new(shop.users.channel_of(&caller));
    let (email, of_user) = new_user(&shop.gateway).await;
    let other = user_id(&shop.gateway, &of_user.access).await;

    let change = |set: &dyn Fn(&mut user::UpdateUserRequest)| {
        let mut request = user::UpdateUserRequest {
            id: other.clone(),
            ..user::UpdateUserRequest::default()
        };
        set(&mut request);
        request
    };
    let unknown = Refused(Code::NotFound, "user.unknown");
    let conflict = Refused(Code::Aborted, "version.conflict");
    let table: Vec<(&str, user::UpdateUserRequest, Expected)> = vec![
        ("nothing", change(&|_| ()), Fine),
        ("a name", change(&|r| r.name = Some("Bo".to_owned())), Fine),
        (
            "no name",
            change(&|r| r.name = Some(String::new())),
            Field("name"),
        ),
        (
            "long name",
            change(&|r| r.name = Some(long(201))),
            Field("name"),
        ),
        (
            "control in name",
            change(&|r| r.name = Some("a\u{7}".to_owned())),
            Field("name"),
        ),
        (
            "no e-mail",
            change(&|r| r.email = Some(String::new())),
            Field("email"),
        ),
        (
            "long e-mail",
            change(&|r| r.email = Some(format!("{}@b.c", long(300)))),
            Field("email"),
        ),
        (
            "no role",
            change(&|r| r.role = Some(String::new())),
            Field("role"),
        ),
        (
            "another role",
            change(&|r| r.role = Some("Admin".to_owned())),
            Field("role"),
        ),
        (
            "version 0",
            change(&|r| r.expected_versions = vec![0]),
            conflict,
        ),
        (
            "other versions",
            change(&|r| r.expected_versions = vec![7, u64::MAX]),
            conflict,
        ),
        ("unknown", change(&|r| r.id = uuid()), unknown),
        ("no id", change(&|r| r.id = String::new()), unknown),
        (
            "an odd id",
            change(&|r| r.id = "' OR '1'='1".to_owned()),
            unknown,
        ),
        (
            "the last admin",
            change(&|r| (r.id, r.role) = (id.clone(), Some("user".to_owned()))),
            Refused(Code::Aborted, "admin.last"),
        ),
        (
            "taken",
            change(&|r| (r.id, r.email) = (id.clone(), Some(email.to_uppercase()))),
            Refused(Code::AlreadyExists, "email.taken"),
        ),
    ];
    let mut rows = table.len();
    for (name, request, expected) in table {
        let outcome = users.clone().update_user(request).await;
        check(&format!("update user: {name}"), outcome, expected);
    }
    for (name, id, expected_versions, expected) in [
        ("unknown", uuid(), vec![], unknown),
        ("no id", String::new(), vec![], unknown),
        ("other versions", other.clone(), vec![99], conflict),
        (
            "the last admin",
            id.clone(),
            vec![],
            Refused(Code::Aborted, "admin.last"),
        ),
        ("right", other.clone(), vec![], Fine),
        ("again", other.clone(), vec![], unknown),
    ] {
        let request = user::DeleteUserRequest {
            id,
            expected_versions,
        };
        let outcome = users.clone().delete_user(request).await;
        check(&format!("delete user: {name}"), outcome, expected);
        rows += 1;
    }
    for (page, page_size, field) in pages() {
        let outcome = users
            .clone()
            .list_users(user::ListUsersRequest { page, page_size })
            .await;
        check_page(&format!("users: {page:?} {page_size:?}"), outcome, field);
        rows += 1;
    }
    ended(&shop, rows);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn products() {
    let shop = shop().await;
    let caller = Principal::user("ada").with_role("admin");
    let products = product::ProductServiceClient::new(shop.products.channel_of(&caller));
    let with = |set: &dyn Fn(&mut product::CreateProductRequest)| {
        let mut request = product::CreateProductRequest {
            name: "lamp".to_owned(),
            description: String::new(),
            price: "19.99".to_owned(),
            category: "light".to_owned(),
            stock: 3,
            image_url: String::new(),
        };
        set(&mut request);
        request
    };
    let mut table: Vec<(String, product::CreateProductRequest, Expected)> = vec![
        ("right".to_owned(), with(&|_| ()), Fine),
        (
            "nothing at all".to_owned(),
            product::CreateProductRequest::default(),
            Field("name"),
        ),
        (
            "blank name".to_owned(),
            with(&|r| r.name = " ".to_owned()),
            Field("name"),
        ),
        (
            "long name".to_owned(),
            with(&|r| r.name = long(201)),
            Field("name"),
        ),
        (
            "turned name".to_owned(),
            with(&|r| r.name = "a\u{202e}b".to_owned()),
            Field("name"),
        ),
        (
            "long description".to_owned(),
            with(&|r| r.description = long(10_001)),
            Field("description"),
        ),
        (
            "no category".to_owned(),
            with(&|r| r.category = String::new()),
            Field("category"),
        ),
        (
            "long category".to_owned(),
            with(&|r| r.category = long(201)),
            Field("category"),
        ),
        (
            "stock below".to_owned(),
            with(&|r| r.stock = -1),
            Field("stock"),
        ),
        (
            "stock beyond".to_owned(),
            with(&|r| r.stock = 1 << 31),
            Field("stock"),
        ),
        ("least stock".to_owned(), with(&|r| r.stock = 0), Fine),
        (
            "most stock".to_owned(),
            with(&|r| r.stock = (1 << 31) - 1),
            Fine,
        ),
    ];
    for price in [
        "",
        " ",
        "19.999",
        "-1",
        "1e400",
        "NaN",
        "Infinity",
        "0x1",
        "1,5",
        "01",
        "+1",
        ".5",
        "1.",
        "1 ",
        "19.99€",
        "\0",
        "1000000000.01",
    ] {
        let request = with(&|r| r.price = price.to_owned());
        table.push((format!("price {price:?}"), request, Field("price")));
    }
    for url in [
        "lamp.png",
        "ftp://x/y",
        "javascript:alert(1)",
        "https://",
        "http://a b",
        "https://a@b/",
    ] {
        let request = with(&|r| r.image_url = url.to_owned());
        table.push((format!("image {url:?}"), request, Field("image_url")));
    }
    let mut rows = table.len();
    for (name, request, expected) in table {
        let outcome = products.clone().create_product(request).await;
        check(&format!("create product: {name}"), outcome, expected);
    }

    let made = products
        .clone()
        .create_product(with(&|_| ()))
        .await
        .unwrap();
    let id = made.into_inner().product.unwrap().id;
    let unknown = Refused(Code::NotFound, "product.unknown");
    let conflict = Refused(Code::Aborted, "version.conflict");
    let change = |id: String, expected_versions, stock| product::UpdateProductRequest {
        id,
        expected_versions,
        stock,
        ..product::UpdateProductRequest::default()
    };
    for (name, request, expected) in [
        ("nothing", change(id.clone(), vec![], None), Fine),
        (
            "stock",
            change(id.clone(), vec![], Some(-1)),
            Field("stock"),
        ),
        ("version 0", change(id.clone(), vec![0], None), conflict),
        ("unknown", change(uuid(), vec![], None), unknown),
        ("no id", change(String::new(), vec![], None), unknown),
        ("an odd id", change("%".to_owned(), vec![1], None), unknown),
    ] {
        let outcome = products.clone().update_product(request).await;
        check(&format!("update product: {name}"), outcome, expected);
        rows += 1;
    }
    for (name, id, expected_versions, expected) in [
        ("unknown", uuid(), vec![], unknown),
        ("other versions", id.clone(), vec![99], conflict),
        ("right", id.clone(), vec![], Fine),
        ("again", id.clone(), vec![], unknown),
    ] {
        let request = product::DeleteProductRequest {
            id,
            expected_versions,
        };
        let outcome = products.clone().delete_product(request).await;
        check(&format!("delete product: {name}"), outcome, expected);
        rows += 1;
    }
    for id in [uuid(), String::new(), "\0".to_owned(), id] {
        let outcome = products
            .clone()
            .get_product(product::GetProductRequest { id })
            .await;
        check("get product", outcome, unknown);
        rows += 1;
    }
    for (page, page_size, field) in pages() {
        let request = product::ListProductsRequest {
            page,
            page_size,
            category: None,
        };
        let outcome = products.clone().list_products(request).await;
        check_page(&format!("products: {page:?} {page_size:?}"), outcome, field);
        rows += 1;
    }
    ended(&shop, rows);
}

/// Pages, and which field is wrong with each.
fn pages() -> [(Option<u32>, Option<u32>, Option<&'static str>); 8] {
    [
        (None, None, None),
        (Some(1), Some(1), None),
        (Some(u32::MAX), Some(100), None),
        (Some(0), None, Some("page")),
        (None, Some(0), Some("page_size")),
        (None, Some(101), Some("page_size")),
        (None, Some(u32::MAX), Some("page_size")),
        (Some(0), Some(101), Some("page")),
    ]
}

/// A page that is none is a query that cannot be read, also where there is no query.
fn check_page<T>(name: &str, outcome: Result<T, Status>, field: Option<&'static str>) {
    let Some(field) = field else {
        return check(name, outcome, Fine);
    };
    let Err(status) = &outcome else {
        panic!("{name}: answered");
    };
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    assert!(
        violations.iter().any(|one| one.field == field),
        "{name}: {violations:?}"
    );
    let reason = details.error_info().unwrap().reason.clone();
    assert_eq!(
        (status.code(), &*reason),
        (Code::InvalidArgument, "malformed"),
        "{name}"
    );
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
    for app in shop.all() {
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
