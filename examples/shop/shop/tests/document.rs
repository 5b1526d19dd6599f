//! What the document says of a field is what the services say of it.

mod support;

use jsonschema::Validator;
use product_service::domain::{Category, Description, ImageUrl, Name as ProductName};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::Shop;
use user_service::domain::Name;

/// The schema of one field of a body.
fn field(document: &Value, body: &str, name: &str) -> Validator {
    let schema = &document["components"]["schemas"][body]["properties"][name];
    assert!(schema["pattern"].is_string(), "{body}.{name}: {schema}");
    jsonschema::validator_for(schema).unwrap()
}

/// Texts that are hard to tell apart: blanks, controls, those beside them, and plain letters.
fn texts() -> impl Strategy<Value = String> {
    let hard = prop_oneof![
        prop::sample::select(vec![
            '\u{0}',
            '\t',
            '\n',
            '\u{b}',
            '\r',
            '\u{1f}',
            ' ',
            '!',
            '~',
            '\u{7f}',
            '\u{80}',
            '\u{85}',
            '\u{9f}',
            '\u{a0}',
            '\u{a1}',
            '\u{1680}',
            '\u{180e}',
            '\u{1fff}',
            '\u{2000}',
            '\u{200a}',
            '\u{200b}',
            '\u{200f}',
            '\u{2027}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{202f}',
            '\u{205f}',
            '\u{2065}',
            '\u{2066}',
            '\u{2069}',
            '\u{206a}',
            '\u{2fff}',
            '\u{3000}',
            '\u{3001}',
            '\u{feff}',
            '\u{1f600}',
            '\u{10ffff}',
        ]),
        any::<char>(),
        prop::char::range('a', 'c'),
    ];
    prop::collection::vec(hard, 0..4).prop_map(String::from_iter)
}

/// Addresses and near misses.
fn addresses() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec!["http://", "HttpS://", "https:/", "ftp://", "//", ""]);
    let host = prop_oneof![
        "[a-z.@:/?#%é]{0,6}".boxed(),
        Just("[::1]".to_owned()).boxed(),
        "\\[[0-9a-f:.\\]]{0,6}".boxed(),
        texts().boxed(),
    ];
    let port = prop_oneof![Just(String::new()), ":[0-9]{0,6}".boxed(), ":[a-z]"];
    let tail = prop_oneof![
        Just(String::new()).boxed(),
        "[/?#][a-z<>\"{}|^`\\\\ ]{0,3}".boxed(),
        texts().boxed()
    ];
    (scheme, host, port, tail)
        .prop_map(|(scheme, host, port, tail)| format!("{scheme}{host}{port}{tail}"))
}

/// Whether a service takes a text.
type Rule = fn(&str) -> bool;

#[tokio::test]
async fn a_pattern_and_the_rule_of_its_service_agree() {
    let shop = Shop::start().await;
    let document = shop.gateway.contract().await.document().clone();
    let user: Rule = |text| Name::parse(text).is_ok();
    let product: Rule = |text| ProductName::parse(text).is_ok();
    let category: Rule = |text| Category::parse(text).is_ok();
    let description: Rule = |text| Description::parse(text).is_ok();
    let same = [
        ("Registration", "name", user),
        ("UserChange", "name", user),
        ("NewProduct", "name", product),
        ("ProductChange", "name", product),
        ("NewProduct", "category", category),
        ("ProductChange", "category", category),
        ("NewProduct", "description", description),
        ("ProductChange", "description", description),
    ]
    .map(|(body, name, rule)| (field(&document, body, name), body, name, rule));
    let picture = ["NewProduct", "ProductChange"].map(|body| field(&document, body, "image_url"));

    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(4_000));
    runner
        .run(&texts(), |text| {
            for (schema, body, name, rule) in &same {
                let allowed = schema.is_valid(&json!(text));
                prop_assert_eq!(allowed, rule(&text), "{}.{}: {:?}", body, name, text);
            }
            Ok(())
        })
        .unwrap();
    runner
        .run(&addresses(), |text| {
            // The other way round, the service alone tells whether a port and an address in brackets are any.
            if ImageUrl::parse(&text).is_ok() {
                for schema in &picture {
                    prop_assert!(schema.is_valid(&json!(text)), "{text:?}");
                }
            }
            Ok(())
        })
        .unwrap();
    for wrong in [
        "cup.png",
        "ftp://a/b",
        "https:///cup.png",
        "http://a b/",
        "http://a@b/",
        "http://a:b/",
        "http://a/\u{0}",
        "http://a/<",
    ] {
        assert!(ImageUrl::parse(wrong).is_err(), "{wrong:?}");
        for schema in &picture {
            assert!(!schema.is_valid(&json!(wrong)), "{wrong:?}");
        }
    }
}
