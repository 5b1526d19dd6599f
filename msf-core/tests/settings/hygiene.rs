//! Fields and items may have the names that the generated code uses.

use msf_core::settings::{Settings, Sources};

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Config {
    section: Section,
    #[setting(default = 1)]
    field_0: u8,
    #[setting(default = 2)]
    r#type: u8,
    #[setting(default = 3)]
    place: u8,
}

#[derive(Settings)]
#[settings(crate = "msf_core::settings")]
struct Section {
    #[setting(default = ["a"])]
    read: std::vec::Vec<std::string::String>,
    schema: std::option::Option<u8>,
}

#[expect(dead_code, reason = "it only has to have the name")]
struct Option;
#[expect(dead_code, reason = "it only has to have the name")]
struct Some;

#[test]
fn generated_code_meets_no_name_of_ours() {
    let config = Sources::for_app("hello").load::<Config>().unwrap().value;
    assert_eq!((config.field_0, config.r#type, config.place), (1, 2, 3));
    assert_eq!(config.section.read, ["a"]);
    assert_eq!(config.section.schema, std::option::Option::None);
}
