//! The bounds that the OpenAPI document names are those that the services hold to, at each bound and one beyond.

use serde_json::{Value, json};

use super::bodies::{Route, admin_routes, product, routes};
use super::support::api::{Tokens, admin, login, new_user, send_as, user_id};
use super::support::{Options, PASSWORD, Shop, fresh_email};

/// A value for a field, of so many characters.
fn text(field: &str, length: usize) -> String {
    let padded = |start: &str, end: &str| {
        let room = length.saturating_sub(start.len() + end.len());
        format!("{start}{}{end}", "x".repeat(room))
    };
    match field {
        // The longest label of a domain is 63 characters, the longest local part 64.
        "email" if length > 222 => {
            let who = fresh_email().replace("@example.com", "");
            let labels = format!("{}.", "d".repeat(50)).repeat(3);
            let label = "e".repeat(length - 222);
            format!("{who:x<60}@{labels}{label}.example")
        }
        "image_url" => padded("https://img.example/", ""),
        // Neither a common one nor the name.
        "password" => "k7#Qz9!pW2".chars().cycle().take(length).collect(),
        _ => padded("", ""),
    }
}

/// What the document says of one field: values at a bound, and one beyond.
fn probes(field: &str, schema: &Value) -> Vec<(Value, bool)> {
    let mut probes = Vec::new();
    let number = |key: &str| schema[key].as_i64();
    let mut of_length = |length: i64, fits: bool| {
        let length = usize::try_from(length).unwrap();
        probes.push((json!(text(field, length)), fits));
    };
    if let Some(least) = number("minLength").filter(|least| *least > 0) {
        of_length(least, true);
        of_length(least - 1, false);
    }
    if let Some(most) = number("maxLength") {
        of_length(most, true);
        of_length(most + 1, false);
    }
    if let Some(least) = number("minimum") {
        probes.extend([(json!(least), true), (json!(least - 1), false)]);
    }
    if let Some(most) = number("maximum") {
        probes.extend([(json!(most), true), (json!(most + 1), false)]);
    }
    probes
}

/// The schema that a reference leads to, or the one that is here.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

async fn fields(
    shop: &Shop,
    document: &Value,
    route: &Route,
    template: &str,
    tokens: &Tokens,
) -> usize {
    let operation = &document["paths"][template][route.method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let properties = resolved(document, schema)["properties"].as_object();
    let properties = properties.unwrap_or_else(|| panic!("{template} has no body in {operation}"));
    let mut probed = 0;
    for (field, schema) in properties {
        let default = schema.get("default");
        let may_be_null = schema["type"].is_array();
        assert!(
            default.is_none_or(|default| !default.is_null() || may_be_null),
            "{template}: {field} is null if absent, and may not be"
        );
        for (value, fits) in probes(field, resolved(document, schema)) {
            let mut body = route.right.clone();
            if template == "/api/v1/register" {
                body["email"] = json!(fresh_email());
            }
            body[field] = value.clone();
            let answer = send_as(&shop.gateway, route.method, &route.path, tokens, &body).await;
            let told = format!(
                "{} {template}: {field} = {value}: {}",
                route.method,
                answer.text()
            );
            if fits {
                assert!(![400, 422].contains(&answer.status().as_u16()), "{told}");
                assert!(answer.status().as_u16() < 500, "{told}");
            } else {
                assert_eq!(answer.status(), 422, "{told}");
                let problem: Value = answer.json();
                assert_eq!(problem["errors"][0]["field"], **field, "{told}");
            }
            probed += 1;
        }
    }
    probed
}

#[tokio::test]
async fn the_document_names_the_bounds_of_the_services() {
    let options = Options {
        auth_failures: Some(0),
        login_failures: Some(100_000),
        ..Options::default()
    };
    let shop = Shop::with(options).await;
    let document: Value = shop.gateway.get("/openapi.json").send().await.json();
    let tokens = admin(&shop.gateway).await;
    let (email, user) = new_user(&shop.gateway).await;
    let spare = Tokens::of(&login(&shop.gateway, &email, PASSWORD).await);
    let user_id = user_id(&shop.gateway, &user.access).await;
    let made = send_as(
        &shop.gateway,
        "POST",
        "/api/v1/admin/products",
        &tokens,
        &product(),
    )
    .await;
    let product_id = made.json::<Value>()["id"].as_str().unwrap().to_owned();

    let mut probed = 0;
    let all = [
        routes(&fresh_email(), &spare.refresh),
        admin_routes(&product_id, &user_id),
    ];
    for route in all.into_iter().flatten() {
        let template = route
            .path
            .replace(&product_id, "{id}")
            .replace(&user_id, "{id}");
        // A logout ends the session of its token, and an admin's has to go on.
        let tokens = if route.path.ends_with("logout") {
            &user
        } else {
            &tokens
        };
        probed += fields(&shop, &document, &route, &template, tokens).await;
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations["get"]["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for (value, fits) in probes(name, resolved(&document, &parameter["schema"])) {
                let path = path.replace("{category}", "light");
                let path = format!("{path}?{name}={value}");
                let answer =
                    super::support::api::as_user(&shop.gateway, "GET", &path, &tokens).await;
                let wanted = if fits { 200 } else { 400 };
                assert_eq!(answer.status(), wanted, "{path}: {}", answer.text());
                probed += 1;
            }
        }
    }
    println!("{probed} values at a bound or one beyond");
    assert!(probed >= 100, "{probed}");
    assert_eq!(shop.errors(), Vec::<Value>::new());
}
