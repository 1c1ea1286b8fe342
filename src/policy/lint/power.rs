//! Allow rules for programs that run whatever they are given.

use crate::{command, diagnostic::Code};

use super::{
    super::{
        findings::Findings,
        inside::base_name,
        programs::Need,
        rule::{RawRule, Verdict},
    },
    Subject, warn,
};

/// What a program is, when it runs whatever it is given.
pub(super) type Power<'a> = &'a dyn Fn(&str) -> Option<&'static str>;

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

/// The programs of which this house knows that they run whatever they are given.
pub(super) fn runs_anything(name: &str) -> Option<&'static str> {
    let versioned = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let kinds =
        [(SHELLS, "a shell"), (INTERPRETERS, "an interpreter"), (WRAPPERS, "a program that runs its arguments")];
    let kind = kinds.into_iter().find(|(names, _)| names.contains(&name) || names.contains(&versioned));
    kind.map(|(_, kind)| kind)
}

/// A rule whose examples use such a program shows that its author means it.
pub(super) fn check(subject: &Subject<'_>, power: Power<'_>, findings: &mut Findings) {
    let wide = |raw: &&RawRule| {
        let grants = raw.rule.grants();
        raw.rule.verdict() == Verdict::Allow && [Need::Exec, Need::Code].iter().any(|need| grants.covers(*need))
    };
    for raw in subject.rules.iter().filter(wide) {
        let Some((name, kind)) = raw.rule.programs().find_map(|name| Some((name, power(base_name(name))?))) else {
            continue;
        };
        if raw.rule.command().is_some() || raw.matching.iter().any(|example| uses(&example.value, power)) {
            continue;
        }
        let place = subject.place(raw, "program");
        let message = format!("the rule `{}` allows whatever `{name}` is given to run", raw.rule.id());
        let label = format!("`{name}` is {kind}");
        let hint =
            "narrow the rule by `command`, or add an example that uses it, to show that this is meant".to_owned();
        warn(findings, Code::RunsAnything, &place, [message, label, hint]);
    }
}

/// Whether a script starts such a program with arguments.
fn uses(text: &str, power: Power<'_>) -> bool {
    let Ok(script) = command::parse(text) else { return false };
    script.commands().any(|command| {
        let word = command.words.first().and_then(command::Word::literal);
        command.words.len() > 1 && word.is_some_and(|word| power(base_name(&word)).is_some())
    })
}
