//! The judgement: a script and a policy give allow, ask or deny. Pure, and independent of the order of rules.
//!
//! Each simple command is judged by itself. The built-in blocklist comes first, then every rule: one deny is a deny, else
//! the settings have to agree, else one ask is an ask, else one allow allows, else it is denied because no rule allows it.
//! The script gets the strictest answer of its commands.

use std::{cmp::Reverse, path::Path, sync::Arc};

use crate::{
    command::{ResolvedCommand, ResolvedScript},
    diagnostic::Code,
    model::{
        denial::{Denial, RuleRef},
        request::Request,
    },
};

use super::{
    PolicySet,
    assumed::assumed,
    blocklist::{self, Entry},
    decision::{CommandTrace, Decision, Question, Trace},
    near,
    pattern::{Pattern, Reach},
    rule::{Rule, StdinGrant, Verdict},
    wrappers::unwrapped,
};

/// Evidence that a script was judged and allowed. Only [`decide`] makes one.
#[derive(Debug)]
pub struct Permit {
    rules: Vec<RuleRef>,
    stdin: StdinGrant,
    policy: Arc<PolicySet>,
}

impl Permit {
    /// The rules that allowed the script, one for each command.
    pub fn rules(&self) -> &[RuleRef] {
        &self.rules
    }

    /// What the job may receive on its standard input.
    pub fn stdin(&self) -> &StdinGrant {
        &self.stdin
    }

    /// The policy under which it was judged.
    pub fn policy(&self) -> &Arc<PolicySet> {
        &self.policy
    }
}

/// What a policy says about one simple command.
enum Judgement {
    Allow(RuleRef, StdinGrant),
    Ask(Question),
    Deny(Denial),
}

/// Judges a script. No rule looks at who asks yet; the request stands here because rules by principal will.
pub fn decide(policy: &Arc<PolicySet>, _request: &Request, script: &ResolvedScript) -> (Decision, Trace) {
    let (judgements, commands): (Vec<_>, Vec<_>) =
        script.commands.iter().map(|command| judge(policy, command, &script.cwd)).unzip();
    (join(policy, judgements), Trace { commands })
}

/// The strictest answer; of equal ones the first in the text.
fn join(policy: &Arc<PolicySet>, judgements: Vec<Judgement>) -> Decision {
    if judgements.is_empty() {
        let reason = "the script holds no command that could be judged";
        return Decision::Deny(Denial::new(Code::EmptyCommand, reason));
    }
    let (mut rules, mut stdin, mut question) = (Vec::new(), StdinGrant::Any, None);
    for judgement in judgements {
        match judgement {
            Judgement::Deny(denial) => return Decision::Deny(denial),
            Judgement::Ask(asked) => question = question.or(Some(asked)),
            Judgement::Allow(rule, grant) => {
                rules.push(rule);
                stdin = narrower(stdin, grant);
            }
        }
    }
    match question {
        Some(question) => Decision::Ask(question),
        None => Decision::Allow(Permit { rules, stdin, policy: Arc::clone(policy) }),
    }
}

fn judge(policy: &PolicySet, command: &ResolvedCommand, cwd: &Path) -> (Judgement, CommandTrace) {
    let blocked = blocklist::find(command, cwd);
    let inside: Vec<_> = unwrapped(&command.argv).into_iter().skip(1).map(assumed).collect();
    let matched = policy.rules.iter().filter(|rule| applies(rule, command, &inside));
    let matched: Vec<&Rule> = matched.collect();
    let judgement = match blocked {
        Some(entry) => Judgement::Deny(blocklisted(entry, command)),
        None => judge_by_rules(policy, command, &matched),
    };
    let unmatched = matched.iter().all(|rule| rule.verdict() == Verdict::Deny);
    let near = unmatched.then(|| near::nearest(&policy.rules, command)).flatten();
    let builtin = blocked.map(|entry| (entry.place(), Verdict::Deny.as_str()));
    let rules = matched.iter().map(|rule| (rule.place().clone(), rule.verdict().as_str()));
    let trace = CommandTrace {
        canonical: command.canonical.clone(),
        matched: builtin.into_iter().chain(rules).collect(),
        nearest: near.map(|near| (near.rule.place().clone(), near.why)),
    };
    (judgement, trace)
}

/// Whether a rule applies to a command, or, unless it would allow, to one that the command runs.
fn applies(rule: &Rule, command: &ResolvedCommand, inside: &[ResolvedCommand]) -> bool {
    let sees_inside = match rule.verdict() {
        Verdict::Allow => false,
        Verdict::Ask | Verdict::Deny => true,
    };
    rule.is_match(command) || sees_inside && inside.iter().any(|command| rule.is_match(command))
}

fn judge_by_rules(policy: &PolicySet, command: &ResolvedCommand, matched: &[&Rule]) -> Judgement {
    let with = |verdict| matched.iter().copied().filter(move |rule| rule.verdict() == verdict);
    if let Some(rule) = with(Verdict::Deny).next() {
        return Judgement::Deny(denied(rule, command));
    }
    let allows: Vec<&Rule> = with(Verdict::Allow).collect();
    let ask = with(Verdict::Ask).next();
    if ask.is_none() && allows.is_empty() {
        return Judgement::Deny(near::no_rule(&policy.rules, command));
    }
    if !policy.settings_allow(&command.canonical) {
        return Judgement::Deny(narrowed(command));
    }
    if let Some(rule) = ask {
        let reason = reason_or(rule, "the policy wants a person to approve the command");
        return Judgement::Ask(Question { rule: rule.place().clone(), reason });
    }
    allow(command, &allows)
}

fn allow(command: &ResolvedCommand, rules: &[&Rule]) -> Judgement {
    // A file that a job can write need not be what it was when it was judged, so a name alone does not vouch for it.
    let vouched = rules.iter().copied().filter(|rule| !command.program.writable || rule.names_by_path(command));
    let vouched: Vec<&Rule> = vouched.collect();
    // `min_by_key` takes the first of equals, and rules are sorted by id.
    let Some(chosen) = vouched.iter().min_by_key(|rule| Reverse(width(rule.stdin()))) else {
        return Judgement::Deny(writable(command));
    };
    Judgement::Allow(chosen.place().clone(), widest(&vouched))
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

/// What both grant. The commands of a script share its input; two patterns have no common one that could be written.
fn narrower(left: StdinGrant, right: StdinGrant) -> StdinGrant {
    match (left, right) {
        (StdinGrant::Any, other) | (other, StdinGrant::Any) => other,
        (StdinGrant::Matching(left), StdinGrant::Matching(right)) if left == right => StdinGrant::Matching(left),
        (StdinGrant::None | StdinGrant::Matching(_), StdinGrant::None | StdinGrant::Matching(_)) => StdinGrant::None,
    }
}

fn blocklisted(entry: &Entry, command: &ResolvedCommand) -> Denial {
    let denial = Denial::new(Code::Blocklisted, entry.reason).with_hint(entry.hint).at(command.span);
    Denial { rule: Some(entry.place()), ..denial }
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
