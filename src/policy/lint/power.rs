//! Allow rules that let programs run whatever they are given.

use std::collections::BTreeSet;

use crate::{command, diagnostic::Code};

use super::{
    super::{
        findings::{Findings, Spanned},
        inside::{base_name, inside},
        programs::Need,
        reader::few,
        rule::{RawRule, Verdict},
        words::Words,
    },
    Subject, warn,
};

const SHELLS: &[&str] = &["ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "pwsh", "sh", "tcsh", "zsh"];
const INTERPRETERS: &[&str] = &[
    "awk", "bun", "deno", "elixir", "erl", "gawk", "gdb", "ghci", "groovy", "guile", "irb", "julia", "jshell", "lua",
    "luajit", "mawk", "node", "nodejs", "perl", "php", "python", "python2", "python3", "R", "Rscript", "ruby", "sbcl",
    "scala", "tclsh", "expect",
];
const WRAPPERS: &[&str] = &[
    "chrt",
    "command",
    "env",
    "eatmydata",
    "exec",
    "fakeroot",
    "flock",
    "ionice",
    "ltrace",
    "nice",
    "nohup",
    "npx",
    "parallel",
    "prlimit",
    "script",
    "setarch",
    "setsid",
    "ssh",
    "stdbuf",
    "strace",
    "taskset",
    "time",
    "timeout",
    "toybox",
    "unbuffer",
    "watch",
    "xargs",
];

/// What a program is, when it runs whatever it is given.
fn power(subject: &Subject<'_>, name: &str) -> Option<&'static str> {
    let name = base_name(name);
    let versioned = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let kinds =
        [(SHELLS, "a shell"), (INTERPRETERS, "an interpreter"), (WRAPPERS, "a program that runs its arguments")];
    let kind = kinds.into_iter().find(|(names, _)| names.contains(&name) || names.contains(&versioned));
    let known = || subject.set.programs.known(name).filter(|known| known.runs_what_it_is_given());
    kind.map(|(_, kind)| kind).or_else(|| known().map(|_| "a program that runs what it is given"))
}

/// A rule whose examples make such a use shows that its author means it.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules.iter().filter(|raw| raw.rule.verdict() == Verdict::Allow) {
        let grants = raw.rule.grants();
        let asked: BTreeSet<Need> =
            grants.needs.iter().copied().filter(|need| matches!(need, Need::Exec | Need::Code)).collect();
        if grants.any {
            any(subject, raw, findings);
        } else if let Some(need) = asked.first().filter(|_| !shows(subject, &raw.matching, &asked)) {
            granted(subject, raw, *need, findings);
        }
    }
}

/// `any` is the word for everyday programs whose author relies on the sandbox, so it is the program that counts.
fn any(subject: &Subject<'_>, raw: &RawRule, findings: &mut Findings) {
    let strong = |name| Some((name, power(subject, name)?));
    let Some((name, kind)) = raw.rule.programs().find_map(strong) else { return };
    let runs = BTreeSet::from([Need::Exec, Need::Code, Need::Run]);
    let shown = || raw.matching.iter().any(|example| starts_one(subject, &example.value));
    if raw.rule.command().is_some() || shown() || shows(subject, &raw.matching, &runs) {
        return;
    }
    let place = subject.entry(raw, "program", name);
    let message = format!("the rule `{}` allows whatever `{name}` is given to run", raw.rule.id());
    let hint = "narrow the rule by `command`, or add an example that uses it, to show that this is meant".to_owned();
    warn(findings, Code::RunsAnything, &place, [message, format!("`{name}` is {kind}"), hint]);
}

fn granted(subject: &Subject<'_>, raw: &RawRule, need: Need, findings: &mut Findings) {
    let place = subject.entry(raw, "grants", need.as_str());
    let programs: Vec<_> = raw.rule.programs().collect();
    let of = if programs.is_empty() { "a command".to_owned() } else { few(&programs) };
    let message = format!("the rule `{}` allows whatever {of} is given to run", raw.rule.id());
    let label = format!("with this grant it {}", need.does());
    let hint = format!("add an example that needs `{need}`, to show that this is meant");
    warn(findings, Code::RunsAnything, &place, [message, label, hint]);
}

/// Whether a script starts a program that runs whatever it is given, with arguments.
fn starts_one(subject: &Subject<'_>, text: &str) -> bool {
    let Ok(script) = command::parse(text) else { return false };
    script.commands().any(|command| {
        let word = command.words.first().and_then(command::Word::literal);
        command.words.len() > 1 && word.is_some_and(|word| power(subject, &word).is_some())
    })
}

/// Whether an example makes a use that needs one of these, or one of which nobody knows all.
fn shows(subject: &Subject<'_>, examples: &[Spanned<String>], needs: &BTreeSet<Need>) -> bool {
    let scripts = examples.iter().filter_map(|example| command::parse(&example.value).ok());
    let mut parts = scripts.flat_map(|script| {
        let words: Vec<_> = script.commands().map(|command| Words::of(command, &script)).collect();
        words.into_iter().flat_map(|words| inside(&subject.set.programs, &words).parts).collect::<Vec<_>>()
    });
    parts.any(|part| {
        let uses = &part.uses;
        !uses.modelled || !uses.unlisted.is_empty() || uses.needs.iter().any(|(need, _)| needs.contains(need))
    })
}
