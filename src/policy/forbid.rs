//! Whether a rule that denies or asks applies to a command. What is not known counts as if it were there.

use super::{
    args::{self, Args},
    programs::{Used, Uses},
    rule::{Fit, Rule},
    subject::Subject,
};

/// How surely a rule applies.
pub(super) fn applies(rule: &Rule, subject: &Subject<'_>) -> Fit {
    if !rule.names(subject.command) {
        return Fit::No;
    }
    let uses = subject.uses;
    let mut fit = rule.fits_pattern(subject.command);
    if let Some(patterns) = rule.cwd() {
        fit = fit.min(subject.runs_in(patterns));
    }
    if let Some(names) = rule.env() {
        let set = subject.variables.iter().chain(&uses.variables);
        fit = fit.min(Fit::of(set.into_iter().any(|name| names.iter().any(|glob| glob.is_match(name)))));
    }
    if let Some(args) = rule.args() {
        fit = fit.min(has_args(args, uses, subject));
    }
    if !rule.needs().is_empty() {
        let known = uses.needs.iter().any(|(need, _)| rule.needs().contains(need));
        // What a program does with a word that nobody knows may be anything.
        let unknown = !uses.modelled || !uses.unlisted.is_empty();
        fit = fit.min(if known || unknown { Fit::Yes } else { unsure(subject) });
    }
    fit
}

/// What holds of a command that has words which are not known.
fn unsure(subject: &Subject<'_>) -> Fit {
    if subject.command.is_exact() { Fit::No } else { Fit::Maybe }
}

fn has_args(args: &Args, uses: &Uses, subject: &Subject<'_>) -> Fit {
    let argv = &subject.command.argv;
    let operands = || uses.operands.iter().filter_map(|at| argv.get(*at));
    let holds = |holds: bool| if holds { Fit::Yes } else { unsure(subject) };
    let mut fit = Fit::Yes;
    if !args.subcommand.is_empty() {
        // Of a program that is not modelled nobody knows which words are values of options.
        let anywhere = |words: &Vec<String>| words.first().is_some_and(|word| operands().any(|given| given == word));
        // Some programs take the beginning of a name.
        let begins = |words: &Vec<String>| {
            let mut pairs = words.iter().zip(&uses.subcommand);
            uses.subcommand.len() >= words.len() && pairs.all(|(wanted, given)| wanted.starts_with(given))
        };
        let has = args::has_subcommand(&args.subcommand, uses, argv)
            || !uses.unlisted.is_empty() && args.subcommand.iter().any(begins)
            || !uses.modelled && args.subcommand.iter().any(anywhere);
        fit = fit.min(holds(has));
    }
    if !args.any_option.is_empty() {
        let word = |used: &Used| argv.get(used.at).map_or("", String::as_str);
        let may_be =
            |used: &Used| args.any_option.iter().any(|entry| entry.may_be(used) || entry.may_be_word(word(used)));
        let given = uses.options.iter().any(may_be);
        fit = fit.min(holds(given));
    }
    let matches = |patterns: &[super::Pattern], text: &String| patterns.iter().any(|pattern| pattern.is_match(text));
    if !args.operands.is_empty() {
        fit = fit.min(holds(operands().all(|text| matches(&args.operands, text))));
    }
    if !args.any_operand.is_empty() {
        fit = fit.min(holds(operands().any(|text| matches(&args.any_operand, text))));
    }
    let count = u64::try_from(uses.operands.len()).unwrap_or(u64::MAX);
    let counted = args.min_operands.is_none_or(|min| count >= min) && args.max_operands.is_none_or(|max| count <= max);
    fit.min(holds(counted))
}
