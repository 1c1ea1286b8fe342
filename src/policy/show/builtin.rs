//! The built-in blocklist as it is in force.

use crate::diagnostic::Source;

use super::super::{Entry, PolicySet, blocklist, locate::Located};

/// An entry, and whether the policy switches it off.
#[derive(Clone, Debug)]
pub struct EntryShown {
    /// The entry.
    pub entry: &'static Entry,
    /// Why it is off, and `file:line:column` of the switch.
    pub off: Option<(String, Option<String>)>,
}

/// Every entry of the blocklist.
pub fn show_blocklist(set: &PolicySet, sources: &[Source]) -> Vec<EntryShown> {
    let located = Located::new(sources);
    let place = |id: &str| located.switch(id).and_then(|found| found.shown(sources));
    blocklist()
        .map(|entry| {
            let reason = set.switched_off().get(entry.id);
            EntryShown { entry, off: reason.map(|reason| (reason.clone(), place(entry.id))) }
        })
        .collect()
}
