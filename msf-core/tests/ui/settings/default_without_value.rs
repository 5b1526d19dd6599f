use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(default)]
    greeting: String,
}

fn main() {}
