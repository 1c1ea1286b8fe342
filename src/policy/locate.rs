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

    /// The entry of a list of a rule: `program = ["ls", "cat"]`, or the text itself where there is no list.
    pub(super) fn entry_in_rule(&self, id: &str, key: &str, entry: &str) -> Option<Spanned<()>> {
        let keys: Vec<&str> = key.split('.').collect();
        let (file, rule) = self.rule(id)?;
        let span = entry_of(found(rule, &keys)?, entry)?;
        Some(Spanned { value: (), span, file })
    }

    /// The entry of a list of a setting, in the last file that has it.
    pub(super) fn entry(&self, path: &str, entry: &str) -> Option<Spanned<()>> {
        let keys: Vec<&str> = path.split('.').collect();
        let all = self.0.iter().enumerate();
        let mut last_first = all.rev().filter_map(|(file, tree)| Some((file, found(tree.get_ref(), &keys)?)));
        let (file, value) = last_first.next()?;
        Some(Spanned { value: (), span: entry_of(value, entry)?, file })
    }

    /// The switch of an entry of the blocklist, in the last file.
    pub(super) fn switch(&self, id: &str) -> Option<Spanned<()>> {
        let file = self.0.len().checked_sub(1)?;
        let switches = self.0.get(file)?.get_ref().get("blocklist")?.get_ref().as_array()?;
        switches.iter().find_map(|switch| {
            let DeValue::Table(switch) = switch.get_ref() else { return None };
            let off = switch.get("off").filter(|off| off.get_ref().as_str() == Some(id))?;
            Some(Spanned { value: (), span: off.span().into(), file })
        })
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
    found(table, keys).map(|found| found.span().into())
}

fn found<'t, 'a>(table: &'t DeTable<'a>, keys: &[&str]) -> Option<&'t toml::Spanned<DeValue<'a>>> {
    let (key, rest) = keys.split_first()?;
    let found = table.get(*key)?;
    match (rest, found.get_ref()) {
        ([], _) => Some(found),
        (rest, DeValue::Table(inner)) => self::found(inner, rest),
        (_, _) => None,
    }
}

fn entry_of(value: &toml::Spanned<DeValue<'_>>, entry: &str) -> Option<Span> {
    let is = |value: &toml::Spanned<DeValue<'_>>| value.get_ref().as_str() == Some(entry);
    match value.get_ref().as_array() {
        Some(items) => items.iter().find(|item| is(item)).map(|item| item.span().into()),
        None => is(value).then(|| value.span().into()),
    }
}

impl Spanned<()> {
    /// The place as people read it: `file:line:column`.
    pub(super) fn shown(&self, sources: &[Source]) -> Option<String> {
        Some(sources.get(self.file)?.place(self.span.start))
    }
}
