//! Which layer said what about a script, and which decided.

use std::collections::BTreeSet;

use crate::{
    diagnostic::Code,
    model::denial::RuleRef,
    policy::{CommandTrace, PolicySet, Standing},
    service::{Judgement, Verdict},
};

/// What one layer says about a script.
pub(super) struct LayerSays {
    pub(super) layer: String,
    /// `deny`, `ask`, `none`, `allow`, or one of them with `may-` before it.
    pub(super) word: &'static str,
    /// The command for which it says so, as people count them.
    pub(super) about: Option<String>,
}

/// Strictest first: a layer that is silent about one command does not allow the script.
const STRICTEST: [&str; 7] = ["deny", "ask", "none", "may-deny", "may-ask", "may-allow", "allow"];

impl LayerSays {
    /// In short. An allow and the silence of the blocklist are about all commands.
    pub(super) fn shown(&self) -> String {
        let is_plain = self.word == "allow" || self.word == "none" && self.layer == BUILTIN;
        match &self.about {
            Some(about) if !is_plain => format!("{} {} ({about})", self.layer, self.word),
            Some(_) | None => format!("{} {}", self.layer, self.word),
        }
    }
}

const BUILTIN: &str = "builtin";

/// What each layer says: the built-in blocklist, the files of the policy, and whatever else decided. Nothing when no rule was
/// asked.
pub(super) fn layers(policy: &PolicySet, judgement: &Judgement) -> Vec<LayerSays> {
    if judgement.script.is_none() {
        return Vec::new();
    }
    let files: BTreeSet<&str> = policy.rules().iter().map(|rule| rule.place().layer.as_str()).collect();
    let own = files.get(policy.name.as_str()).copied();
    let bases = files.iter().copied().filter(|name| Some(*name) != own);
    let names: Vec<&str> = std::iter::once(BUILTIN).chain(bases).chain(own).collect();
    let mut said: Vec<_> = names.iter().map(|name| says(name, judgement)).collect();
    if let Verdict::Deny(denial) = &judgement.verdict
        && let Some(rule) = denial.rule.as_ref().filter(|rule| !names.contains(&rule.layer.as_str()))
    {
        said.push(LayerSays { layer: rule.layer.clone(), word: "deny", about: None });
    }
    said
}

fn says(layer: &str, judgement: &Judgement) -> LayerSays {
    let indices = judgement.script.iter().flat_map(|script| &script.commands).map(|command| command.index);
    let mut words = Vec::new();
    for (index, trace) in indices.zip(&judgement.trace.commands) {
        of_command(layer, trace, &(index + 1).to_string(), &mut words);
    }
    let rank = |word: &str| STRICTEST.iter().position(|own| *own == word);
    let strictest = words.into_iter().min_by_key(|(word, _)| rank(word));
    let (word, about) = strictest.map_or(("none", None), |(word, about)| (word, Some(about)));
    LayerSays { layer: layer.to_owned(), word, about }
}

/// The word of a layer for a command and for each one inside that needs a rule of its own.
fn of_command(layer: &str, trace: &CommandTrace, number: &str, words: &mut Vec<(&'static str, String)>) {
    let own = || trace.matched.iter().filter(|(rule, _)| rule.layer == layer).map(|(_, word)| *word);
    let found = ["deny", "ask", "allow", "may-deny", "may-ask", "may-allow"].into_iter();
    let word = found.into_iter().find(|word| own().any(|own| own == *word));
    words.push((word.unwrap_or("none"), number.to_owned()));
    for (at, inner) in trace.inside.iter().enumerate().filter(|(_, inner)| inner.standing == Standing::Own) {
        of_command(layer, inner, &format!("{number}.{}", at + 1), words);
    }
}

/// The layers whose rules decided; none when what decided is that no rule allows it, or nothing of the policy.
pub(super) fn deciding(judgement: &Judgement) -> Vec<&str> {
    let rules: Vec<&RuleRef> = match &judgement.verdict {
        Verdict::Allow(allowed) => allowed.0.rules.iter().collect(),
        Verdict::Ask(question) => vec![&question.rule],
        Verdict::Deny(denial) => denial.rule.iter().collect(),
    };
    let layers: BTreeSet<&str> = rules.into_iter().map(|rule| rule.layer.as_str()).collect();
    layers.into_iter().collect()
}

/// What decided, in words.
pub(super) fn decided(judgement: &Judgement) -> String {
    let at = |at: Option<&String>| at.map(|at| format!("  {at}")).unwrap_or_default();
    match &judgement.verdict {
        Verdict::Allow(allowed) => {
            let rules: Vec<_> = allowed.0.rules.iter().map(ToString::to_string).collect();
            if rules.is_empty() {
                "allow: it runs no program".to_owned()
            } else {
                format!("allow by {}", rules.join(", "))
            }
        }
        Verdict::Ask(question) => format!("ask by {}{}", question.rule, at(question.rule.at.as_ref())),
        Verdict::Deny(denial) => match (&denial.rule, denial.code) {
            (Some(rule), _) => format!("deny by {rule}{}", at(rule.at.as_ref())),
            (None, Code::NoRule) => "deny by default: what no rule allows is refused".to_owned(),
            (None, code) if judgement.script.is_none() => format!("deny before any rule was asked: {code}"),
            (None, code) => format!("deny: {code}"),
        },
    }
}
