//! An owner rule where no message is there yet.
use msf_service::Rule;
use msf_test_protos::pb::msf::test::v1 as pb;

fn main() {
    let _ = pb::CounterAccess {
        increment: Rule::owner(|request: &pb::IncrementRequest| &request.account),
        count: Rule::role("counter"),
        sum: Rule::owner(|request: &pb::IncrementRequest| &request.account),
        double: Rule::role("counter"),
    };
}
