//! A product as it is stored.

use std::time::{Duration, SystemTime};

use msf_service::error::Error;
use msf_service::store::sqlite::rusqlite::{self, Row};

use crate::domain::{
    Category, Description, Details, ImageUrl, Name, Price, Product, ProductId, Stock,
};

/// A row as it is stored.
pub(super) struct Record {
    id: String,
    name: String,
    description: String,
    price: i64,
    category: String,
    stock: i64,
    image_url: String,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl Record {
    /// Reads the columns in the order in which every statement names them.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            description: row.get(2)?,
            price: row.get(3)?,
            category: row.get(4)?,
            stock: row.get(5)?,
            image_url: row.get(6)?,
            created_at: row.get(7)?,
            updated_at: row.get(8)?,
            version: row.get(9)?,
        })
    }

    /// What was stored was valid when it was; what is not any more is a fault of ours, and no value of it is told.
    pub(super) fn into_product(self) -> Result<Product, Error> {
        let broken = |field: &str| {
            let id = &self.id;
            Error::internal(format!("the stored {field} of product {id} is not valid"))
        };
        let details = Details {
            name: Name::parse(&self.name).map_err(|_| broken("name"))?,
            description: Description::parse(&self.description)
                .map_err(|_| broken("description"))?,
            price: Price::from_hundredths(self.price).ok_or_else(|| broken("price"))?,
            category: Category::parse(&self.category).map_err(|_| broken("category"))?,
            stock: Stock::parse(self.stock).map_err(|_| broken("stock"))?,
            image_url: ImageUrl::parse(&self.image_url).map_err(|_| broken("image_url"))?,
        };
        Ok(Product {
            id: ProductId::parse(&self.id).ok_or_else(|| broken("id"))?,
            details,
            created_at: time(self.created_at),
            updated_at: time(self.updated_at),
            version: u64::try_from(self.version).map_err(|_| broken("version"))?,
        })
    }
}

/// Microseconds since 1970; a clock before that counts as 1970.
pub(super) fn micros(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

/// A count as SQLite stores it; none of ours comes near its end.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
