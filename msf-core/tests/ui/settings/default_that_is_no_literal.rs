use msf_core::settings::Settings;

const WORD: &str = "Hello";

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(default = WORD)]
    greeting: String,
}

fn main() {}
