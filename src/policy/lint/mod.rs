//! What is worth a second look in a policy that loads. Each lint is a file.

mod alternation;
mod confusable;
mod covered;
mod environment;
mod power;
mod writable;

use crate::diagnostic::{Code, Diagnostic, Source};

use super::{
    PolicySet,
    compile::{set_of, stages},
    exercise::untested,
    findings::{Findings, Spanned},
    locate::Located,
    rule::{RawRule, Rule},
};

/// What the lints look at: a policy that has no errors.
struct Subject<'a> {
    rules: &'a [RawRule],
    set: &'a PolicySet,
    located: Located<'a>,
}

/// What is worth a second look in a policy, base first. Nothing when it has errors: those come first.
pub fn lint(sources: &[Source]) -> Vec<(usize, Diagnostic)> {
    let mut findings = Findings::default();
    let stages = stages(sources, &mut findings);
    let Some(whole) = stages.last().filter(|_| !findings.has_errors()) else { return Vec::new() };
    let set = set_of(whole, sources);
    let subject = Subject { rules: &whole.rules, set: &set, located: Located::new(sources) };
    let mut findings = Findings::default();
    untested(&stages, sources, &mut findings);
    covered::check(&subject, &mut findings);
    alternation::check(&subject, &mut findings);
    power::check(&subject, &power::runs_anything, &mut findings);
    writable::check(&subject, &mut findings);
    environment::check(&subject, &mut findings);
    confusable::check(&subject, &mut findings);
    findings.into_sorted()
}

impl Subject<'_> {
    /// The place of a rule's key, or of its id.
    fn place(&self, rule: &RawRule, key: &str) -> Spanned<()> {
        let id = Spanned { value: (), span: rule.id.span, file: rule.id.file };
        self.located.in_rule(rule.rule.id(), key).unwrap_or(id)
    }

    /// Whether a rule says no more about commands than its names without a path and its pattern.
    fn is_plain(&self, rule: &Rule) -> bool {
        const PLAIN: [&str; 8] = ["id", "decision", "program", "command", "stdin", "reason", "hint", "examples"];
        let keys = self.located.keys_of_rule(rule.id());
        keys.iter().all(|key| PLAIN.contains(key)) && rule.programs().all(|name| !name.contains('/'))
    }
}

/// Adds a warning.
fn warn(findings: &mut Findings, code: Code, at: &Spanned<()>, [message, label, hint]: [String; 3]) {
    findings.add(at.file, Diagnostic::warning(code, message).at(at.span, label).with_hint(hint));
}
