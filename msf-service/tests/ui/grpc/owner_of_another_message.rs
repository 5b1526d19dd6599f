//! An owner rule that looks at the message of another RPC.
use msf_service::Rule;
use msf_test_protos::pb::msf::test::v1 as pb;

fn main() {
    let _ = pb::CounterAccess {
        increment: Rule::role("counter"),
        count: Rule::owner(|request: &pb::IncrementRequest| &request.account),
        sum: Rule::role("counter"),
        double: Rule::role("counter"),
    };
}
