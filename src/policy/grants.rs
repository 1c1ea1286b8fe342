//! `grants` of an allow rule: which uses it covers beside the harmless ones; and `needs` of the other rules.

use std::collections::BTreeSet;

use crate::diagnostic::Code;

use super::{programs::Need, reader::Reader};

/// The word for every use.
const ANY: &str = "any";
/// The word for what the facts of a program do not list.
const UNLISTED: &str = "unlisted";

/// Which uses an allow rule covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grants {
    /// Every use, whatever it is.
    pub(super) any: bool,
    /// Uses of which the facts do not know what they are.
    pub(super) unlisted: bool,
    pub(super) needs: BTreeSet<Need>,
}

impl Grants {
    /// Reads `grants`.
    pub(super) fn read(table: &mut Reader<'_, '_>, permits: bool) -> Self {
        let written = table.texts("grants").unwrap_or_default();
        let mut grants = Self::default();
        for word in written {
            match (word.value.as_str(), Need::from_word(&word.value)) {
                (ANY, _) => grants.any = true,
                (UNLISTED, _) => grants.unlisted = true,
                (_, Some(need)) => drop(grants.needs.insert(need)),
                (text, None) => {
                    let message = format!("`grants` has the entry `{}`", text.escape_debug());
                    let words: Vec<_> = Need::ALL.iter().map(|need| format!("`{need}`")).collect();
                    let hint = format!("a grant is {}, `{UNLISTED}` or `{ANY}`", words.join(", "));
                    table.findings().error_with_hint(Code::BadValue, &word, message, "not a grant", hint);
                }
            }
        }
        if !permits && grants != Self::default() {
            let place = table.place_of("grants");
            let message = "`grants` stands in a rule that does not allow";
            let hint = "to forbid such uses write them in `needs`";
            table.findings().error_with_hint(Code::BadValue, &place, message, "only an allow rule grants", hint);
        }
        grants
    }

    /// Whether it covers a need. Code of the workspace is what allow rules are about.
    pub(super) fn covers(&self, need: Need) -> bool {
        self.any || need == Need::Run || self.needs.contains(&need)
    }
}

/// Reads `needs` of a rule that denies or asks.
pub(super) fn needs(table: &mut Reader<'_, '_>, permits: bool) -> BTreeSet<Need> {
    let mut needs = BTreeSet::new();
    for word in table.texts("needs").unwrap_or_default() {
        match Need::from_word(&word.value) {
            Some(_) if permits => {
                let message = "`needs` stands in a rule that allows";
                table.findings().error(Code::BadValue, &word, message, "an allow rule covers uses by `grants`");
            }
            Some(need) => drop(needs.insert(need)),
            None => {
                let message = format!("`needs` has the entry `{}`", word.value.escape_debug());
                let words: Vec<_> = Need::ALL.iter().map(|need| format!("`{need}`")).collect();
                let hint = format!("a need is {}", words.join(", "));
                table.findings().error_with_hint(Code::BadValue, &word, message, "not a need", hint);
            }
        }
    }
    needs
}
