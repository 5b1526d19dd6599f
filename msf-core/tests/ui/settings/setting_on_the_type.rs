use msf_core::settings::Settings;

#[derive(Settings)]
#[setting(crate = "msf_core::settings")]
#[settings(crate = "msf_core::settings")]
struct Config {
    greeting: String,
}

fn main() {}
