use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(secret)]
    api_key: Option<String>,
}

fn main() {}
