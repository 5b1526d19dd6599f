//! Products over HTTP: money to the digit, versions, pages.

mod support;

use msf_testing::{Answer, Started};
use serde_json::{Value, json};

use support::Shop;
use support::api::{Tokens, admin, as_user, new_user, send_as};

const PRODUCTS: &str = "/api/v1/admin/products";

/// Sends this text as the body: a test that wrote a price as a float would not send what it says.
async fn send(gateway: &Started, method: &str, path: &str, tokens: &Tokens, body: &str) -> Answer {
    let call = gateway.call(method, path).body(body.to_owned());
    let call = call.header("authorization", &format!("Bearer {}", tokens.access));
    call.header("content-type", "application/json").send().await
}

/// The text that stands in an answer for the price.
fn price(answer: &Answer) -> String {
    let text = answer.text();
    let (_, rest) = text
        .split_once("\"price\":")
        .unwrap_or_else(|| panic!("no price: {text}"));
    rest.split([',', '}']).next().unwrap().to_owned()
}

fn body(price: &str) -> String {
    format!(
        r#"{{"name":"lamp","description":"Shines.","price":{price},"category":"light","stock":3,"image_url":""}}"#
    )
}

#[tokio::test]
async fn a_price_comes_back_digit_by_digit() {
    let shop = Shop::start().await;
    let tokens = admin(&shop.gateway).await;
    for (sent, back) in [
        ("19.99", "19.99"),
        ("0.1", "0.1"),
        ("0.29", "0.29"),
        ("1.15", "1.15"),
        ("4.35", "4.35"),
        ("1e3", "1000"),
        ("-0", "0"),
        ("19.990", "19.99"),
        ("999999999.99", "999999999.99"),
        ("1000000000", "1000000000"),
    ] {
        let made = send(&shop.gateway, "POST", PRODUCTS, &tokens, &body(sent)).await;
        assert_eq!(made.status(), 201, "{sent}: {}", made.text());
        assert_eq!(price(&made), back, "{sent}");
        let seen = shop.gateway.get(made.header("location")).send().await;
        assert_eq!(
            (seen.status().as_u16(), price(&seen)),
            (200, back.to_owned())
        );
        assert_eq!(seen.json::<Value>(), made.json::<Value>());
    }
    let list = shop
        .gateway
        .get("/api/v1/products?page_size=1")
        .send()
        .await;
    assert_eq!(price(&list), "19.99");
}

