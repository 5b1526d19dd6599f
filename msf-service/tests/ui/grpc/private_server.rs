//! The tonic server of a service of ours, to serve it without its table.
use msf_test_protos::pb::msf::test::v1 as pb;

fn serve(counter: impl pb::Counter) {
    let _ = pb::counter_server::CounterServer::new(counter);
}

fn main() {}
