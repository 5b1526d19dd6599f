//! The document of an app says what its router does, and what its answers are.

mod app;
mod contract;
mod document;
mod mistakes;
mod page;
