//! What is known of a program.

use serde_json::{Value, json};

use crate::{
    cli::{exit::Exit, output::Printer},
    config::policy::LoadedPolicy,
    model::denial::RuleRef,
    policy::{Need, OptionShown, ProgramShown, USES, rules_about, show_program},
};

use super::{lines, missing};

/// The keys stand in a column of this width.
const COLUMN: usize = 22;

/// Prints the facts of a program, or of the subcommand that the words name.
pub(super) fn one(
    loaded: &LoadedPolicy,
    name: &str,
    subcommand: &[String],
    as_json: bool,
    printer: &mut Printer,
) -> Exit {
    let shown = |words: &[String]| show_program(&loaded.set, name, words);
    match (shown(subcommand), shown(&[])) {
        (Some(known), _) if as_json => printer.data(object(name, subcommand, &known)),
        (Some(known), _) => human(name, subcommand, &known, printer),
        (None, Some(_)) => {
            let words = subcommand.join(" ");
            return missing(
                &format!("nothing is known of the subcommand `{}` of `{name}`", words.escape_debug()),
                printer,
            );
        }
        (None, None) => {
            rules(&rules_about(&loaded.set, name), printer);
            let exit = missing(&format!("nothing is known of the program `{}`", name.escape_debug()), printer);
            printer.talk(
                "hint: a rule can list its `args.options`, use `command` or grant `any`; a policy can add facts by `[[program]]`",
            );
            return exit;
        }
    }
    Exit::Success
}

fn human(name: &str, subcommand: &[String], known: &ProgramShown, printer: &mut Printer) {
    let called = [&[name.to_owned()], subcommand].concat().join(" ");
    printer.data(format_args!("{called}  from {}  ({})", known.source, known.file));
    let mut line = |key: &str, values: &[String]| {
        if !values.is_empty() {
            lines::list(key, values, COLUMN, printer);
        }
    };
    line("also called", &others(known, name, subcommand));
    line("syntax", &[known.syntax.to_owned()]);
    for remark in &known.remarks {
        line("", &[(*remark).to_owned()]);
    }
    line("always needs", &words(&known.always));
    let (bare, least) = &known.bare;
    if !bare.is_empty() {
        line(&format!("below {least} operand{}", if *least == 1 { "" } else { "s" }), &words(bare));
    }
    match &known.operands {
        Some(kinds) if kinds.is_empty() => line("operands", &["none".to_owned()]),
        Some(kinds) => line("operands", kinds),
        None if known.subcommands.is_empty() => line("operands", &["unknown".to_owned()]),
        None => {}
    }
    line("keys", &known.keys.iter().map(|(key, kind)| format!("{key}={kind}")).collect::<Vec<_>>());
    line("modules", &known.modules);
    for group in USES {
        let of_group = known.options.iter().filter(|option| option.uses.contains(&group));
        let options: Vec<String> = of_group.map(spelled).collect();
        line(&format!("options: {group}"), &options);
    }
    for group in USES {
        let of_group = known.subcommands.iter().filter(|(_, needs)| needs.iter().any(|need| need.as_str() == group));
        line(&format!("subcommands: {group}"), &first_names(of_group));
    }
    // What these need is for their options and operands to say.
    line("subcommands: others", &first_names(known.subcommands.iter().filter(|(_, needs)| needs.is_empty())));
    rules(&known.rules, printer);
}

fn first_names<'a>(subcommands: impl Iterator<Item = &'a (Vec<String>, Vec<Need>)>) -> Vec<String> {
    subcommands.filter_map(|(names, _)| names.first().cloned()).collect()
}

fn others(known: &ProgramShown, name: &str, subcommand: &[String]) -> Vec<String> {
    let own = subcommand.last().map_or(name, String::as_str);
    known.names.iter().filter(|other| *other != own).cloned().collect()
}

fn words(needs: &[Need]) -> Vec<String> {
    needs.iter().map(ToString::to_string).collect()
}

/// An option as facts write it, without its kind and words, which are those of its group.
fn spelled(option: &OptionShown) -> String {
    format!("{}{}", option.spellings.join(" "), option.value)
}

fn rules(rules: &[(RuleRef, &'static str)], printer: &mut Printer) {
    let rows: Vec<String> =
        rules.iter().map(|(rule, word)| format!("{word} {rule}  {}", rule.at.as_deref().unwrap_or("-"))).collect();
    lines::rows_of("rules", &rows, COLUMN, printer);
}

fn object(name: &str, subcommand: &[String], known: &ProgramShown) -> Value {
    let options: Vec<Value> = known
        .options
        .iter()
        .map(|option| {
            json!({
                "spellings": option.spellings, "value": option.value, "kind": option.kind, "words": option.words,
                "uses": option.uses,
            })
        })
        .collect();
    let subcommands: Vec<Value> =
        known.subcommands.iter().map(|(names, needs)| json!({ "names": names, "always": words(needs) })).collect();
    let rules: Vec<Value> = known
        .rules
        .iter()
        .map(|(rule, word)| json!({ "rule": rule.to_string(), "decision": word, "at": rule.at }))
        .collect();
    json!({
        "program": name, "subcommand": subcommand, "names": known.names, "source": known.source, "file": known.file,
        "syntax": known.syntax, "always": words(&known.always),
        "bare": { "needs": words(&known.bare.0), "below": known.bare.1 },
        "operands": known.operands, "keys": known.keys, "modules": known.modules, "options": options,
        "subcommands": subcommands, "remarks": known.remarks, "rules": rules,
    })
}
