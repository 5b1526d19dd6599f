use msf_core::settings::Settings;

use msf_core::settings::Secret;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(secret, default = "hunter2")]
    api_key: Secret,
}

fn main() {}
