//! One place for each rule: what HTTP and gRPC say of the same input is the same.

use std::collections::BTreeSet;

use msf_service::Principal;
use msf_service::client::Channel;
use msf_service::error::Error;
use msf_service::tonic::Status;
use msf_testing::Answer;
use serde_json::{Value, json};
use shop_proto::{product, user};

use super::support::api::{Tokens, admin, as_user, new_user, send_as, user_id};
use super::support::{ADMIN, Shop, fresh_email};

/// Status, code, and of each field its name, code and message.
type Verdict = (u16, String, BTreeSet<[String; 3]>);

fn of_http(answer: &Answer) -> Verdict {
    let problem: Value = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = problem["errors"].as_array().into_iter().flatten();
    let fields = fields.map(|error| ["field", "code", "message"].map(|key| text(&error[key])));
    (
        answer.status().as_u16(),
        text(&problem["code"]),
        fields.collect(),
    )
}

fn of_grpc(status: &Status) -> Verdict {
    let error = Error::from_status(status);
    let fields = error.fields().iter();
    let fields =
        fields.map(|field| [field.field(), field.code(), field.message()].map(str::to_owned));
    (
        error.kind().http_status().as_u16(),
        error.code().to_owned(),
        fields.collect(),
    )
}

#[track_caller]
fn same<T>(name: &str, http: &Answer, grpc: Result<T, Status>, fields: usize) {
    let Err(status) = grpc else {
        panic!("{name}: gRPC took it; HTTP said {}", http.text());
    };
    let verdict = of_http(http);
    assert_eq!(verdict, of_grpc(&status), "{name}");
    assert_eq!(verdict.2.len(), fields, "{name}: {verdict:?}");
    println!("{name}: {} {} {:?}", verdict.0, verdict.1, verdict.2);
}

/// A shop with an admin on both protocols, and one thing of each kind.
struct Scene {
    shop: Shop,
    tokens: Tokens,
    channels: [Channel; 2],
    product: String,
    user: String,
}

impl Scene {
    async fn start() -> Self {
        let shop = Shop::start().await;
        let tokens = admin(&shop.gateway).await;
        let id = user_id(&shop.gateway, &tokens.access).await;
        let caller = Principal::user(id).with_role("admin");
        let channels = [&shop.products, &shop.users].map(|app| app.channel_of(&caller));
        let made = send_as(
            &shop.gateway,
            "POST",
            "/api/v1/admin/products",
            &tokens,
            &super::bodies::product(),
        )
        .await;
        assert_eq!(made.status(), 201, "{}", made.text());
        let (_, user) = new_user(&shop.gateway).await;
        Self {
            product: made.json::<Value>()["id"].as_str().unwrap().to_owned(),
            user: user_id(&shop.gateway, &user.access).await,
            shop,
            tokens,
            channels,
        }
    }

    fn products(&self) -> product::ProductServiceClient {
        product::ProductServiceClient::new(self.channels[0].clone())
    }

