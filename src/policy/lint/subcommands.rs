//! Subcommands in rules that the facts about a program do not list.

use crate::diagnostic::Code;

use super::{
    super::{
        findings::Findings,
        programs::{Known, Listed},
        reader::few,
        rule::{RawRule, Verdict},
        similar::closest,
    },
    Subject, warn,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules {
        let wanted = raw.rule.args().map(|args| args.subcommand.as_slice()).unwrap_or_default();
        let Some(known) = subject.known(&raw.rule) else { continue };
        for words in wanted {
            let listed = known.iter().map(|known| known.lists(words)).min_by_key(|listed| *listed as u8);
            let near = near(&known, words);
            let label = match listed {
                None | Some(Listed::Yes) => continue,
                Some(Listed::Never) => "no command has it, so the rule says nothing with it",
                // A use that nobody knows is not covered.
                Some(Listed::No) if is_dead(raw) => {
                    "what is not listed is not covered, so the rule never matches with it"
                }
                Some(Listed::No) if near.is_some() => "a misspelt name means nothing",
                // Whoever forbids it may well know more.
                Some(Listed::No) => continue,
            };
            report(subject, raw, words, label, near, findings);
        }
    }
}

/// Whether an allow rule does not cover what is not listed.
fn is_dead(raw: &RawRule) -> bool {
    let grants = raw.rule.grants();
    raw.rule.verdict() == Verdict::Allow && !grants.any && !grants.unlisted
}

fn report(
    subject: &Subject<'_>,
    raw: &RawRule,
    words: &[String],
    label: &str,
    near: Option<String>,
    findings: &mut Findings,
) {
    let text = words.join(" ");
    let place = subject.entry(raw, "args.subcommand", &text);
    let programs: Vec<_> = raw.rule.programs().collect();
    let message = format!("the facts of {} list no subcommand `{text}`", few(&programs));
    let hint = match (near, programs.first()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(name)) => format!("`stockade policy show program {name}` lists what is known"),
        (None, None) => "name the program in `program`".to_owned(),
    };
    warn(findings, Code::UnknownSubcommand, &place, [message, label.to_owned(), hint]);
}

/// The listed subcommand that differs in one word, if one does that reads alike.
fn near(known: &[Known<'_>], words: &[String]) -> Option<String> {
    known.iter().find_map(|known| {
        let at = (0..words.len()).find(|at| known.subcommand(words.get(..=*at).unwrap_or_default()).is_none())?;
        let outer = known.subcommand(words.get(..at)?)?;
        let names: Vec<&str> = outer.subcommands().flat_map(|sub| sub.names()).map(String::as_str).collect();
        let near = closest(words.get(at)?, names.iter().copied())?;
        Some(words.iter().take(at).map(String::as_str).chain([near]).collect::<Vec<_>>().join(" "))
    })
}
