//! A product.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{Changes, Details};

/// The id of a product. New ones sort by the time at which they were made.
///
/// ```
/// use product_service::domain::ProductId;
/// let id = ProductId::new();
/// assert_eq!(ProductId::parse(&id.to_string()), Some(id));
/// assert_eq!(ProductId::parse("cup"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductId(uuid::Uuid);

/// A product. Its times are whole microseconds, which is what a store keeps: they read the same before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// What is said of it.
    pub details: Details,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last changed.
    pub updated_at: SystemTime,
    /// 1 for a new one, one more after each change.
    pub version: u64,
}

impl Product {
    /// A new product.
    pub fn new(details: Details, now: SystemTime) -> Self {
        let now = whole_micros(now);
        Self {
            id: ProductId::new(),
            details,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Makes the changes.
    ///
    /// Each call counts as a change, also one that leaves all values as they are: of callers who expect the same version, one
    /// alone gets through, whatever they write.
    pub fn change(&mut self, changes: Changes, now: SystemTime) {
        changes.apply(&mut self.details);
        self.updated_at = whole_micros(now);
        self.version += 1;
    }
}

impl ProductId {
    /// A new one.
    #[expect(
        clippy::new_without_default,
        reason = "each one is another, which `default` does not say"
    )]
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7())
    }

    /// Reads one; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The time without what is less than a microsecond; a clock before 1970 counts as 1970.
fn whole_micros(time: SystemTime) -> SystemTime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Draft, Edit};

    #[test]
    fn a_change_moves_version_and_time_and_nothing_that_is_not_named() {
        let draft = Draft {
            name: "Cup".to_owned(),
            description: "Glazed".to_owned(),
            price: "19.99".to_owned(),
            category: "kitchen".to_owned(),
            stock: 3,
            image_url: String::new(),
        };
        let at = |nanos| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos);
        let old = Product::new(Details::parse(&draft).unwrap(), at(1_999));
        assert_eq!((old.version, old.updated_at), (1, at(1_000)));

        let mut new = old.clone();
        let edit = Edit {
            price: Some("20".to_owned()),
            ..Edit::default()
        };
        new.change(Changes::parse(&edit).unwrap(), at(5_000));
        assert_eq!((new.version, new.updated_at), (2, at(5_000)));
        assert_eq!((new.id, new.created_at), (old.id, old.created_at));
        assert_eq!(new.details.price.to_string(), "20");
        new.details.price = old.details.price;
        assert_eq!(new.details, old.details);
    }
}
