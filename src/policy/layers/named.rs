//! Which layer refuses: the name in front of what a refusal names.

use crate::{
    command::{ResolvedDirectory, ResolvedFile, ResolvedScript},
    diagnostic::Code,
    model::denial::{Denial, RuleRef},
};

use super::{
    super::{PolicySet, beside},
    Layer,
};

/// What stands in the place of a rule where none allows a command.
const NO_RULE: &str = "default";

/// What refusals name beside rules, and what is the same for all layers.
const ABOVE: [&str; 2] = ["builtin", "settings"];

impl Layer {
    /// A refusal by this layer's own judgement of a command, with the layer's name.
    pub(super) fn sign(&self, denial: Denial) -> Denial {
        let rule = match (&denial.rule, denial.code) {
            (Some(rule), _) if rule.layer == self.name || ABOVE.contains(&rule.layer.as_str()) => Some(rule.clone()),
            (Some(rule), _) => Some(self.section(rule)),
            (None, Code::NoRule | Code::ProgramWritable) => {
                Some(RuleRef { layer: self.name.to_owned(), id: NO_RULE.to_owned(), at: None })
            }
            (None, Code::EnvRefused) => {
                Some(self.section(&RuleRef { layer: "env".into(), id: "client".into(), at: None }))
            }
            (None, _) => None,
        };
        let reason = if denial.code == Code::NoRule {
            format!("{} in the {} layer", denial.reason, self.name)
        } else {
            denial.reason
        };
        Denial { rule, reason, ..denial }
    }

    /// A key of a table, as this layer's.
    fn section(&self, rule: &RuleRef) -> RuleRef {
        RuleRef { layer: format!("{}/{}", self.name, rule.layer), ..rule.clone() }
    }

    /// Whether this layer refuses by itself what the layers together refuse of a script beside its commands.
    fn refuses(&self, script: &ResolvedScript, index: Option<usize>, denial: &Denial) -> bool {
        let same = |own: &Denial| own.code == denial.code && own.span == denial.span;
        match index {
            None => self.set.shell.check(&script.constructs).is_err_and(|own| same(&own)),
            Some(at) => {
                let own = beside::refusals(&self.set, &self.seen(script));
                own.iter().any(|(index, own)| *index == at && same(own))
            }
        }
    }

    /// The script as it would be if this layer held alone.
    fn seen(&self, script: &ResolvedScript) -> ResolvedScript {
        let places = &self.places;
        let file = |file: &ResolvedFile| ResolvedFile {
            place: file.place.as_ref().map(|(path, _)| (path.clone(), places.reach(path))),
            ..file.clone()
        };
        let directory = |directory: &ResolvedDirectory| ResolvedDirectory {
            place: directory.place.as_ref().map(|(path, _)| (path.clone(), places.may_work_in(path))),
            ..directory.clone()
        };
        ResolvedScript {
            roots: places.roots.clone(),
            files: script.files.iter().map(file).collect(),
            directories: script.directories.iter().map(directory).collect(),
            commands: Vec::new(),
            ..script.clone()
        }
    }
}

/// A refusal of something beside a script's commands, with the name of the first layer that refuses it by itself. `index` is
/// the command that it belongs to; a construct belongs to none.
pub(in super::super) fn named(
    policy: &PolicySet,
    script: &ResolvedScript,
    index: Option<usize>,
    denial: Denial,
) -> Denial {
    let Some(rule) = denial.rule.clone().filter(|rule| !ABOVE.contains(&rule.layer.as_str())) else { return denial };
    match policy.layers.iter().find(|layer| layer.refuses(script, index, &denial)) {
        Some(layer) => Denial { rule: Some(layer.section(&rule)), ..denial },
        None => denial,
    }
}
