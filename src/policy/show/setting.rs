//! What a policy says in the end about each setting, and where that is written.

use crate::diagnostic::Source;

use super::super::{
    PolicySet,
    locate::Located,
    settings::{Setting, SettingValue, settings},
};

/// A setting and the places that gave it its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The setting.
    pub setting: Setting,
    /// The entry of a table with names, when this is about one of them.
    pub entry: Option<String>,
    /// Its value as a policy would write it.
    pub value: String,
    /// `file:line:column` of the value; nothing when the built-in default holds.
    pub at: Option<String>,
}

/// Every setting of a policy, with each entry of `env.set` by itself.
pub fn show(set: &PolicySet, sources: &[Source]) -> Vec<Shown> {
    let located = Located::new(sources);
    let place = |path: &str| located.setting(path)?.shown(sources);
    let mut all = Vec::new();
    for setting in settings(set) {
        if let SettingValue::Map(pairs) = &setting.value {
            for (name, value) in pairs {
                let at = place(&format!("{}.{name}", setting.key));
                all.push(Shown {
                    setting: setting.clone(),
                    entry: Some(name.clone()),
                    value: format!("{value:?}"),
                    at,
                });
            }
        } else {
            let at = place(setting.key);
            all.push(Shown { value: setting.value.to_string(), entry: None, at, setting });
        }
    }
    all
}

impl Shown {
    /// The name, such as `sandbox.read` or `env.set.PATH`.
    pub fn name(&self) -> String {
        match &self.entry {
            Some(entry) => format!("{}.{entry}", self.setting.key),
            None => self.setting.key.to_owned(),
        }
    }
}
