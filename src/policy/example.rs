//! Examples inside rules: each is judged when the policy is loaded, by the matcher that judges commands.

use crate::{command, diagnostic::Code};

use super::{
    assumed::assumed,
    findings::{Findings, Spanned},
    rule::{RawRule, Rule, Verdict},
};

/// From the text of an example to the argument vectors of its commands.
pub(super) type Parse<'a> = &'a dyn Fn(&str) -> Result<Vec<Vec<String>>, String>;

/// Parses an example as a request would be parsed.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<String>>, String> {
    let script = command::parse(text).map_err(|error| error.message)?;
    let argv = |words: &[command::Word]| words.iter().map(command::Word::literal).collect::<Option<Vec<_>>>();
    let commands: Option<Vec<_>> = script.commands().map(|command| argv(&command.words)).collect();
    commands.ok_or_else(|| "a word is not known before the command runs".to_owned())
}

/// Checks the examples of a rule.
pub(super) fn check(raw: &RawRule, parse: Parse<'_>, findings: &mut Findings) {
    for example in &raw.matching {
        let problem = match parse(&example.value) {
            Ok(commands) if takes(&raw.rule, &commands) => continue,
            Ok(commands) => why_not(&raw.rule, &commands),
            Err(message) => message,
        };
        fails(raw, example, "has to match, and does not", &problem, findings);
    }
    for example in &raw.not_matching {
        // A text outside the language never runs, so no rule matches it.
        if parse(&example.value).is_ok_and(|commands| takes(&raw.rule, &commands)) {
            fails(raw, example, "must not match, but does", "the rule matches this", findings);
        }
    }
}

/// An allow rule has to match all that a line does; the others match when any part of it is meant.
fn takes(rule: &Rule, commands: &[Vec<String>]) -> bool {
    let mut matches = commands.iter().map(|argv| rule.is_match(&assumed(argv.clone())));
    match rule.verdict() {
        Verdict::Allow => !commands.is_empty() && matches.all(|matched| matched),
        Verdict::Ask | Verdict::Deny => matches.any(|matched| matched),
    }
}

fn why_not(rule: &Rule, commands: &[Vec<String>]) -> String {
    let commands = commands.iter().map(|argv| assumed(argv.clone()));
    match commands.into_iter().find(|command| !rule.is_match(command)) {
        Some(command) if rule.names(&command) => format!("`command` does not match `{}`", command.canonical),
        Some(command) => format!("`program` does not name `{}`", command.program.name),
        None => "there is no command in it".to_owned(),
    }
}

fn fails(raw: &RawRule, example: &Spanned<String>, what: &str, label: &str, findings: &mut Findings) {
    let message = format!("an example of the rule `{}` {what}", raw.id.value);
    findings.error(Code::ExampleFails, example, message, label);
}
