//! Text inside of HTML.

/// Any text as HTML that shows it: neither an element nor the end of an attribute's value can begin in it.
///
/// ```
/// use email_service::domain::escape;
/// assert_eq!(escape("<b>\"Ana\" & 'Bo'</b>"), "&lt;b&gt;&quot;Ana&quot; &amp; &#39;Bo&#39;&lt;/b&gt;");
/// ```
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
