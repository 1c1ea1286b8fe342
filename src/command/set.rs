//! `[…]` in a file name pattern. Only sets that every shell reads alike are known: ASCII characters and ranges, and `!`
//! before them (POSIX.1-2024, section 2.14.1).

use super::{CharSet, cursor::Cursor};

/// The set that begins at the cursor and its length, if it is of that kind.
pub(super) fn at(cursor: &Cursor<'_>) -> Option<(CharSet, usize)> {
    let negated = cursor.peek_after(1) == Some('!');
    let start = 1 + usize::from(negated);
    let inner = cursor.run(start, is_member);
    let end = start + inner.len();
    // `[.`, `[=` and `[:` begin classes inside a set, and not every shell wants to be inside one for it.
    if cursor.peek_after(end) != Some(']') || inner.starts_with(['.', '=', ':']) {
        return None;
    }
    Some((CharSet { negated, ranges: ranges(inner)? }, end + 1))
}

fn is_member(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.,:=@%+-".contains(c)
}

fn ranges(inner: &str) -> Option<Vec<(char, char)>> {
    let mut ranges = Vec::new();
    let mut rest = inner.chars().peekable();
    while let Some(first) = rest.next() {
        if first == '-' {
            let outermost = ranges.is_empty() || rest.peek().is_none();
            ranges.push(outermost.then_some(('-', '-'))?);
            continue;
        }
        let mut beyond = rest.clone();
        match (beyond.next(), beyond.next()) {
            (Some('-'), Some(last)) => {
                rest = beyond;
                // A range of one character would be written back without its sign when nothing matches.
                ranges.push((first < last && last != '-').then_some((first, last))?);
            }
            _ => ranges.push((first, first)),
        }
    }
    (!ranges.is_empty()).then_some(ranges)
}
