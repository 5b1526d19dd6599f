//! An RPC that has no rule.
use msf_service::Rule;
use msf_test_protos::pb::msf::test::v1 as pb;

fn main() {
    let _ = pb::CounterAccess {
        increment: Rule::role("counter"),
        count: Rule::role("counter"),
        sum: Rule::role("counter"),
    };
}
