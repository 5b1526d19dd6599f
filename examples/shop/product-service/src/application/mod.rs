//! What one can do with products, over traits: no store, no wire.

mod create_product;
mod delete_product;
#[cfg(test)]
mod fakes;
mod get_product;
mod invalid;
mod list_products;
mod ports;
mod update_product;

pub use create_product::CreateProduct;
pub use delete_product::DeleteProduct;
pub use get_product::GetProduct;
pub use list_products::ListProducts;
pub use ports::{ChangeError, Listed, Products};
pub use update_product::UpdateProduct;
