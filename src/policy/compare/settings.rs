//! Settings that have another value, and which way that goes.

use std::collections::BTreeSet;

use super::{
    super::{
        PolicySet,
        settings::{Lean, SettingValue, settings},
    },
    Way,
};

/// A setting that has another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Its name, such as `sandbox.read`.
    pub key: &'static str,
    /// What is different: what came and went of a list, or both values.
    pub what: String,
    /// Which way that goes.
    pub way: Way,
}

/// The settings of two policies compared.
pub(super) fn changes(old: &PolicySet, new: &PolicySet) -> Vec<SettingChange> {
    let mut found = Vec::new();
    for (old, new) in settings(old).into_iter().zip(settings(new)) {
        if old.value == new.value {
            continue;
        }
        match (&old.value, &new.value) {
            (SettingValue::List(before), SettingValue::List(after)) => {
                let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
                let came = after.difference(&before).map(|entry| (format!("+ {entry:?}"), way(new.lean, true)));
                let went = before.difference(&after).map(|entry| (format!("- {entry:?}"), way(new.lean, false)));
                found.extend(came.chain(went).map(|(what, way)| SettingChange { key: new.key, what, way }));
            }
            (SettingValue::Map(before), SettingValue::Map(after)) => {
                let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for name in names.into_iter().filter(|name| before.get(*name) != after.get(*name)) {
                    let shown =
                        |value: Option<&String>| value.map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}"));
                    let what = format!("{name}: {} -> {}", shown(before.get(name)), shown(after.get(name)));
                    found.push(SettingChange { key: new.key, what, way: way(new.lean, true) });
                }
            }
            (before, after) => {
                let grows = match (before, after) {
                    (SettingValue::Amount(_, before), SettingValue::Amount(_, after)) if before != after => {
                        Some(after > before)
                    }
                    _ => None,
                };
                let way = grows.map_or(Way::Different, |grows| way(new.lean, grows));
                found.push(SettingChange { key: new.key, what: format!("{before} -> {after}"), way });
            }
        }
    }
    found
}

fn way(lean: Lean, grows: bool) -> Way {
    match (lean, grows) {
        (Lean::Loosens, true) | (Lean::Tightens, false) => Way::Looser,
        (Lean::Loosens, false) | (Lean::Tightens, true) => Way::Tighter,
        (Lean::Neither, _) => Way::Different,
    }
}
