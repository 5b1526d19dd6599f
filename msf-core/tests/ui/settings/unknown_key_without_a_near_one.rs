use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(rename = "word")]
    greeting: String,
}

fn main() {}
