//! What is said of a product.

use super::{Category, Description, ImageUrl, Name, Price, Stock, Violation};

/// What is said of a product: all that an admin may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What it is called.
    pub name: Name,
    /// What it is like.
    pub description: Description,
    /// What it costs.
    pub price: Price,
    /// What kind of thing it is.
    pub category: Category,
    /// How many there are.
    pub stock: Stock,
    /// Where its picture is.
    pub image_url: ImageUrl,
}

/// What somebody says of a new product, not checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// See [`Name`].
    pub name: String,
    /// See [`Description`].
    pub description: String,
    /// See [`Price`].
    pub price: String,
    /// See [`Category`].
    pub category: String,
    /// See [`Stock`].
    pub stock: i64,
    /// See [`ImageUrl`].
    pub image_url: String,
}

impl Details {
    /// Checks all that is said of a new product.
    ///
    /// # Errors
    ///
    /// Every rule that is broken, in the order of the fields.
    pub fn parse(draft: &Draft) -> Result<Self, Vec<Violation>> {
        let mut broken = Vec::new();
        let name = keep(Name::parse(&draft.name), &mut broken);
        let description = keep(Description::parse(&draft.description), &mut broken);
        let price = keep(Price::parse(&draft.price), &mut broken);
        let category = keep(Category::parse(&draft.category), &mut broken);
        let stock = keep(Stock::parse(draft.stock), &mut broken);
        let image_url = keep(ImageUrl::parse(&draft.image_url), &mut broken);
        match (name, description, price, category, stock, image_url) {
            (
                Some(name),
                Some(description),
                Some(price),
                Some(category),
                Some(stock),
                Some(image_url),
            ) => Ok(Self {
                name,
                description,
                price,
                category,
                stock,
                image_url,
            }),
            _ => Err(broken),
        }
    }
}

/// The value, or `None` where `broken` has one more.
pub(super) fn keep<T>(parsed: Result<T, Violation>, broken: &mut Vec<Violation>) -> Option<T> {
    parsed.map_err(|violation| broken.push(violation)).ok()
}
