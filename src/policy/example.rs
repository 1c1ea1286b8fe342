//! Examples inside rules: each is judged when the policy is loaded, by the matcher that judges commands.

use crate::{
    command::{self, ResolvedCommand},
    diagnostic::Code,
};

use super::{
    assumed::assumed,
    findings::{Findings, Spanned},
    rule::{Fit, RawRule, Rule, Verdict},
    words::Words,
};

/// The commands of an example that run a program, from a text that is parsed as a request would be.
pub(super) fn commands(text: &str) -> Result<Vec<ResolvedCommand>, String> {
    let script = command::parse(text).map_err(|error| error.message)?;
    let programs = script.commands().filter(|command| command.builtin().is_none());
    Ok(programs.map(|command| assumed(Words::of(command, &script))).collect())
}

/// Checks the examples of a rule.
pub(super) fn check(raw: &RawRule, findings: &mut Findings) {
    for example in &raw.matching {
        let problem = match commands(&example.value) {
            Ok(commands) if takes(&raw.rule, &commands, matches_as_written) => continue,
            Ok(commands) => why_not(&raw.rule, &commands),
            Err(message) => message,
        };
        fails(raw, example, "has to match, and does not", &problem, findings);
    }
    for example in &raw.not_matching {
        // A text outside the language never runs, so no rule matches it.
        let Ok(commands) = commands(&example.value) else { continue };
        if takes(&raw.rule, &commands, |rule, command| rule.fit(command) == Fit::Yes) {
            fails(raw, example, "must not match, but does", "the rule matches this", findings);
        } else if takes(&raw.rule, &commands, |rule, command| rule.fit(command) != Fit::No) {
            let label = "the rule matches this for some of what its patterns and variables stand for";
            fails(raw, example, "must not match, but may", label, findings);
        }
    }
}

/// An allow rule has to match all that a line does; the others match when any part of it is meant.
fn takes(rule: &Rule, commands: &[ResolvedCommand], matches: impl Fn(&Rule, &ResolvedCommand) -> bool) -> bool {
    let mut matches = commands.iter().map(|command| matches(rule, command));
    match rule.verdict() {
        Verdict::Allow => !commands.is_empty() && matches.all(|matched| matched),
        Verdict::Ask | Verdict::Deny => matches.any(|matched| matched),
    }
}

/// Whether a rule matches, where unknown words stand for themselves.
fn matches_as_written(rule: &Rule, command: &ResolvedCommand) -> bool {
    let written = ResolvedCommand { unknown: Vec::new(), ..command.clone() };
    rule.fit(&written) == Fit::Yes
}

fn why_not(rule: &Rule, commands: &[ResolvedCommand]) -> String {
    match commands.iter().find(|command| !matches_as_written(rule, command)) {
        Some(command) if rule.names(command) => format!("`command` does not match `{}`", command.canonical),
        Some(command) => format!("`program` does not name `{}`", command.program.name),
        None => "there is no command in it".to_owned(),
    }
}

fn fails(raw: &RawRule, example: &Spanned<String>, what: &str, label: &str, findings: &mut Findings) {
    let message = format!("an example of the rule `{}` {what}", raw.id.value);
    findings.error(Code::ExampleFails, example, message, label);
}
