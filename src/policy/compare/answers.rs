//! Commands that get another answer. Candidates come from the examples and tests of both policies, and from a walk over the
//! automata of their rules; what counts is what the judgement itself says about each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::command;

use super::{
    super::{
        PolicySet,
        case::{Got, judge},
        exercise::texts,
        language::{Automaton, Bound, RuleLanguage, Search},
        rule::{Rule, StdinGrant, Verdict},
    },
    RuleChange, RuleEvent, Side, Way,
};

/// A command that gets another answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerChange {
    /// The command.
    pub command: String,
    /// What the old policy says.
    pub before: Got,
    /// What the new policy says.
    pub after: Got,
    /// Which way that goes.
    pub way: Way,
}

/// So many joint states of automata are looked at.
const SEARCH_MAX: usize = 30_000;

/// So many candidates are judged.
const JUDGED_MAX: usize = 4_000;

/// What stands around a command in one that runs it. Deny and ask rules look inside such commands.
const RUNNERS: &[(&str, &str)] = &[
    ("env ", ""),
    ("nice ", ""),
    ("nohup ", ""),
    ("setsid ", ""),
    ("time ", ""),
    ("timeout 1 ", ""),
    ("xargs ", ""),
    ("busybox ", ""),
    ("find . -exec ", " ';'"),
    ("sh -c \"", "\""),
    ("bash -c \"", "\""),
];

/// Keys whose meaning the automata know.
const KNOWN: [&str; 5] = ["decision", "program", "command", "id", "stdin"];

/// The answers that are different, and whether some may have been missed.
pub(super) fn changes(old: Side<'_>, new: Side<'_>, rules: &[RuleChange]) -> (Vec<AnswerChange>, bool) {
    let mut found = Found { old: old.set, new: new.set, judged: BTreeSet::new(), changes: BTreeMap::new() };
    if rules.is_empty() {
        return (Vec::new(), false);
    }
    for text in texts(old.sources).into_iter().chain(texts(new.sources)) {
        found.try_text(&text);
    }
    let whole = walk(&mut found, rules);
    let mut changes: Vec<_> = found.changes.into_values().collect();
    changes.sort_by(|a, b| (a.way, a.command.len(), &a.command).cmp(&(b.way, b.command.len(), &b.command)));
    (changes, !whole || rules.iter().any(|change| !is_known(change, old, new)))
}

/// Whether the automata know all that a changed rule says. Input that a rule grants is no part of an answer.
fn is_known(change: &RuleChange, old: Side<'_>, new: Side<'_>) -> bool {
    let known = |key: &str| KNOWN.contains(&key);
    match &change.event {
        RuleEvent::Changed(keys) => keys.iter().all(|key| known(key)),
        RuleEvent::Added => keys(new, &change.id).iter().all(|key| known(key)),
        RuleEvent::Removed => keys(old, &change.id).iter().all(|key| known(key)),
    }
}

fn keys(side: Side<'_>, id: &str) -> Vec<String> {
    const QUIET: [&str; 3] = ["reason", "hint", "examples"];
    let located = super::super::locate::Located::new(side.sources);
    let keys = located.keys_of_rule(id);
    keys.into_iter().filter(|key| !QUIET.contains(key)).map(str::to_owned).collect()
}

struct Found<'a> {
    old: &'a Arc<PolicySet>,
    new: &'a Arc<PolicySet>,
    judged: BTreeSet<String>,
    /// By both answers in words.
    changes: BTreeMap<(String, String), AnswerChange>,
}

impl Found<'_> {
    /// Judges a text, and the same text behind programs that run their arguments.
    fn try_all(&mut self, text: Option<String>, behind: &[(&str, &str)]) {
        let Some(text) = text else { return };
        self.try_text(&text);
        for (before, after) in behind {
            self.try_text(&format!("{before}{text}{after}"));
        }
    }

    /// Judges a text under both policies and keeps it, when it shows a change that no shorter one shows.
    fn try_text(&mut self, text: &str) {
        if !self.judged.insert(text.to_owned()) || command::parse(text).is_err() {
            return;
        }
        let none = BTreeMap::new();
        let (before, _) = judge(text, None, &none, self.old);
        let (after, _) = judge(text, None, &none, self.new);
        let way = match after.answer.cmp(&before.answer) {
            std::cmp::Ordering::Less => Way::Looser,
            std::cmp::Ordering::Greater => Way::Tighter,
            std::cmp::Ordering::Equal if before.input == after.input => return,
            std::cmp::Ordering::Equal => way_of_input(&before.input, &after.input),
        };
        let key = (before.shown_in_full(), after.shown_in_full());
        if self.changes.get(&key).is_none_or(|known| text.len() < known.command.len()) {
            self.changes.insert(key, AnswerChange { command: text.to_owned(), before, after, way });
        }
    }
}

fn way_of_input(before: &StdinGrant, after: &StdinGrant) -> Way {
    match (before, after) {
        (StdinGrant::None, _) | (_, StdinGrant::Any) => Way::Looser,
        (_, StdinGrant::None) | (StdinGrant::Any, _) => Way::Tighter,
        (StdinGrant::Matching(_), StdinGrant::Matching(_)) => Way::Different,
    }
}

/// One rule of the walk: its automata, from the first to one past the last.
struct Member {
    from: usize,
    to: usize,
    changed: bool,
    /// Whether the rule applies to commands that other commands run.
    looks_inside: bool,
}

/// Walks over the rules of both policies. False when the walk did not see all there is.
fn walk(found: &mut Found<'_>, rules: &[RuleChange]) -> bool {
    let (mut automata, mut members, mut whole) = (vec![Automaton::canonical()], Vec::new(), true);
    let changed = |rule: &Rule| rules.iter().any(|change| change.id == rule.id());
    let fresh = found.new.rules().iter().filter(|rule| changed(rule));
    for rule in found.old.rules().iter().chain(fresh) {
        let Some(language) = RuleLanguage::of(rule) else {
            whole = false;
            continue;
        };
        let from = automata.len();
        automata.extend(language.into_parts());
        let looks_inside = rule.verdict() != Verdict::Allow;
        members.push(Member { from, to: automata.len(), changed: changed(rule), looks_inside });
    }
    let parts: Vec<&Automaton> = automata.iter().collect();
    let ended = |dead: &[bool], member: &Member| dead.iter().take(member.to).skip(member.from).any(|dead| *dead);
    let is_over = |dead: &[bool]| {
        dead.first() == Some(&true) || members.iter().filter(|member| member.changed).all(|member| ended(dead, member))
    };
    let takes = |accepts: &[bool], member: &Member| {
        member.changed && accepts.iter().take(member.to).skip(member.from).all(|accepted| *accepted)
    };
    let bound = Search { parts: &parts, is_over: &is_over }.run(SEARCH_MAX, &mut |accepts, text| {
        let taking = || members.iter().filter(|member| takes(accepts, member));
        if accepts.first() == Some(&true) && taking().next().is_some() {
            let behind = if taking().any(|member| member.looks_inside) { RUNNERS } else { &[] };
            found.try_all(text(), behind);
        }
        found.judged.len() > JUDGED_MAX
    });
    whole && bound == Bound::Whole
}
