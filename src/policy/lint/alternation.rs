//! `git status|log`: a `|` at the top of a pattern that was meant to bind the words beside it.

use crate::diagnostic::Code;

use super::{super::findings::Findings, Subject, warn};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules {
        let Some(pattern) = raw.rule.command() else { continue };
        let Some(bare) = loose_part(pattern.as_str()) else { continue };
        let place = subject.place(raw, "command");
        let message = format!("a `|` splits the whole pattern of the rule `{}`", raw.rule.id());
        let label = format!("`{}` stands alone and matches a command of that one word", bare.escape_debug());
        let hint = "put the parts in parentheses: `git (status|log)`, or `(git status|log)` if each is a whole command";
        warn(findings, Code::LooseAlternation, &place, [message, label, hint.to_owned()]);
    }
}

/// The first part that is one bare word after a part that is a program with words of its own. A pattern is anchored as a
/// whole, so parts that are all whole commands, or all bare words, mean what they seem to mean.
fn loose_part(pattern: &str) -> Option<&str> {
    let parts = top_level_parts(pattern);
    let spaced = parts.iter().position(|part| has_words(part))?;
    let bare =
        |part: &&&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$-".contains(&b));
    parts.iter().skip(spaced + 1).find(bare).copied()
}

/// Whether a part is a program with words of its own, rather than one with words that may follow.
fn has_words(part: &str) -> bool {
    let head = part.split(['(', '[']).next().unwrap_or(part);
    head.contains(' ') || head.contains("\\s")
}

/// The pattern between the `|`s that stand in no parentheses and no class.
fn top_level_parts(pattern: &str) -> Vec<&str> {
    let (mut depth, mut in_class, mut escaped) = (0usize, false, false);
    let mut cuts = Vec::new();
    for (at, c) in pattern.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => cuts.push(at),
            _ => {}
        }
    }
    let starts = std::iter::once(0).chain(cuts.iter().map(|at| at + 1));
    let ends = cuts.iter().copied().chain(std::iter::once(pattern.len()));
    starts.zip(ends).filter_map(|(start, end)| pattern.get(start..end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_word_after_a_command_with_words_is_loose() {
        for (pattern, part) in [
            ("git status|log", Some("log")),
            ("^git status|log$", Some("log$")),
            (r"cargo\s+build|test", Some("test")),
            ("git (status|log)", None),
            ("(git status|log)", None),
            ("ls|pwd", None),
            ("ls( .*)?|pwd", None),
            ("ls|git status", None),
            ("git status|git log", None),
            (r"echo a\|b", None),
            ("echo [a|b]", None),
        ] {
            assert_eq!(loose_part(pattern), part, "{pattern}");
        }
    }
}
