use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
enum Backend {
    Sqlite,
    #[setting(name = "sqlite")]
    Lite,
}

fn main() {}