    fn users(&self) -> user::UserServiceClient {
        user::UserServiceClient::new(self.channels[1].clone())
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        send_as(&self.shop.gateway, method, path, &self.tokens, body).await
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn of_products() {
    let scene = Scene::start().await;
    let control = "a\u{1b}b".to_owned();
    let right = || ["lamp", "Shines.", "1", "light", ""].map(str::to_owned);
    let table: Vec<(&str, [String; 5], i64, usize)> = vec![
        (
            "everything",
            [
                control.clone(),
                "x".repeat(10_001),
                "0.001".into(),
                String::new(),
                "ftp://x".into(),
            ],
            -1,
            6,
        ),
        (
            "nothing",
            [
                String::new(),
                String::new(),
                "-1".into(),
                String::new(),
                String::new(),
            ],
            0,
            3,
        ),
        (
            "a long name",
            [
                right()[0].repeat(51),
                right()[1].clone(),
                right()[2].clone(),
                right()[3].clone(),
                String::new(),
            ],
            0,
            1,
        ),
        (
            "a price",
            [
                right()[0].clone(),
                String::new(),
                "1e400".into(),
                right()[3].clone(),
                String::new(),
            ],
            0,
            1,
        ),
        ("a stock", right(), i64::MAX, 1),
    ];
    for (name, [title, description, price, category, image_url], stock, fields) in table {
        let texts = json!({
            "name": title, "description": description, "price": "PRICE", "category": category, "stock": stock,
            "image_url": image_url,
        });
        let body = texts.to_string().replace("\"PRICE\"", &price);
        let bearer = format!("Bearer {}", scene.tokens.access);
        let changed = format!("/api/v1/admin/products/{}", scene.product);
        for (method, path) in [("POST", "/api/v1/admin/products"), ("PUT", &changed)] {
            let call = scene.shop.gateway.call(method, path).body(body.clone());
            let call = call.header("content-type", "application/json");
            let http = call.header("authorization", &bearer).send().await;
            let title = title.clone();
            let [description, price] = [&description, &price].map(Clone::clone);
            let [category, image_url] = [&category, &image_url].map(Clone::clone);
            let mut client = scene.products();
            let name = format!("{method} product, {name}");
            if method == "POST" {
                let request = product::CreateProductRequest {
                    name: title,
                    description,
                    price,
                    category,
                    stock,
                    image_url,
                };
                same(&name, &http, client.create_product(request).await, fields);
            } else {
                let request = product::UpdateProductRequest {
                    id: scene.product.clone(),
                    name: Some(title),
                    description: Some(description),
                    price: Some(price),
                    category: Some(category),
                    stock: Some(stock),
                    image_url: Some(image_url),
                    expected_versions: Vec::new(),
                };
                same(&name, &http, client.update_product(request).await, fields);
            }
        }
    }

    let gateway = &scene.shop.gateway;
    let list = |page, page_size| product::ListProductsRequest {
        page,
        page_size,
        category: None,
    };
    let http = gateway
        .get("/api/v1/products?page=0&page_size=101")
        .send()
        .await;
    let grpc = scene
        .products()
        .list_products(list(Some(0), Some(101)))
        .await;
    same("GET products, no page", &http, grpc, 2);
    let id = "lamp".to_owned();
    let http = gateway.get("/api/v1/products/lamp").send().await;
    let request = product::GetProductRequest { id: id.clone() };
    same(
        "GET product, unknown",
        &http,
        scene.products().get_product(request).await,
        0,
    );
    let http = as_user(
        gateway,
        "DELETE",
        "/api/v1/admin/products/lamp",
        &scene.tokens,
    )
    .await;
    let request = product::DeleteProductRequest {
        id,
        expected_versions: Vec::new(),
    };
    let grpc = scene.products().delete_product(request).await;
    same("DELETE product, unknown", &http, grpc, 0);
    let path = format!("/api/v1/admin/products/{}", scene.product);
    let bearer = format!("Bearer {}", scene.tokens.access);
    let stale = gateway.call("DELETE", &path).header("if-match", "\"9\"");
    let http = stale.header("authorization", &bearer).send().await;
    let request = product::DeleteProductRequest {
        id: scene.product.clone(),
        expected_versions: vec![9],
    };
    let grpc = scene.products().delete_product(request).await;
    same("DELETE product, another version", &http, grpc, 0);
    assert_eq!(scene.shop.errors(), Vec::<Value>::new());
}

#[tokio::test]
async fn of_users() {
    let scene = Scene::start().await;
    let path = format!("/api/v1/admin/users/{}", scene.user);
    let long = "x".repeat(300);
    let table = [
        ("everything", ["", "nobody", "queen"], 3),
        ("long texts", [&long, &long, &long], 3),
        ("a role", ["Ana", "other@example.com", "Admin"], 1),
        (
            "a control character",
            ["a\u{7}", "other@example.com", "user"],
            1,
        ),
        ("an address that is taken", ["Ana", ADMIN, "user"], 0),
    ];
    for (name, [title, email, role], fields) in table {
        let body = json!({ "name": title, "email": email, "role": role });
        let http = scene.call("PUT", &path, &body).await;
        let request = user::UpdateUserRequest {
            id: scene.user.clone(),
            name: Some(title.to_owned()),
            email: Some(email.to_owned()),
            role: Some(role.to_owned()),
            expected_versions: Vec::new(),
        };
        let grpc = scene.users().update_user(request).await;
        same(&format!("PUT user, {name}"), &http, grpc, fields);
    }

    // The last admin stays one, whichever way they would go.
    let admin = user_id(&scene.shop.gateway, &scene.tokens.access).await;
    let own = format!("/api/v1/admin/users/{admin}");
    let http = scene.call("PUT", &own, &json!({ "role": "user" })).await;
    let request = user::UpdateUserRequest {
        id: admin.clone(),
        role: Some("user".to_owned()),
        ..user::UpdateUserRequest::default()
    };
    same(
        "PUT user, the last admin",
        &http,
        scene.users().update_user(request).await,
        0,
    );
    let http = as_user(&scene.shop.gateway, "DELETE", &own, &scene.tokens).await;
    let request = user::DeleteUserRequest {
        id: admin,
        expected_versions: Vec::new(),
    };
    same(
        "DELETE user, the last admin",
        &http,
        scene.users().delete_user(request).await,
        0,
    );
    assert_eq!(of_http(&http).1, "admin.last");

    let list = "/api/v1/admin/users?page=0&page_size=0";
    let http = as_user(&scene.shop.gateway, "GET", list, &scene.tokens).await;
    let request = user::ListUsersRequest {
        page: Some(0),
        page_size: Some(0),
    };
    same(
        "GET users, no page",
        &http,
        scene.users().list_users(request).await,
        2,
    );

    // Registration, which the gateway does as itself.
    let caller = Principal::service("api-gateway");
    let mut users = user::UserServiceClient::new(scene.shop.users.channel_of(&caller));
    for (name, [title, email, password], fields) in [
        ("everything", ["", "ana", "short"], 3),
        ("a common password", ["Ana", &fresh_email(), "Password1"], 1),
    ] {
        let body = json!({ "name": title, "email": email, "password": password });
        let http = scene
            .shop
            .gateway
            .post("/api/v1/register")
            .json(&body)
            .send()
            .await;
        let request = user::RegisterRequest {
            name: title.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            role: None,
        };
        let grpc = users.register(request).await;
        same(&format!("POST register, {name}"), &http, grpc, fields);
    }
    assert_eq!(scene.shop.errors(), Vec::<Value>::new());
}
