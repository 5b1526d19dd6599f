use msf_core::settings::Settings;

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
enum Backend {
    Sqlite,
    Mongodb { url: String },
}

fn main() {}
