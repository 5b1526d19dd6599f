//! The e-mail to whoever has registered.

use std::fmt;

use super::{Line, escape};

/// What stands in an e-mail: a subject, and a body as text and as HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The subject.
    pub subject: Line,
    /// The body, for who reads text.
    pub text: String,
    /// The body as an HTML document.
    pub html: String,
}

/// The welcome of somebody who is called `name`.
///
/// The name is what somebody typed: it is one line in the subject and in the text, and no markup in the HTML.
///
/// ```
/// let content = email_service::domain::welcome("Ana <3");
/// assert_eq!(content.subject.as_str(), "Welcome to the shop, Ana <3");
/// assert!(content.html.contains("Welcome, Ana &lt;3!"));
/// ```
pub fn welcome(name: &str) -> Content {
    let name = Line::new(name);
    let text = format!(
        "Welcome, {name}!\n\nYour account at the shop is ready. Log in with the e-mail address that this was sent to.\n\n\
         If it was not you who registered, you need not do anything: without the password nobody can use the account.\n"
    );
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Welcome to the shop</title></head>\n\
         <body style=\"font-family: sans-serif; line-height: 1.5\">\n<h1>Welcome, {}!</h1>\n\
         <p>Your account at the shop is ready. Log in with the e-mail address that this was sent to.</p>\n\
         <p>If it was not you who registered, you need not do anything: without the password nobody can use the account.</p>\n\
         </body>\n</html>\n",
        escape(name.as_str())
    );
    Content {
        subject: Line::new(&format!("Welcome to the shop, {name}")),
        text,
        html,
    }
}

// It is a letter to somebody.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_no_markup_and_no_second_header() {
        let content = welcome("<script>alert(1)</script>\r\nBcc: x@y.z");
        assert!(!content.html.contains("<script"));
        assert!(
            content
                .html
                .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
        );
        assert!(!content.subject.as_str().contains(['\r', '\n']));
        assert!(content.text.starts_with("Welcome, <script>"));
    }

    proptest! {
        /// Whatever somebody is called, the document has the elements of the template and no more.
        #[test]
        fn no_name_adds_an_element(name in "\\PC{0,60}") {
            let elements = |content: &Content| content.html.matches('<').count();
            prop_assert_eq!(elements(&welcome(&name)), elements(&welcome("Ana")));
        }
    }
}
