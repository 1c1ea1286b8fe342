//! The judgement of one command that runs a program.

use std::{cmp::Reverse, collections::BTreeSet, path::PathBuf};

use crate::{
    command::{ResolvedCommand, ResolvedScript},
    diagnostic::{Code, Span},
    model::{
        denial::{Denial, RuleRef},
        request::Request,
    },
};

use super::{
    PolicySet,
    blocklist::{self, Entry},
    crew::Crew,
    decision::{CommandTrace, Question},
    input,
    inside::inside,
    near::{self, Near},
    pattern::{Pattern, Reach},
    rule::{Fit, Rule, StdinGrant, Verdict},
    shell::{ShellRules, Unknown},
    subject::Subject,
    trace,
    words::Words,
};

/// What a policy says about one simple command.
pub(super) enum Judgement {
    /// With what the rules grant on standard input, if the command can read the job's own.
    Allow(RuleRef, Option<StdinGrant>),
    Ask(Question),
    Deny(Denial),
}

/// The rules that apply to a command, and how surely.
struct Matched<'p>(Vec<(&'p Rule, Fit)>);

/// Judges a command of a script, and all commands that it runs. The roots are those that `cwd` of rules is seen from.
pub(super) fn judge(
    policy: &PolicySet,
    roots: &[PathBuf],
    script: &ResolvedScript,
    command: &ResolvedCommand,
    request: &Request,
) -> (Judgement, CommandTrace) {
    let cwds = if command.cwds.is_empty() { std::slice::from_ref(&script.cwd) } else { &command.cwds };
    let inside = inside(&policy.programs, &Words { argv: command.argv.clone(), unknown: command.unknown.clone() });
    let blocked = blocklist::find(policy, command, &inside, cwds);
    let crew = Crew::new(policy, script, command, request, &inside);
    let subjects = crew.subjects(policy, roots);
    let matched = Matched::of(policy, &subjects, inside.open);
    let allowed = matched.0.iter().any(|(rule, _)| rule.verdict() != Verdict::Deny);
    let nearest = subjects.first().filter(|_| !allowed).and_then(|subject| near::nearest(policy, subject));
    let judgement = match blocked {
        Some(entry) => Judgement::Deny(blocklisted(entry, command.span)),
        None if inside.over => Judgement::Deny(too_many_inside(command)),
        None => match unknown_counts(policy, script, command, &matched) {
            Some(denial) => Judgement::Deny(denial),
            None => by_rules(policy, script, &subjects, &crew, &matched, nearest.as_ref()),
        },
    };
    let builtin = blocked.map(|entry| (entry.place(), Verdict::Deny.as_str()));
    let trace = CommandTrace {
        matched: builtin.into_iter().chain(matched.shown()).collect(),
        nearest: nearest.map(|near| (near.rule.place().clone(), near.why)),
        ..trace::of(policy, &subjects, &inside)
    };
    (judgement, trace)
}

/// The refusal by an entry of the blocklist.
pub(super) fn blocklisted(entry: &Entry, span: Span) -> Denial {
    let denial = Denial::new(Code::Blocklisted, entry.reason).with_hint(entry.hint).at(span);
    Denial { rule: Some(entry.place()), ..denial }
}

/// The refusal of a command of which not all that it runs has been looked at.
fn too_many_inside(command: &ResolvedCommand) -> Denial {
    let word = command.argv.first().map_or("", String::as_str);
    Denial::new(Code::TooManyCommands, format!("`{word}` runs more commands inside each other than are looked through"))
        .with_hint("run them one by one, or put them into a script file")
        .at(command.span)
}

/// The refusal of what is not known when the policy wants to know it before the start.
pub(super) fn unknown_at_start(reason: String, span: Span) -> Denial {
    let denial = Denial::new(Code::UnknownAtStart, reason)
        .with_hint("`[shell] unknown = \"deny\"` of the policy wants to know it before the script starts; write it out")
        .at(span);
    Denial { rule: Some(ShellRules::unknown_place()), ..denial }
}

