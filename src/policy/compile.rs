//! From the text of policy files to one consistent set of rules, or to everything that is wrong with them.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{
    diagnostic::{Code, Diagnostic, Source},
    model::{denial::RuleRef, hex::hex},
};

use super::{
    PolicySet,
    case::{RawCase, try_case},
    example,
    findings::Findings,
    index::Index,
    programs::Programs,
    raw::RawPolicy,
    switch,
};

/// The name of the policy that a source extends, when it extends one. Findings are left to [`compile`].
pub fn extends(source: &Source) -> Option<String> {
    RawPolicy::extends(source)
}

/// Compiles sources, base first, each one extending the one before it. Every finding of every file is reported at once;
/// an error rejects the whole set, and so does an empty list. The number is the index of the source that a finding is
/// about.
pub fn compile(sources: &[Source]) -> (Option<PolicySet>, Vec<(usize, Diagnostic)>) {
    let mut findings = Findings::default();
    let stages = stages(sources, &mut findings);
    let set = stages.last().map(|raw| {
        example::check_all(raw, &mut findings);
        finish(raw.clone(), sources, &mut findings)
    });
    if !findings.has_errors() {
        check_cases(&stages, sources, &mut findings);
    }
    let set = set.filter(|_| !findings.has_errors());
    (set, findings.into_sorted())
}

/// What each file says together with its bases, the last one being the whole policy.
pub(super) fn stages(sources: &[Source], findings: &mut Findings) -> Vec<RawPolicy> {
    let mut stages: Vec<RawPolicy> = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        let raw = RawPolicy::read(source, file, findings);
        check_base(&raw, file, findings);
        stages.push(match stages.last() {
            Some(base) => raw.over(base.clone()),
            None => raw,
        });
    }
    if let Some(raw) = stages.last() {
        check_ids(raw, findings);
    }
    stages
}

/// A stage that says nothing wrong, as the set that judges its tests.
pub(super) fn set_of(stage: &RawPolicy, sources: &[Source]) -> Arc<PolicySet> {
    // What the joining has to say was said about the whole policy.
    Arc::new(finish(stage.clone(), sources, &mut Findings::default()))
}

fn check_cases(stages: &[RawPolicy], sources: &[Source], findings: &mut Findings) {
    for stage in stages.iter().filter(|stage| !stage.cases.is_empty()) {
        let set = set_of(stage, sources);
        for case in &stage.cases {
            let trial = try_case(case, &set);
            if !trial.holds {
                let message = RawCase::failure(case.name.as_deref(), &case.expect.shown());
                findings.error(Code::TestFails, &case.run, message, &format!("got {}", trial.got.shown()));
            }
        }
    }
}

fn finish(raw: RawPolicy, sources: &[Source], findings: &mut Findings) -> PolicySet {
    let mut rules: Vec<_> = raw.rules.into_iter().map(|raw| raw.rule).collect();
    switch::report(&raw.off, &raw.off_in_base, findings);
    // Order in the files never matters; one order for all makes that plain.
    rules.sort_by(|a, b| a.id().cmp(b.id()));
    PolicySet {
        name: raw.name,
        digest: digest(sources.iter().map(|source| source.text.as_str())),
        places: raw.workspace.finish(),
        env: raw.env.finish(findings),
        sandbox: raw.sandbox.finish(),
        shell: raw.shell.finish(),
        limits: raw.limits.finish(),
        audit_dir: raw.audit_dir.map(|dir| dir.value),
        index: Index::new(&rules),
        rules,
        programs: Programs::with(raw.programs),
        off: raw.off.into_iter().map(|switch| (switch.off.value, switch.reason)).collect(),
        files: sources.iter().map(|source| (source.name.clone(), hex(&Sha256::digest(&source.text)))).collect(),
        narrowing: Vec::new(),
        layers: Vec::new(),
    }
}

/// A base that is named has to be there, and a base that is there has to be named.
fn check_base(raw: &RawPolicy, file: usize, findings: &mut Findings) {
    match (&raw.extends, file) {
        (Some(base), 0) => {
            let message = format!("the policy extends `{}`, which was not found", base.value.escape_debug());
            findings.error(Code::UnknownBase, base, message, "without its base the policy says something else");
        }
        (None, 1..) => {
            let message = "the policy is joined to another one that it does not extend";
            findings.add(file, Diagnostic::error(Code::UnknownBase, message));
        }
        (None, 0) | (Some(_), 1..) => {}
    }
}

fn check_ids(raw: &RawPolicy, findings: &mut Findings) {
    let mut first: BTreeMap<&str, &RuleRef> = BTreeMap::new();
    for rule in &raw.rules {
        let Some(other) = first.insert(&rule.id.value, rule.rule.place()) else { continue };
        let place = other.at.as_deref().unwrap_or("elsewhere");
        let message = format!("two rules have the id `{}`", rule.id.value);
        let hint = "give one of them another id";
        findings.error_with_hint(Code::DuplicateId, &rule.id, message, &format!("first used at {place}"), hint);
    }
}

/// SHA-256 over texts in hexadecimal. Each text's length goes before it, so that no two lists give the same bytes; the
/// names of the files do not count.
pub(super) fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex(&hash.finalize())
}
