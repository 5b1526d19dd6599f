//! What it costs to carry the context of a request: read from its headers, a child for a call, written into the headers of
//! that call, and put around a future.
//!
//! ```sh
//! cargo bench -p msf-core --bench context
//! ```

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use http::HeaderMap;
use msf_core::context::{Context, Deadline};

/// The headers of a request that another service has sent.
fn headers() -> HeaderMap {
    let context = Context::root();
    // Later than the end of any run: what is late is not sent.
    let deadline = Deadline::after(Duration::from_secs(3600)).unwrap();
    let mut headers = HeaderMap::new();
    context
        .with_deadline(deadline)
        .inject(&mut headers)
        .unwrap();
    headers
}

fn context(criterion: &mut Criterion) {
    let headers = headers();
    let context = Context::extract(&headers);
    let mut group = criterion.benchmark_group("context");
    group.bench_function("extract", |bencher| {
        bencher.iter(|| Context::extract(black_box(&headers)));
    });
    group.bench_function("extract of nothing", |bencher| {
        let none = HeaderMap::new();
        bencher.iter(|| Context::extract(black_box(&none)));
    });
    group.bench_function("child", |bencher| bencher.iter(|| context.child()));
    group.bench_function("inject", |bencher| {
        bencher.iter(|| {
            let mut headers = HeaderMap::new();
            black_box(&context).inject(&mut headers).unwrap();
            headers
        });
    });
    group.bench_function("scope", |bencher| {
        bencher.iter(|| {
            let inside = async { Context::with_current(|current| current.trace().span_id()) };
            context.clone().scope(inside).now_or_never().unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, context);
criterion_main!(benches);