impl<'p> Matched<'p> {
    /// An allow rule has to cover the command itself; the others apply as well when they apply to one that it runs.
    fn of(policy: &'p PolicySet, subjects: &[Subject<'_>], open: bool) -> Self {
        let fit = |rule: &'p Rule| match (rule.verdict(), subjects) {
            (_, []) => Fit::No,
            (Verdict::Allow, [own, ..]) => rule.fit(own),
            (Verdict::Ask | Verdict::Deny, all) => {
                let open = if open { Fit::Maybe } else { Fit::No };
                all.iter().map(|subject| rule.fit(subject)).max().unwrap_or(Fit::No).max(open)
            }
        };
        // With an unknown command inside, every rule that forbids may be about it.
        let every = || policy.rules.iter().collect();
        let about = subjects.iter().flat_map(|subject| subject.about.iter().copied());
        let about: BTreeSet<usize> = about.collect();
        let rules: Vec<&Rule> =
            if open { every() } else { about.into_iter().filter_map(|at| policy.rules.get(at)).collect() };
        let fits = rules.into_iter().map(|rule| (rule, fit(rule)));
        Self(fits.filter(|(_, fit)| *fit != Fit::No).collect())
    }

    /// The rules of a verdict that fit at least so well, by id.
    fn with(&self, verdict: Verdict, least: Fit) -> impl Iterator<Item = &'p Rule> {
        let fitting = self.0.iter().filter(move |(rule, fit)| rule.verdict() == verdict && *fit >= least);
        fitting.map(|(rule, _)| *rule)
    }

    /// The rules that may allow: those that do for certain, or else those that may; and whether it is certain.
    fn allowing(&self) -> (Vec<&'p Rule>, bool) {
        let sure: Vec<_> = self.with(Verdict::Allow, Fit::Yes).collect();
        match sure.is_empty() {
            false => (sure, true),
            true => (self.with(Verdict::Allow, Fit::Maybe).collect(), false),
        }
    }

    fn shown(&self) -> impl Iterator<Item = (RuleRef, &'static str)> {
        self.0.iter().map(|(rule, fit)| (rule.place().clone(), word(rule.verdict(), *fit)))
    }
}

pub(super) fn word(verdict: Verdict, fit: Fit) -> &'static str {
    match (fit, verdict) {
        (Fit::No | Fit::Yes, verdict) => verdict.as_str(),
        (Fit::Maybe, Verdict::Allow) => "may-allow",
        (Fit::Maybe, Verdict::Ask) => "may-ask",
        (Fit::Maybe, Verdict::Deny) => "may-deny",
    }
}

/// The refusal of a command that is not known well enough for a policy that wants to know before the start. What is
/// denied or left without a rule whatever the unknown words are is refused for that.
fn unknown_counts(
    policy: &PolicySet,
    script: &ResolvedScript,
    command: &ResolvedCommand,
    matched: &Matched<'_>,
) -> Option<Denial> {
    let certain = command.is_exact() && !command.cwds.is_empty();
    let denied = matched.with(Verdict::Deny, Fit::Yes).next().is_some();
    let allowed = matched.0.iter().any(|(rule, _)| rule.verdict() != Verdict::Deny);
    if policy.shell.unknown == Unknown::AtExec || certain || denied || !allowed {
        return None;
    }
    if command.cwds.is_empty() {
        let reason = format!("the directory in which `{}` runs is not known yet", command.canonical);
        return Some(unknown_at_start(reason, command.span));
    }
    let (name, span) = unknown_word(script, command);
    let because = |why: String| Some(unknown_at_start(format!("`{name}` is not known yet, and {why}"), span));
    if command.cwds.iter().any(|cwd| blocklist::may_find(policy, command, cwd)) {
        return because("the built-in blocklist refuses some of what it may be".to_owned());
    }
    if let Some(rule) = matched.with(Verdict::Deny, Fit::Maybe).next() {
        return because(format!("rule `{}` denies some of what it may be", rule.id()));
    }
    let asks = matched.with(Verdict::Ask, Fit::Maybe).next().is_some();
    if !asks && let Some(rule) = first_unsure(matched) {
        return because(format!("rule `{}` may not allow all that it may be", rule.id()));
    }
    (policy.settings_allow(command) == Fit::Maybe)
        .then(|| because("the settings may not allow all that it may be".to_owned()))
        .flatten()
}

/// The first rule that may allow, when none does for certain.
fn first_unsure<'p>(matched: &Matched<'p>) -> Option<&'p Rule> {
    let sure = matched.with(Verdict::Allow, Fit::Yes).next().is_some();
    matched.with(Verdict::Allow, Fit::Maybe).next().filter(|_| !sure)
}

/// The first word of a command that is not known, and its place.
fn unknown_word<'c>(script: &ResolvedScript, command: &'c ResolvedCommand) -> (&'c str, Span) {
    let at = command.unknown.iter().min().copied().unwrap_or_default();
    let text = command.argv.get(at).map_or("", String::as_str);
    let written = script.script.commands().nth(command.index);
    let word = written.filter(|written| written.words.len() == command.argv.len());
    let word = word.and_then(|written| written.words.get(at));
    (text, word.map_or(command.span, |word| word.span))
}

