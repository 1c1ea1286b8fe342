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

/// Checks the examples of all rules.
pub(super) fn check_all(rules: &[RawRule], findings: &mut Findings) {
    for raw in rules {
        for example in &raw.matching {
            if let Some(problem) = match_problem(&raw.rule, &example.value) {
                fails(raw, example, "has to match, and does not", &problem, findings);
            }
        }
        for example in &raw.not_matching {
            if let Some((what, label)) = no_match_problem(&raw.rule, &example.value) {
                fails(raw, example, what, label, findings);
            }
        }
    }
}

/// Why an example that the rule has to match is not matched by it.
pub(super) fn match_problem(rule: &Rule, text: &str) -> Option<String> {
    match commands(text) {
        Ok(commands) if takes(rule, &commands, matches_as_written) => None,
        Ok(commands) => Some(why_not(rule, &commands)),
        Err(message) => Some(message),
    }
}

/// What is wrong with an example that the rule must not match. A text outside the language never runs, so no rule matches it.
pub(super) fn no_match_problem(rule: &Rule, text: &str) -> Option<(&'static str, &'static str)> {
    let commands = commands(text).ok()?;
    if takes(rule, &commands, |rule, command| rule.fit(command) == Fit::Yes) {
        Some(("must not match, but does", "the rule matches this"))
    } else if takes(rule, &commands, |rule, command| rule.fit(command) != Fit::No) {
        let label = "the rule matches this for some of what its patterns and variables stand for";
        Some(("must not match, but may", label))
    } else {
        None
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
