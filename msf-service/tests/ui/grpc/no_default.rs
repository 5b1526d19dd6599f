//! A table that fills itself.
use msf_test_protos::pb::msf::test::v1 as pb;

fn main() {
    let _ = pb::CounterAccess::default();
}
