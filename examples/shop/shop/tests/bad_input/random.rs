//! Random bytes at every route: an answer each time, and never a fault of ours.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use super::support::api::admin;
use super::support::{Options, Shop};

/// Stands for the token of an admin.
const ADMIN: &str = "the admin's";

/// Anything: a method, a path of ours or near it, headers, a body.
fn request() -> impl Strategy<Value = (String, String, Option<String>, Vec<u8>)> {
    let path = prop_oneof![
        8 => prop::sample::select(vec![
            "/api/v1/register", "/api/v1/login", "/api/v1/refresh-token", "/api/v1/logout", "/api/v1/me",
            "/.well-known/jwks.json", "/healthz", "/api/v1", "/", "/api/v1/products", "/api/v1/products/lamp",
            "/api/v1/products/category/light", "/api/v1/admin/products", "/api/v1/admin/products/lamp",
            "/api/v1/admin/users", "/api/v1/admin/users/ana", "/openapi.json",
        ]).prop_map(str::to_owned),
        1 => "/[a-z0-9%./-]{0,30}",
        2 => "/api/v1/(admin/)?(products|users)(/[ -~]{0,12})?\\?(page|page_size)=[a-z=&%0-9-]{0,12}",
        1 => "/api/v1/[a-z]{1,12}\\?[a-z=&%0-9]{0,20}",
    ];
    let method = prop::sample::select(vec![
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS",
    ]);
    let authorization = prop::option::of(prop_oneof![
        "[!-~ ]{0,80}",
        "Bearer [A-Za-z0-9_.-]{0,200}",
        Just(ADMIN.to_owned())
    ]);
    let json_like = "\\{(\"(name|email|password|role|refresh_token|price|stock|category)\":(\"[^\"\\\\]{0,40}\"|[0-9]{1,9}|null|\\[\\]),?){0,5}\\}";
    let body = prop_oneof![
        vec(any::<u8>(), 0..300),
        json_like.prop_map(String::into_bytes)
    ];
    (method.prop_map(str::to_owned), path, authorization, body)
}

#[tokio::test]
async fn no_bytes_make_the_shop_fail() {
    let options = Options {
        auth_failures: Some(0),
        ..Options::default()
    };
    let shop = Shop::with(options).await;
    let admin = format!("Bearer {}", admin(&shop.gateway).await.access);
    let mut runner = TestRunner::new(Config::with_cases(600));
    let mut answered = std::collections::BTreeMap::<u16, usize>::new();
    for _ in 0..600 {
        let (method, path, authorization, body) =
            request().new_tree(&mut runner).unwrap().current();
        if path.parse::<msf_service::axum::http::Uri>().is_err() {
            continue;
        }
        let mut call = shop.gateway.call(&method, &path).body(body.clone());
        call = call.header("content-type", "application/json");
        if let Some(authorization) = &authorization {
            let value = if authorization == ADMIN {
                &admin
            } else {
                authorization
            };
            call = call.header("authorization", value);
        }
        let answer = call.send().await;
        let status = answer.status().as_u16();
        let told = format!(
            "{method} {path} {authorization:?} {:?}",
            String::from_utf8_lossy(&body)
        );
        assert!(status < 500, "{status} for {told}: {}", answer.text());
        assert!(!answer.header("x-correlation-id").is_empty(), "{told}");
        *answered.entry(status).or_default() += 1;
    }
    println!("{answered:?}");
    let errors = shop.errors();
    assert!(errors.is_empty(), "{errors:#?}");
}