fn by_rules(
    policy: &PolicySet,
    script: &ResolvedScript,
    subjects: &[Subject<'_>],
    crew: &Crew<'_>,
    matched: &Matched<'_>,
    nearest: Option<&Near<'_>>,
) -> Judgement {
    let command = crew.command;
    if let Some(rule) = matched.with(Verdict::Deny, Fit::Yes).next() {
        return Judgement::Deny(denied(rule, command));
    }
    let (allows, sure) = matched.allowing();
    // What may have to be asked about is left to the second judgement, unless the mildest answer is to ask.
    let least = match policy.shell.unknown {
        Unknown::AtExec if !allows.is_empty() => Fit::Yes,
        Unknown::AtExec | Unknown::Deny => Fit::Maybe,
    };
    let ask = matched.with(Verdict::Ask, least).next();
    if ask.is_none() && allows.is_empty() {
        return Judgement::Deny(near::no_rule(policy, command, nearest));
    }
    if policy.settings_allow(command) == Fit::No {
        return Judgement::Deny(narrowed(command));
    }
    if let Some(rule) = ask {
        let reason = reason_or(rule, "the policy wants a person to approve the command");
        return Judgement::Ask(Question { rule: rule.place().clone(), reason });
    }
    if let Some(denial) = crew.refusal(policy, subjects, &allows) {
        return Judgement::Deny(denial);
    }
    allow(script, command, &allows, sure)
}

fn allow(script: &ResolvedScript, command: &ResolvedCommand, rules: &[&Rule], sure: bool) -> Judgement {
    let vouched = rules.iter().copied().filter(|rule| rule.vouches_for(command));
    let vouched: Vec<&Rule> = vouched.collect();
    // `min_by_key` takes the first of equals, and rules are sorted by id.
    let Some(chosen) = vouched.iter().min_by_key(|rule| Reverse(width(rule.stdin()))) else {
        return Judgement::Deny(writable(command));
    };
    // Of rules that may all allow, one will, and nobody knows which.
    let grant = || if sure { widest(&vouched) } else { narrowest(vouched.iter().map(|rule| rule.stdin().clone())) };
    Judgement::Allow(chosen.place().clone(), input::reads(&script.script, command.index).then(grant))
}

/// Each allow rule that grants input is a statement of its own, so what several rules grant adds up.
fn widest(rules: &[&Rule]) -> StdinGrant {
    let mut patterns: Vec<&Pattern> = Vec::new();
    for rule in rules {
        match rule.stdin() {
            StdinGrant::Any => return StdinGrant::Any,
            StdinGrant::Matching(pattern) => patterns.push(pattern),
            StdinGrant::None => {}
        }
    }
    patterns.sort_by_key(|pattern| pattern.as_str());
    patterns.dedup();
    Pattern::any_of(&patterns, Reach::Permits).map_or(StdinGrant::None, StdinGrant::Matching)
}

fn width(grant: &StdinGrant) -> u8 {
    match grant {
        StdinGrant::None => 0,
        StdinGrant::Matching(_) => 1,
        StdinGrant::Any => 2,
    }
}

/// What all of them grant; anything when there are none. Two patterns have no common one that could be written.
pub(super) fn narrowest(grants: impl IntoIterator<Item = StdinGrant>) -> StdinGrant {
    grants.into_iter().fold(StdinGrant::Any, |left, right| match (left, right) {
        (StdinGrant::Any, other) | (other, StdinGrant::Any) => other,
        (StdinGrant::Matching(left), StdinGrant::Matching(right)) if left == right => StdinGrant::Matching(left),
        (StdinGrant::None | StdinGrant::Matching(_), StdinGrant::None | StdinGrant::Matching(_)) => StdinGrant::None,
    })
}

fn denied(rule: &Rule, command: &ResolvedCommand) -> Denial {
    let denial = Denial::new(Code::DeniedByRule, reason_or(rule, "a rule denies the command")).at(command.span);
    Denial { rule: Some(rule.place().clone()), hint: rule.hint().map(str::to_owned), ..denial }
}

fn narrowed(command: &ResolvedCommand) -> Denial {
    let reason = format!("the settings do not allow `{}`", command.canonical);
    let denial = Denial::new(Code::NarrowedBySettings, reason)
        .with_hint("the server's operator decides in `MCP_BG_ALLOWED_COMMANDS` which commands remain")
        .at(command.span);
    let rule = RuleRef { layer: "settings".into(), id: "MCP_BG_ALLOWED_COMMANDS".into(), at: None };
    Denial { rule: Some(rule), ..denial }
}

fn writable(command: &ResolvedCommand) -> Denial {
    let word = command.argv.first().map_or("", String::as_str);
    let reason = format!("the program `{word}` lies where a job can write, so what was judged need not be what runs");
    Denial::new(Code::ProgramWritable, reason)
        .with_hint(format!("an allow rule that names the path, `program = \"{word}\"`, would vouch for it"))
        .at(command.span)
}

fn reason_or(rule: &Rule, text: &str) -> String {
    if rule.reason().is_empty() { text.to_owned() } else { rule.reason().to_owned() }
}
