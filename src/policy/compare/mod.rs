//! What changes from one policy to another: rules, answers with a command that shows each, and settings.

mod answers;
mod rules;
mod settings;

use std::sync::Arc;

use crate::diagnostic::Source;

use super::PolicySet;

pub use self::{
    answers::AnswerChange,
    rules::{RuleChange, RuleEvent},
    settings::SettingChange,
};

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// More is allowed.
    Looser,
    /// It is different, and neither can be told.
    Different,
    /// Less is allowed.
    Tighter,
}

/// What changes from one policy to another.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Rules that came, went, or say something else.
    pub rules: Vec<RuleChange>,
    /// Commands that get another answer; one for each pair of reasons, a shortest one.
    pub answers: Vec<AnswerChange>,
    /// Settings that have another value.
    pub settings: Vec<SettingChange>,
    /// Whether rules changed in a way that the search for commands could not look at as a whole.
    pub undecided: bool,
}

/// One side of a comparison: a policy and its texts, base first.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The compiled policy.
    pub set: &'a Arc<PolicySet>,
    /// What it was compiled from.
    pub sources: &'a [Source],
}

/// Compares two policies.
pub fn compare(old: Side<'_>, new: Side<'_>) -> Difference {
    let rules = rules::changes(old.sources, new.sources);
    let (answers, undecided) = answers::changes(old, new, &rules);
    Difference { rules, answers, settings: settings::changes(old.set, new.set), undecided }
}

impl Way {
    /// The word for people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Looser => "looser",
            Self::Different => "different",
            Self::Tighter => "tighter",
        }
    }
}

impl Difference {
    /// Whether nothing changes that jobs could notice.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.settings.is_empty() && !self.undecided
    }

    /// Whether what changes only takes away.
    pub fn only_tightens(&self) -> bool {
        let answers = self.answers.iter().map(|change| change.way);
        let mut ways = answers.chain(self.settings.iter().map(|change| change.way));
        !self.undecided && ways.all(|way| way == Way::Tighter)
    }
}
