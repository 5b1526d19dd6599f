//! One product by id.

use msf_service::error::Error;

use super::Products;
use super::ports::unknown;
use crate::domain::{Product, ProductId};

/// Looks one product up.
#[derive(Clone, Debug)]
pub struct GetProduct<P> {
    products: P,
}

impl<P: Products> GetProduct<P> {
    /// Over these products.
    pub fn new(products: P) -> Self {
        Self { products }
    }

    /// The product with this id.
    ///
    /// # Errors
    ///
    /// `product.unknown`, also where the id is none, or what the store says.
    pub async fn run(&self, id: &str) -> Result<Product, Error> {
        let id = ProductId::parse(id).ok_or_else(unknown)?;
        self.products.by_id(id).await?.ok_or_else(unknown)
    }
}
