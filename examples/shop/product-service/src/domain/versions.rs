//! On which versions of a product a change is wanted.

/// The versions that a product may have for a change to be made; none stands for any.
///
/// ```
/// use product_service::domain::Versions;
/// assert!(Versions::new(vec![]).admit(7));
/// assert!(Versions::new(vec![6, 7]).admit(7));
/// assert!(!Versions::new(vec![0]).admit(7));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions(Vec<u64>);

impl Versions {
    /// These; any, if there is none.
    pub fn new(versions: Vec<u64>) -> Self {
        Self(versions)
    }

    /// Whether a product of this version may be changed.
    pub fn admit(&self, version: u64) -> bool {
        self.0.is_empty() || self.0.contains(&version)
    }
}
