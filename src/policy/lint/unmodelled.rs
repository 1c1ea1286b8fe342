//! Allow rules for programs of which nothing is known, which do not say what they take: they never match.

use crate::diagnostic::Code;

use super::{
    super::{findings::Findings, inside::base_name, reader::list, rule::Verdict},
    Subject, warn,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for raw in subject.rules.iter().filter(|raw| raw.rule.verdict() == Verdict::Allow) {
        let rule = &raw.rule;
        let grants = rule.grants();
        let says_options = rule.command().is_some() || rule.args().is_some_and(|args| args.options.is_some());
        if says_options || grants.any || grants.unlisted {
            continue;
        }
        let unknown: Vec<&str> =
            rule.programs().filter(|name| subject.set.programs.known(base_name(name)).is_none()).collect();
        let Some(first) = unknown.first() else { continue };
        let place = subject.entry(raw, "program", first);
        let message =
            format!("nothing is known of {}, so the rule `{}` covers no use of it", list(&unknown), rule.id());
        let label = "the rule does not say what it takes".to_owned();
        let hint = "say it in `args.options` or `command`, grant `any`, or add facts in a `[[program]]` table".to_owned();
        warn(findings, Code::UnknownProgram, &place, [message, label, hint]);
    }
}
