//! Where something is written: the places of keys in the files of a policy, found by name after the reading.

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Source, Span};

use super::findings::Spanned;

/// The files of a policy as trees, base first.
#[derive(Debug)]
pub(super) struct Located<'a>(Vec<toml::Spanned<DeTable<'a>>>);

impl<'a> Located<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self(sources.iter().map(|source| DeTable::parse_recoverable(&source.text).0).collect())
    }

    /// The value of a setting such as `sandbox.read`, in the last file that has it. A key that stands alone, such as
    /// `name`, is looked up at the top.
    pub(super) fn setting(&self, path: &str) -> Option<Spanned<()>> {
        let keys: Vec<&str> = path.split('.').collect();
        let mut found = None;
        for (file, tree) in self.0.iter().enumerate() {
            if let Some(span) = value(tree.get_ref(), &keys) {
                found = Some(Spanned { value: (), span, file });
            }
        }
        found
    }

    /// The value of a rule's key.
    pub(super) fn in_rule(&self, id: &str, key: &str) -> Option<Spanned<()>> {
        let keys: Vec<&str> = key.split('.').collect();
        let (file, rule) = self.rule(id)?;
        value(rule, &keys).map(|span| Spanned { value: (), span, file })
    }

    /// The names of the keys that a rule has.
    pub(super) fn keys_of_rule(&self, id: &str) -> Vec<&str> {
        self.rule(id).map(|(_, rule)| rule.iter().map(|(name, _)| &**name.get_ref()).collect()).unwrap_or_default()
    }

    fn rule(&self, id: &str) -> Option<(usize, &DeTable<'a>)> {
        self.0.iter().enumerate().find_map(|(file, tree)| {
            let DeValue::Array(rules) = tree.get_ref().get("rule")?.get_ref() else { return None };
            rules.iter().find_map(|rule| {
                let DeValue::Table(rule) = rule.get_ref() else { return None };
                (rule.get("id")?.get_ref().as_str() == Some(id)).then_some((file, rule))
            })
        })
    }
}

fn value(table: &DeTable<'_>, keys: &[&str]) -> Option<Span> {
    let (key, rest) = keys.split_first()?;
    let found = table.get(*key)?;
    match (rest, found.get_ref()) {
        ([], _) => Some(found.span().into()),
        (rest, DeValue::Table(inner)) => value(inner, rest),
        (_, _) => None,
    }
}
