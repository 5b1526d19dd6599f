//! An owner rule that looks at the body.
use msf_service::Rule;
use msf_service::access::Head;
use msf_service::http::Json;

fn main() {
    let _: Rule<Head> = Rule::owner(|Json(id): &Json<String>| id);
}
