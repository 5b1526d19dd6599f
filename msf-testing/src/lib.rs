//! msf-testing.
#![deny(missing_docs)]
