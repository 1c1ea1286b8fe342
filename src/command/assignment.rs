//! `NAME=value` in the place of a program's name.

use crate::diagnostic::Span;

use super::{
    Assignment, SyntaxError, Word,
    cursor::Cursor,
    names::ends_word,
    parser::Parser,
    refusal::Refusal,
    word::{self, Use},
};

/// Reads the assignment that begins at the cursor, if one does.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<Assignment>, SyntaxError> {
    let Some((refusal, bytes)) = form(&parser.cursor) else { return Ok(None) };
    let span = parser.cursor.next_bytes(bytes);
    if refusal != Refusal::Assignment {
        return Err(parser.refuse(refusal, span));
    }
    let name = Span::new(span.start, span.end - 1).of(parser.cursor.text()).to_owned();
    parser.cursor.skip(bytes);
    let value = match parser.cursor.peek() {
        Some(c) if !ends_word(c) => word::read(parser, Use::Value)?,
        _ => Word { pieces: Vec::new(), span: parser.cursor.next_bytes(0) },
    };
    Ok(Some(Assignment { name, value, span: parser.cursor.since(span.start) }))
}

/// The assignment at the cursor and the length of its left side, with the sign.
fn form(cursor: &Cursor<'_>) -> Option<(Refusal, usize)> {
    let name = cursor.run(0, |c| c.is_ascii_alphanumeric() || c == '_');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let name = name.len();
    match cursor.peek_after(name)? {
        '=' if cursor.peek_after(name + 1) == Some('(') => Some((Refusal::ArrayAssignment, name + 2)),
        '=' => Some((Refusal::Assignment, name + 1)),
        '+' if cursor.peek_after(name + 1) == Some('=') => Some((Refusal::AppendAssignment, name + 2)),
        '[' => {
            let index = cursor.run(name, |c| !matches!(c, ']' | ' ' | '\t' | '\n')).len();
            let sign = name + index + 1;
            let sets = cursor.sees_after(name + index, "]=") || cursor.sees_after(name + index, "]+=");
            sets.then_some((Refusal::ArrayAssignment, sign))
        }
        _ => None,
    }
}
