//! The name of a Rust type or variant as it stands in text.

/// `MongoDb` is `mongo-db`.
pub(crate) fn kebab_case(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(character.to_lowercase());
    }
    text
}
