//! Changes a product.

use msf_service::clock::Clock;
use msf_service::error::Error;

use super::Products;
use super::invalid::invalid;
use super::ports::unknown;
use crate::domain::{Changes, Edit, Product, ProductId, Versions};

/// Changes products.
#[derive(Clone, Debug)]
pub struct UpdateProduct<P> {
    products: P,
    clock: Clock,
}

impl<P: Products> UpdateProduct<P> {
    /// Over these.
    pub fn new(products: P, clock: Clock) -> Self {
        Self { products, clock }
    }

    /// Changes what the edit names of a product that has one of these versions, and returns what it is then.
    ///
    /// # Errors
    ///
    /// The first of these: `product.unknown`, also where the id is none; `invalid` with every broken rule; `version.conflict`;
    /// or what the store says.
    pub async fn run(&self, id: &str, edit: &Edit, expected: Versions) -> Result<Product, Error> {
        let id = ProductId::parse(id).ok_or_else(unknown)?;
        let changes = match Changes::parse(edit) {
            Ok(changes) => changes,
            // An id that nobody has is the same answer whatever is written to it.
            Err(broken) => {
                let there = self.products.by_id(id).await?.is_some();
                return Err(if there { invalid(broken) } else { unknown() });
            }
        };
        let now = self.clock.now();
        Ok(self.products.change(id, expected, changes, now).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::CreateProduct;
    use crate::application::fakes::{InMemory, draft};

    async fn scene() -> (UpdateProduct<InMemory>, Product) {
        let products = InMemory::default();
        let create = CreateProduct::new(products.clone(), Clock::system());
        let made = create.run(&draft("cup")).await.unwrap();
        (UpdateProduct::new(products, Clock::system()), made)
    }

    fn priced(price: &str) -> Edit {
        Edit {
            price: Some(price.to_owned()),
            ..Edit::default()
        }
    }

    #[tokio::test]
    async fn the_first_thing_that_is_wrong_is_told() {
        let (update, made) = scene().await;
        let (known, other) = (made.id.to_string(), ProductId::new().to_string());
        let (good, bad) = (priced("5"), priced("five"));
        for (id, edit, expected, code) in [
            ("cup", &bad, 9, "product.unknown"),
            (&other, &bad, 9, "product.unknown"),
            (&other, &good, 9, "product.unknown"),
            (&known, &bad, 9, "invalid"),
            (&known, &good, 9, "version.conflict"),
        ] {
            let refused = update.run(id, edit, Versions::new(vec![expected])).await;
            assert_eq!(refused.unwrap_err().code(), code, "{id} {edit:?}");
        }
    }

    #[tokio::test]
    async fn only_an_expected_version_is_changed() {
        let (update, made) = scene().await;
        let id = made.id.to_string();
        let changed = update.run(&id, &priced("5"), Versions::new(vec![1])).await;
        assert_eq!(changed.unwrap().version, 2);
        let stale = update.run(&id, &priced("6"), Versions::new(vec![1])).await;
        assert_eq!(stale.unwrap_err().code(), "version.conflict");
        let any = update.run(&id, &priced("7"), Versions::default()).await;
        assert_eq!(any.unwrap().version, 3);
        let nothing = Edit::default();
        let one_of = update.run(&id, &nothing, Versions::new(vec![1, 3])).await;
        assert_eq!(one_of.unwrap().version, 4, "no change is one too");
    }
}
