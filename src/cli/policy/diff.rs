//! `stockade policy diff`: what changes from one policy to another.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    cli::{exit::Exit, output::Printer},
    config::{
        environment,
        policy::{LoadedPolicy, find, load},
    },
    policy::{AnswerChange, Difference, Got, PolicySet, RuleEvent, Side, Way, compare},
};

use super::report::{self, Style};

/// Say what changes from one policy to another: rules, answers with a command that shows each, and settings; runs nothing
///
/// Exit code 0 when nothing changes that jobs could notice, 3 when what changes only tightens, 4 when something is looser,
/// different in a way that cannot be told, or could not be compared; 125 when a policy does not load.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy diff default developer
  stockade policy diff /etc/stockade/policy.toml new.toml
  stockade policy diff --json old.toml new.toml")]
pub(super) struct Diff {
    /// The policy as it is: a shipped name or a file
    old: String,
    /// The policy as it would be
    new: String,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Diff, printer: &mut Printer) -> Exit {
    let Some((old_set, old)) = loaded(&args.old, printer) else { return Exit::Failure };
    let Some((new_set, new)) = loaded(&args.new, printer) else { return Exit::Failure };
    let old = Side { set: &old_set, sources: &old.sources };
    let new = Side { set: &new_set, sources: &new.sources };
    let difference = compare(old, new);
    if args.json {
        printer.data(object(&difference));
    } else {
        human(&difference, printer);
    }
    if difference.is_empty() {
        Exit::Success
    } else if difference.only_tightens() {
        Exit::Tightened
    } else {
        Exit::Loosened
    }
}

fn loaded(name: &str, printer: &mut Printer) -> Option<(Arc<PolicySet>, LoadedPolicy)> {
    match load(&find(Some(name), &environment)) {
        Ok(policy) => Some((Arc::new(policy.set.clone()), policy)),
        Err(failure) => {
            let placed = |(file, finding): (usize, _)| Some((failure.sources.get(file)?.clone(), finding));
            let findings: Vec<_> = failure.findings.into_iter().filter_map(placed).collect();
            report::print(&findings, Style::Human, printer);
            None
        }
    }
}

fn human(difference: &Difference, printer: &mut Printer) {
    section(
        "rules",
        difference.rules.iter().map(|change| format!("{:<10} {}", event(&change.event), change.id)),
        printer,
    );
    section("answers", difference.answers.iter().map(answer_line), printer);
    let settings = difference.settings.iter();
    section(
        "settings",
        settings.map(|change| format!("{:<10} {}  {}", change.way.as_str(), change.key, change.what)),
        printer,
    );
    if difference.undecided {
        printer.data(
            "not all that changed could be compared: a rule says more than `program` and `command`, or is too large",
        );
    }
    printer.data(conclusion(difference));
}

fn section(title: &str, lines: impl Iterator<Item = String>, printer: &mut Printer) {
    for (at, line) in lines.enumerate() {
        if at == 0 {
            printer.data(title);
        }
        printer.data(format_args!("  {line}"));
    }
}

fn event(event: &RuleEvent) -> String {
    match event {
        RuleEvent::Added => "added".to_owned(),
        RuleEvent::Removed => "removed".to_owned(),
        RuleEvent::Changed(keys) => format!("changed ({})", keys.join(", ")),
    }
}

fn answer_line(change: &AnswerChange) -> String {
    let (before, after) = (change.before.shown_in_full(), change.after.shown_in_full());
    format!("{:<10} `{}`  {before} -> {after}", change.way.as_str(), crate::diagnostic::visible(&change.command))
}

fn conclusion(difference: &Difference) -> String {
    let answers = difference.answers.iter().map(|change| change.way);
    let ways: Vec<Way> = answers.chain(difference.settings.iter().map(|change| change.way)).collect();
    let count = |way| ways.iter().filter(|known| **known == way).count();
    if difference.is_empty() {
        return "no difference that jobs could notice".to_owned();
    }
    let (looser, tighter) = (count(Way::Looser), count(Way::Tighter));
    format!("looser {looser}, tighter {tighter}, different {}", count(Way::Different))
}

fn object(difference: &Difference) -> Value {
    let rules: Vec<_> = difference
        .rules
        .iter()
        .map(|change| match &change.event {
            RuleEvent::Added => json!({ "id": change.id, "event": "added" }),
            RuleEvent::Removed => json!({ "id": change.id, "event": "removed" }),
            RuleEvent::Changed(keys) => json!({ "id": change.id, "event": "changed", "keys": keys }),
        })
        .collect();
    let answers: Vec<_> = difference.answers.iter().map(|change| {
        json!({ "command": change.command, "way": change.way.as_str(), "before": got(&change.before), "after": got(&change.after) })
    }).collect();
    let settings: Vec<_> = difference
        .settings
        .iter()
        .map(|change| json!({ "key": change.key, "way": change.way.as_str(), "what": change.what }))
        .collect();
    json!({
        "rules": rules, "answers": answers, "settings": settings,
        "undecided": difference.undecided, "same": difference.is_empty(), "only_tighter": difference.only_tightens(),
    })
}

/// An answer as JSON.
pub(super) fn got(got: &Got) -> Value {
    let rules: Vec<_> = got.rules.iter().map(ToString::to_string).collect();
    let code = got.code.map(|code| code.as_str());
    json!({ "decision": got.answer.as_str(), "rules": rules, "code": code, "reason": got.reason })
}
