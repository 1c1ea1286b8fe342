//! What a rule matches, as automata that all have to accept.

use super::{
    super::{
        pattern::Reach,
        rule::{Rule, Verdict},
    },
    Automaton,
};

/// The texts that all of some automata accept.
#[derive(Clone, Debug)]
pub(in super::super) struct RuleLanguage(Vec<Automaton>);

impl RuleLanguage {
    /// The canonical texts that a rule matches by its `program` and its `command`, when each program is where PATH finds it.
    /// Nothing when an automaton would be too large.
    pub(in super::super) fn of(rule: &Rule) -> Option<Self> {
        let reach = match rule.verdict() {
            Verdict::Allow => Reach::Permits,
            Verdict::Ask | Verdict::Deny => Reach::Forbids,
        };
        let names: Vec<_> = rule.programs().map(|name| name_pattern(name, rule.verdict())).collect();
        // What follows a name may hold line feeds, whatever the rule says.
        let named = (!names.is_empty()).then(|| (format!("(?:{})(?: .*)?", names.join("|")), Reach::Forbids));
        let command = rule.command().map(|pattern| (pattern.as_str().to_owned(), reach));
        let parts: Vec<(String, Reach)> = named.into_iter().chain(command).collect();
        let parts: Vec<(&str, Reach)> = parts.iter().map(|(text, reach)| (text.as_str(), *reach)).collect();
        Self::of_patterns(&parts)
    }

    /// The texts that all patterns match.
    pub(in super::super) fn of_patterns(patterns: &[(&str, Reach)]) -> Option<Self> {
        patterns.iter().map(|(text, reach)| Automaton::new(text, *reach)).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether a canonical text is one of them.
    pub(in super::super) fn takes(&self, text: &str) -> bool {
        self.0.iter().all(|part| part.takes(text))
    }

    pub(in super::super) fn parts(&self) -> &[Automaton] {
        &self.0
    }

    pub(in super::super) fn into_parts(self) -> Vec<Automaton> {
        self.0
    }
}

/// The first words that a name stands for.
fn name_pattern(name: &str, verdict: Verdict) -> String {
    let escaped = regex::escape(name);
    match verdict {
        Verdict::Allow => escaped,
        // Deny and ask take a name by any path.
        Verdict::Ask | Verdict::Deny if name.contains('/') => escaped,
        Verdict::Ask | Verdict::Deny => format!("(?:[^ ']*/)?{escaped}"),
    }
}
