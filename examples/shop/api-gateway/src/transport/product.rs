//! A product as the API shows one.

use msf_service::error::Error;
use schemars::JsonSchema;
use serde::Serialize;
use shop_proto::product as pb;

use super::date::date;
use super::price::Price;
use super::tagged::{Tag, Tagged};

/// A product.
#[derive(Serialize, JsonSchema)]
pub(super) struct Product {
    pub(super) id: String,
    name: String,
    description: String,
    price: Price,
    category: String,
    #[schemars(range(min = 0, max = 2_147_483_647))]
    stock: i64,
    /// Empty, http or https.
    image_url: String,
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
}

/// A page of products.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProductPage {
    products: Vec<Product>,
    /// On all pages.
    total: u64,
    page: u32,
    page_size: u32,
}

impl TryFrom<pb::Product> for Product {
    type Error = Error;

    fn try_from(product: pb::Product) -> Result<Self, Error> {
        Ok(Self {
            id: product.id,
            name: product.name,
            description: product.description,
            price: Price::of_text(product.price)?,
            category: product.category,
            stock: product.stock,
            image_url: product.image_url,
            created_at: date(product.created_at),
            updated_at: date(product.updated_at),
        })
    }
}

impl TryFrom<pb::ListProductsResponse> for ProductPage {
    type Error = Error;

    fn try_from(page: pb::ListProductsResponse) -> Result<Self, Error> {
        let products: Result<_, _> = page.products.into_iter().map(Product::try_from).collect();
        Ok(Self {
            products: products?,
            total: page.total,
            page: page.page,
            page_size: page.page_size,
        })
    }
}

/// The product with its version as `ETag`.
pub(super) fn tagged(product: pb::Product) -> Result<Tagged<Product>, Error> {
    Ok(Tagged {
        tag: Tag::version(product.version),
        body: product.try_into()?,
    })
}
