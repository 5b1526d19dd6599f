//! What a new password has to be.

use msf_core::error::FieldError;

use super::common::is_common;
use super::secret::{MAX_BYTES, too_long};

/// The fewest characters of a new password: 8.
pub const MIN_CHARACTERS: usize = 8;

/// Says what is wrong with a password that somebody wants to have; nothing, if it is fine.
///
/// It has 8 characters at least and 1 KiB at most, is not among the 5000 that are used most, and is not one of the words in
/// `context`: pass the e-mail address (its local part counts too), the name, the name of the service. Case does not matter. There are
/// no rules of composition.
///
/// The field is `password`; [`FieldError::with_path`] renames it. Codes: `password.too_short`, `password.too_long`,
/// `password.common`, `password.context`.
///
/// It is for new passwords only: one that is in use is verified, whatever the rules are by now.
///
/// ```
/// use msf_auth::password::check;
///
/// let context = ["ana.silva@example.com", "Ana Silva"];
/// let codes = |password| check(password, &context).iter().map(|e| e.code().to_owned()).collect::<Vec<_>>();
/// assert_eq!(codes("a walk in the snow"), [""; 0]);
/// assert_eq!(codes("Password1"), ["password.common"]);
/// assert_eq!(codes("ANA.SILVA"), ["password.context"]);
/// assert_eq!(codes("short"), ["password.too_short"]);
/// ```
pub fn check(password: &str, context: &[&str]) -> Vec<FieldError> {
    // Nothing else is asked of a megabyte.
    if password.len() > MAX_BYTES {
        return vec![too_long()];
    }
    let mut violations = Vec::new();
    let mut violated = |code, message| violations.push(FieldError::new("password", code, message));
    if password.chars().count() < MIN_CHARACTERS {
        violated("password.too_short", "must have at least 8 characters");
    }
    if is_common(password) {
        violated("password.common", "is one of the most common passwords");
    }
    if is_in(password, context) {
        violated(
            "password.context",
            "must not be your e-mail address or your name",
        );
    }
    violations
}

fn is_in(password: &str, context: &[&str]) -> bool {
    let password = password.to_lowercase();
    let words = context.iter().filter(|word| !word.is_empty());
    words.map(|word| word.to_lowercase()).any(|word| {
        let local = word.rsplit_once('@').map(|(local, _)| local);
        word == password || local == Some(&password)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str) -> Vec<String> {
        check(password, &["zoë.läufer@example.com", "Zoë Läufer", ""])
            .iter()
            .map(|violation| {
                assert_eq!(violation.field(), "password");
                violation.code().trim_start_matches("password.").to_owned()
            })
            .collect()
    }

    #[test]
    fn well_known_passwords_are_refused_in_any_case() {
        for password in [
            "password",
            "password1",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "letmein1",
            "Password123",
            "PASSWORD",
            "TrustNo1",
            "1qaz2wsx",
            "P@ssw0rd",
            "football",
            "Sunshine1",
            "11111111",
            "1234567890",
            "qwerty123",
            "correcthorsebatterystaple",
            "CONTRASEÑA",
        ] {
            assert_eq!(codes(password), ["common"], "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_at_the_bottom_and_bytes_at_the_top() {
        assert_eq!(codes("1234567"), ["too_short"]);
        assert_eq!(codes(""), ["too_short"]);
        assert_eq!(codes("zebra-73"), [""; 0]);
        assert_eq!(codes("🐎🐎🐎🐎🐎🐎🐎"), ["too_short"]);
        assert_eq!(codes("🐎🐎🐎🐎🐎🐎🐎🐎"), [""; 0]);
        assert_eq!(codes(&"x".repeat(64)), [""; 0]);
        assert_eq!(codes(&"x".repeat(1024)), [""; 0]);
        assert_eq!(codes(&"x".repeat(1025)), ["too_long"]);
        assert_eq!(codes(&"é".repeat(513)), ["too_long"]);
        assert_eq!(codes(&"x".repeat(1 << 20)), ["too_long"]);
    }

    #[test]
    fn there_are_no_rules_of_composition() {
        for password in [
            "zwölfbojen",
            "        ",
            "a walk in the snow",
            "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}",
        ] {
            assert_eq!(codes(password), [""; 0], "{password:?}");
        }
    }

    #[test]
    fn words_of_the_context_are_refused_as_a_whole_in_any_case() {
        for password in [
            "zoë.läufer@example.com",
            "ZOË.LÄUFER@example.COM",
            "Zoë.Läufer",
            "zoë läufer",
        ] {
            assert_eq!(codes(password), ["context"], "{password}");
        }
        for password in ["example.com", "zoë.läufer1", "zoë  läufer"] {
            assert_eq!(codes(password), [""; 0], "{password}");
        }
    }
}
