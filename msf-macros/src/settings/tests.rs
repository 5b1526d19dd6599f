//! What the derive writes, and that every mistake of one item is reported.

use quote::quote;

use super::expand;

fn pretty(item: proc_macro2::TokenStream) -> String {
    let file = syn::parse2(expand(item)).expect("the expansion is Rust");
    prettyplease::unparse(&file)
}

#[test]
fn a_struct_becomes_a_section() {
    let item = quote! {
        #[settings(crate = "my::settings")]
        pub struct Config {
            /// First word of every answer.
            ///
            /// Second line.
            #[setting(default = "Hello")]
            pub greeting: String,
            #[setting(secret)]
            pub api_key: Secret,
            pub r#type: Option<Kind>,
            #[setting(default = [-1, 2])]
            pub numbers: Vec<i32>,
        }
    };
    let expected = r#"#[automatically_derived]
impl my::settings::Settings for Config {
    fn schema() -> my::settings::Schema {
        my::settings::Schema::new(
            "Config",
            [
                my::settings::Key::new::<
                    String,
                >("greeting", "First word of every answer.\n\nSecond line.")
                    .default(my::settings::Literal::Text("Hello")),
                my::settings::Key::new::<Secret>("api_key", ""),
                my::settings::Key::new::<Option<Kind>>("type", ""),
                my::settings::Key::new::<Vec<i32>>("numbers", "")
                    .default(
                        my::settings::Literal::List(
                            &[
                                my::settings::Literal::Integer(-1i128),
                                my::settings::Literal::Integer(2i128),
                            ],
                        ),
                    ),
            ],
        )
    }
    fn read(section: &mut my::settings::Section<'_>) -> ::core::option::Option<Self> {
        let field_0 = section.read::<String>("greeting");
        let field_1 = section.read::<Secret>("api_key");
        let field_2 = section.read::<Option<Kind>>("type");
        let field_3 = section.read::<Vec<i32>>("numbers");
        ::core::option::Option::Some(Self {
            greeting: field_0?,
            api_key: field_1?,
            r#type: field_2?,
            numbers: field_3?,
        })
    }
}
#[automatically_derived]
impl my::settings::Setting for Config {
    fn shape() -> my::settings::Shape {
        my::settings::Shape::Section(<Self as my::settings::Settings>::schema())
    }
    fn read(place: my::settings::Place<'_>) -> ::core::option::Option<Self> {
        place.section()
    }
}
"#;
    assert_eq!(pretty(item), expected);
}

#[test]
fn an_enum_becomes_a_choice() {
    let item = quote! {
        enum Backend { Sqlite, #[setting(name = "mongodb")] MongoDb, InMemory }
    };
    let expected = r#"#[automatically_derived]
impl ::msf_service::settings::Scalar for Backend {
    const EXPECTED: &'static str = "`sqlite`, `mongodb` or `in-memory`";
    const CHOICES: &'static [&'static str] = &["sqlite", "mongodb", "in-memory"];
    fn from_text(text: &str) -> ::core::option::Option<Self> {
        match text {
            "sqlite" => ::core::option::Option::Some(Self::Sqlite),
            "mongodb" => ::core::option::Option::Some(Self::MongoDb),
            "in-memory" => ::core::option::Option::Some(Self::InMemory),
            _ => ::core::option::Option::None,
        }
    }
}
"#;
    assert_eq!(pretty(item), expected);
}

#[test]
fn an_item_with_mistakes_keeps_an_implementation() {
    let item = quote! {
        struct Config { #[setting(defualt = 1)] a: u8, #[setting(default = "x")] b: u8 }
    };
    let text = pretty(item);
    assert_eq!(text.matches("compile_error").count(), 2, "{text}");
    assert!(text.contains("did you mean `default`?"), "{text}");
    assert!(
        text.contains("impl ::msf_service::settings::Settings for Config"),
        "{text}"
    );
}
