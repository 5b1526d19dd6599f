//! What the use cases need from outside.

use std::future::Future;
use std::time::SystemTime;

use msf_service::error::{Error, Kind};

use crate::domain::{Changes, Page, Product, ProductId, Versions};

/// Where products are kept. Every write is atomic and durable once it is answered.
pub trait Products: Clone + Send + Sync + 'static {
    /// Adds a product.
    fn insert(&self, product: Product) -> impl Future<Output = Result<(), Error>> + Send;

    /// The product with this id.
    fn by_id(&self, id: ProductId) -> impl Future<Output = Result<Option<Product>, Error>> + Send;

    /// A page of all products, or of those of exactly this category: the oldest first.
    fn list(
        &self,
        page: Page,
        category: Option<String>,
    ) -> impl Future<Output = Result<Listed, Error>> + Send;

    /// Changes a product that has one of these versions, and returns what it is then: look and write are one.
    fn change(
        &self,
        id: ProductId,
        expected: Versions,
        changes: Changes,
        now: SystemTime,
    ) -> impl Future<Output = Result<Product, ChangeError>> + Send;

    /// Removes a product that has one of these versions: look and write are one.
    fn delete(
        &self,
        id: ProductId,
        expected: Versions,
    ) -> impl Future<Output = Result<(), ChangeError>> + Send;
}

/// A part of a list.
#[derive(Debug)]
pub struct Listed {
    /// The products on the page.
    pub products: Vec<Product>,
    /// How many there are on all pages.
    pub total: u64,
}

/// Why a product cannot be changed or removed.
#[derive(Debug)]
pub enum ChangeError {
    /// There is none with this id.
    Unknown,
    /// It has none of the versions that are expected.
    Conflict,
    /// The store.
    Store(Error),
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Unknown => unknown(),
            ChangeError::Conflict => {
                let message = "the product has changed since it was read";
                Self::new(Kind::Conflict, "version.conflict", message)
            }
            ChangeError::Store(error) => error,
        }
    }
}

/// No product has the id, which may be none at all.
pub(super) fn unknown() -> Error {
    Error::new(Kind::NotFound, "product.unknown", "no product has this id")
}
