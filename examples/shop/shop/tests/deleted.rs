//! What ends with a deleted user, and what a changed one gets: sessions.

mod support;

use msf_service::access::Principal;
use shop_proto::user as pb;
use support::api::{self, Tokens};
use support::{PASSWORD, Shop, fresh_email};

/// The id of an admin: the first one, whom nobody can log in as here, makes it.
async fn admin(shop: &Shop) -> String {
    let auth = shop.users.channel_of(&Principal::service("auth-service"));
    let email = fresh_email();
    let registered = api::register(&shop.gateway, &email, PASSWORD).await;
    assert_eq!(registered.status(), 201, "{}", registered.text());
    let known = pb::VerifyCredentialsRequest {
        email,
        password: PASSWORD.to_owned(),
    };
    let user = pb::UserServiceClient::new(auth)
        .verify_credentials(known)
        .await;
    let id = user.unwrap().into_inner().user.unwrap().id;
    // As whoever owns the file may.
    let store = shop.folder.path().join("user-service.db");
    let store = msf_service::store::sqlite::rusqlite::Connection::open(store).unwrap();
    let sql = "UPDATE users SET role = 'admin' WHERE id = ?1";
    assert_eq!(store.execute(sql, [&id]).unwrap(), 1);
    id
}

/// The client of that admin.
fn administration(shop: &Shop, admin: &str) -> pb::UserServiceClient {
    pb::UserServiceClient::new(shop.users.channel_as(admin, &["admin"]))
}

async fn id_and_role(shop: &Shop, tokens: &Tokens) -> (String, String) {
    let me = api::me(&shop.gateway, &tokens.access).await;
    let me: serde_json::Value = me.json();
    let text = |name: &str| me[name].as_str().unwrap().to_owned();
    (text("id"), text("role"))
}

fn sessions(shop: &Shop, id: &str) -> i64 {
    let store = shop.folder.path().join("auth-service.db");
    let store = msf_service::store::sqlite::rusqlite::Connection::open(store).unwrap();
    let sql = "SELECT count(*) FROM sessions WHERE subject = ?1";
    store.query_row(sql, [id], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn the_sessions_of_a_deleted_user_end_and_no_others() {
    let shop = Shop::start().await;
    let mut administration = administration(&shop, &admin(&shop).await);
    let (email, tokens) = api::new_user(&shop.gateway).await;
    let second = Tokens::of(&api::login(&shop.gateway, &email, PASSWORD).await);
    let (_, other) = api::new_user(&shop.gateway).await;
    let (id, _) = id_and_role(&shop, &tokens).await;
    let (other_id, _) = id_and_role(&shop, &other).await;
    assert_eq!((sessions(&shop, &id), sessions(&shop, &other_id)), (2, 1));

    let request = pb::DeleteUserRequest {
        id: id.clone(),
        expected_versions: Vec::new(),
    };
    administration.delete_user(request).await.unwrap();
    // At once, whether the event was handled or not.
    for tokens in [&tokens, &second] {
        let refused = api::refresh(&shop.gateway, &tokens.refresh).await;
        assert_eq!(refused.status(), 401, "{}", refused.text());
    }
    let refused = api::login(&shop.gateway, &email, PASSWORD).await;
    assert_eq!(refused.status(), 401, "{}", refused.text());

    shop.auth.handled("end-sessions").await;
    assert_eq!((sessions(&shop, &id), sessions(&shop, &other_id)), (0, 1));
    Tokens::of(&api::refresh(&shop.gateway, &other.refresh).await);
    // Who registers under the address again is somebody else.
    let again = api::register(&shop.gateway, &email, PASSWORD).await;
    assert_eq!(again.status(), 201, "{}", again.text());
    let refused = api::refresh(&shop.gateway, &tokens.refresh).await;
    assert_eq!(refused.status(), 401, "{}", refused.text());
    assert_eq!(shop.errors(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_refresh_gives_a_token_with_the_role_of_now() {
    let shop = Shop::start().await;
    let mut administration = administration(&shop, &admin(&shop).await);
    let (_, mut tokens) = api::new_user(&shop.gateway).await;
    let (id, role) = id_and_role(&shop, &tokens).await;
    assert_eq!(role, "user");
    for role in ["admin", "user"] {
        let request = pb::UpdateUserRequest {
            id: id.clone(),
            role: Some(role.to_owned()),
            email: Some(fresh_email()),
            ..pb::UpdateUserRequest::default()
        };
        administration.update_user(request).await.unwrap();
        tokens = Tokens::of(&api::refresh(&shop.gateway, &tokens.refresh).await);
        assert_eq!(role_in(&tokens.access), [role]);
    }
}

/// The roles that an access token says.
fn role_in(token: &str) -> Vec<String> {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let roles = claims["roles"].as_array().unwrap().iter();
    roles
        .map(|role| role.as_str().unwrap().to_owned())
        .collect()
}
