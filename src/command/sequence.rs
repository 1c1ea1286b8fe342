//! `1..9..2` and `a..e` between braces: what bash counts, and what it leaves as it is (bash(1), "Brace Expansion").

use super::{brace::Atom, limits::MAX_WORDS, refusal::Refusal};

/// Digits of a number. Longer ones are refused, so that no shell's limit of a number is met.
const MAX_DIGITS: usize = 9;

/// The values of a sequence, or nothing for what is none.
pub(super) fn values(inner: &[Atom]) -> Result<Option<Vec<Vec<Atom>>>, Refusal> {
    let bare = |atom: &Atom| if let Atom::Bare(c) = atom { Some(*c) } else { None };
    let Some(text) = inner.iter().map(bare).collect::<Option<String>>() else { return Ok(None) };
    let Some((first, rest)) = text.split_once("..") else { return Ok(None) };
    let (last, step) = rest.split_once("..").map_or((rest, None), |(last, step)| (last, Some(step)));
    if step.is_some_and(|step| !is_number(step)) {
        return Ok(None);
    }
    let found = match (letter(first), letter(last)) {
        (Some(first), Some(last)) if first.is_ascii_lowercase() == last.is_ascii_lowercase() => {
            let value = |code: i64| u32::try_from(code).ok().and_then(char::from_u32).map(String::from);
            counted(u32::from(first).into(), u32::from(last).into(), step, value)?
        }
        // Between capitals and small letters there are marks that mean something.
        (Some(_), Some(_)) => return Err(Refusal::BraceUncertain),
        _ if is_number(first) && is_number(last) => {
            let width = if [first, last].into_iter().any(is_padded) { first.len().max(last.len()) } else { 0 };
            counted(number(first)?, number(last)?, step, |value| Some(format!("{value:0width$}")))?
        }
        _ => return Ok(None),
    };
    Ok(Some(found.iter().map(|value| value.chars().map(Atom::Bare).collect()).collect()))
}

fn counted(
    first: i64,
    last: i64,
    step: Option<&str>,
    value: impl Fn(i64) -> Option<String>,
) -> Result<Vec<String>, Refusal> {
    // The direction is that of the ends, whatever the sign of the step.
    let step = step.map_or(Ok(1), number)?.abs().max(1);
    let (count, step) = ((last - first).abs() / step, if last < first { -step } else { step });
    match usize::try_from(count) {
        Ok(more) if more < MAX_WORDS => {
            (0..=count).map(|at| value(first + at * step).ok_or(Refusal::BraceUncertain)).collect()
        }
        Ok(_) | Err(_) => Err(Refusal::BraceTooMany),
    }
}

fn letter(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
}

fn digits(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_number(text: &str) -> bool {
    let digits = digits(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// Whether zeros before the number ask for numbers of one width.
fn is_padded(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0')
}

fn number(text: &str) -> Result<i64, Refusal> {
    if digits(text).len() > MAX_DIGITS {
        Err(Refusal::BraceTooMany)
    } else {
        text.parse().map_err(|_| Refusal::BraceUncertain)
    }
}
