//! What a transport promises.

mod crashes;
mod dead;
mod delivery;
mod order;
mod publish;
mod retry;
mod scene;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use msf_bus::Transport;

use super::report::{Report, case};
use scene::{DEFAULT_PATIENCE, PATIENCE, Scene};

/// Opens the transport under test.
///
/// See [`crate::conformance`] for one that is complete.
pub trait TransportFactory: Send + Sync + 'static {
    /// The transport.
    type Transport: Transport;

    /// Opens it, each time over the same durable state: a new connection to the same broker, or the same file.
    fn open(&self) -> impl Future<Output = Self::Transport> + Send;

    /// Lets so much time pass for the transport. Waits, unless the factory has a clock to move.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    /// How long a case waits for what has to come before it says that it does not. Default: 10 s.
    fn patience(&self) -> Duration {
        DEFAULT_PATIENCE
    }
}

/// Tries every promise of a transport.
///
/// Takes some seconds of real time, and no paused one. It needs no empty broker, and leaves behind a few subscriptions that
/// nobody has.
pub async fn transport<F: TransportFactory>(factory: F) -> Report {
    transport_where(factory, |_| true).await
}

/// Tries the promises of a transport whose names are chosen: for the one that you are at work on.
pub async fn transport_where<F: TransportFactory>(
    factory: F,
    chosen: impl Fn(&str) -> bool,
) -> Report {
    let factory = Arc::new(factory);
    let scene = || Scene::new(Arc::clone(&factory));
    let mut tries = vec![
        case("every publish has its verdict", publish::verdicts(scene())),
        case(
            "every subscription of a stream gets every event",
            publish::fanout(scene()),
        ),
        case(
            "events wait for the first subscription",
            publish::unrouted(scene()),
        ),
        case(
            "events wait for a consumer that is away",
            publish::away(scene()),
        ),
        case(
            "an older consumer does not unbind a newer one's stream",
            publish::still_bound(scene()),
        ),
        case("an envelope comes as it went", publish::round_trip(scene())),
        case(
            "16 publishers at once lose nothing",
            publish::parallel(scene()),
        ),
        case(
            "consumers of one subscription share its events",
            delivery::shared(scene()),
        ),
        case(
            "no more are in hand than allowed",
            delivery::in_hand(scene()),
        ),
        case("next may be dropped", delivery::dropped_next(scene())),
        case(
            "waiting counts what is not settled",
            delivery::waiting(scene()),
        ),
        case(
            "close waits for what is in hand and gives back the rest",
            delivery::close(scene()),
        ),
        case(
            "a retry comes again, one attempt on, not before its time",
            retry::not_before(scene()),
        ),
        case("attempts count on over a restart", retry::attempts(scene())),
        case(
            "a delivery without a verdict comes again",
            crashes::dropped(scene()),
        ),
        case("what was acked never comes again", crashes::acked(scene())),
        case(
            "what was not acked comes again after a crash",
            crashes::not_acked(scene()),
        ),
        case(
            "events of one key come one after the other",
            order::per_key(scene()),
        ),
        case(
            "a failure holds back its key alone",
            order::failure(scene()),
        ),
        case(
            "a dead letter keeps its event, reason, error and history",
            dead::kept(scene()),
        ),
        case(
            "dead letters are listed oldest first, and counted",
            dead::listed(scene()),
        ),
        case(
            "a redriven dead letter comes as if never tried, to its subscription alone",
            dead::redriven(scene()),
        ),
        case("a purged dead letter is gone", dead::purged(scene())),
    ];
    tries.retain(|(name, _)| chosen(name));
    let patience = factory.patience();
    let tries = tries
        .into_iter()
        .map(|(name, run)| case(name, PATIENCE.scope(patience, run)));
    Report::of("transport", tries.collect()).await
}
