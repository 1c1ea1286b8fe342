//! What happens to the policy, as records of the log: it came into use, it took the place of another one, it could not.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Code, Diagnostic, Severity, Source},
    model::generation::PolicyId,
    policy::PolicySet,
};

/// A policy as it came into use.
#[derive(Clone, Debug)]
pub struct PolicyLoad {
    /// Which one.
    pub id: PolicyId,
    /// The name of the outermost policy.
    pub name: String,
    /// How many rules it has.
    pub rules: usize,
    /// Each source's name and SHA-256, base first; the system's before the project's.
    pub files: Vec<(String, String)>,
    /// The policies that hold together, the system's first; none when one holds alone.
    pub layers: Vec<LayerLoad>,
}

/// One of several policies that hold together.
#[derive(Clone, Debug)]
pub struct LayerLoad {
    /// The name of the layer.
    pub layer: &'static str,
    /// The name of its outermost policy.
    pub name: String,
    /// SHA-256 over its sources, in hexadecimal.
    pub digest: String,
    /// How many rules it has.
    pub rules: usize,
    /// How many of the files are its own.
    pub files: usize,
}

impl PolicyLoad {
    /// A policy that comes into use under this name.
    pub fn new(id: &PolicyId, policy: &PolicySet) -> Self {
        let (name, files) = (policy.name.clone(), policy.files().to_vec());
        let layers = policy.layers().map(|(layer, policy)| LayerLoad {
            layer,
            name: policy.name.clone(),
            digest: policy.digest.clone(),
            rules: policy.rules().len(),
            files: policy.files().len(),
        });
        Self { id: id.clone(), name, rules: policy.rules().len(), files, layers: layers.collect() }
    }
}

/// A policy that takes the place of another one.
#[derive(Clone, Debug)]
pub struct PolicyReload {
    /// The new one.
    pub load: PolicyLoad,
    /// How many rules the one before has.
    pub rules_before: usize,
    /// The ids of rules that come.
    pub added: Vec<String>,
    /// The ids of rules that go.
    pub removed: Vec<String>,
}

impl PolicyReload {
    /// What changes when `after` takes the place of `before`.
    pub fn new(before: &PolicySet, id: &PolicyId, after: &PolicySet) -> Self {
        Self {
            load: PolicyLoad::new(id, after),
            rules_before: before.rules().len(),
            added: only_in(after, before),
            removed: only_in(before, after),
        }
    }
}

/// The ids of rules that `one` has and `other` has not. Two policies that hold together may have the same ids, so these have
/// their layer's name before them.
fn only_in(one: &PolicySet, other: &PolicySet) -> Vec<String> {
    let known: BTreeSet<_> = ids(other).collect();
    ids(one).filter(|id| !known.contains(id)).collect()
}

fn ids(policy: &PolicySet) -> impl Iterator<Item = String> {
    let alone = policy.layers().next().is_none();
    policy.rules().iter().map(move |rule| if alone { rule.id().to_owned() } else { rule.place().to_string() })
}

/// A policy that could not take the place of the one in use.
#[derive(Clone, Debug)]
pub struct PolicyReloadFailed {
    /// The one that stays.
    pub kept: PolicyId,
    /// All that is wrong with the other one.
    pub findings: Vec<PolicyFinding>,
}

/// One thing that is wrong with a policy.
#[derive(Clone, Debug)]
pub struct PolicyFinding {
    /// The file, with line and column where they are known.
    pub at: String,
    /// The kind of finding.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl PolicyFinding {
    /// A finding about a text.
    pub fn new(source: &Source, finding: &Diagnostic) -> Self {
        let primary = finding.primary.as_ref();
        let at = primary.map_or_else(|| source.name.clone(), |label| source.place(label.span.start));
        let Diagnostic { code, severity, message, hint, .. } = finding.clone();
        Self { at, code, severity, message, hint }
    }
}
