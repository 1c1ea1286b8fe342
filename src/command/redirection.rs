//! Redirections: what follows the operator, and what it makes of a descriptor.

use crate::diagnostic::Span;

use super::{
    Redirect, Redirection, SyntaxError, Word,
    cursor::Cursor,
    heredoc,
    names::ends_word,
    operator::Redirect as Kind,
    parser::Parser,
    refusal::Refusal,
    word::{self, Use},
};

/// Reads the redirection whose operator, with its descriptor, has this place and begins at the cursor.
pub(super) fn read(parser: &mut Parser<'_>, kind: Kind, operator: Span) -> Result<Vec<Redirection>, SyntaxError> {
    let raw = operator.of(parser.cursor.text());
    let fd = raw.chars().next().and_then(digit);
    parser.cursor.skip(raw.len());
    let input = fd.unwrap_or(0);
    let output = fd.unwrap_or(1);
    let (fd, to) = match kind {
        Kind::Output | Kind::Clobber => (output, Redirect::Write(target(parser, Use::File)?)),
        Kind::Append => (output, Redirect::Append(target(parser, Use::File)?)),
        Kind::Input => (input, Redirect::Read(target(parser, Use::File)?)),
        Kind::HereString => (input, Redirect::HereString(target(parser, Use::Text)?)),
        Kind::HereDocument => (input, heredoc::begin(parser, raw, operator)?),
        Kind::Duplicate => (if raw.contains('<') { input } else { output }, copy(parser, raw, operator)?),
        Kind::Both => return both(parser, raw, operator),
        Kind::ReadWrite => return Err(parser.refuse(Refusal::ReadWrite, operator)),
    };
    Ok(vec![Redirection { fd, to, span: parser.cursor.since(operator.start) }])
}

/// `&>f` is `>f 2>&1`. `>&f` is the same to some shells and an error to others.
fn both(parser: &mut Parser<'_>, raw: &str, operator: Span) -> Result<Vec<Redirection>, SyntaxError> {
    if !raw.starts_with('&') {
        return Err(parser.refuse(Refusal::BothOlder, operator));
    }
    let word = target(parser, Use::File)?;
    let span = parser.cursor.since(operator.start);
    let to = if raw.ends_with(">>") { Redirect::Append(word) } else { Redirect::Write(word) };
    Ok(vec![Redirection { fd: 1, to, span }, Redirection { fd: 2, to: Redirect::Copy(1), span }])
}

/// The descriptor after `>&` or `<&`, which the operator's text holds already.
fn copy(parser: &mut Parser<'_>, raw: &str, operator: Span) -> Result<Redirect, SyntaxError> {
    let target = raw.rsplit(['&', ' ', '\t']).next().unwrap_or("");
    // `>&1>f` is read by some shells as a copy of 1 and by others as `>&` with a redirection of 1 after it.
    let ended = parser.cursor.peek().is_none_or(|c| ends_word(c) && c != '<' && c != '>');
    let mut letters = target.chars();
    match (letters.next(), letters.next()) {
        (Some('-'), None) if ended => Ok(Redirect::Close),
        (Some(c), None) if ended => {
            digit(c).map(Redirect::Copy).ok_or_else(|| parser.refuse(Refusal::CopyTarget, operator))
        }
        _ => Err(parser.refuse(Refusal::CopyTarget, operator)),
    }
}

/// The word after an operator. A `#` there begins a comment to a shell, and digits before another redirection are its
/// descriptor to some.
fn target(parser: &mut Parser<'_>, purpose: Use) -> Result<Word, SyntaxError> {
    let word = word_after(parser, purpose)?;
    parser.count_word(word.span)?;
    Ok(word)
}

/// As [`target`], uncounted.
pub(super) fn word_after(parser: &mut Parser<'_>, purpose: Use) -> Result<Word, SyntaxError> {
    skip_spaces(&mut parser.cursor);
    if parser.cursor.sees("<(") || parser.cursor.sees(">(") {
        return Err(parser.refuse(Refusal::ProcessSubstitution, parser.cursor.next_bytes(2)));
    }
    match parser.cursor.peek() {
        Some(c) if !ends_word(c) && c != '#' => {}
        _ => return Err(parser.refuse(Refusal::TargetMissing, parser.next_character())),
    }
    let digits = parser.cursor.run(0, |c| c.is_ascii_digit()).len();
    if digits > 0 && matches!(parser.cursor.peek_after(digits), Some('<' | '>')) {
        return Err(parser.refuse(Refusal::TargetDigits, parser.cursor.next_bytes(digits)));
    }
    word::read(parser, purpose)
}

fn skip_spaces(cursor: &mut Cursor<'_>) {
    while matches!(cursor.peek(), Some(' ' | '\t')) {
        cursor.skip(1);
    }
}

fn digit(c: char) -> Option<u8> {
    c.to_digit(10).and_then(|digit| u8::try_from(digit).ok())
}
