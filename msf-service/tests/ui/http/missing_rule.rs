//! A route that has no rule.
use msf_service::http::Routes;

async fn hello() -> &'static str {
    "hello"
}

fn main() {
    let _: Routes = Routes::new().get("/hello", hello);
}
