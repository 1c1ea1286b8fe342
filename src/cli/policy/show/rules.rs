//! Rules: all of them in short, or one with everything it says.

use serde_json::{Map, Value, json};

use crate::{
    cli::{exit::Exit, output::Printer},
    config::policy::LoadedPolicy,
    policy::{RuleShown, show_rules},
};

use super::{lines, missing};

/// The keys stand in a column of this width.
const COLUMN: usize = 20;

/// Prints a line for each rule.
pub(super) fn all(loaded: &LoadedPolicy, as_json: bool, printer: &mut Printer) -> Exit {
    for rule in show_rules(&loaded.sources) {
        if as_json {
            printer.data(object(&rule));
        } else {
            let (decision, at) = (rule.verdict.as_str(), rule.place.at.as_deref().unwrap_or("-"));
            printer.data(format_args!("{decision:<6} {}  {at}  {}", rule.place, rule.about));
        }
    }
    Exit::Success
}

/// Prints the rule of an id.
pub(super) fn one(loaded: &LoadedPolicy, id: &str, as_json: bool, printer: &mut Printer) -> Exit {
    let rules = show_rules(&loaded.sources);
    let is = |rule: &&RuleShown| rule.place.id == id || rule.place.to_string() == id;
    match rules.iter().find(is) {
        Some(rule) if as_json => printer.data(object(rule)),
        Some(rule) => human(rule, printer),
        None => return missing(&format!("there is no rule `{}`", id.escape_debug()), printer),
    }
    Exit::Success
}

fn human(rule: &RuleShown, printer: &mut Printer) {
    let at = rule.place.at.as_deref().unwrap_or("-");
    printer.data(format_args!("{} {}  {at}", rule.verdict.as_str(), rule.place));
    lines::rows_of("about", &[&rule.about], COLUMN, printer);
    for (key, values) in &rule.says {
        let is_pattern = matches!(*key, "command" | "args.operands" | "args.any_operand" | "stdin");
        match is_pattern {
            true => lines::rows_of(key, values, COLUMN, printer),
            false => lines::list(key, values, COLUMN, printer),
        }
    }
    if !rule.unknown.is_empty() {
        lines::list("nothing known of", &rule.unknown, COLUMN, printer);
    }
    lines::rows_of("reason", &[&rule.reason], COLUMN, printer);
    lines::rows_of("hint", rule.hint.as_slice(), COLUMN, printer);
    lines::rows_of("matches", &rule.matching, COLUMN, printer);
    lines::rows_of("does not match", &rule.not_matching, COLUMN, printer);
}

fn object(rule: &RuleShown) -> Value {
    let says: Map<String, Value> = rule.says.iter().map(|(key, values)| ((*key).to_owned(), json!(values))).collect();
    json!({
        "rule": rule.place.to_string(), "decision": rule.verdict.as_str(), "at": rule.place.at, "about": rule.about,
        "says": says, "unknown_programs": rule.unknown, "reason": rule.reason, "hint": rule.hint,
        "examples": { "match": rule.matching, "no_match": rule.not_matching },
    })
}
