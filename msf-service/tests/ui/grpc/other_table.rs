//! The table of another service.
use msf_test_protos::pb::msf::test::v1 as pb;

fn guard(counter: impl pb::Counter, access: pb::EmptyAccess) {
    let _ = pb::guard_counter(counter, access);
}

fn main() {}
