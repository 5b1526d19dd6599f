//! Which part of the mailbox is asked for.

use msf_service::error::{Error, FieldError, Kind};
use serde::Deserialize;

use crate::application::Slice;
use crate::domain::Address;

/// As many as a page has at most.
const LARGEST: u32 = 100;

/// The query: `?page=&page_size=&to=`.
#[derive(Deserialize)]
pub(super) struct List {
    page: Option<u32>,
    page_size: Option<u32>,
    to: Option<String>,
}

/// A query whose numbers are within their bounds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// From 1 on.
    pub(super) page: u32,
    pub(super) page_size: u32,
    /// The address, as it was asked for.
    pub(super) to: Option<String>,
}

impl List {
    /// Page 1 of 20 to anybody, unless said otherwise; an empty `to` is what a form sends that was not filled in.
    pub(super) fn window(self) -> Result<Window, Error> {
        let (page, page_size) = (self.page.unwrap_or(1), self.page_size.unwrap_or(20));
        let mut fields = Vec::new();
        if page == 0 {
            let message = "must be at least 1";
            fields.push(FieldError::new("page", "query.range", message));
        }
        if !(1..=LARGEST).contains(&page_size) {
            let message = "must be from 1 to 100";
            fields.push(FieldError::new("page_size", "query.range", message));
        }
        if !fields.is_empty() {
            let message = "the query is out of bounds";
            return Err(Error::new(Kind::Malformed, "query.range", message).with_fields(fields));
        }
        Ok(Window {
            page,
            page_size,
            to: self.to.filter(|to| !to.is_empty()),
        })
    }
}

impl Window {
    pub(super) fn slice(&self) -> Slice {
        let before = u64::from(self.page.saturating_sub(1));
        Slice {
            offset: before.saturating_mul(u64::from(self.page_size)),
            limit: self.page_size,
        }
    }

    /// What the address is compared by.
    pub(super) fn key(&self) -> Option<String> {
        self.to.as_deref().map(Address::key_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(page: Option<u32>, page_size: Option<u32>) -> Result<Window, Error> {
        let list = List {
            page,
            page_size,
            to: Some(String::new()),
        };
        list.window()
    }

    #[test]
    fn the_bounds_are_exact() {
        let plain = window(None, None).unwrap();
        assert_eq!((plain.page, plain.page_size, plain.to), (1, 20, None));
        for (page, page_size) in [(1, 1), (1, 100), (u32::MAX, 100)] {
            assert!(window(Some(page), Some(page_size)).is_ok());
        }
        for (page, page_size, fields) in [
            (0, 20, &["page"][..]),
            (1, 0, &["page_size"]),
            (1, 101, &["page_size"]),
            (0, 0, &["page", "page_size"]),
        ] {
            let error = window(Some(page), Some(page_size)).unwrap_err();
            let named: Vec<_> = error.fields().iter().map(FieldError::field).collect();
            assert_eq!((error.kind(), &*named), (Kind::Malformed, fields));
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let third = window(Some(3), Some(7)).unwrap();
        assert_eq!(
            third.slice(),
            Slice {
                offset: 14,
                limit: 7
            }
        );
    }
}
