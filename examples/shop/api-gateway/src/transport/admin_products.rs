//! `/api/v1/admin/products`: what admins make of the products.

use msf_service::axum::http::StatusCode;
use msf_service::axum::http::header::{HeaderName, LOCATION};
use msf_service::axum::response::Response;
use msf_service::error::Kind;
use msf_service::openapi::Operation;
use msf_service::prelude::{Error, Json, Path, Query, Routes, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shop_proto::product as pb;

use super::current_admin::CurrentAdmin;
use super::given::given;
use super::id::Id;
use super::if_match::{IfMatch, only_if};
use super::if_none_match::IfNoneMatch;
use super::page::Page;
use super::price::Price;
use super::product::{Product, ProductPage, tagged};
use super::products::{category_operation, get_operation, list_operation, page_of};
use super::tagged::Tagged;
use super::text::{LINE, LINES, WEB_ADDRESS};
use super::whole::Whole;
use super::{Gateway, admin};
use crate::adapters::Reader;

const PICTURE: &str = "https://shop.example/lamp.png";

/// A product that is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewProduct {
    #[schemars(length(min = 1, max = 200), extend("pattern" = LINE))]
    name: String,
    #[schemars(length(max = 10_000), extend("pattern" = LINES))]
    description: String,
    price: Price,
    #[schemars(length(min = 1, max = 200), extend("pattern" = LINE))]
    category: String,
    #[schemars(with = "i64", range(min = 0, max = 2_147_483_647))]
    stock: Whole,
    /// Empty, http or https.
    #[schemars(length(max = 2_048), extend("pattern" = WEB_ADDRESS, "examples" = [PICTURE]))]
    image_url: String,
}

/// What is to change of a product; fields that are left out stay as they are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProductChange {
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", length(min = 1, max = 200), extend("pattern" = LINE))]
    name: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", length(max = 10_000), extend("pattern" = LINES))]
    description: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Price")]
    price: Option<Price>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", length(min = 1, max = 200), extend("pattern" = LINE))]
    category: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "i64", range(min = 0, max = 2_147_483_647))]
    stock: Option<Whole>,
    /// Empty, http or https.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "String", length(max = 2_048), extend("pattern" = WEB_ADDRESS, "examples" = [PICTURE]))]
    image_url: Option<String>,
}

/// A product is gone.
#[derive(Serialize, JsonSchema)]
struct ProductDeleted {
    message: &'static str,
}

pub(super) fn routes() -> Routes<Gateway> {
    Routes::new()
        .get("/api/v1/admin/products", admin(), list)
        .describe(list_operation(
            "adminListProducts",
            "A page of all products, for admins",
        ))
        .get(
            "/api/v1/admin/products/category/{category}",
            admin(),
            list_category,
        )
        .describe(category_operation(
            "adminListProductsOfCategory",
            "A page of the products of a category, for admins",
        ))
        .get("/api/v1/admin/products/{id}", admin(), get)
        .describe(get_operation("adminGetProduct", "One product, for admins"))
        .post("/api/v1/admin/products", admin(), create)
        .describe(create_operation())
        .put("/api/v1/admin/products/{id}", admin(), update)
        .describe(update_operation())
        .delete("/api/v1/admin/products/{id}", admin(), delete)
        .describe(delete_operation())
}

fn create_operation() -> Operation {
    Operation::new("createProduct", "Makes a product")
        .tag("products")
        .body::<NewProduct>()
        .answers::<Product>(StatusCode::CREATED, "The product")
        .answer_header(StatusCode::CREATED, "etag", "The version")
        .answer_header(StatusCode::CREATED, "location", "Where anybody sees it")
}

fn update_operation() -> Operation {
    let operation = Operation::new("updateProduct", "Changes what is given of a product")
        .tag("products")
        .path::<String>("id", "Which product")
        .body::<ProductChange>()
        .answers::<Product>(StatusCode::OK, "The product as it is now")
        .answer_header(StatusCode::OK, "etag", "The version")
        .fails(Kind::NotFound, "there is no such product");
    only_if(operation)
}

fn delete_operation() -> Operation {
    let operation = Operation::new("deleteProduct", "Ends a product")
        .tag("products")
        .path::<String>("id", "Which product")
        .answers::<ProductDeleted>(StatusCode::OK, "The product is gone")
        .fails(Kind::NotFound, "there is no such product");
    only_if(operation)
}

async fn list(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Query(page): Query<Page>,
) -> Result<Json<ProductPage>, Error> {
    page_of(&gateway, Reader::Admin, page, None).await
}

async fn list_category(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Path(category): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<ProductPage>, Error> {
    page_of(&gateway, Reader::Admin, page, Some(category)).await
}

async fn get(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Id(id): Id,
    had: IfNoneMatch,
) -> Result<Response, Error> {
    let product = gateway.products.get(Reader::Admin, id).await?;
    Ok(tagged(product)?.unless(&had))
}

async fn create(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Json(new): Json<NewProduct>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Tagged<Product>), Error> {
    let request = pb::CreateProductRequest {
        name: new.name,
        description: new.description,
        price: new.price.into_text(),
        category: new.category,
        stock: new.stock.0,
        image_url: new.image_url,
    };
    let product = tagged(gateway.products.create(request).await?)?;
    let location = format!("/api/v1/products/{}", product.body.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], product))
}

async fn update(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Id(id): Id,
    IfMatch(expected_versions): IfMatch,
    Json(change): Json<ProductChange>,
) -> Result<Tagged<Product>, Error> {
    let request = pb::UpdateProductRequest {
        id,
        name: change.name,
        description: change.description,
        price: change.price.map(Price::into_text),
        category: change.category,
        stock: change.stock.map(|stock| stock.0),
        image_url: change.image_url,
        expected_versions,
    };
    tagged(gateway.products.update(request).await?)
}

async fn delete(
    _: CurrentAdmin,
    State(gateway): State<Gateway>,
    Id(id): Id,
    IfMatch(expected_versions): IfMatch,
) -> Result<Json<ProductDeleted>, Error> {
    let request = pb::DeleteProductRequest {
        id,
        expected_versions,
    };
    gateway.products.delete(request).await?;
    Ok(Json(ProductDeleted {
        message: "product deleted",
    }))
}
