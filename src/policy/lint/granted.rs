//! Grants that mean nothing.

use std::collections::BTreeSet;

use crate::diagnostic::Code;

use super::{
    super::{
        findings::Findings,
        programs::Need,
        reader::few,
        rule::{RawRule, Verdict},
    },
    Subject, warn,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules.iter().filter(|raw| raw.rule.verdict() == Verdict::Allow) {
        let grants = raw.rule.grants();
        let can = can_need(subject, raw);
        for need in &grants.needs {
            let label = if grants.any {
                "`any` covers it".to_owned()
            } else if *need == Need::Run {
                "every allow rule covers it".to_owned()
            } else if can.as_ref().is_some_and(|can| !can.contains(need)) {
                let programs: Vec<_> = raw.rule.programs().collect();
                format!("no use of {} {}, by all that is known", few(&programs), need.does())
            } else {
                continue;
            };
            report(subject, raw, need.as_str(), label, findings);
        }
        if grants.any && grants.unlisted {
            report(subject, raw, "unlisted", "`any` covers it".to_owned(), findings);
        }
    }
}

fn report(subject: &Subject<'_>, raw: &RawRule, word: &str, label: String, findings: &mut Findings) {
    let place = subject.entry(raw, "grants", word);
    let message = format!("the grant `{word}` of the rule `{}` means nothing", raw.rule.id());
    warn(findings, Code::UselessGrant, &place, [message, label, "take the word away".to_owned()]);
}

/// What the programs of a rule can need; nothing when that is not known of all of them.
fn can_need(subject: &Subject<'_>, raw: &RawRule) -> Option<BTreeSet<Need>> {
    let known = subject.known(&raw.rule)?;
    let subcommands = raw.rule.args().map(|args| args.subcommand.as_slice()).unwrap_or_default();
    Some(known.iter().flat_map(|known| known.among(subcommands)).flat_map(|known| known.can_need()).collect())
}
