//! What an event is: a fact of the past that others may want to know, as a Rust type with a name and a version.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Implements [`trait@Event`] for a struct or an enum that serde can write and read.
///
/// | attribute | on | meaning |
/// | --- | --- | --- |
/// | `#[event(name = "orders.order-placed")]` | the type | the stream: the area and what happened there, two segments of `[a-z0-9-]` at least, 100 bytes at most; required |
/// | `#[event(version = 2)]` | the type | the version of its shape, 1 to 65535; 1 unless said otherwise |
/// | `#[event(key)]` | a named field of a struct, one at most | what the event is about, as its `Display` writes it: see [`Event::key`] |
/// | `#[event(crate = "path")]` | the type | where msf-bus is; `::msf_service::bus` unless said otherwise |
///
/// What is wrong does not compile, and the message says what to write instead. A type with parameters is refused: an event
/// has one name and one shape.
///
/// ```
/// use msf_bus::{Event, EventType};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(name = "orders.stock-changed", version = 3, crate = "msf_bus")]
/// struct StockChanged {
///     #[event(key)]
///     article: u64,
///     pieces: u32,
/// }
///
/// let changed = StockChanged { article: 7, pieces: 12 };
/// assert_eq!(changed.key().as_deref(), Some("7"));
///
/// /// An enum may be an event too; it has no key.
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(name = "orders.order-ended", crate = "msf_bus")]
/// enum OrderEnded {
///     Delivered { to: String },
///     Cancelled,
/// }
/// assert_eq!(EventType::of::<OrderEnded>().to_string(), "orders.order-ended.v1");
/// ```
///
/// ```compile_fail
/// # use msf_bus::Event;
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(name = "OrderPlaced", crate = "msf_bus")] // `orders.order-placed`
/// struct OrderPlaced { order_id: String }
/// ```
pub use msf_macros::Event;

/// A fact that others may want to know. Derive it: [`macro@Event`].
///
/// All versions of an event are one stream, which has its [`NAME`](Event::NAME). Within a version only what readers of
/// yesterday can ignore may be added; anything else is a new version: a new type with the same name and the next number.
///
/// ```
/// use msf_bus::{Event, EventType};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(name = "orders.order-placed", version = 2, crate = "msf_bus")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: String,
///     total_cents: u64,
/// }
///
/// assert_eq!(EventType::of::<OrderPlaced>().to_string(), "orders.order-placed.v2");
/// let placed = OrderPlaced { order_id: "o-7".to_owned(), total_cents: 1200 };
/// assert_eq!(placed.key().as_deref(), Some("o-7"));
/// ```
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of the stream: segments of `[a-z0-9-]`, at least two, joined by dots: `orders.order-placed`.
    const NAME: &'static str;
    /// The version of its shape, from 1 on.
    const VERSION: u16;

    /// What it is about, the id of an aggregate: a subscription may ask for those of one key in their order.
    fn key(&self) -> Option<Cow<'_, str>> {
        None
    }
}
