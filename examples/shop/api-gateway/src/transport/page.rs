//! Which page of a list is asked for.

use schemars::JsonSchema;
use serde::Deserialize;

/// `?page=&page_size=`. What a page is, the services say; their violations are those of the query.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Page {
    /// From 1; 1 if absent.
    #[schemars(range(min = 1))]
    pub(super) page: Option<u32>,
    /// 20 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub(super) page_size: Option<u32>,
}
