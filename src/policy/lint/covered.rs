//! Rules without effect: those that another rule of the same decision covers, and allows that lie inside a deny.

use crate::diagnostic::Code;

use super::{
    super::{
        findings::Findings,
        language::{Automaton, Inclusion, RuleLanguage, Shortest, inclusion, shortest},
        rule::{RawRule, Rule, StdinGrant, Verdict},
    },
    Subject, warn,
};

/// With more rules the pairs are too many to be worth the wait.
const RULES_MAX: usize = 400;

/// A rule with the automata of its language and a shortest text of it.
struct Entry<'a> {
    raw: &'a RawRule,
    language: RuleLanguage,
    sample: String,
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.rules.len() > RULES_MAX {
        return;
    }
    let canonical = Automaton::canonical();
    let mut entries = Vec::new();
    // A path stands for more texts than its own.
    let by_name = |raw: &&RawRule| raw.rule.programs().all(|name| !name.contains('/'));
    for raw in subject.rules.iter().filter(by_name) {
        let Some(language) = RuleLanguage::of(&raw.rule) else { continue };
        match shortest(&language, &canonical) {
            Shortest::Text(sample) => entries.push(Entry { raw, language, sample }),
            Shortest::Nothing => matches_nothing(subject, raw, findings),
            Shortest::Unknown => {}
        }
    }
    for (at, inner) in entries.iter().enumerate() {
        let mut others = entries.iter().enumerate().filter(|(other, _)| *other != at);
        let covering = others.find(|(other, outer)| {
            // Of two rules that match the same, the later one is the one too many.
            let is_first = at < *other && inner.raw.rule.verdict() == outer.raw.rule.verdict();
            covers(subject, outer, inner, &canonical) && !(is_first && covers(subject, inner, outer, &canonical))
        });
        if let Some((_, outer)) = covering {
            report(subject, inner.raw, &outer.raw.rule, findings);
        }
    }
}

/// The language of a rule is what its program and its pattern leave; what else it asks for takes more away. So the outer rule
/// has to match its whole language, while the inner one may match less of its own.
fn covers(subject: &Subject<'_>, outer: &Entry<'_>, inner: &Entry<'_>, canonical: &Automaton) -> bool {
    concerns(&inner.raw.rule, &outer.raw.rule)
        && is_whole(subject, &outer.raw.rule, &inner.raw.rule)
        // One text tells most pairs apart.
        && outer.language.takes(&inner.sample)
        && inclusion(&inner.language, &outer.language, canonical) == Inclusion::Holds
}

fn matches_nothing(subject: &Subject<'_>, raw: &RawRule, findings: &mut Findings) {
    let place = subject.place(raw, "command");
    let message = format!("no command matches the rule `{}`", raw.rule.id());
    let label = "canonical text has one blank between fields, and single quotes where a field needs them".to_owned();
    let hint = "write the pattern over the canonical text, as `stockade policy explain` shows it".to_owned();
    warn(findings, Code::MatchesNothing, &place, [message, label, hint]);
}

/// Whether the outer rule could leave the inner one without effect.
fn concerns(inner: &Rule, outer: &Rule) -> bool {
    match (inner.verdict(), outer.verdict()) {
        (Verdict::Allow, Verdict::Deny) => true,
        // A rule that grants input does more than say yes.
        (Verdict::Allow, Verdict::Allow) => *inner.stdin() == StdinGrant::None || inner.stdin() == outer.stdin(),
        (inner, outer) => inner == outer,
    }
}

/// Whether the outer rule matches all of its language that the inner one could match.
fn is_whole(subject: &Subject<'_>, outer: &Rule, inner: &Rule) -> bool {
    let says_more =
        |rule: &Rule| rule.args().is_some() || rule.cwd().is_some() || rule.env().is_some() || !rule.needs().is_empty();
    if says_more(outer) {
        return false;
    }
    if outer.verdict() != Verdict::Allow || outer.grants().any {
        return true;
    }
    // The outer one leaves out what is not harmless, and so does the inner one if it has no more grants and nothing by which
    // it reads arguments in another way.
    let (wide, narrow) = (outer.grants(), inner.grants());
    let grants_less = !narrow.any && (wide.unlisted || !narrow.unlisted) && narrow.needs.is_subset(&wide.needs);
    // Without facts, a pattern counts as what a rule says about arguments, and a name alone does not.
    let known = outer.command().is_some() || inner.command().is_none() || subject.known(outer).is_some();
    inner.args().is_none() && grants_less && known
}

fn report(subject: &Subject<'_>, raw: &RawRule, outer: &Rule, findings: &mut Findings) {
    let (id, other) = (raw.rule.id(), outer.id());
    let at = outer.place().at.as_deref().unwrap_or("elsewhere");
    let place = subject.place(raw, "id");
    if raw.rule.verdict() == outer.verdict() {
        let message = format!("the rule `{id}` adds nothing to the rule `{other}`");
        let label = format!("all that it matches, `{other}` matches, at {at}");
        let hint = "take it away, or write what it was meant to add".to_owned();
        warn(findings, Code::DeadRule, &place, [message, label, hint]);
    } else {
        let message = format!("the allow rule `{id}` can never take effect");
        let label = format!("all that it matches, `{other}` denies, at {at}");
        let hint = "deny beats allow; narrow the deny rule, or take this one away".to_owned();
        warn(findings, Code::NeverAllows, &place, [message, label, hint]);
    }
}
