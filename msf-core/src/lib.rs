//! msf-core.
#![deny(missing_docs)]
