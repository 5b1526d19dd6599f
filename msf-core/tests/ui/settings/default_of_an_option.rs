use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(default = "a")]
    peer: Option<String>,
}

fn main() {}
