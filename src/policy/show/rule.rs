//! Rules with all that they say.

use crate::{diagnostic::Source, model::denial::RuleRef};

use super::super::{
    args::{Args, Entry},
    compile::stages,
    findings::{Findings, Spanned},
    grants::Grants,
    inside::base_name,
    name::NameGlob,
    pattern::Pattern,
    programs::{Need, Programs},
    reader::{few, list},
    rule::{RawRule, Rule, StdinGrant, Verdict},
};

/// A rule, key by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleShown {
    /// Its layer, id and place.
    pub place: RuleRef,
    /// What it says.
    pub verdict: Verdict,
    /// The commands that it is about, in words.
    pub about: String,
    /// What it says about them: keys as a policy writes them, each with its values.
    pub says: Vec<(&'static str, Vec<String>)>,
    /// Of its programs, those of which nothing is known.
    pub unknown: Vec<String>,
    /// Why it is there; possibly empty.
    pub reason: String,
    /// What to do instead.
    pub hint: Option<String>,
    /// Commands that it has to match.
    pub matching: Vec<String>,
    /// Commands that it must not match.
    pub not_matching: Vec<String>,
}

/// Every rule of a policy that loads, by id.
pub fn show_rules(sources: &[Source]) -> Vec<RuleShown> {
    let stages = stages(sources, &mut Findings::default());
    let Some(whole) = stages.last() else { return Vec::new() };
    let programs = Programs::with(whole.programs.clone());
    let mut rules: Vec<_> = whole.rules.iter().map(|raw| shown(raw, &programs)).collect();
    rules.sort_by(|a, b| a.place.id.cmp(&b.place.id));
    rules
}

fn shown(raw: &RawRule, programs: &Programs) -> RuleShown {
    let rule = &raw.rule;
    let unknown = rule.programs().filter(|name| programs.known(base_name(name)).is_none());
    RuleShown {
        place: rule.place().clone(),
        verdict: rule.verdict(),
        about: about(rule),
        says: says(rule),
        unknown: unknown.map(str::to_owned).collect(),
        reason: rule.reason().to_owned(),
        hint: rule.hint().map(str::to_owned),
        matching: texts(&raw.matching),
        not_matching: texts(&raw.not_matching),
    }
}

fn texts(examples: &[Spanned<String>]) -> Vec<String> {
    examples.iter().map(|example| example.value.clone()).collect()
}

/// What a rule says about commands, by key. An allow rule says something about uses and files even where it is silent.
fn says(rule: &Rule) -> Vec<(&'static str, Vec<String>)> {
    let mut says = vec![("program", rule.programs().map(str::to_owned).collect())];
    says.push(("command", rule.command().map(|pattern| pattern.as_str().to_owned()).into_iter().collect()));
    says.extend(rule.args().map(of_args).unwrap_or_default());
    let permits = rule.verdict() == Verdict::Allow;
    if permits && !rule.grants().any {
        let scope = rule.args().and_then(|args| args.paths).unwrap_or_default();
        says.push(("args.paths", vec![scope.as_str().to_owned()]));
    }
    let patterns = rule.cwd().unwrap_or_default();
    says.push(("cwd", patterns.iter().map(|pattern| pattern.glob().glob().to_owned()).collect()));
    says.push(("env", rule.env().unwrap_or_default().iter().map(|name| NameGlob::as_str(name).to_owned()).collect()));
    says.push(("grants", granted(rule.grants())));
    says.push(("needs", rule.needs().iter().map(ToString::to_string).collect()));
    says.push(("stdin", if permits { vec![stdin(rule.stdin())] } else { Vec::new() }));
    says.retain(|(_, values)| !values.is_empty());
    says
}

fn of_args(args: &Args) -> Vec<(&'static str, Vec<String>)> {
    let entries = |entries: &[Entry]| entries.iter().map(Entry::shown).collect();
    let patterns = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    let count = |count: Option<u64>| count.map(|count| count.to_string()).into_iter().collect();
    let none = || vec!["none".to_owned()];
    let options = args.options.as_deref().map(|all| if all.is_empty() { none() } else { entries(all) });
    vec![
        ("args.subcommand", args.subcommand.iter().map(|words| words.join(" ")).collect()),
        ("args.options", options.unwrap_or_default()),
        ("args.any_option", entries(&args.any_option)),
        ("args.operands", patterns(&args.operands)),
        ("args.any_operand", patterns(&args.any_operand)),
        ("args.min_operands", count(args.min_operands)),
        ("args.max_operands", count(args.max_operands)),
    ]
}

fn granted(grants: &Grants) -> Vec<String> {
    let words = grants.needs.iter().map(|need| need.as_str());
    let more = [(grants.unlisted, "unlisted"), (grants.any, "any")];
    words.chain(more.into_iter().filter(|(is, _)| *is).map(|(_, word)| word)).map(str::to_owned).collect()
}

fn stdin(grant: &StdinGrant) -> String {
    match grant {
        StdinGrant::None => "none".to_owned(),
        StdinGrant::Any => "any".to_owned(),
        StdinGrant::Matching(pattern) => pattern.as_str().to_owned(),
    }
}

/// The commands that a rule is about, in a few words.
fn about(rule: &Rule) -> String {
    let named: Vec<&str> = rule.programs().collect();
    let of = match (named.as_slice(), rule.command()) {
        ([], Some(pattern)) => format!("commands that match `{}`", pattern.as_str()),
        ([], None) => "any program".to_owned(),
        (names, Some(_)) => format!("some commands of {}", few(names)),
        (names, None) => few(names),
    };
    let words: Vec<&str> = rule.needs().iter().copied().map(Need::as_str).collect();
    match (rule.verdict(), rule.grants()) {
        (Verdict::Allow, Grants { any: true, .. }) => format!("any use of {of}"),
        (Verdict::Allow, grants) if *grants == Grants::default() => format!("harmless uses of {of}"),
        (Verdict::Allow, grants) => format!("harmless uses of {of}, and those that need {}", list(&granted(grants))),
        (Verdict::Ask | Verdict::Deny, _) if words.is_empty() && rule.args().is_none() => of,
        (Verdict::Ask | Verdict::Deny, _) if words.is_empty() => format!("some uses of {of}"),
        (Verdict::Ask | Verdict::Deny, _) => format!("uses of {of} that need {}", list(&words)),
    }
}
