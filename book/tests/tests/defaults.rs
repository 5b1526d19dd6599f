//! The tables of defaults in the book are what the code does.

use std::time::Duration;

use msf_service::edge::{ACCEPT_LONGER, GOODBYE_AFTER, Options, QUIET};

const PAGE: &str = include_str!("../../src/reference/defaults.md");

/// The first two cells of the rows under a table's head.
fn rows(head: &str) -> Vec<(String, String)> {
    let (_, table) = PAGE.split_once(head).expect("the table");
    let row = |line: &str| {
        let mut cells = line.split('|').map(|cell| cell.trim().replace('`', ""));
        Some((cells.nth(1)?, cells.next()?))
    };
    let lines = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    lines.filter_map(row).collect()
}

fn row(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn time(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis.is_multiple_of(1000) {
        format!("{} s", millis / 1000)
    } else {
        format!("{millis} ms")
    }
}

fn bytes(size: u32) -> String {
    format!("{size} bytes")
}

#[test]
fn the_accept_loop() {
    let options = Options::default();
    let age = options
        .max_connection_age
        .map_or_else(|| "none".to_owned(), time);
    let real = [
        row("header_time", time(options.header_time)),
        row("idle_time", time(options.idle_time)),
        row("max_connection_age", age),
        row("max_connections", options.max_connections),
        row("max_streams", options.max_streams),
        row("max_pending_resets", options.max_pending_resets),
        row("max_error_resets", options.max_error_resets),
        row("max_head", bytes(options.max_head)),
        row("max_frame", bytes(options.max_frame)),
        row("ping_interval", time(options.ping_interval)),
        row("ping_timeout", time(options.ping_timeout)),
    ];
    assert_eq!(rows("| option | default | reason |"), real);
}

#[test]
fn stopping() {
    let real = [
        row("ACCEPT_LONGER", time(ACCEPT_LONGER)),
        row("GOODBYE_AFTER", time(GOODBYE_AFTER)),
        row("QUIET", time(QUIET)),
    ];
    assert_eq!(rows("| constant | value | reason |"), real);
}
