use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    #[setting(defualt = "Hello")]
    greeting: String,
    #[setting(default = true)]
    port: u16,
}

fn main() {}
