//! Characters that a text of the language may not hold, because a reader could not see what they do.

use crate::diagnostic::is_hidden;

use super::refusal::Refusal;

/// Where a character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside quotes.
    Bare,
    /// Inside quotes or a comment.
    Quoted,
}

/// Why the character may not stand there, if it may not.
pub(super) fn refusal(c: char, place: Place) -> Option<Refusal> {
    match c {
        '\t' | '\n' => None,
        ' '..='~' => None,
        '\r' => Some(Refusal::CarriageReturn),
        c if c.is_control() => Some(Refusal::ControlCharacter),
        c if is_hidden(c) => Some(Refusal::InvisibleCharacter),
        c if place == Place::Bare && looks_blank(c) => Some(Refusal::InvisibleBlank),
        _ => None,
    }
}

/// Characters that look like a blank, or like nothing, and have their use inside ordinary text. No shell separates words
/// at them. Sources: Unicode category Zs and `Default_Ignorable_Code_Point` (UAX 44); U+2800 is the empty Braille cell.
fn looks_blank(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200a}'
        | '\u{200c}' | '\u{200d}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}')
}
