//! The project that a reader has at the end of the first hour, under the name that it has there.
//!
//! The files are those of the project; `.ci/first-hour` puts them over what the template makes.

extern crate self as greetings;

#[path = "src/lib.rs"]
#[expect(unreachable_pub, reason = "public in the library of its own project")]
mod project;
#[path = "tests/service.rs"]
mod service;

use project::*;
