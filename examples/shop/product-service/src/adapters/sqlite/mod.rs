//! Products in the embedded store.

mod record;
mod schema;

use std::path::Path;
use std::time::SystemTime;

use msf_service::error::Error;
use msf_service::store::sqlite::rusqlite::{Connection, OptionalExtension, params};
use msf_service::store::sqlite::{self, Database, Transaction};

use crate::application::{ChangeError, Listed, Products};
use crate::domain::{Changes, Page, Product, ProductId, Versions};
use record::{Record, micros, stored};

/// Products in one SQLite file. A clone is the same file.
#[derive(Clone, Debug)]
pub(crate) struct SqliteProducts {
    database: Database,
}

impl SqliteProducts {
    /// Opens the file at `path`; makes it where it is not there.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or migrated.
    pub(crate) fn open(path: &Path) -> Result<Self, sqlite::Error> {
        let database = Database::open(path, schema::MIGRATIONS)?;
        Ok(Self { database })
    }

    /// The file, for health checks and the end of the process.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

impl Products for SqliteProducts {
    async fn insert(&self, product: Product) -> Result<(), Error> {
        let inserted: Result<_, ChangeError> = self
            .database
            .write(move |transaction| write(transaction, schema::INSERT, &product))
            .await;
        Ok(inserted?)
    }

    async fn by_id(&self, id: ProductId) -> Result<Option<Product>, Error> {
        let found: Result<_, ChangeError> = self
            .database
            .read(move |connection| read(connection, id))
            .await;
        Ok(found?)
    }

    async fn list(&self, page: Page, category: Option<String>) -> Result<Listed, Error> {
        // One job sees one state of the file: the total and the page are of the same moment.
        let listed: Result<_, ChangeError> = self
            .database
            .read(move |connection| {
                let total = total(connection, category.as_deref())?;
                // SQLite goes through all that it skips: not for a page that has nothing.
                let products = if page.offset() < total {
                    page_of(connection, page, category.as_deref())?
                } else {
                    Vec::new()
                };
                Ok(Listed { products, total })
            })
            .await;
        Ok(listed?)
    }

    async fn change(
        &self,
        id: ProductId,
        expected: Versions,
        changes: Changes,
        now: SystemTime,
    ) -> Result<Product, ChangeError> {
        self.database
            .write(move |transaction| {
                let mut product = wanted(transaction, id, &expected)?;
                product.change(changes, now);
                write(transaction, schema::UPDATE, &product)?;
                Ok(product)
            })
            .await
    }

    async fn delete(&self, id: ProductId, expected: Versions) -> Result<(), ChangeError> {
        self.database
            .write(move |transaction| {
                wanted(transaction, id, &expected)?;
                transaction
                    .prepare_cached(schema::DELETE)?
                    .execute([id.to_string()])?;
                Ok(())
            })
            .await
    }
}

/// The product with this id, where it has one of these versions.
fn wanted(
    transaction: &Transaction<'_>,
    id: ProductId,
    expected: &Versions,
) -> Result<Product, ChangeError> {
    let product = read(transaction, id)?.ok_or(ChangeError::Unknown)?;
    if expected.admit(product.version) {
        Ok(product)
    } else {
        Err(ChangeError::Conflict)
    }
}

fn read(connection: &Connection, id: ProductId) -> Result<Option<Product>, ChangeError> {
    let mut statement = connection.prepare_cached(schema::BY_ID)?;
    let found = statement
        .query_row([id.to_string()], Record::read)
        .optional()?;
    Ok(found.map(Record::into_product).transpose()?)
}

fn total(connection: &Connection, category: Option<&str>) -> Result<u64, ChangeError> {
    let mut statement = connection.prepare_cached(schema::COUNT)?;
    // No product is of the category without a name; its row counts all.
    let total: Option<i64> = match category {
        Some("") => None,
        category => statement
            .query_row([category.unwrap_or_default()], |row| row.get(0))
            .optional()?,
    };
    Ok(total.unwrap_or_default().unsigned_abs())
}

fn page_of(
    connection: &Connection,
    page: Page,
    category: Option<&str>,
) -> Result<Vec<Product>, ChangeError> {
    let (size, offset) = (page.size(), stored(page.offset()));
    let records = match category {
        None => connection
            .prepare_cached(schema::LIST)?
            .query_map(params![size, offset], Record::read)?
            .collect::<Result<Vec<_>, _>>()?,
        Some(category) => connection
            .prepare_cached(schema::LIST_OF_CATEGORY)?
            .query_map(params![size, offset, category], Record::read)?
            .collect::<Result<Vec<_>, _>>()?,
    };
    let products = records.into_iter().map(Record::into_product);
    Ok(products.collect::<Result<_, _>>()?)
}

/// Runs a statement with every column of a product.
fn write(transaction: &Transaction<'_>, sql: &str, product: &Product) -> Result<(), ChangeError> {
    let details = &product.details;
    transaction.prepare_cached(sql)?.execute(params![
        product.id.to_string(),
        details.name.as_str(),
        details.description.as_str(),
        details.price.hundredths(),
        details.category.as_str(),
        details.stock.get(),
        details.image_url.as_str(),
        micros(product.created_at),
        micros(product.updated_at),
        stored(product.version),
    ])?;
    Ok(())
}

impl From<sqlite::Error> for ChangeError {
    fn from(error: sqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<sqlite::rusqlite::Error> for ChangeError {
    fn from(error: sqlite::rusqlite::Error) -> Self {
        sqlite::Error::from(error).into()
    }
}

impl From<Error> for ChangeError {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests;
