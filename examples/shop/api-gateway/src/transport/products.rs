//! `/api/v1/products`: what anybody may see.

use msf_service::Rule;
use msf_service::access::Head;
use msf_service::axum::http::StatusCode;
use msf_service::axum::response::Response;
use msf_service::error::Kind;
use msf_service::openapi::Operation;
use msf_service::prelude::{Error, Json, Path, Query, Routes, State};
use shop_proto::product as pb;

use super::Gateway;
use super::id::Id;
use super::if_none_match::IfNoneMatch;
use super::page::Page;
use super::product::{Product, ProductPage, tagged};
use super::tagged::conditional;
use crate::adapters::Reader;

fn anyone() -> Rule<Head> {
    Rule::public("whoever comes by may look")
}

pub(super) fn routes() -> Routes<Gateway> {
    Routes::new()
        .get("/api/v1/products", anyone(), list)
        .describe(list_operation("listProducts", "A page of all products"))
        .get("/api/v1/products/{id}", anyone(), get)
        .describe(get_operation("getProduct", "One product"))
        .get(
            "/api/v1/products/category/{category}",
            anyone(),
            list_category,
        )
        .describe(category_operation(
            "listProductsOfCategory",
            "A page of the products of a category",
        ))
}

/// `id` and `summary` tell the public operation from the one for admins.
pub(super) fn list_operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary)
        .tag("products")
        .query::<Page>()
        .answers::<ProductPage>(StatusCode::OK, "The page, oldest product first")
}

pub(super) fn category_operation(id: &'static str, summary: &'static str) -> Operation {
    list_operation(id, summary)
        .description("Of a category that no product has, an empty page.")
        .path::<String>("category", "As the products have it, letter by letter")
}

pub(super) fn get_operation(id: &'static str, summary: &'static str) -> Operation {
    let operation = Operation::new(id, summary)
        .tag("products")
        .path::<String>("id", "Which product")
        .answers::<Product>(StatusCode::OK, "The product")
        .fails(Kind::NotFound, "there is no such product");
    conditional(operation)
}

async fn list(
    State(gateway): State<Gateway>,
    Query(page): Query<Page>,
) -> Result<Json<ProductPage>, Error> {
    page_of(&gateway, Reader::Anybody, page, None).await
}

async fn list_category(
    State(gateway): State<Gateway>,
    Path(category): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<ProductPage>, Error> {
    page_of(&gateway, Reader::Anybody, page, Some(category)).await
}

async fn get(
    State(gateway): State<Gateway>,
    Id(id): Id,
    had: IfNoneMatch,
) -> Result<Response, Error> {
    let product = gateway.products.get(Reader::Anybody, id).await?;
    Ok(tagged(product)?.unless(&had))
}

/// A page of all products, or of those of one category.
pub(super) async fn page_of(
    gateway: &Gateway,
    reader: Reader,
    page: Page,
    category: Option<String>,
) -> Result<Json<ProductPage>, Error> {
    let request = pb::ListProductsRequest {
        page: page.page,
        page_size: page.page_size,
        category,
    };
    let products = gateway.products.list(reader, request).await?;
    Ok(Json(products.try_into()?))
}
