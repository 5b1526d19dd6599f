//! A router of axum's own, served as it is.
use msf_service::App;

fn main() {
    let _ = App::new().http(axum::Router::new());
}
