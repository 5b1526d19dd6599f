//! What it costs to decide who may call, without looking for who it is.
//!
//! ```sh
//! cargo bench -p msf-core --bench rule
//! ```

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use msf_core::access::{Identity, Principal, Rule};

const ANA: &str = "0198e9d2-7c41-7d6e-9a53-2f6b8f0c1d11";

fn decide(criterion: &mut Criterion) {
    let user = Identity::Known(Principal::user(ANA).with_role("user"));
    let service = Identity::Known(Principal::service("api-gateway"));
    // A message of gRPC that is one text.
    let owner = || Rule::owner(|id: &String| id);
    let rules: [(&str, Rule<String>, Option<&Identity>); 5] = [
        ("public", Rule::public("a bench"), None),
        ("role", Rule::role("user"), Some(&user)),
        ("owner", owner(), Some(&user)),
        (
            "role, or owner",
            Rule::role("admin").or(owner()),
            Some(&user),
        ),
        ("service", Rule::service("api-gateway"), Some(&service)),
    ];
    let mut group = criterion.benchmark_group("who may call");
    for (name, rule, identity) in rules {
        let mut id = ANA.to_owned();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let decision = black_box(&rule).decide(identity, &mut id);
                decision.now_or_never().unwrap().unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
