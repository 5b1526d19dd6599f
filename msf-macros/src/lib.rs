//! msf-macros.
#![deny(missing_docs)]
