//! What it costs to put an event into its envelope, and to read event and context out of it.
//!
//! A consumer reads with the same parser, which also keeps track of the field it is at; that part of it is not public and
//! not here.
//!
//! ```sh
//! cargo bench -p msf-bus --bench envelope
//! ```

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use msf_bus::{Envelope, Event};
use msf_core::context::Context;
use serde::{Deserialize, Serialize};

/// Somebody has an account.
#[derive(Serialize, Deserialize, Event)]
#[event(name = "bench.user-registered", crate = "msf_bus")]
struct UserRegistered {
    #[event(key)]
    user_id: String,
    name: String,
    email: String,
}

fn registered() -> UserRegistered {
    UserRegistered {
        user_id: "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d11".to_owned(),
        name: "Ana Maria Example-Lindqvist".to_owned(),
        email: "ana.maria.example-lindqvist@example.com".to_owned(),
    }
}

fn envelope(criterion: &mut Criterion) {
    let event = registered();
    let envelope = Envelope::of(&event).unwrap();
    let request = Context::root();
    let mut group = criterion.benchmark_group("envelope");
    group.bench_function("encode", |bencher| {
        let encode = || bencher.iter(|| Envelope::of(black_box(&event)).unwrap());
        request.clone().sync_scope(encode);
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let envelope = black_box(&envelope);
            let event: UserRegistered = serde_json::from_slice(&envelope.data).unwrap();
            (event, Context::extract(envelope), envelope.parsed_type())
        });
    });
    group.finish();
}

criterion_group!(benches, envelope);
criterion_main!(benches);
