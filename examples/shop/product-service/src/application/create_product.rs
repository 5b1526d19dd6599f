//! Makes a product.

use msf_service::clock::Clock;
use msf_service::error::Error;

use super::Products;
use super::invalid::invalid;
use crate::domain::{Details, Draft, Product};

/// Makes products.
#[derive(Clone, Debug)]
pub struct CreateProduct<P> {
    products: P,
    clock: Clock,
}

impl<P: Products> CreateProduct<P> {
    /// Over these.
    pub fn new(products: P, clock: Clock) -> Self {
        Self { products, clock }
    }

    /// Adds a product, which is durable once this answers. Two products may be alike in all but their ids.
    ///
    /// # Errors
    ///
    /// `invalid` with every broken rule, or what the store says.
    pub async fn run(&self, draft: &Draft) -> Result<Product, Error> {
        let details = Details::parse(draft).map_err(invalid)?;
        let product = Product::new(details, self.clock.now());
        self.products.insert(product.clone()).await?;
        Ok(product)
    }
}

#[cfg(test)]
mod tests {
    use msf_service::error::Kind;

    use super::*;
    use crate::application::fakes::{InMemory, draft};

    #[tokio::test]
    async fn what_was_made_is_there() {
        let products = InMemory::default();
        let create = CreateProduct::new(products.clone(), Clock::system());
        let made = create.run(&draft("cup")).await.unwrap();
        assert_eq!(products.by_id(made.id).await.unwrap(), Some(made));
    }

    #[tokio::test]
    async fn every_broken_rule_is_told_at_once_and_nothing_is_made() {
        let products = InMemory::default();
        let create = CreateProduct::new(products.clone(), Clock::system());
        let bad = Draft {
            name: String::new(),
            description: "\0".to_owned(),
            price: "19.999".to_owned(),
            category: " ".to_owned(),
            stock: -1,
            image_url: "cup.png".to_owned(),
        };
        let refused = create.run(&bad).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid);
        let told = refused
            .fields()
            .iter()
            .map(|broken| (broken.field(), broken.code()));
        let expected = [
            ("name", "required"),
            ("description", "description.control_character"),
            ("price", "price.decimals"),
            ("category", "required"),
            ("stock", "stock.range"),
            ("image_url", "image_url.scheme"),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(products.count(), 0);
    }
}
