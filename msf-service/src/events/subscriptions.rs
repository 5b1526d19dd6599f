//! Which names the subscriptions of an app may have.

use std::collections::BTreeSet;

use msf_bus::Subscription;

/// A broker keeps events under the name for years: two handlers of one name would each get half of them.
pub(crate) fn refuse_names(service: &str, subscriptions: &[Subscription]) -> crate::Result<()> {
    let mut names = BTreeSet::new();
    for name in subscriptions.iter().map(Subscription::name) {
        if !is_word(name) {
            let text = format!(
                "the subscription `{name}` of `{service}` has no usable name: expected one word of `[a-z0-9-]`, such as \
                 `welcome-mail`"
            );
            return Err(text.into());
        }
        if !names.insert(name) {
            let text = format!(
                "`{service}` has two subscriptions `{name}`, and each event would go to one of them: name them apart, or \
                 give one `Subscription` both handlers"
            );
            return Err(text.into());
        }
    }
    Ok(())
}

fn is_word(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !name.is_empty() && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(names: &[&str]) -> String {
        let subscriptions: Vec<_> = names.iter().map(|name| Subscription::new(*name)).collect();
        let told = refuse_names("mail", &subscriptions);
        told.err().map(|told| told.to_string()).unwrap_or_default()
    }

    #[test]
    fn names_are_one_word_and_unique() {
        assert_eq!(refused(&["welcome-mail", "bills2"]), "");
        for name in [
            "",
            "Welcome",
            "welcome mail",
            "welcome.mail",
            "wélcome",
            "welcome_mail",
        ] {
            let told = refused(&["bills", name]);
            assert!(
                told.contains(&format!("`{name}` of `mail`")),
                "{name}: {told}"
            );
        }
        let told = refused(&["bills", "mails", "bills"]);
        assert!(told.contains("two subscriptions `bills`"), "{told}");
    }
}
