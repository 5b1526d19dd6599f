//! The Rust samples of the book, as documentation tests.
//!
//! A sample that fails is named after its page: `explanation_deny_by_default (line 12)`.

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
