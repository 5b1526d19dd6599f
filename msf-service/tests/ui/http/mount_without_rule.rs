//! A router of axum's own, mounted without a rule.
use msf_service::http::Routes;

fn main() {
    let _: Routes = Routes::new().mount("/files", axum::Router::new());
}
