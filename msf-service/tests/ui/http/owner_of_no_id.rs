//! An owner rule whose answer names nobody.
use msf_service::Rule;
use msf_service::access::Head;
use msf_service::http::Path;

fn main() {
    let _: Rule<Head> = Rule::owner(|Path(id): &Path<u64>| id);
}
