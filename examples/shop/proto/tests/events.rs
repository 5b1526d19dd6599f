//! The schema of each event stands in `schemas/`: a change that would break a reader fails here.
//!
//! `MSF_BLESS=1 cargo test -p shop-proto --test events` writes what is new and possible.

use msf_testing::golden_schema;
use shop_proto::events::{UserDeleted, UserRegistered};

#[test]
fn users_user_registered() {
    golden_schema::<UserRegistered>("schemas");
}

#[test]
fn users_user_deleted() {
    golden_schema::<UserDeleted>("schemas");
}
