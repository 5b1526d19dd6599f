use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(krate = "msf_core::settings", crate = "msf_core::settings")]
struct Config {
    greeting: String,
}

fn main() {}
