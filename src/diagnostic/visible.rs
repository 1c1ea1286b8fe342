//! Text that is safe to show: nothing in it moves the cursor, changes the order of what is read, or hides.

use std::borrow::Cow;

/// Whether a character acts on a terminal or a page without being seen there: control characters, marks that change
/// the direction of text, and characters without any width or picture that carry no meaning of their own.
///
/// Sources: Unicode categories Cc and Cf, `Default_Ignorable_Code_Point` (UAX 44), bidirectional controls (UAX 9,
/// section 2), and "Trojan Source" (CVE-2021-42574). Joiners, soft hyphens and variation selectors of ordinary text
/// (emoji, Persian, Mongolian) are not among them.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A text on one line, with every hidden character written as `\u{…}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// Appends a character as [`visible`] shows it.
pub(super) fn push_visible(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\t' => shown.push_str("\\t"),
        '\r' => shown.push_str("\\r"),
        c if is_hidden(c) => shown.extend(c.escape_unicode()),
        c => shown.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(visible("plain `text` çé 👩‍💻"), Cow::Borrowed(_)));
    }

    #[test]
    fn hidden_characters_are_named() {
        let rows = [
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("\u{202e}drow", "\\u{202e}drow"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{e0041}\u{feff}", "\\u{e0041}\\u{feff}"),
        ];
        for (text, shown) in rows {
            assert_eq!(visible(text), shown);
        }
    }
}
