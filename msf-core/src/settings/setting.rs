//! What a key may hold, and what a section is.

use std::collections::BTreeMap;

use super::{Place, Scalar, ScalarShape, Schema, Section, Shape};

/// A section: a struct whose fields are keys; `#[derive(Settings)]` implements it.
///
/// A pair of sections is a section with the keys of both, so that several structs are read at one level of the same sources
/// and an unknown key is unknown to all of them. Sections of the same name are merged; any other key that both define is a
/// mistake at load.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a section of settings",
    note = "add `#[derive(Settings)]` to the struct"
)]
pub trait Settings: Sized {
    /// The keys, for unknown-key checks, the sample file and the list of effective settings.
    fn schema() -> Schema;

    /// Reads every key; `None` when a mistake was noted.
    fn read(section: &mut Section<'_>) -> Option<Self>;
}

/// What one key may hold: a [`Scalar`], a `Vec` of them, a section, a map from names to either, or an `Option` of any of these.
///
/// Not implemented by hand: implement [`Scalar`] for a value, derive [`Settings`] for a section.
#[diagnostic::on_unimplemented(
    message = "a setting cannot hold a `{Self}`",
    label = "not a type of settings",
    note = "add `#[derive(Settings)]` to it: a struct becomes a section, an enum without fields a choice",
    note = "or implement `Scalar` for it to read it from text"
)]
pub trait Setting: Sized {
    /// What the key holds.
    fn shape() -> Shape;

    /// Reads it; `None` when a mistake was noted.
    fn read(place: Place<'_>) -> Option<Self>;
}

// A type that is neither is told about both ways, not only about this one.
#[diagnostic::do_not_recommend]
impl<T: Scalar> Setting for T {
    fn shape() -> Shape {
        Shape::scalar::<T>()
    }

    fn read(place: Place<'_>) -> Option<Self> {
        place.scalar()
    }
}

impl<T: Scalar> Setting for Vec<T> {
    fn shape() -> Shape {
        Shape::List(ScalarShape::of::<T>())
    }

    fn read(place: Place<'_>) -> Option<Self> {
        place.list()
    }
}

impl<T: Setting> Setting for Option<T> {
    fn shape() -> Shape {
        Shape::Optional(Box::new(T::shape()))
    }

    fn read(place: Place<'_>) -> Option<Self> {
        place.optional()
    }
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }

    fn read(place: Place<'_>) -> Option<Self> {
        place.map()
    }
}

/// No keys at all, for an app without settings of its own.
impl Settings for () {
    fn schema() -> Schema {
        Schema::new("()", [])
    }

    fn read(_section: &mut Section<'_>) -> Option<Self> {
        Some(())
    }
}

impl<A: Settings, B: Settings> Settings for (A, B) {
    fn schema() -> Schema {
        A::schema().merge(B::schema())
    }

    fn read(section: &mut Section<'_>) -> Option<Self> {
        // Both are read before either may end it, so that the mistakes of both are noted.
        let (first, second) = (A::read(section), B::read(section));
        Some((first?, second?))
    }
}
