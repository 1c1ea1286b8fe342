//! What came near: the rule that nearly allowed a command, and what to tell whoever is refused.

use crate::{command::ResolvedCommand, diagnostic::Code, model::denial::Denial};

use super::{
    PolicySet,
    cover::{Gap, cover},
    reader::few,
    rule::{Fit, Rule, Verdict},
    similar::closest,
    subject::Subject,
};

/// A rule about the same program that does not match.
#[derive(Debug)]
pub(super) struct Near<'a> {
    pub(super) rule: &'a Rule,
    /// Why it does not match.
    pub(super) why: String,
}

/// A policy that allows more programs than this says how many they are; their names would help nobody.
const TOLD_MAX: usize = 60;

/// The rule about the same program that came nearest: one that could have allowed it, and the first by id.
pub(super) fn nearest<'a>(policy: &'a PolicySet, subject: &Subject<'_>) -> Option<Near<'a>> {
    let mut places: Vec<usize> = policy.index.near(&subject.command.program.name).collect();
    places.sort_unstable();
    let rules = places.into_iter().filter_map(|at| policy.rules.get(at));
    let candidates = rules.filter(|rule| rule.verdict() != Verdict::Deny && rule.fit(subject) == Fit::No);
    let near = candidates.filter_map(|rule| why_not(rule, subject).map(|(rank, why)| (rank, Near { rule, why })));
    near.min_by_key(|(rank, _)| *rank).map(|(_, near)| near)
}

/// The refusal of a command that no rule allows, with the rule that came nearest.
pub(super) fn no_rule(policy: &PolicySet, command: &ResolvedCommand, nearest: Option<&Near<'_>>) -> Denial {
    let hint = match nearest {
        Some(near) => format!("rule `{}` comes near: {}", near.rule.id(), near.why),
        None => others(policy, command),
    };
    let reason = format!("no rule allows `{}`", command.canonical);
    Denial::new(Code::NoRule, reason).with_hint(hint).at(command.span)
}

/// Why a rule about the program of a command does not match, and how far it is from it; nothing when it is about other
/// programs.
fn why_not(rule: &Rule, subject: &Subject<'_>) -> Option<(u8, String)> {
    let command = subject.command;
    let name = command.program.name.as_str();
    if !names(rule).any(|named| named == name || named.rsplit('/').next() == Some(name)) {
        return None;
    }
    let by_name = names(rule).any(|named| named == name);
    if command.program.by_path && by_name {
        let why = format!("it is about the program that PATH finds; write `{name}` without a directory");
        return Some((3, why));
    }
    if !rule.names(command) {
        let named: Vec<_> = rule.programs().collect();
        return Some((3, format!("it names {}", few(&named))));
    }
    let gap = match rule.verdict() {
        Verdict::Allow => cover(rule, subject).err()?,
        Verdict::Ask | Verdict::Deny => Gap::Pattern,
    };
    let rank = match &gap {
        Gap::Program | Gap::Pattern => 2,
        Gap::Args(_) | Gap::Cwd | Gap::Variable(_) => 1,
        Gap::Unmodelled | Gap::Unlisted(_) | Gap::Need(..) | Gap::File(..) => 0,
    };
    Some((rank, gap.why(rule)))
}

/// What the policy allows instead. Of very many names only those are told that look like the one that is refused.
fn others(policy: &PolicySet, command: &ResolvedCommand) -> String {
    let name = command.program.name.as_str();
    let programs: Vec<&str> = policy.index.allowed.iter().map(String::as_str).collect();
    if programs.is_empty() {
        return "the policy allows no program by name".to_owned();
    }
    // A slip of the hand seldom changes both ends of a name.
    let ends =
        |other: &&str| other.bytes().next() == name.bytes().next() || other.bytes().last() == name.bytes().last();
    let meant = closest(name, programs.iter().copied().filter(ends)).map(|near| format!("did you mean `{near}`? "));
    let paths: Vec<&str> = programs.iter().copied().filter(|program| program.contains('/')).collect();
    let allowed = if command.program.by_path && !paths.is_empty() {
        format!("of paths the policy allows {}", few(&paths))
    } else if programs.len() > TOLD_MAX {
        format!("the policy allows {} other programs; use one of them, or ask the operator for a rule", programs.len())
    } else {
        format!("the policy allows {}", few(&programs))
    };
    format!("{}{allowed}", meant.unwrap_or_default())
}

/// The programs that a rule is about, for people: those that it names, else the words that its pattern starts with.
pub(super) fn names(rule: &Rule) -> impl Iterator<Item = &str> {
    let pattern = rule.command().filter(|_| rule.programs().next().is_none());
    rule.programs().chain(pattern.into_iter().flat_map(|pattern| heads(pattern.as_str())))
}

/// The words that a pattern starts with: `ls` of `ls( .*)?`, and both of `(cat|head) .*`.
fn heads(pattern: &str) -> Vec<&str> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let plain = |word: &&str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/'))
    };
    let grouped = pattern.strip_prefix("(?:").or_else(|| pattern.strip_prefix('('));
    if let Some((inside, _)) = grouped.and_then(|rest| rest.split_once(')')) {
        return inside.split('|').filter(plain).collect();
    }
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/'));
    pattern.split(ends).next().filter(plain).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_starts_with_words() {
        assert_eq!(heads("ls( .*)?"), ["ls"]);
        assert_eq!(heads("^(?:cat|head|ta[il]) .*"), ["cat", "head"]);
        assert_eq!(heads("(cat|head)( .*)?"), ["cat", "head"]);
        assert_eq!(heads("cargo (build|check)"), ["cargo"]);
        assert!(heads(".*").is_empty());
    }
}