#[tokio::test]
async fn versions_are_tags() {
    let shop = Shop::start().await;
    let tokens = admin(&shop.gateway).await;
    let made = send(&shop.gateway, "POST", PRODUCTS, &tokens, &body("1")).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let public = made.header("location").to_owned();
    let path = public.replace("/products/", "/admin/products/");

    // Reads: the whole thing, or that it is as it was.
    for (path, token) in [(&*public, None), (&*path, Some(&tokens))] {
        let get = |had: &'static [&'static str]| {
            let mut call = shop.gateway.get(path);
            if let Some(tokens) = token {
                call = call.header("authorization", &format!("Bearer {}", tokens.access));
            }
            for had in had {
                call = call.header("if-none-match", had);
            }
            call.send()
        };
        for had in [
            &["\"1\""][..],
            &["*"],
            &["W/\"1\""],
            &["\"7\", \"1\""],
            &["\"7\"", "\"1\""],
        ] {
            let answer = get(had).await;
            assert_eq!(
                (answer.status().as_u16(), &*answer.text()),
                (304, ""),
                "{path} {had:?}"
            );
            assert_eq!(answer.header("etag"), "\"1\"", "{path}");
        }
        for had in [
            &[][..],
            &["\"2\""],
            &["\"01\""],
            &["1"],
            &["nonsense"],
            &["*, \"1\""],
        ] {
            let answer = get(had).await;
            assert_eq!(answer.status(), 200, "{path} {had:?}");
            assert_eq!(answer.header("etag"), "\"1\"", "{path}");
        }
    }

    // Changes: only on the version that was seen, or on any.
    let put = |if_match: &'static str, body: &'static str| {
        let call = shop.gateway.call("PUT", &path).header("if-match", if_match);
        let call = call.header("authorization", &format!("Bearer {}", tokens.access));
        call.header("content-type", "application/json")
            .body(body)
            .send()
    };
    let stale = put("\"2\"", r#"{"stock":1}"#).await;
    assert_eq!(
        (
            stale.status().as_u16(),
            stale.json::<Value>()["code"].as_str()
        ),
        (409, Some("version.conflict"))
    );
    let changed = put("\"9\", \"1\"", r#"{"price":2.50}"#).await;
    assert_eq!(
        (
            changed.status().as_u16(),
            changed.header("etag"),
            &*price(&changed)
        ),
        (200, "\"2\"", "2.5")
    );
    let kept: Value = changed.json();
    let all = json!({ "name": "lamp", "description": "Shines.", "category": "light", "stock": 3, "image_url": "" });
    for (field, value) in all.as_object().unwrap() {
        assert_eq!(kept[field], *value, "{field}");
    }
    assert_eq!(put("*", r#"{"stock":4}"#).await.header("etag"), "\"3\"");
    let gone = as_user(&shop.gateway, "DELETE", &path, &tokens).await;
    assert_eq!(
        (gone.status().as_u16(), gone.json::<Value>()),
        (200, json!({ "message": "product deleted" }))
    );
    // Nothing matches what is not there.
    assert_eq!(put("*", "{}").await.status(), 404);
    assert_eq!(shop.errors(), Vec::<Value>::new());
}

/// A browser keeps an answer by its address and tag, whoever is logged in.
#[tokio::test]
async fn whoever_has_seen_one_user_has_not_seen_the_next() {
    let shop = Shop::start().await;
    let (_, ana) = new_user(&shop.gateway).await;
    let (email, bo) = new_user(&shop.gateway).await;
    let me = async |tokens: &Tokens, had: &str| {
        let call = shop.gateway.get("/api/v1/me").header("if-none-match", had);
        let call = call.header("authorization", &format!("Bearer {}", tokens.access));
        call.send().await
    };
    let seen = me(&ana, "\"1\"").await;
    assert_eq!(seen.status(), 200);
    let tag = seen.header("etag").to_owned();
    for had in [tag.clone(), format!("W/{tag}"), format!("\"7\", {tag}")] {
        let again = me(&ana, &had).await;
        assert_eq!((again.status().as_u16(), &*again.text()), (304, ""));
        assert_eq!(again.header("etag"), tag);
        let other = me(&bo, &had).await;
        assert_eq!(other.status(), 200, "shown as {tag}");
        assert_eq!(other.json::<Value>()["email"], *email);
    }
}

#[tokio::test]
async fn the_largest_page_there_can_be_is_answered() {
    let shop = Shop::start().await;
    let tokens = admin(&shop.gateway).await;
    let text = |length: usize| "\u{1f4a1}".repeat(length);
    let body = json!({
        "name": text(200), "description": text(10_000), "price": 999_999_999.99, "category": text(200), "stock": i32::MAX,
        "image_url": format!("https://a/{}", text(2_038)),
    });
    for _ in 0..100 {
        let made = send_as(&shop.gateway, "POST", PRODUCTS, &tokens, &body).await;
        assert_eq!(made.status(), 201, "{}", made.text());
    }
    for prefix in ["/api/v1/products", PRODUCTS] {
        let path = format!("{prefix}?page_size=100");
        let page = as_user(&shop.gateway, "GET", &path, &tokens).await;
        let text = page.text();
        let start: String = text.chars().take(300).collect();
        assert_eq!(page.status(), 200, "{start}");
        println!("{path}: {} bytes", text.len());
        let products = page.json::<Value>()["products"].as_array().unwrap().len();
        assert_eq!(products, 100);
    }
    assert_eq!(shop.errors(), Vec::<Value>::new());
}

#[tokio::test]
async fn lists_are_pages_of_all_or_of_a_category() {
    let shop = Shop::start().await;
    let tokens = admin(&shop.gateway).await;
    let categories = ["light", "a/b c", "light", "Größe", "light"];
    for (number, category) in categories.iter().enumerate() {
        let body = json!({
            "name": format!("product {number}"), "description": "", "price": 1, "category": category, "stock": 0,
            "image_url": "",
        });
        let made = send_as(&shop.gateway, "POST", PRODUCTS, &tokens, &body).await;
        assert_eq!(made.status(), 201, "{}", made.text());
    }
    let names = |answer: &Answer| -> Vec<String> {
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let body: Value = answer.json();
        let products = body["products"].as_array().unwrap().iter();
        products
            .map(|one| one["name"].as_str().unwrap().replace("product ", ""))
            .collect()
    };
    for prefix in ["/api/v1/products", PRODUCTS] {
        let get = async |rest: &str| {
            as_user(&shop.gateway, "GET", &format!("{prefix}{rest}"), &tokens).await
        };
        let first = get("?page_size=2").await;
        assert_eq!(names(&first), ["0", "1"]);
        let rest = json!({ "total": 5, "page": 1, "page_size": 2 });
        let mut body: Value = first.json();
        body.as_object_mut().unwrap().remove("products");
        assert_eq!(body, rest);
        assert_eq!(names(&get("?page_size=2&page=3").await), ["4"]);
        assert_eq!(
            names(&get("?page_size=2&page=4").await),
            Vec::<String>::new()
        );
        assert_eq!(names(&get("").await).len(), 5);
        assert_eq!(names(&get("/category/light").await), ["0", "2", "4"]);
        assert_eq!(
            names(&get("/category/light?page=2&page_size=2").await),
            ["4"]
        );
        assert_eq!(names(&get("/category/a%2Fb%20c").await), ["1"]);
        assert_eq!(names(&get("/category/Gr%C3%B6%C3%9Fe").await), ["3"]);
        assert_eq!(names(&get("/category/Light").await), Vec::<String>::new());
    }
    let users = as_user(&shop.gateway, "GET", "/api/v1/admin/users", &tokens).await;
    let body: Value = users.json();
    let own = as_user(&shop.gateway, "GET", "/api/v1/me", &tokens).await;
    assert_eq!(body["users"], json!([own.json::<Value>()]));
    assert_eq!(
        [&body["total"], &body["current_page"], &body["total_pages"]],
        [&json!(1); 3]
    );
    assert_eq!(body["status"], "success");
}
