//! The derive macros of msf; their documentation is where they are re-exported, beside the trait of the same name.
//!
//! People assume that a derive hides behaviour. These only write an implementation of a public trait that could be written by hand;
//! every mistake in an attribute is reported at its token, all of one item at once, and the item stays usable.
//!
//! ```
//! use msf_core::settings::{Settings, Sources}; // the trait, and the macro of its name
//!
//! #[derive(Settings)]
//! #[settings(crate = "msf_core::settings")] // not needed where msf-service is a dependency
//! struct Config {
//!     /// First word of every answer.
//!     #[setting(default = "Hello")]
//!     greeting: String,
//! }
//!
//! let config = Sources::for_app("hello").load::<Config>().expect("every key has a default");
//! assert_eq!(config.value.greeting, "Hello");
//! ```
#![deny(missing_docs)]

mod arguments;
mod event;
mod kebab_case;
mod nearest;
mod settings;

use proc_macro::TokenStream;

/// Reads a struct as a section of settings, or an enum without fields as a choice: see `msf_core::settings`.
#[proc_macro_derive(Settings, attributes(setting, settings))]
pub fn derive_settings(item: TokenStream) -> TokenStream {
    settings::expand(item.into()).into()
}

/// Implements `msf_bus::Event`: see there.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(item: TokenStream) -> TokenStream {
    event::expand(item.into()).into()
}
