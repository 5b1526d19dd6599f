use msf_core::settings::Sources;

struct Config {
    greeting: String,
}

fn main() {
    let _ = Sources::for_app("hello").load::<Config>();
}
