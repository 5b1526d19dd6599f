//! A consumer goes on, and ends when told, whatever its transport does.
#![cfg(feature = "sqlite")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use msf_bus::{Delivery, Events, Handled, Subscription};
use msf_core::clock::Clock;
use msf_core::component::{Component, Life, LifeHandle};
use support::{Faulty, Noted};
use tempfile::TempDir;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than a slow machine takes.
const LONG: Duration = Duration::from_secs(10);

struct House {
    _folder: TempDir,
    transport: Arc<Faulty>,
    events: Events,
    /// Who was handled.
    handled: mpsc::UnboundedReceiver<String>,
    /// Who comes in is told, and waits for a permit.
    doors: Arc<Semaphore>,
    inside: mpsc::UnboundedReceiver<()>,
    handle: LifeHandle,
    task: JoinHandle<Result<(), msf_core::BoxError>>,
}

fn start(hangs: bool) -> House {
    let folder = tempfile::tempdir().unwrap();
    let transport = Arc::new(Faulty::open(&folder.path().join("bus.db")));
    transport.hangs.store(hangs, Ordering::Relaxed);
    let events = Events::new("audit", transport.clone(), Clock::system());
    let (tell, handled) = mpsc::unbounded_channel();
    let (enter, inside) = mpsc::unbounded_channel();
    let doors = Arc::new(Semaphore::new(0));
    let door = Arc::clone(&doors);
    let note = move |noted: Delivery<Noted>| {
        let (tell, enter, doors) = (tell.clone(), enter.clone(), Arc::clone(&door));
        async move {
            let key = noted.envelope().key.clone().unwrap();
            enter.send(()).unwrap();
            doors.acquire().await.unwrap().forget();
            tell.send(key).unwrap();
            Handled::Ok(())
        }
    };
    let (handle, life) = Life::new();
    let consumer = events.subscribe(Subscription::new("all").on(note));
    let task = tokio::spawn(Box::new(consumer).run(life));
    House {
        _folder: folder,
        transport,
        events,
        handled,
        doors,
        inside,
        handle,
        task,
    }
}

#[tokio::test]
async fn a_verdict_that_nobody_takes_any_more_does_not_keep_the_consumer() {
    let mut house = start(false);
    house.events.publish(Noted::about("ana")).await.unwrap();
    timeout(LONG, house.inside.recv()).await.unwrap().unwrap();
    house.transport.close().await;
    // The handler comes to its end, and there is nobody to tell.
    house.doors.add_permits(1);
    timeout(LONG, house.handled.recv()).await.unwrap().unwrap();
    house.handle.stop();
    let ended = timeout(LONG, house.task).await;
    ended.expect("the consumer goes on").unwrap().unwrap();
}

#[tokio::test]
async fn a_transport_that_does_not_say_how_many_wait_still_delivers_and_the_consumer_ends() {
    let mut house = start(true);
    house.doors.add_permits(1);
    house.events.publish(Noted::about("ana")).await.unwrap();
    let handled = timeout(LONG, house.handled.recv()).await;
    assert_eq!(handled.expect("no delivery came").as_deref(), Some("ana"));
    house.handle.stop();
    let ended = timeout(LONG, house.task).await;
    ended.expect("the consumer goes on").unwrap().unwrap();
}
