//! How many of a product there are.

use super::Violation;

/// A number of pieces: 0 to 2,147,483,647.
///
/// ```
/// use product_service::domain::Stock;
/// assert_eq!(Stock::parse(12).unwrap().get(), 12);
/// assert_eq!(Stock::parse(-1).unwrap_err().code, "stock.range");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock(u32);

impl Stock {
    /// Takes a number of pieces.
    ///
    /// # Errors
    ///
    /// It is negative or more than 2,147,483,647.
    pub fn parse(pieces: i64) -> Result<Self, Violation> {
        match u32::try_from(pieces) {
            Ok(pieces) if pieces <= i32::MAX.unsigned_abs() => Ok(Self(pieces)),
            _ => {
                let message = format!("is not between 0 and {}", i32::MAX);
                Err(Violation::new("stock", "stock.range", message))
            }
        }
    }

    /// The number of pieces.
    pub const fn get(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        for good in [0, 1, 2_147_483_647] {
            assert_eq!(i64::from(Stock::parse(good).unwrap().get()), good);
        }
        for bad in [-1, 2_147_483_648, 4_294_967_296, i64::MIN, i64::MAX] {
            assert_eq!(Stock::parse(bad).unwrap_err().code, "stock.range", "{bad}");
        }
    }
}
