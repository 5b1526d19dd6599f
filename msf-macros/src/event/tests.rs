//! What the derive writes, and that every mistake of one item is reported.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use super::name::check;

fn pretty(item: TokenStream) -> String {
    let file = syn::parse2(expand(item)).expect("the expansion is Rust");
    prettyplease::unparse(&file)
}

/// The texts of the mistakes, in their order.
fn mistakes(item: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expand(item)).expect("the expansion is Rust");
    let macros = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(item) => Some(item.mac.tokens),
        _ => None,
    });
    macros
        .map(|tokens| syn::parse2::<syn::LitStr>(tokens).unwrap().value())
        .collect()
}

#[test]
fn a_struct_with_a_key_becomes_an_event() {
    let item = quote! {
        #[event(name = "orders.order-placed", version = 2)]
        #[event(crate = "my::bus")]
        struct OrderPlaced { #[event(key)] r#type: Id, total_cents: u64 }
    };
    let expected = r#"#[automatically_derived]
impl my::bus::Event for OrderPlaced {
    const NAME: &'static str = "orders.order-placed";
    const VERSION: u16 = 2u16;
    fn key(&self) -> ::core::option::Option<::std::borrow::Cow<'_, str>> {
        ::core::option::Option::Some(
            ::std::borrow::Cow::Owned(
                <Id as ::std::string::ToString>::to_string(&self.r#type),
            ),
        )
    }
}
"#;
    assert_eq!(pretty(item), expected);
}

#[test]
fn whatever_has_no_key_takes_the_default_of_the_trait() {
    let expected = r#"#[automatically_derived]
impl ::msf_service::bus::Event for Changed {
    const NAME: &'static str = "orders.changed";
    const VERSION: u16 = 1u16;
}
"#;
    for body in [
        quote!(
            struct Changed {
                id: String,
            }
        ),
        quote!(
            struct Changed(String);
        ),
        quote!(
            struct Changed;
        ),
        quote!(
            enum Changed {
                Placed { id: String },
                Cancelled(u8),
                Gone,
            }
        ),
    ] {
        let item = quote!(#[event(name = "orders.changed")] #body);
        assert_eq!(pretty(item), expected);
    }
}

#[test]
fn an_item_with_mistakes_reports_all_and_keeps_an_implementation() {
    let item = quote! {
        #[event(named = "orders.placed", version = 0, version = 3, key)]
        struct Placed {
            #[event(key)] a: u8,
            #[event(key)] b: u8,
            #[event(version = 2)] c: u8,
        }
    };
    let text = pretty(item.clone());
    assert!(
        text.contains("impl ::msf_service::bus::Event for Placed"),
        "{text}"
    );
    let told = mistakes(item);
    let expected = [
        "did you mean `name`?",
        "`version` is given twice",
        "`key` belongs on the field",
        "versions count from 1",
        "an event needs a name",
        "`a` is it already",
        "belongs on the type",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
}

#[test]
fn what_can_never_be_an_event_gets_no_implementation() {
    for (item, words) in [
        (
            quote!(
                struct Placed<T> {
                    id: T,
                }
            ),
            "cannot be generic or borrow",
        ),
        (
            quote!(
                struct Placed<'a>(&'a str);
            ),
            "cannot be generic or borrow",
        ),
        (quote!(union Placed { id: u8 }), "write a struct or an enum"),
    ] {
        let item = quote!(#[event(name = "orders.placed")] #item);
        assert!(mistakes(item.clone())[0].contains(words));
        assert!(!pretty(item).contains("impl"));
    }
}

#[test]
fn versions_are_1_to_65535() {
    let told = |version: TokenStream| {
        mistakes(quote!(
            #[event(name = "orders.placed", version = #version)]
            struct Placed;
        ))
    };
    for right in [quote!(1), quote!(65535)] {
        assert_eq!(told(right), [""; 0]);
    }
    for (wrong, words) in [
        (quote!(0), "count from 1"),
        (quote!(65536), "1 to 65535"),
        (quote!(99999999999999999999999), "1 to 65535"),
        (quote!(-1), "1 to 65535"),
        (quote!("2"), "as a number"),
        (quote!(2u16), "as a number"),
        (quote!(1.5), "as a number"),
    ] {
        let told = told(wrong.clone());
        assert!(
            told[0].contains(words) && told.len() == 1,
            "{wrong}: {told:?}"
        );
    }
}

#[test]
fn names_are_checked_and_the_right_one_is_told() {
    let longest = format!("a.{}", "b".repeat(98));
    for right in [
        "a.b",
        "orders.order-placed",
        "shop.orders.v1-placed",
        "orders.v1.placed",
        "orders.vx",
        "orders.v",
        "1.2",
        &longest,
    ] {
        assert_eq!(check(right), Ok(()), "{right}");
    }
    for (wrong, words) in [
        ("", "`name = \"area.order-placed\"`"),
        ("placed", "`name = \"area.placed\"`"),
        ("orders.OrderPlaced", "no 'O'"),
        ("orders.OrderPlaced", "did you mean `orders.order-placed`?"),
        ("Orders.Order_Placed", "did you mean `orders.order-placed`?"),
        ("orders/placed", "did you mean `orders.placed`?"),
        ("orders placed", "no ' '"),
        ("bücher.bestellt", "no 'ü'"),
        ("orders..placed", "did you mean `orders.placed`?"),
        (".placed", "a segment of this name is empty"),
        ("orders.placed.", "did you mean `orders.placed`?"),
        (
            "orders.placed.v2",
            "`name = \"orders.placed\", version = 2`",
        ),
        ("orders.v2", "`name = \"area.orders\", version = 2`"),
        (
            &format!("{longest}b"),
            "100 bytes at most, this one has 101",
        ),
    ] {
        let why = check(wrong).expect_err(wrong);
        assert!(why.contains(words), "{wrong}: {why}");
    }
}
