//! What makes a product valid, told by field; the same rules for a new product and for a change.

use msf_service::error::{Error, Kind};
use shop_proto::product as pb;

use crate::{Service, cup, refused};

/// Broken rules by field and code, in order.
fn told(error: &Error) -> Vec<(&str, &str)> {
    let fields = error.fields().iter();
    fields
        .map(|broken| (broken.field(), broken.code()))
        .collect()
}

/// What is changed to what, and the code of the rule that it breaks; `None` where it breaks none.
type Row = (&'static str, String, Option<&'static str>);

fn table() -> Vec<Row> {
    let chars = |count: usize| "é".repeat(count);
    let url = |count: usize| format!("https://img.example/{}", "x".repeat(count - 20));
    let rows: [(_, String, _); 52] = [
        ("name", chars(1), None),
        ("name", chars(200), None),
        ("name", "Tasse ☕ 'x'; DROP TABLE products".into(), None),
        ("name", String::new(), Some("required")),
        ("name", " \u{a0}".into(), Some("required")),
        ("name", chars(201), Some("name.too_long")),
        ("name", "a\nb".into(), Some("name.control_character")),
        ("name", "a\u{202e}b".into(), Some("name.control_character")),
        ("description", String::new(), None),
        ("description", chars(10_000), None),
        ("description", "a\n\tb".into(), None),
        ("description", chars(10_001), Some("description.too_long")),
        (
            "description",
            "a\0".into(),
            Some("description.control_character"),
        ),
        (
            "description",
            "a\r\n".into(),
            Some("description.control_character"),
        ),
        ("price", "0".into(), None),
        ("price", "0.01".into(), None),
        ("price", "19.990".into(), None),
        ("price", "1e3".into(), None),
        ("price", "1000000000".into(), None),
        ("price", "-0".into(), None),
        ("price", "19.999".into(), Some("price.decimals")),
        ("price", "1e-3".into(), Some("price.decimals")),
        ("price", "-0.01".into(), Some("price.range")),
        ("price", "1000000000.01".into(), Some("price.range")),
        ("price", "1e400".into(), Some("price.range")),
        ("price", "9".repeat(10_000), Some("price.range")),
        ("price", String::new(), Some("price.syntax")),
        ("price", "NaN".into(), Some("price.syntax")),
        ("price", "1,50".into(), Some("price.syntax")),
        ("price", "\"1\"".into(), Some("price.syntax")),
        ("category", chars(200), None),
        ("category", "x".into(), None),
        ("category", String::new(), Some("required")),
        ("category", chars(201), Some("category.too_long")),
        (
            "category",
            "a\tb".into(),
            Some("category.control_character"),
        ),
        ("stock", "0".into(), None),
        ("stock", "2147483647".into(), None),
        ("stock", "-1".into(), Some("stock.range")),
        ("stock", "2147483648".into(), Some("stock.range")),
        ("stock", i64::MIN.to_string(), Some("stock.range")),
        ("stock", i64::MAX.to_string(), Some("stock.range")),
        ("image_url", String::new(), None),
        ("image_url", "http://a/b.png".into(), None),
        ("image_url", url(2_048), None),
        ("image_url", url(2_049), Some("image_url.too_long")),
        ("image_url", "cup.png".into(), Some("image_url.scheme")),
        (
            "image_url",
            "javascript:alert(1)".into(),
            Some("image_url.scheme"),
        ),
        (
            "image_url",
            "ftp://a/b.png".into(),
            Some("image_url.scheme"),
        ),
        ("image_url", "https://".into(), Some("image_url.syntax")),
        (
            "image_url",
            "https:///b.png".into(),
            Some("image_url.syntax"),
        ),
        ("image_url", "https://a b/".into(), Some("image_url.syntax")),
        ("image_url", "https://a@b/".into(), Some("image_url.syntax")),
    ];
    rows.into()
}

fn new(field: &str, value: &str) -> pb::CreateProductRequest {
    let (mut request, text) = (cup(), value.to_owned());
    match field {
        "name" => request.name = text,
        "description" => request.description = text,
        "price" => request.price = text,
        "category" => request.category = text,
        "stock" => request.stock = value.parse().unwrap(),
        _ => request.image_url = text,
    }
    request
}

fn change(id: &str, field: &str, value: &str) -> pb::UpdateProductRequest {
    let mut request = pb::UpdateProductRequest {
        id: id.to_owned(),
        ..pb::UpdateProductRequest::default()
    };
    let text = Some(value.to_owned());
    match field {
        "name" => request.name = text,
        "description" => request.description = text,
        "price" => request.price = text,
        "category" => request.category = text,
        "stock" => request.stock = value.parse().ok(),
        _ => request.image_url = text,
    }
    request
}

#[tokio::test]
async fn each_rule_holds_for_a_new_product_and_for_a_change() {
    let service = Service::start().await;
    let (mut admin, made) = (service.admin(), service.create(cup()).await);
    let (mut version, rows) = (1, table());
    for (field, value, broken) in &rows {
        let row = format!("{field} {:.40}", value.escape_debug().to_string());
        let created = admin.create_product(new(field, value)).await;
        let changed = admin.update_product(change(&made.id, field, value)).await;
        let Some(broken) = broken else {
            let created = created.unwrap_or_else(|status| panic!("{row}: {status:?}"));
            let created = created.into_inner().product.unwrap();
            let changed = changed.unwrap().into_inner().product.unwrap();
            version += 1;
            assert_eq!(changed.version, version, "{row}");
            let value_of = |product: &pb::Product| match *field {
                "name" => product.name.clone(),
                "description" => product.description.clone(),
                "price" => product.price.clone(),
                "category" => product.category.clone(),
                "stock" => product.stock.to_string(),
                _ => product.image_url.clone(),
            };
            assert_eq!(value_of(&created), value_of(&changed), "{row}");
            // A price reads the same by value; all else stays as it is written.
            if *field != "price" {
                assert_eq!(value_of(&created), *value, "{row}");
            }
            continue;
        };
        for error in [refused(created), refused(changed)] {
            assert_eq!(error.kind(), Kind::Invalid, "{row}");
            assert_eq!(told(&error), [(*field, *broken)], "{row}");
            let long = |broken: &msf_service::error::FieldError| broken.message().len() > 80;
            assert!(!error.fields().iter().any(long), "{row}");
        }
    }
    println!(
        "{} rows, each for a new product and for a change",
        rows.len()
    );
    assert_eq!(service.errors(), Vec::<String>::new());
}

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let service = Service::start().await;
    let (mut admin, made) = (service.admin(), service.create(cup()).await);
    let nothing = refused(
        admin
            .create_product(pb::CreateProductRequest::default())
            .await,
    );
    let expected = [
        ("name", "required"),
        ("price", "price.syntax"),
        ("category", "required"),
    ];
    assert_eq!(told(&nothing), expected);

    let all = pb::UpdateProductRequest {
        id: made.id,
        name: Some("\0".to_owned()),
        description: Some("\0".to_owned()),
        price: Some("-1".to_owned()),
        category: Some("\0".to_owned()),
        stock: Some(-1),
        image_url: Some("\0".to_owned()),
        expected_versions: vec![],
    };
    let all = refused(admin.update_product(all).await);
    let expected = [
        ("name", "name.control_character"),
        ("description", "description.control_character"),
        ("price", "price.range"),
        ("category", "category.control_character"),
        ("stock", "stock.range"),
        ("image_url", "image_url.scheme"),
    ];
    assert_eq!(told(&all), expected);
}
