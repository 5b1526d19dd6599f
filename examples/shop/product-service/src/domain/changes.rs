//! What becomes different about a product.

use super::details::keep;
use super::{Category, Description, Details, ImageUrl, Name, Price, Stock, Violation};

/// Valid changes of a product: what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    name: Option<Name>,
    description: Option<Description>,
    price: Option<Price>,
    category: Option<Category>,
    stock: Option<Stock>,
    image_url: Option<ImageUrl>,
}

/// What somebody wants to be different about a product, not checked: what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// See [`Name`].
    pub name: Option<String>,
    /// See [`Description`].
    pub description: Option<String>,
    /// See [`Price`].
    pub price: Option<String>,
    /// See [`Category`].
    pub category: Option<String>,
    /// See [`Stock`].
    pub stock: Option<i64>,
    /// See [`ImageUrl`].
    pub image_url: Option<String>,
}

impl Changes {
    /// Checks all that is to be different.
    ///
    /// # Errors
    ///
    /// Every rule that is broken, in the order of the fields.
    pub fn parse(edit: &Edit) -> Result<Self, Vec<Violation>> {
        let mut broken = Vec::new();
        let changes = Self {
            name: read(edit.name.as_deref(), Name::parse, &mut broken),
            description: read(edit.description.as_deref(), Description::parse, &mut broken),
            price: read(edit.price.as_deref(), Price::parse, &mut broken),
            category: read(edit.category.as_deref(), Category::parse, &mut broken),
            stock: read(edit.stock, Stock::parse, &mut broken),
            image_url: read(edit.image_url.as_deref(), ImageUrl::parse, &mut broken),
        };
        if broken.is_empty() {
            Ok(changes)
        } else {
            Err(broken)
        }
    }

    /// Makes the changes.
    pub fn apply(self, details: &mut Details) {
        put(&mut details.name, self.name);
        put(&mut details.description, self.description);
        put(&mut details.price, self.price);
        put(&mut details.category, self.category);
        put(&mut details.stock, self.stock);
        put(&mut details.image_url, self.image_url);
    }
}

fn read<I, T>(
    input: Option<I>,
    parse: impl Fn(I) -> Result<T, Violation>,
    broken: &mut Vec<Violation>,
) -> Option<T> {
    input.and_then(|input| keep(parse(input), broken))
}

fn put<T>(field: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *field = new;
    }
}
