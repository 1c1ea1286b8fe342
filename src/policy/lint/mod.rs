//! What is worth a second look in a policy that loads. Each lint is a file.

mod alternation;
mod confusable;
mod covered;
mod environment;
mod granted;
mod options;
mod power;
mod subcommands;
mod unmodelled;
mod writable;

use crate::diagnostic::{Code, Diagnostic, Source};

use super::{
    PolicySet,
    compile::{set_of, stages},
    exercise::untested,
    findings::{Findings, Spanned},
    inside::base_name,
    locate::Located,
    programs::Known,
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
    unmodelled::check(&subject, &mut findings);
    subcommands::check(&subject, &mut findings);
    options::check(&subject, &mut findings);
    granted::check(&subject, &mut findings);
    power::check(&subject, &mut findings);
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

    /// The place of one entry of a list of a rule.
    fn entry(&self, rule: &RawRule, key: &str, entry: &str) -> Spanned<()> {
        self.located.entry_in_rule(rule.rule.id(), key, entry).unwrap_or_else(|| self.place(rule, key))
    }

    /// What is known of the programs that a rule names; nothing when it names none, or one of which nothing is known.
    fn known(&self, rule: &Rule) -> Option<Vec<Known<'_>>> {
        let known: Vec<_> =
            rule.programs().map(|name| self.set.programs.known(base_name(name))).collect::<Option<_>>()?;
        (!known.is_empty()).then_some(known)
    }
}

/// Adds a warning.
fn warn(findings: &mut Findings, code: Code, at: &Spanned<()>, [message, label, hint]: [String; 3]) {
    findings.add(at.file, Diagnostic::warning(code, message).at(at.span, label).with_hint(hint));
}
