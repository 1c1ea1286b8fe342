//! What comes next in the text, and what stands between words.

use crate::diagnostic::Span;

use super::{
    SyntaxError,
    charset::Place,
    cursor::Cursor,
    operator::{OPERATORS, Operator, Redirect},
    refusal::Refusal,
};

/// What begins at a place where a blank does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// A word.
    Word,
    /// An operator and its place; a redirection's place holds its descriptor, too.
    Operator(Operator, Span),
    /// The end of a line.
    Newline,
    /// The end of the text.
    End,
}

/// Moves over blanks, comments, and line ends that a backslash takes away.
pub(super) fn skip_blanks(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    loop {
        match cursor.peek() {
            Some(' ' | '\t') => cursor.skip(1),
            Some('#') => skip_comment(cursor)?,
            Some('\\') if cursor.peek_after(1) == Some('\n') => skip_continuation(cursor)?,
            _ => return Ok(()),
        }
    }
}

/// What begins at the cursor, which does not move.
pub(super) fn ahead(cursor: &Cursor<'_>) -> Result<Ahead, SyntaxError> {
    match cursor.peek() {
        None => Ok(Ahead::End),
        Some('\n') => Ok(Ahead::Newline),
        Some('&' | '|' | ';' | '(' | ')' | '<' | '>' | '0'..='9') => {
            let operator = operator_at(cursor)?;
            Ok(operator.map_or(Ahead::Word, |(operator, bytes)| Ahead::Operator(operator, cursor.next_bytes(bytes))))
        }
        Some(_) => Ok(Ahead::Word),
    }
}

fn skip_comment(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    while cursor.peek().is_some_and(|c| c != '\n') {
        cursor.take(Place::Quoted)?;
    }
    Ok(())
}

/// A line goes on only after a blank, where no shell can join the two sides to one word or one operator.
fn skip_continuation(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    let span = cursor.next_bytes(1);
    if cursor.before().is_some_and(|c| !matches!(c, ' ' | '\t' | '\n')) {
        return Err(Refusal::ContinuationInWord.at(cursor.text(), span));
    }
    cursor.skip(2);
    if cursor.peek().is_none() {
        return Err(Refusal::ContinuationAtEnd.at(cursor.text(), span));
    }
    Ok(())
}

/// The operator at the cursor and its length, with the digits of a redirection's descriptor and with the descriptor that
/// it copies.
fn operator_at(cursor: &Cursor<'_>) -> Result<Option<(Operator, usize)>, SyntaxError> {
    let digits = cursor.run(0, |c| c.is_ascii_digit()).len();
    let begins = match cursor.peek_after(digits) {
        Some('<' | '>') => true,
        Some('|' | '&' | ';' | '(' | ')') => digits == 0,
        _ => false,
    };
    if !begins {
        return Ok(None);
    }
    let Some((text, operator)) = OPERATORS.iter().find(|(text, _)| cursor.sees_after(digits, text)) else {
        return Ok(None);
    };
    let bytes = digits + text.len();
    if digits > 1 {
        return Err(Refusal::DescriptorNumber.at(cursor.text(), cursor.next_bytes(bytes)));
    }
    if *operator == Operator::Redirect(Redirect::Duplicate) {
        return Ok(Some(duplicate(cursor, bytes, text)));
    }
    Ok(Some((*operator, bytes)))
}

/// `>&` and `<&` copy or close a descriptor when a digit or `-` follows. `>&` before anything else names a file for both
/// streams.
fn duplicate(cursor: &Cursor<'_>, bytes: usize, text: &str) -> (Operator, usize) {
    let blanks = cursor.run(bytes, |c| c == ' ' || c == '\t').len();
    let target = cursor.run(bytes + blanks, |c| c.is_ascii_digit() || c == '-').len();
    match text {
        ">&" if target == 0 => (Operator::Redirect(Redirect::Both), bytes),
        _ if target == 0 => (Operator::Redirect(Redirect::Duplicate), bytes),
        _ => (Operator::Redirect(Redirect::Duplicate), bytes + blanks + target),
    }
}
