//! msf-service.
#![deny(missing_docs)]
