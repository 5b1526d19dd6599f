//! Settings: precedence of the sources, every kind of mistake, what is shown and what never is.

mod apps;
mod config;
mod effective;
mod hygiene;
mod mistakes;
mod precedence;
mod secrets;
