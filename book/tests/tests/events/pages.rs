//! What the reference pages say of events is what the code does.

use std::collections::BTreeSet;

use msf_service::bus::Retry;
use msf_service::bus::transport::SubscriptionSpec;
use msf_service::client::Local;
use msf_testing::Start;
use msf_testing::schema::check_schema;

use crate::order_placed::OrderPlaced;
use crate::{billing, orders};

const TOLD: &str = include_str!("../../../src/reference/logs-metrics-admin.md");
const DEFAULTS: &str = include_str!("../../../src/reference/defaults.md");

/// What stands in backticks in this text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_of_events(metric: &str) -> bool {
    ["msf_event", "msf_outbox", "msf_dead"]
        .iter()
        .any(|begin| metric.starts_with(begin))
}

#[tokio::test]
async fn the_metrics_and_the_keys_of_a_line() -> msf_service::Result<()> {
    let local = Local::new();
    let start = |name| Start::named(name).local(&local);
    let billing = start("billing").start(billing::app, ()).await?;
    let orders = start("orders").start(orders::app, ()).await?;
    orders.post("/orders/o-7/lamp").send().await;
    billing.handled("bills").await;
    // When the second is handled, the relay has counted the first.
    orders.post("/orders/o-8/lamp").send().await;
    let line = billing.handled("bills").await;

    let metrics = billing.metrics() + &orders.metrics();
    let types = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let real: BTreeSet<_> = types.filter(|name| is_of_events(name)).collect();
    let told: BTreeSet<_> = quoted(TOLD)
        .map(|text| text.split('{').next().unwrap_or(text))
        .filter(|name| is_of_events(name))
        // Comes up when there are too many, and not before.
        .filter(|name| *name != "msf_events_unrouted_dropped_total")
        .collect();
    assert_eq!(told, real);

    let (_, row) = TOLD.split_once("| `msf::event` |").expect("the row");
    let row = row.lines().next().expect("a row is a line");
    let keys: Vec<_> = row.split('|').nth(1).map(quoted).expect("cells").collect();
    for key in keys[0].split(' ') {
        assert!(!line[key].is_null(), "{key} is in {line}");
    }
    let all: BTreeSet<_> = keys.iter().flat_map(|keys| keys.split(' ')).collect();
    let (_, own) = TOLD.split_once("| key | what it is |").expect("the table");
    let own = own.lines().skip(2).take_while(|row| row.starts_with('|'));
    let own: BTreeSet<_> = own.filter_map(|row| quoted(row).next()).collect();
    for key in line.as_object().expect("an object").keys() {
        assert!(
            all.contains(&**key) || own.contains(&**key),
            "{key} is told"
        );
    }
    Ok(())
}

/// The guide shows what a field of another name is told.
#[test]
fn the_words_about_a_shape_that_has_changed() {
    const GUIDE: &str = include_str!("../../../src/how-to/publish-and-handle-events.md");
    let folder = tempfile::tempdir().expect("a folder");
    let name = "orders.order-placed.v1.json";
    let golden = std::fs::read_to_string(format!("schemas/{name}")).expect("the golden file");
    let before = golden.replace("\"item\"", "\"article\"");
    std::fs::write(folder.path().join(name), before).expect("a file");
    let refused = check_schema::<OrderPlaced>(folder.path(), true).expect_err("it is breaking");
    let told = refused.to_string();
    let told = told.replace(&folder.path().display().to_string(), "schemas");
    assert!(
        GUIDE.contains(told.trim()),
        "the guide says otherwise: {told}"
    );
}

/// The second cell of the row that begins with this.
fn default_of(bound: &str) -> &'static str {
    let (_, row) = DEFAULTS.split_once(&format!("| {bound} |")).expect(bound);
    row.split('|').next().expect("a cell").trim()
}

#[test]
fn the_defaults() {
    let retries = default_of("retries")
        .replace("2 min", "120 s")
        .replace("10 min", "600 s")
        .replace("1 h", "3600 s")
        .replace(' ', "")
        .replace(',', ", ");
    assert_eq!(
        format!("{:?}", Retry::default()),
        format!("Retry([{retries}])")
    );
    let spec = SubscriptionSpec::new("billing.bills", ["orders.order-placed"]);
    assert_eq!(default_of("deliveries in hand"), spec.in_hand.to_string());
}

/// Those that nobody can ask for stand in the sources as the page says.
#[test]
fn the_constants_inside() {
    macro_rules! source {
        ($path:literal) => {
            include_str!(concat!("../../../../msf-bus/src/", $path))
        };
    }
    let inside = [
        (
            "deadline of a handler",
            "30 s",
            source!("subscription.rs"),
            "deadline: Duration::from_secs(30)",
        ),
        (
            "receipts of an inbox are kept",
            "14 days",
            source!("inbox/sqlite.rs"),
            "KEPT: Duration = Duration::from_secs(14 * 24 * 3600)",
        ),
        (
            "hand-outs without a verdict",
            "50",
            source!("embedded/cycle.rs"),
            "HAND_OUTS: u32 = 50",
        ),
        (
            "lease of an event in hand",
            "2 s",
            source!("embedded/cycle.rs"),
            "LEASE: i64 = 2000",
        ),
        (
            "lease of an outbox",
            "2 s",
            source!("outbox/relay.rs"),
            "LEASE: Duration = Duration::from_secs(2)",
        ),
        (
            "sweep of an outbox",
            "1 s",
            source!("outbox/relay.rs"),
            "SWEEP: Duration = Duration::from_secs(1)",
        ),
        (
            "look for events of other processes",
            "100 ms",
            source!("embedded/pump.rs"),
            "POLL: Duration = Duration::from_millis(100)",
        ),
        (
            "events that leave an outbox at once",
            "256",
            source!("outbox/relay.rs"),
            "BATCH: usize = 256",
        ),
        (
            "events without a subscription",
            "100000",
            source!("embedded/mod.rs"),
            "UNROUTED: usize = 100_000",
        ),
        (
            "data of one event",
            "16 MiB",
            source!("envelope.rs"),
            "LARGEST: usize = 16 * 1024 * 1024",
        ),
    ];
    let dropped = "msf_events_unrouted_dropped_total";
    assert!(TOLD.contains(dropped) && source!("embedded/mod.rs").contains(dropped));
    for (bound, value, source, constant) in inside {
        assert_eq!(default_of(bound), value);
        assert!(
            source.contains(constant),
            "{bound}: `{constant}` is not in its file any more"
        );
    }
}
