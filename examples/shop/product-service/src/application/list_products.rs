//! Products, a page at a time.

use msf_service::error::Error;

use super::invalid::malformed;
use super::{Listed, Products};
use crate::domain::Page;

/// Lists products, the oldest first.
#[derive(Clone, Debug)]
pub struct ListProducts<P> {
    products: P,
}

impl<P: Products> ListProducts<P> {
    /// Over these products.
    pub fn new(products: P) -> Self {
        Self { products }
    }

    /// A page of all products, or of those of one category, and which page it is. A page behind the last one is empty, and so
    /// is one of a category that no product has or could have.
    ///
    /// # Errors
    ///
    /// `malformed` with every broken rule, or what the store says.
    pub async fn run(
        &self,
        page: Option<u32>,
        page_size: Option<u32>,
        category: Option<String>,
    ) -> Result<(Page, Listed), Error> {
        let page = Page::parse(page, page_size).map_err(malformed)?;
        Ok((page, self.products.list(page, category).await?))
    }
}

#[cfg(test)]
mod tests {
    use msf_service::error::{FieldError, Kind};

    use super::*;
    use crate::application::fakes::InMemory;

    #[tokio::test]
    async fn a_page_that_is_none_is_a_query_that_cannot_be_read() {
        let list = ListProducts::new(InMemory::default());
        let refused = list.run(Some(0), Some(0), None).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Malformed);
        let fields = refused.fields().iter().map(FieldError::field);
        assert_eq!(fields.collect::<Vec<_>>(), ["page", "page_size"]);
    }

    #[tokio::test]
    async fn a_category_that_no_product_could_have_is_an_empty_list() {
        let list = ListProducts::new(InMemory::default());
        for category in ["", "\0", &"x".repeat(1_000)] {
            let (page, listed) = list
                .run(None, None, Some(category.to_owned()))
                .await
                .unwrap();
            assert_eq!((page.number(), page.size(), listed.total), (1, 20, 0));
        }
    }
}
