//! A refusal, as every room states it.

use crate::diagnostic::{Code, Diagnostic, Span};

/// Why a request is not carried out. A denial is an answer, not an error of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Stable name of the kind of refusal.
    pub code: Code,
    /// The rule that refused, when one did.
    pub rule: Option<RuleRef>,
    /// One line for people: lower case, no final stop, user text in backticks.
    pub reason: String,
    /// What to do instead, when there is something to do.
    pub hint: Option<String>,
    /// The part of the command's text that is refused, in bytes.
    pub span: Option<Span>,
}

impl Denial {
    /// A denial that no rule made.
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, rule: None, reason: reason.into(), hint: None, span: None }
    }

    /// Adds what to do instead.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the part of the command that is refused.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
}

impl From<Denial> for Diagnostic {
    /// The refusal as a finding. The rule that made it, if one did, is not part of a finding.
    fn from(denial: Denial) -> Self {
        let finding = Self { hint: denial.hint, ..Self::error(denial.code, denial.reason) };
        match denial.span {
            Some(span) => finding.at(span, ""),
            None => finding,
        }
    }
}

/// Names one rule and the place where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRef {
    /// The layer that holds the rule: `builtin`, `settings`, or the policy's name.
    pub layer: String,
    /// The rule's `id`.
    pub id: String,
    /// `file:line:column` of the rule, when it comes from a file.
    pub at: Option<String>,
}

impl std::fmt::Display for RuleRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.layer, self.id)
    }
}
