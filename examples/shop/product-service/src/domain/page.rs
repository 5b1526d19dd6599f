//! Which part of a list is asked for.

use super::Violation;

const FIRST: u32 = 1;
const SIZE: u32 = 20;
const LARGEST: u32 = 100;

/// A page of a list: pages count from 1, each has up to 100 entries, 20 unless it is said.
///
/// ```
/// use product_service::domain::Page;
/// let page = Page::parse(Some(3), None).unwrap();
/// assert_eq!((page.size(), page.offset()), (20, 40));
/// assert_eq!(Page::parse(Some(0), Some(101)).unwrap_err().len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: u32,
    size: u32,
}

impl Page {
    /// Takes what is asked for; what is absent is page 1, and a size of 20.
    ///
    /// # Errors
    ///
    /// Every rule that is broken: `page.range`, `page_size.range`.
    pub fn parse(number: Option<u32>, size: Option<u32>) -> Result<Self, Vec<Violation>> {
        let (number, size) = (number.unwrap_or(FIRST), size.unwrap_or(SIZE));
        let mut violations = Vec::new();
        if number < FIRST {
            violations.push(Violation::new("page", "page.range", "is less than 1"));
        }
        if !(1..=LARGEST).contains(&size) {
            let message = format!("is not between 1 and {LARGEST}");
            violations.push(Violation::new("page_size", "page_size.range", message));
        }
        if violations.is_empty() {
            Ok(Self { number, size })
        } else {
            Err(violations)
        }
    }

    /// Which page it is, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// How many entries it has at most.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// How many entries are on the pages before.
    pub fn offset(self) -> u64 {
        u64::from(self.number - FIRST) * u64::from(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        let codes = |number, size| {
            let broken = Page::parse(Some(number), Some(size))
                .err()
                .unwrap_or_default();
            broken
                .into_iter()
                .map(|broken| broken.code)
                .collect::<Vec<_>>()
        };
        assert!(
            codes(1, 1).is_empty() && codes(1, 100).is_empty() && codes(u32::MAX, 100).is_empty()
        );
        assert_eq!(codes(0, 1), ["page.range"]);
        assert_eq!(codes(1, 0), ["page_size.range"]);
        assert_eq!(codes(1, 101), ["page_size.range"]);
        assert_eq!(codes(0, u32::MAX), ["page.range", "page_size.range"]);
    }

    #[test]
    fn the_last_page_of_all_is_not_beyond_all_bounds() {
        let page = Page::parse(Some(u32::MAX), Some(100)).unwrap();
        assert_eq!(page.offset(), 429_496_729_400);
    }
}
