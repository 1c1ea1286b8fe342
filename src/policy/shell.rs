//! `[shell]`: which constructs a script may use, and what the first judgement makes of words that are not known yet.

use crate::{
    command::Construct,
    diagnostic::{Code, Span},
    model::denial::{Denial, RuleRef},
};

use super::{
    args::Scope,
    findings::{Findings, Spanned, over},
    reader::{Reader, list},
    similar::closest,
};

/// `[shell]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellRules {
    /// What the first judgement makes of what is not known yet.
    pub unknown: Unknown,
    /// Where the files of redirections may lie.
    pub(super) paths: Scope,
    /// The constructs that a script may use, in the order of [`Construct::ALL`].
    allow: Vec<Construct>,
}

/// What the first judgement makes of words, files and directories that are known only when their turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They count against the script: it does not start unless the answer is the same whatever they turn out to be.
    Deny,
    /// They are left to the second judgement, which knows them.
    AtExec,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RawShell {
    allow: Option<Vec<Construct>>,
    unknown: Option<Spanned<Unknown>>,
    paths: Option<Spanned<Scope>>,
}

/// The name of the layer in answers and the log.
const LAYER: &str = "shell";

impl ShellRules {
    /// The refusal of the first construct that the policy leaves out.
    pub(super) fn check(&self, written: &[(Construct, Span)]) -> Result<(), Denial> {
        let left_out = written.iter().filter(|(construct, _)| !self.allow.contains(construct));
        match left_out.min_by_key(|(_, span)| *span) {
            Some((construct, span)) => Err(self.refusal(*construct, *span)),
            None => Ok(()),
        }
    }

    /// What is left of a system's policy when this one holds under it.
    pub(super) fn under(&self, system: &Self) -> Self {
        Self {
            unknown: match (self.unknown, system.unknown) {
                (Unknown::AtExec, Unknown::AtExec) => Unknown::AtExec,
                (Unknown::Deny, _) | (_, Unknown::Deny) => Unknown::Deny,
            },
            paths: self.paths.min(system.paths),
            allow: system.allow.iter().filter(|construct| self.allow.contains(construct)).copied().collect(),
        }
    }

    /// The constructs that a script may use.
    pub(super) fn allowed(&self) -> impl Iterator<Item = Construct> {
        self.allow.iter().copied()
    }

    fn refusal(&self, construct: Construct, span: Span) -> Denial {
        let allowed: Vec<_> = self.allow.iter().map(|construct| construct.as_str()).collect();
        let hint = match allowed.as_slice() {
            [] => "the policy takes one program with its arguments and nothing else".to_owned(),
            _ => format!("the policy allows {}", list(&allowed)),
        };
        let reason = format!("the policy does not let scripts use `{}`", construct.as_str());
        let rule = RuleRef { layer: LAYER.into(), id: construct.as_str().into(), at: None };
        Denial { rule: Some(rule), ..Denial::new(Code::ConstructDenied, reason).with_hint(hint).at(span) }
    }

    /// How answers and the log name the key that says where files may lie.
    pub(super) fn paths_place() -> RuleRef {
        RuleRef { layer: LAYER.into(), id: "paths".into(), at: None }
    }

    /// How answers and the log name the key that wants all words known.
    pub(super) fn unknown_place() -> RuleRef {
        RuleRef { layer: LAYER.into(), id: "unknown".into(), at: None }
    }
}

impl Unknown {
    /// The word in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::AtExec => "at_exec",
        }
    }

    fn from_word(word: &str) -> Result<Self, &'static str> {
        [Self::Deny, Self::AtExec]
            .into_iter()
            .find(|unknown| unknown.as_str() == word)
            .ok_or("write `deny` or `at_exec`")
    }
}

impl RawShell {
    pub(super) fn read(mut table: Reader<'_, '_>) -> Self {
        let names = table.texts("allow");
        let allow = names.map(|names| constructs(&names, table.findings()));
        let (unknown, paths) = (table.parsed("unknown", Unknown::from_word), table.parsed("paths", Scope::from_word));
        let raw = Self { allow, unknown, paths };
        table.finish();
        raw
    }

    pub(super) fn over(self, base: Self) -> Self {
        Self {
            allow: over(self.allow, base.allow),
            unknown: over(self.unknown, base.unknown),
            paths: over(self.paths, base.paths),
        }
    }

    pub(super) fn finish(self) -> ShellRules {
        ShellRules {
            unknown: self.unknown.map_or(Unknown::AtExec, |unknown| unknown.value),
            paths: self.paths.map(|paths| paths.value).unwrap_or_default(),
            allow: self.allow.unwrap_or_else(|| Construct::ALL.to_vec()),
        }
    }
}

fn constructs(names: &[Spanned<String>], findings: &mut Findings) -> Vec<Construct> {
    let mut constructs = Vec::new();
    for name in names {
        match Construct::from_name(&name.value) {
            Some(construct) => constructs.push(construct),
            None => {
                let known: Vec<_> = Construct::ALL.iter().map(|construct| construct.as_str()).collect();
                let message = format!("`allow` names the construct `{}`", name.value.escape_debug());
                let hint = match closest(&name.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the constructs are {}", list(&known)),
                };
                findings.error_with_hint(Code::BadValue, name, message, "no construct has this name", hint);
            }
        }
    }
    constructs.sort_unstable();
    constructs.dedup();
    constructs
}
