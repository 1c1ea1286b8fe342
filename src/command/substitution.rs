//! `$( … )` and backticks: a list whose output stands for a part of a word (POSIX.1-2024, section 2.6.3).
//!
//! Backticks are taken where they mean what `$( … )` means in every shell: without a backslash that they take away, without
//! others inside, and in double quotes without these.
//!
//! `<( … )` and `>( … )` are read here, too; bash has them, and POSIX has not.

use crate::diagnostic::Span;

use super::{
    Direction, List, Process, Substitution, SyntaxError,
    lexer::{self, Ahead},
    operator::Operator,
    parser::Parser,
    refusal::Refusal,
};

/// Reads the substitution at the cursor. Its list is text of the language like the one around it.
pub(super) fn read(parser: &mut Parser<'_>, quoted: bool) -> Result<Substitution, SyntaxError> {
    let start = parser.cursor.at();
    let list = match parser.cursor.peek() {
        Some('`') => between_backticks(parser, quoted)?,
        _ => in_parentheses(parser, Refusal::OpenSubstitution)?,
    };
    let span = parser.cursor.since(start);
    let list = list.ok_or_else(|| parser.refuse(Refusal::EmptySubstitution, span))?;
    Ok(Substitution { list, quoted, span })
}

/// Reads the `<( … )` or `>( … )` at the cursor.
pub(super) fn process(parser: &mut Parser<'_>) -> Result<Process, SyntaxError> {
    let start = parser.cursor.at();
    let direction = if parser.cursor.peek() == Some('<') { Direction::Read } else { Direction::Write };
    let list = in_parentheses(parser, Refusal::OpenProcess)?;
    let span = parser.cursor.since(start);
    let list = list.ok_or_else(|| parser.refuse(Refusal::EmptyProcess, span))?;
    Ok(Process { list, direction, span })
}

fn in_parentheses(parser: &mut Parser<'_>, unclosed: Refusal) -> Result<Option<List>, SyntaxError> {
    let open = parser.cursor.next_bytes(2);
    parser.cursor.skip(2);
    let list = parser.substituted(open)?;
    match lexer::ahead(&parser.cursor)? {
        Ahead::Operator(Operator::Close, _) => parser.cursor.skip(1),
        Ahead::Operator(operator, span) => return Err(parser.unexpected(operator, span)),
        Ahead::Word | Ahead::Newline | Ahead::End => return Err(parser.refuse(unclosed, open)),
    }
    Ok(list)
}

/// The text up to the next backtick, whatever it is to the list inside.
fn between_backticks(parser: &mut Parser<'_>, quoted: bool) -> Result<Option<List>, SyntaxError> {
    let open = parser.cursor.next_bytes(1);
    let inner = parser.cursor.run(1, |c| c != '`');
    let close = open.end + inner.len();
    if parser.cursor.peek_after(1 + inner.len()).is_none() {
        return Err(parser.refuse(Refusal::OpenBacktick, open));
    }
    let takes_away =
        |at: usize| inner.get(at + 1..).is_none_or(|rest| rest.is_empty() || rest.starts_with(['$', '\\', '\n']));
    let mut odd = inner.char_indices().filter(|(at, c)| *c == '\\' && takes_away(*at) || quoted && *c == '"');
    if let Some((at, _)) = odd.next() {
        return Err(parser.refuse(Refusal::Backtick, Span::new(open.end + at, open.end + at + 1)));
    }
    parser.cursor.skip(1);
    let outer = parser.cursor.end_at(close);
    let list = parser.substituted(open)?;
    let after = lexer::ahead(&parser.cursor)?;
    parser.cursor.end_at(outer);
    if let Ahead::Operator(operator, span) = after {
        return Err(parser.unexpected(operator, span));
    }
    parser.cursor.skip(1);
    Ok(list)
}
