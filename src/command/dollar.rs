//! What a dollar sign begins. Of what stands for other text a plain variable and the output of commands are taken; every
//! other form has its name.

use super::{SyntaxError, cursor::Cursor, refusal::Refusal};

/// A dollar sign that the language takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dollar<'t> {
    /// Itself.
    Literal,
    /// The beginning of `$'…'`, outside quotes.
    Escapes,
    /// `$NAME` or `${NAME}`.
    Variable(&'t str),
    /// The beginning of `$( … )`.
    Substitution,
}

/// The dollar sign at the cursor, outside quotes.
pub(super) fn bare<'t>(cursor: &Cursor<'t>) -> Result<Dollar<'t>, SyntaxError> {
    match cursor.peek_after(1) {
        Some('\'') => Ok(Dollar::Escapes),
        Some('"') => Err(Refusal::LocaleQuote.at(cursor.text(), cursor.next_bytes(2))),
        next if means_nothing(next) => Ok(Dollar::Literal),
        next => expansion(cursor, next),
    }
}

/// The dollar sign at the cursor, inside double quotes.
pub(super) fn in_double_quotes<'t>(cursor: &Cursor<'t>) -> Result<Dollar<'t>, SyntaxError> {
    match cursor.peek_after(1) {
        Some('"' | '\\' | '<' | '>') => Ok(Dollar::Literal),
        next if means_nothing(next) => Ok(Dollar::Literal),
        next => expansion(cursor, next),
    }
}

/// Whether a dollar sign before this character is itself in every shell.
fn means_nothing(next: Option<char>) -> bool {
    next.is_none_or(|c| " \t\n%.,:/+=^]})|;&~".contains(c))
}

/// What a dollar sign before this character stands for, if the language takes it.
fn expansion<'t>(cursor: &Cursor<'t>, next: Option<char>) -> Result<Dollar<'t>, SyntaxError> {
    let (refusal, span) = match next {
        Some('{') => return braced(cursor),
        Some(c) if c.is_ascii_alphabetic() || c == '_' => return named(cursor),
        Some('(') if cursor.peek_after(2) == Some('(') => (Refusal::ArithmeticExpansion, cursor.next_bytes(3)),
        Some('(') => return Ok(Dollar::Substitution),
        Some('[') => (Refusal::ArithmeticExpansion, cursor.next_bytes(2)),
        Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => (Refusal::SpecialParameter, cursor.next_bytes(2)),
        _ => (Refusal::DollarForm, cursor.next_bytes(1)),
    };
    Err(refusal.at(cursor.text(), span))
}

/// `$NAME`. `$_` is the last word of the command before.
fn named<'t>(cursor: &Cursor<'t>) -> Result<Dollar<'t>, SyntaxError> {
    match cursor.run(1, is_name_part) {
        "_" => Err(Refusal::SpecialParameter.at(cursor.text(), cursor.next_bytes(2))),
        name => Ok(Dollar::Variable(name)),
    }
}

/// `${…}`, up to the first closing brace.
fn braced<'t>(cursor: &Cursor<'t>) -> Result<Dollar<'t>, SyntaxError> {
    let name = cursor.run(2, is_name_part);
    let begins_as_name = name.starts_with(|c: char| !c.is_ascii_digit());
    if begins_as_name && name != "_" && cursor.peek_after(2 + name.len()) == Some('}') {
        return Ok(Dollar::Variable(name));
    }
    let inner = cursor.run(2, |c| c != '}' && c != '\n');
    let closed = cursor.peek_after(2 + inner.len()) == Some('}');
    let span = cursor.next_bytes(2 + inner.len() + usize::from(closed));
    let special = match inner.chars().next() {
        Some('_') => inner.len() == 1,
        Some(c) if c.is_ascii_digit() => inner.chars().all(|c| c.is_ascii_digit()),
        Some(c) => inner.len() == 1 && "@*#?$!-".contains(c),
        None => false,
    };
    let refusal = if closed && special { Refusal::SpecialParameter } else { Refusal::ParameterOperator };
    Err(refusal.at(cursor.text(), span))
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
