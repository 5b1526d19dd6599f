//! Calls through a channel: what holds on both wires, inside the process, and over TCP.

mod both_wires;
mod in_process;
mod over_tcp;
mod support;
