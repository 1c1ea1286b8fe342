//! Policies that hold together: the system's, and one under it that can only narrow it.
//!
//! Each judges by itself, with its own rules and its own facts about programs, as if it held alone; the strictest answer
//! counts. So no rule of one can be a way around the other, whatever either says. What is about the whole job (places,
//! environment, sandbox, limits) is cut together once, when the policies are loaded.

mod named;

use std::collections::BTreeMap;

use crate::{
    command::{ResolvedCommand, ResolvedScript},
    model::{denial::Denial, request::Request, workspace::Workspace},
};

use super::{
    Places, PolicySet,
    compile::digest,
    decision::CommandTrace,
    index::Index,
    judge::{Judgement, judge},
    rule::Rule,
};

pub(super) use named::named;

/// One of several policies that hold together.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// The name of the layer in answers and the log.
    pub(super) name: &'static str,
    /// What it says by itself.
    pub(super) set: PolicySet,
    /// Its own places.
    places: Workspace,
    /// What it says without any effect, a line each.
    pub(super) idle: Vec<String>,
}

/// The machine's own policy.
const SYSTEM: &str = "system";
/// The policy that somebody names, under it.
const PROJECT: &str = "project";

/// Puts a policy under the system's, each with its own places. What they have in common is the policy that holds, and its
/// places; there are no workspace roots when none of one lies in one of the other.
pub fn layered(system: (PolicySet, Workspace), project: (PolicySet, Workspace)) -> (PolicySet, Workspace) {
    let common = Workspace::layered(system.1.clone(), project.1.clone());
    let idle = idle(&system.0, &project.0);
    let joined = join(&system.0, &project.0, &common);
    let layer = |name, (set, places): (PolicySet, Workspace), idle| {
        let rules = set.rules.into_iter().map(|rule| rule.in_layer(name)).collect();
        // The list is a layer above all files, and the system's policy alone switches entries off.
        let set = PolicySet { rules, off: joined.off.clone(), ..set };
        Layer { name, set, places, idle }
    };
    let layers = vec![layer(SYSTEM, system, Vec::new()), layer(PROJECT, project, idle)];
    let rules = layers.iter().flat_map(|layer| layer.set.rules.iter().cloned()).collect::<Vec<Rule>>();
    (PolicySet { rules, layers, ..joined }, common)
}

/// All but the rules.
fn join(system: &PolicySet, project: &PolicySet, common: &Workspace) -> PolicySet {
    let mut protect = system.places.protect.clone();
    add_new(&mut protect, project.places.protect.clone());
    PolicySet {
        // A name holds no plus sign.
        name: format!("{}+{}", system.name, project.name),
        digest: digest([system.digest.as_str(), project.digest.as_str()]),
        places: Places { roots: common.roots.iter().map(|root| root.display().to_string()).collect(), protect },
        env: project.env.under(&system.env),
        sandbox: project.sandbox.under(&system.sandbox, common),
        shell: project.shell.under(&system.shell),
        limits: project.limits.narrower(system.limits),
        audit_dir: system.audit_dir.clone(),
        rules: Vec::new(),
        // Each layer is asked by itself.
        index: Index::default(),
        programs: system.programs.clone(),
        off: system.off.clone(),
        files: system.files.iter().chain(&project.files).cloned().collect(),
        narrowing: Vec::new(),
        layers: Vec::new(),
    }
}

/// What the project's policy says without effect.
fn idle(system: &PolicySet, project: &PolicySet) -> Vec<String> {
    let mut idle = Vec::new();
    for id in project.off.keys().filter(|id| !system.is_switched_off(id)) {
        idle.push(format!("the blocklist's entry `{id}` stays on: only the system's policy switches entries off"));
    }
    if project.audit_dir.is_some() && project.audit_dir != system.audit_dir {
        idle.push("`[audit] dir` does not count: the system's policy says where the log lies".to_owned());
    }
    for name in project.env.idle_under(&system.env) {
        let why = match system.env.set.contains_key(name) {
            true => "sets it to something else",
            false => "does not let clients set it",
        };
        idle.push(format!("`[env] set` of `{}` does not count: the system's policy {why}", name.escape_debug()));
    }
    idle
}

/// What each policy that holds says about one command, the system's first, and what they considered.
pub(super) fn judgements(
    policy: &PolicySet,
    script: &ResolvedScript,
    command: &ResolvedCommand,
    request: &Request,
) -> (Vec<Judgement>, CommandTrace) {
    if policy.layers.is_empty() {
        let (judgement, trace) = judge(policy, &script.roots, script, command, request);
        return (vec![judgement], trace);
    }
    let (mut judgements, mut trace) = (Vec::new(), None);
    for layer in &policy.layers {
        let (judgement, own) = judge(&layer.set, &layer.places.roots, script, command, request);
        judgements.push(match judgement {
            Judgement::Deny(denial) => Judgement::Deny(layer.sign(denial)),
            other @ (Judgement::Allow(..) | Judgement::Ask(_)) => other,
        });
        trace = Some(match trace {
            Some(before) => together(before, own),
            None => own,
        });
    }
    (judgements, trace.unwrap_or_default())
}

/// What two layers considered about one command. Each knows programs of its own, so they may see other commands inside.
fn together(mut one: CommandTrace, other: CommandTrace) -> CommandTrace {
    // The blocklist's entries are the same for both.
    add_new(&mut one.matched, other.matched);
    add_new(&mut one.notes, other.notes);
    one.nearest = one.nearest.or(other.nearest);
    for inner in other.inside {
        match one.inside.iter().position(|known| known.canonical == inner.canonical) {
            Some(at) => {
                let known = one.inside.remove(at);
                one.inside.insert(at, together(known, inner));
            }
            None => one.inside.push(inner),
        }
    }
    one
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}

impl PolicySet {
    /// The environment of a job, as [`super::EnvRules::build`] makes it. A refusal names the layer that refuses.
    pub fn environment(
        &self,
        own: &BTreeMap<String, String>,
        client: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Denial> {
        self.env.build(own, client).map_err(|denial| {
            let refuses = |layer: &&Layer| layer.set.env.build(&BTreeMap::new(), client).is_err();
            match self.layers.iter().find(refuses) {
                Some(layer) => layer.sign(denial),
                None => denial,
            }
        })
    }

    /// The policies that hold together, the system's first, each with the name of its layer; none when one holds alone.
    pub fn layers(&self) -> impl Iterator<Item = (&'static str, &Self)> {
        self.layers.iter().map(|layer| (layer.name, &layer.set))
    }

    /// What one of several policies says without effect: the name of its layer, and a line for people.
    pub fn idle(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.layers.iter().flat_map(|layer| layer.idle.iter().map(|line| (layer.name, line.as_str())))
    }
}
