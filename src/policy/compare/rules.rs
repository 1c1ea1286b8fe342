//! Rules that came, went, or say something else.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::Source;

/// A rule that is not the same in both policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// Its id.
    pub id: String,
    /// What happened to it.
    pub event: RuleEvent,
}

/// What happened to a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleEvent {
    /// Only the new policy has it.
    Added,
    /// Only the old policy has it.
    Removed,
    /// These keys say something else.
    Changed(Vec<String>),
}

/// Keys that say nothing about commands.
const WORDS: [&str; 3] = ["reason", "hint", "examples"];

/// The keys of a rule with what they say.
type Said = BTreeMap<String, String>;

/// The rules of two policies compared, by id.
pub(super) fn changes(old: &[Source], new: &[Source]) -> Vec<RuleChange> {
    let (old, new) = (rules(old), rules(new));
    let ids: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |id: &String| {
        let event = match (old.get(id), new.get(id)) {
            (Some(old), Some(new)) => RuleEvent::Changed(different(old, new)),
            (None, _) => RuleEvent::Added,
            (Some(_), None) => RuleEvent::Removed,
        };
        (event != RuleEvent::Changed(Vec::new())).then(|| RuleChange { id: id.clone(), event })
    };
    ids.into_iter().filter_map(change).collect()
}

fn different(old: &Said, new: &Said) -> Vec<String> {
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

fn rules(sources: &[Source]) -> BTreeMap<String, Said> {
    let mut found = BTreeMap::new();
    for source in sources {
        let (tree, _) = DeTable::parse_recoverable(&source.text);
        let Some(DeValue::Array(rules)) = tree.get_ref().get("rule").map(|rules| rules.get_ref()) else { continue };
        for rule in rules.iter() {
            let DeValue::Table(rule) = rule.get_ref() else { continue };
            let Some(id) = rule.get("id").and_then(|id| id.get_ref().as_str()) else { continue };
            let said = rule.iter().filter(|(key, _)| !WORDS.contains(&&**key.get_ref()));
            let said = said.map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref())));
            found.insert(id.to_owned(), said.collect());
        }
    }
    found
}

/// What a value says, however it is laid out.
fn plain(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(items) => {
            format!("[{}]", items.iter().map(|item| plain(item.get_ref())).collect::<Vec<_>>().join(","))
        }
        DeValue::Table(entries) => {
            let entries: BTreeMap<_, _> =
                entries.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref()))).collect();
            format!("{entries:?}")
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
    }
}
