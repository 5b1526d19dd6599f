//! msf-build.
#![deny(missing_docs)]
