//! Ends a product.

use msf_service::error::Error;

use super::Products;
use super::ports::unknown;
use crate::domain::{ProductId, Versions};

/// Ends products.
#[derive(Clone, Debug)]
pub struct DeleteProduct<P> {
    products: P,
}

impl<P: Products> DeleteProduct<P> {
    /// Over these products.
    pub fn new(products: P) -> Self {
        Self { products }
    }

    /// Removes a product that has one of these versions.
    ///
    /// # Errors
    ///
    /// `product.unknown`, also where the id is none and where it was removed before, `version.conflict`, or what the store says.
    pub async fn run(&self, id: &str, expected: Versions) -> Result<(), Error> {
        let id = ProductId::parse(id).ok_or_else(unknown)?;
        Ok(self.products.delete(id, expected).await?)
    }
}

#[cfg(test)]
mod tests {
    use msf_service::clock::Clock;

    use super::*;
    use crate::application::CreateProduct;
    use crate::application::fakes::{InMemory, draft};

    #[tokio::test]
    async fn a_product_ends_once_and_only_in_an_expected_version() {
        let products = InMemory::default();
        let create = CreateProduct::new(products.clone(), Clock::system());
        let id = create.run(&draft("cup")).await.unwrap().id.to_string();
        let delete = DeleteProduct::new(products.clone());
        let code = async |expected: Vec<u64>| {
            let ended = delete.run(&id, Versions::new(expected)).await;
            ended.map_err(|error| error.code().to_owned())
        };
        assert_eq!(code(vec![2]).await, Err("version.conflict".to_owned()));
        assert_eq!(products.count(), 1);
        assert_eq!(code(vec![1]).await, Ok(()));
        assert_eq!(code(vec![1]).await, Err("product.unknown".to_owned()));
        assert_eq!(code(vec![]).await, Err("product.unknown".to_owned()));
    }
}
