//! The table over HTTP, for products and the routes of admins.

use serde_json::{Value, json};

use super::bodies::{Row, admin_routes, product};
use super::http::check;
use super::support::api::{Tokens, admin, as_user, login, new_user, user_id};
use super::support::{Options, PASSWORD, Shop};
use super::{numbers, paths, tokens};

/// A shop with a product and a user for the rows to be about.
struct Scene {
    shop: Shop,
    bearer: String,
    product_id: String,
    user_id: String,
}

impl Scene {
    async fn start() -> Self {
        let options = Options {
            auth_failures: Some(0),
            login_failures: Some(100_000),
            ..Options::default()
        };
        let shop = Shop::with(options).await;
        let bearer = format!("Bearer {}", admin(&shop.gateway).await.access);
        let made = shop.gateway.post("/api/v1/admin/products").json(&product());
        let made = made.header("authorization", &bearer).send().await;
        assert_eq!(made.status(), 201, "{}", made.text());
        let (_, tokens) = new_user(&shop.gateway).await;
        Self {
            bearer,
            product_id: made.json::<Value>()["id"].as_str().unwrap().to_owned(),
            user_id: user_id(&shop.gateway, &tokens.access).await,
            shop,
        }
    }

    /// Sends each row as the admin.
    async fn check_all(&self, rows: Vec<Row>, least: usize) {
        assert!(rows.len() >= least, "{}", rows.len());
        println!("{} rows", rows.len());
        for row in rows {
            let row = row.header("authorization", self.bearer.clone());
            check(&self.shop, &row).await;
        }
        self.nothing_failed();
    }

    fn nothing_failed(&self) {
        let errors = self.shop.errors();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[tokio::test]
async fn bodies_of_products_and_users() {
    let scene = Scene::start().await;
    let mut rows = Vec::new();
    for route in admin_routes(&scene.product_id, &scene.user_id) {
        rows.extend([route.field_rows(), route.body_rows(), route.head_rows()].concat());
        if route.right["price"].is_number() {
            rows.extend(numbers::rows(&route));
        }
        let empty = route.row(
            "nothing at all",
            "{}",
            if route.method == "PUT" { 200 } else { 422 },
        );
        rows.push(empty);
    }
    scene.check_all(rows, 300).await;
}

#[tokio::test]
async fn ids_queries_headers_and_paths() {
    let scene = Scene::start().await;
    let product = format!("/api/v1/admin/products/{}", scene.product_id);
    let user = format!("/api/v1/admin/users/{}", scene.user_id);
    let rows = [
        paths::ids(),
        paths::queries(),
        paths::categories(),
        paths::if_match(&product),
        paths::if_match(&user),
        paths::nowhere(),
    ];
    scene.check_all(rows.concat(), 300).await;
    // None of that changed or deleted anything.
    let public = format!("/api/v1/products/{}", scene.product_id);
    let seen = scene.shop.gateway.get(&public).send().await;
    assert_eq!(
        (seen.status().as_u16(), seen.header("etag")),
        (200, "\"1\"")
    );
}

#[tokio::test]
async fn tokens_that_make_nobody_an_admin() {
    let scene = Scene::start().await;
    let (email, tokens) = new_user(&scene.shop.gateway).await;
    let (product, user) = (
        format!("/api/v1/admin/products/{}", scene.product_id),
        format!("/api/v1/admin/users/{}", scene.user_id),
    );
    let guarded = [
        ("GET", "/api/v1/admin/users", Vec::new()),
        ("POST", "/api/v1/admin/products", product_bytes()),
        ("DELETE", &product, Vec::new()),
        (
            "PUT",
            &user,
            json!({ "role": "admin" }).to_string().into_bytes(),
        ),
    ];
    let rows = tokens::rows(&tokens.access, &guarded);
    assert!(rows.len() >= 150, "{}", rows.len());
    println!("{} rows", rows.len());
    for row in &rows {
        check(&scene.shop, row).await;
    }
    // A user's own good token is 403 at each, whatever else is wrong with the request.
    let bearer = format!("Bearer {}", tokens.access);
    let mut refused = [paths::ids(), paths::queries()].concat();
    for route in admin_routes(&scene.product_id, &scene.user_id) {
        refused.extend(route.body_rows());
    }
    // A body that is too large is not read for anybody.
    refused.retain(|row| row.path.starts_with("/api/v1/admin/") && row.status != 413);
    for row in &mut refused {
        (row.status, row.field, row.code) = (403, None, Some("forbidden"));
        row.headers.push(("authorization", bearer.clone()));
        check(&scene.shop, row).await;
    }
    println!("{} rows", refused.len());
    scene.nothing_failed();
    let session = login(&scene.shop.gateway, &email, PASSWORD).await;
    let me = as_user(
        &scene.shop.gateway,
        "GET",
        "/api/v1/me",
        &Tokens::of(&session),
    )
    .await;
    assert_eq!(me.json::<Value>()["role"], "user");
}

fn product_bytes() -> Vec<u8> {
    product().to_string().into_bytes()
}
