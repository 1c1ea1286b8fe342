//! Answers of a judgement, and what they rest on.

use crate::{
    diagnostic::Code,
    model::denial::{Denial, RuleRef},
};

use super::decide::Permit;

/// The answer of a judgement.
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// Run it, under the permit's obligations.
    Allow(Permit),
    /// A person has to say yes.
    Ask(Question),
    /// Refuse it.
    Deny(Denial),
}

impl Decision {
    /// The word in answers and the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Allow(_) => "allow",
            Self::Ask(_) => "ask",
            Self::Deny(_) => "deny",
        }
    }
}

/// What a person would have to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The rule that wants it.
    pub rule: RuleRef,
    /// Why.
    pub reason: String,
}

impl Question {
    /// The refusal for want of somebody who could be asked.
    pub fn unanswered(self) -> Denial {
        let denial = Denial::new(Code::AskUnavailable, format!("a person has to approve this: {}", self.reason))
            .with_hint("approvals are not available yet; ask the operator for an allow rule");
        Denial { rule: Some(self.rule), ..denial }
    }
}

/// What was considered, for explanations and the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// For each command, every rule that matched it.
    pub commands: Vec<CommandTrace>,
}

/// What was considered for one simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandTrace {
    /// The canonical text that was judged.
    pub canonical: String,
    /// Every rule that matched, with its decision word, the built-in blocklist first, then by id.
    pub matched: Vec<(RuleRef, &'static str)>,
    /// When no rule allows the command: the one about the same program that came nearest, and why it did not match.
    pub nearest: Option<(RuleRef, String)>,
    /// What the command does beside what is harmless, a line each.
    pub notes: Vec<String>,
    /// How it has to be allowed.
    pub standing: Standing,
    /// The commands that it runs itself; each holds those that it runs.
    pub inside: Vec<Self>,
}

/// What allows a command that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// A rule of its own.
    #[default]
    Own,
    /// The rule that allows the command that runs it: it grants `exec`. Rules that forbid look at it all the same.
    Covered,
    /// The rule that allows the program that reads it as text. Rules that forbid look at it all the same.
    Text,
}

impl Standing {
    /// The word in explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Covered => "covered",
            Self::Text => "text",
        }
    }
}
