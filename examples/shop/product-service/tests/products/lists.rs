//! Products, a page at a time.

use msf_service::error::Kind;
use shop_proto::product as pb;

use crate::{Service, cup, refused};

async fn list(service: &Service, request: pb::ListProductsRequest) -> pb::ListProductsResponse {
    let listed = service.gateway().list_products(request).await;
    listed.unwrap().into_inner()
}

fn ids(listed: &pb::ListProductsResponse) -> Vec<&str> {
    let products = listed.products.iter();
    products.map(|product| product.id.as_str()).collect()
}

fn page(page: u32, page_size: u32, category: Option<&str>) -> pb::ListProductsRequest {
    pb::ListProductsRequest {
        page: Some(page),
        page_size: Some(page_size),
        category: category.map(str::to_owned),
    }
}

#[tokio::test]
async fn without_products_every_list_is_empty() {
    let service = Service::start().await;
    for category in [None, Some(String::new()), Some("kitchen".to_owned())] {
        let request = pb::ListProductsRequest {
            category,
            ..pb::ListProductsRequest::default()
        };
        let expected = pb::ListProductsResponse {
            products: vec![],
            total: 0,
            page: 1,
            page_size: 20,
        };
        assert_eq!(list(&service, request).await, expected);
    }
}

#[tokio::test]
async fn pages_have_every_product_once_the_oldest_first() {
    let service = Service::start().await;
    let mut made = Vec::new();
    for _ in 0..21 {
        made.push(service.create(cup()).await.id);
    }
    let first = list(&service, pb::ListProductsRequest::default()).await;
    assert_eq!(ids(&first), made[..20]);
    assert_eq!((first.total, first.page, first.page_size), (21, 1, 20));
    let rest = list(&service, page(2, 20, None)).await;
    assert_eq!(ids(&rest), made[20..]);
    assert_eq!((rest.total, rest.page, rest.page_size), (21, 2, 20));

    for (number, size) in [(3, 20), (22, 1), (u32::MAX, 100)] {
        let behind = list(&service, page(number, size, None)).await;
        assert_eq!(
            (ids(&behind).len(), behind.total, behind.page),
            (0, 21, number)
        );
    }
    let all = list(&service, page(1, 100, None)).await;
    assert_eq!(ids(&all), made);
    let id = made[0].clone();
    let oldest = service
        .admin()
        .get_product(pb::GetProductRequest { id })
        .await;
    let oldest = oldest.unwrap().into_inner().product;
    assert_eq!(all.products.first().cloned(), oldest);
}

#[tokio::test]
async fn a_category_is_exactly_its_own_name() {
    let service = Service::start().await;
    let names = ["kitchen", "Kitchen", "kitchen ", "kitch%", "küche"];
    let mut made = Vec::new();
    for name in names {
        let of = || pb::CreateProductRequest {
            category: name.to_owned(),
            ..cup()
        };
        made.push([service.create(of()).await.id, service.create(of()).await.id]);
    }
    for (name, made) in names.iter().zip(&made) {
        let listed = list(&service, page(1, 20, Some(name))).await;
        assert_eq!(
            (ids(&listed), listed.total),
            (made.iter().map(|id| &**id).collect(), 2),
            "{name}"
        );
        let second = list(&service, page(2, 1, Some(name))).await;
        assert_eq!((ids(&second), second.total), (vec![&*made[1]], 2), "{name}");
    }
    for none in [
        "",
        "KITCHEN",
        "kitch",
        "%",
        "*",
        "' OR 1=1 --",
        "\0",
        "ku\u{308}che",
    ] {
        let listed = list(&service, page(1, 20, Some(none))).await;
        assert_eq!((listed.products.len(), listed.total), (0, 0), "{none:?}");
    }
    // A product that moves is in its new category alone.
    let [moved, stays] = &made[0];
    let update = pb::UpdateProductRequest {
        id: moved.clone(),
        category: Some("gifts".to_owned()),
        ..pb::UpdateProductRequest::default()
    };
    service.admin().update_product(update).await.unwrap();
    for (name, id) in [("kitchen", stays), ("gifts", moved)] {
        let listed = list(&service, page(1, 20, Some(name))).await;
        assert_eq!((ids(&listed), listed.total), (vec![&**id], 1), "{name}");
    }
    assert_eq!(service.errors(), Vec::<String>::new());
}

#[tokio::test]
async fn a_page_that_is_none_is_refused_by_its_field() {
    let service = Service::start().await;
    for (number, size, expected) in [
        (0, 20, &[("page", "page.range")][..]),
        (1, 0, &[("page_size", "page_size.range")]),
        (1, 101, &[("page_size", "page_size.range")]),
        (
            0,
            u32::MAX,
            &[("page", "page.range"), ("page_size", "page_size.range")],
        ),
    ] {
        let listed = service
            .gateway()
            .list_products(page(number, size, Some("x")))
            .await;
        let error = refused(listed);
        assert_eq!(error.kind(), Kind::Malformed, "{number} {size}");
        let told = error
            .fields()
            .iter()
            .map(|broken| (broken.field(), broken.code()));
        assert_eq!(told.collect::<Vec<_>>(), expected, "{number} {size}");
    }
}
