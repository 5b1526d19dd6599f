//! Eight clients that register somebody new again and again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;

use crate::support::client::{Client, NoAnswer};
use crate::support::{PASSWORD, fresh_email};

const CLIENTS: usize = 8;

/// The addresses whose registration was answered with 201.
pub(crate) type Accepted = Arc<Mutex<BTreeSet<String>>>;

/// The clients of one round.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    client: Client,
    accepted: Accepted,
    /// Whether a gateway answers for those that were killed.
    behind_gateway: bool,
    stop: AtomicBool,
    in_flight: AtomicUsize,
    lost: AtomicUsize,
}

impl Load {
    pub(crate) fn begin(client: Client, accepted: &Accepted, behind_gateway: bool) -> Self {
        let shared = Arc::new(Shared {
            client,
            accepted: Arc::clone(accepted),
            behind_gateway,
            stop: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
        });
        let clients = (0..CLIENTS)
            .map(|_| tokio::spawn(register(Arc::clone(&shared))))
            .collect();
        Self { shared, clients }
    }

    /// How many requests wait for their answer now.
    pub(crate) fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::SeqCst)
    }

    /// Lets no client begin another request.
    pub(crate) fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
    }

    /// Waits for all clients; how many requests reached the shop and were not answered with 201.
    pub(crate) async fn end(self) -> usize {
        self.stop();
        for client in self.clients {
            client.await.unwrap();
        }
        self.shared.lost.load(Ordering::SeqCst)
    }
}

/// Registers until it is told to stop, or an answer does not come.
async fn register(shared: Arc<Shared>) {
    while !shared.stop.load(Ordering::SeqCst) {
        let email = fresh_email();
        shared.in_flight.fetch_add(1, Ordering::SeqCst);
        let answer = shared.client.try_register(&email, PASSWORD).await;
        shared.in_flight.fetch_sub(1, Ordering::SeqCst);
        match answer {
            Ok(answer) if answer.status == 201 => {
                shared.accepted.lock().unwrap().insert(email);
            }
            Ok(answer) => {
                let unanswered = shared.behind_gateway && answer.status >= 500;
                assert!(unanswered, "{answer:?}");
                shared.lost.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Err(NoAnswer::BrokenOff) => {
                assert!(!shared.behind_gateway, "nobody killed the gateway");
                shared.lost.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Err(NoAnswer::Unreachable) => return,
        }
    }
}
