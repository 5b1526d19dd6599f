//! An owner rule that looks at what is no extractor.
use msf_service::Rule;
use msf_service::access::Head;

fn main() {
    let _: Rule<Head> = Rule::owner(|id: &String| id);
}
