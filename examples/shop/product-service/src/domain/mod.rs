//! What a product is, and what makes one valid. No framework, no store, no wire.

mod category;
mod changes;
mod description;
mod details;
mod image_url;
mod name;
mod page;
mod price;
mod product;
mod stock;
mod text;
mod versions;
mod violation;

pub use category::Category;
pub use changes::{Changes, Edit};
pub use description::Description;
pub use details::{Details, Draft};
pub use image_url::ImageUrl;
pub use name::Name;
pub use page::Page;
pub use price::Price;
pub use product::{Product, ProductId};
pub use stock::Stock;
pub use versions::Versions;
pub use violation::Violation;
