//! From the text of policy files to one consistent set of rules, or to everything that is wrong with them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::{
    diagnostic::{Code, Diagnostic, Source},
    model::{denial::RuleRef, hex::hex},
};

use super::{PolicySet, example, findings::Findings, raw::RawPolicy};

/// The name of the policy that a source extends, when it extends one. Findings are left to [`compile`].
pub fn extends(source: &Source) -> Option<String> {
    RawPolicy::extends(source)
}

/// Compiles sources, base first, each one extending the one before it. Every finding of every file is reported at once;
/// an error rejects the whole set, and so does an empty list. The number is the index of the source that a finding is
/// about.
pub fn compile(sources: &[Source]) -> (Option<PolicySet>, Vec<(usize, Diagnostic)>) {
    let mut findings = Findings::default();
    let mut joined: Option<RawPolicy> = None;
    for (file, source) in sources.iter().enumerate() {
        let raw = RawPolicy::read(source, file, &mut findings);
        check_base(&raw, file, &mut findings);
        joined = Some(match joined {
            Some(base) => raw.over(base),
            None => raw,
        });
    }
    let set = joined.map(|raw| finish(raw, sources, &mut findings));
    let set = set.filter(|_| !findings.has_errors());
    (set, findings.into_sorted())
}

fn finish(raw: RawPolicy, sources: &[Source], findings: &mut Findings) -> PolicySet {
    check_ids(&raw, findings);
    for rule in &raw.rules {
        example::check(rule, findings);
    }
    let mut rules: Vec<_> = raw.rules.into_iter().map(|raw| raw.rule).collect();
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
        rules,
        files: sources.iter().map(|source| (source.name.clone(), hex(&Sha256::digest(&source.text)))).collect(),
        narrowing: Vec::new(),
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
fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex(&hash.finalize())
}
