//! Which part of a long list.

use super::Violation;

const SIZE: u32 = 20;
const LARGEST: u32 = 100;

/// A page of a list: which one, from 1, and how many it has at most, 1 to 100.
///
/// ```
/// use user_service::domain::Page;
/// let page = Page::new(None, None).unwrap();
/// assert_eq!((page.number(), page.size()), (1, 20));
/// let third = Page::new(Some(3), Some(50)).unwrap();
/// assert_eq!(third.offset(), 100);
/// assert_eq!(Page::new(Some(0), Some(101)).unwrap_err().len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: u32,
    size: u32,
}

impl Page {
    /// A page; the first one, and 20 at most, where nothing is said.
    ///
    /// # Errors
    ///
    /// Every broken rule: `page.range`, `page_size.range`.
    pub fn new(number: Option<u32>, size: Option<u32>) -> Result<Self, Vec<Violation>> {
        let (number, size) = (number.unwrap_or(1), size.unwrap_or(SIZE));
        let mut violations = Vec::new();
        if number == 0 {
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

    /// Which one, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// How many it has at most.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// How many come before it.
    pub fn offset(self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        for (number, size, broken) in [
            (1, 1, &[][..]),
            (u32::MAX, 100, &[]),
            (0, 1, &["page.range"]),
            (1, 0, &["page_size.range"]),
            (1, 101, &["page_size.range"]),
            (0, u32::MAX, &["page.range", "page_size.range"]),
        ] {
            let page = Page::new(Some(number), Some(size));
            let codes: Vec<_> = page
                .err()
                .unwrap_or_default()
                .into_iter()
                .map(|broken| broken.code)
                .collect();
            assert_eq!(codes, broken, "{number}, {size}");
        }
        let last = Page::new(Some(u32::MAX), Some(100)).unwrap();
        assert_eq!(last.offset(), 429_496_729_400);
    }
}
