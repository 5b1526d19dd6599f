//! Products in memory, for tests of the use cases.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use msf_service::error::Error;

use super::{ChangeError, Listed, Products};
use crate::domain::{Changes, Draft, Page, Product, ProductId, Versions};

/// A product that every rule allows.
pub(super) fn draft(name: &str) -> Draft {
    Draft {
        name: name.to_owned(),
        description: String::new(),
        price: "19.99".to_owned(),
        category: "kitchen".to_owned(),
        stock: 3,
        image_url: String::new(),
    }
}

/// Products in a map.
#[derive(Clone, Debug, Default)]
pub(super) struct InMemory {
    rows: Arc<Mutex<BTreeMap<ProductId, Product>>>,
}

impl InMemory {
    pub(super) fn count(&self) -> usize {
        self.rows.lock().unwrap().len()
    }
}

impl Products for InMemory {
    async fn insert(&self, product: Product) -> Result<(), Error> {
        self.rows.lock().unwrap().insert(product.id, product);
        Ok(())
    }

    async fn by_id(&self, id: ProductId) -> Result<Option<Product>, Error> {
        Ok(self.rows.lock().unwrap().get(&id).cloned())
    }

    async fn list(&self, page: Page, category: Option<String>) -> Result<Listed, Error> {
        let rows = self.rows.lock().unwrap();
        let wanted = |product: &&Product| {
            let of = product.details.category.as_str();
            category.as_deref().is_none_or(|category| category == of)
        };
        let all: Vec<_> = rows.values().filter(wanted).cloned().collect();
        let total = u64::try_from(all.len()).unwrap();
        let (offset, size) = (page.offset(), page.size());
        let skipped = all.into_iter().skip(usize::try_from(offset).unwrap());
        let products = skipped.take(usize::try_from(size).unwrap()).collect();
        Ok(Listed { products, total })
    }

    async fn change(
        &self,
        id: ProductId,
        expected: Versions,
        changes: Changes,
        now: SystemTime,
    ) -> Result<Product, ChangeError> {
        let mut rows = self.rows.lock().unwrap();
        let product = rows.get_mut(&id).ok_or(ChangeError::Unknown)?;
        if !expected.admit(product.version) {
            return Err(ChangeError::Conflict);
        }
        product.change(changes, now);
        Ok(product.clone())
    }

    async fn delete(&self, id: ProductId, expected: Versions) -> Result<(), ChangeError> {
        let mut rows = self.rows.lock().unwrap();
        let product = rows.get(&id).ok_or(ChangeError::Unknown)?;
        if !expected.admit(product.version) {
            return Err(ChangeError::Conflict);
        }
        rows.remove(&id);
        Ok(())
    }
}
