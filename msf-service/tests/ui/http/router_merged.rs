//! A router of axum's own, merged without a rule.
use msf_service::http::Routes;

fn main() {
    let _: Routes = Routes::new().merge(axum::Router::new());
}
