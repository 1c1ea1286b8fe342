//! Options in rules that the facts about a program do not list, or with which a rule can never match.

use crate::diagnostic::Code;

use super::{
    super::{
        args::Entry,
        findings::Findings,
        programs::{Known, KnownOption},
        reader::{few, list},
        rule::{RawRule, Verdict},
        similar::closest,
    },
    Subject, warn,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules {
        let (Some(args), Some(known)) = (raw.rule.args(), subject.known(&raw.rule)) else { continue };
        let known: Vec<Known<'_>> = known.iter().flat_map(|known| known.among(&args.subcommand)).collect();
        for (key, entries) in [("args.options", args.options.as_deref()), ("args.any_option", Some(&*args.any_option))]
        {
            for entry in entries.unwrap_or_default() {
                let found: Vec<_> = known.iter().filter_map(|known| known.option(&entry.name)).collect();
                if found.is_empty() {
                    unknown(subject, raw, key, entry, &known, findings);
                } else if raw.rule.verdict() == Verdict::Allow
                    && found.iter().all(|one| problem(raw, entry, *one).is_some())
                {
                    let problem = found.first().and_then(|one| problem(raw, entry, *one));
                    unusable(subject, raw, key, entry, problem.unwrap_or_default(), findings);
                }
            }
        }
    }
}

fn unknown(
    subject: &Subject<'_>,
    raw: &RawRule,
    key: &str,
    entry: &Entry,
    known: &[Known<'_>],
    findings: &mut Findings,
) {
    let programs: Vec<_> = raw.rule.programs().collect();
    let spellings = known.iter().flat_map(|known| known.options()).flat_map(KnownOption::spellings);
    let message = format!("the facts of {} list no option `{}`", few(&programs), entry.name);
    let label = match raw.rule.verdict() {
        Verdict::Allow => "what it does is for this rule to know",
        Verdict::Ask | Verdict::Deny => "a misspelt name forbids nothing",
    };
    let hint = match closest(&entry.name, spellings.map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`stockade policy show program {}` lists what is known", programs.first().unwrap_or(&"NAME")),
    };
    let place = subject.entry(raw, key, &entry.shown());
    warn(findings, Code::UnknownOption, &place, [message, label.to_owned(), hint]);
}

fn unusable(
    subject: &Subject<'_>,
    raw: &RawRule,
    key: &str,
    entry: &Entry,
    (label, hint): (String, String),
    findings: &mut Findings,
) {
    let place = subject.entry(raw, key, &entry.shown());
    let message = format!("the rule `{}` never matches a command with `{}`", raw.rule.id(), entry.name);
    warn(findings, Code::UnusableOption, &place, [message, label, hint]);
}

/// Why a rule cannot match a command with an option that it names, and what to do.
fn problem(raw: &RawRule, entry: &Entry, option: KnownOption<'_>) -> Option<(String, String)> {
    let grants = raw.rule.grants();
    let missing: Vec<String> =
        option.always_needs().into_iter().filter(|need| !grants.covers(*need)).map(|need| need.to_string()).collect();
    let name = &entry.name;
    match (option.takes(), &entry.value) {
        _ if !missing.is_empty() => Some((
            format!("each use of it needs {}, which the rule does not grant", list(&missing)),
            "grant it, or take the option away".to_owned(),
        )),
        ((false, true), None) => {
            Some(("it takes a value".to_owned(), format!("write `{name}=REGEX` for the value, such as `{name}=.*`")))
        }
        ((true, false), Some(_)) => Some(("it takes no value".to_owned(), format!("write `{name}`"))),
        _ => None,
    }
}
