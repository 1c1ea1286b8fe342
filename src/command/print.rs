//! Fields to canonical text: one way to write each, which reads back as the same field.

use std::fmt::Write;

use crate::diagnostic::is_hidden;

use super::names::RESERVED;

/// The canonical text of an argument vector: fields separated by one blank, each single-quoted where it needs to be.
///
/// Parsed again it gives the same vector. A field with characters that a text of the language may not hold is written as
/// `$'…'` with escapes, so canonical text is always safe to show; it may hold newlines and tabs.
pub fn canonical(argv: &[String]) -> String {
    let mut text = String::new();
    for (at, field) in argv.iter().enumerate() {
        if at > 0 {
            text.push(' ');
            push_field(&mut text, field);
        } else {
            push_program(&mut text, field);
        }
    }
    text
}

/// A field in the place of a program's name, where it must not be an assignment or a part of the grammar.
pub(super) fn push_program(text: &mut String, field: &str) {
    if field.contains('=') || RESERVED.iter().any(|(word, _)| *word == field) {
        push_guarded(text, field);
    } else {
        push_field(text, field);
    }
}

/// A field, or a known part of one.
pub(super) fn push_field(text: &mut String, field: &str) {
    if is_plain(field) {
        text.push_str(field);
    } else {
        push_guarded(text, field);
    }
}

/// Whether the field is itself without quotes, anywhere but in the first place.
fn is_plain(field: &str) -> bool {
    !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c))
}

fn push_guarded(text: &mut String, field: &str) {
    if field.chars().any(must_be_escaped) {
        push_escaped(text, field);
    } else {
        push_quoted(text, field);
    }
}

fn must_be_escaped(c: char) -> bool {
    is_hidden(c) && c != '\n' && c != '\t'
}

fn push_quoted(text: &mut String, field: &str) {
    text.push('\'');
    text.push_str(&field.replace('\'', "'\\''"));
    text.push('\'');
}

fn push_escaped(text: &mut String, field: &str) {
    text.push_str("$'");
    for c in field.chars() {
        let code = u32::from(c);
        // Writing to a string cannot fail.
        let _ = match c {
            '\\' | '\'' => write!(text, "\\{c}"),
            c if !is_hidden(c) => write!(text, "{c}"),
            _ if code < 0x80 => write!(text, "\\x{code:02x}"),
            _ if code < 0x1_0000 => write!(text, "\\u{code:04x}"),
            _ => write!(text, "\\U{code:08x}"),
        };
    }
    text.push('\'');
}
