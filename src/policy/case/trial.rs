//! Judges one test and compares.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use jiff::Timestamp;

use crate::{
    diagnostic::Code,
    model::{
        denial::{Denial, RuleRef},
        ids::ExecId,
        request::{Principal, Request, Via},
    },
};

use super::{
    super::{
        PolicySet,
        decide::decide,
        decision::Decision,
        rule::{StdinGrant, Verdict},
    },
    Expect, NO_RULE, RawCase, script,
};

/// The answer that a script got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// The decision.
    pub answer: Verdict,
    /// The rules that gave it: one for each command that is allowed, else at most one.
    pub rules: Vec<RuleRef>,
    /// The code of a refusal.
    pub code: Option<Code>,
    /// Why, in words; of a refusal or a question.
    pub reason: String,
    /// What may be written to its standard input, when it is allowed.
    pub input: StdinGrant,
}

/// What came of a test.
#[derive(Clone, Debug)]
pub(in super::super) struct Trial {
    pub(in super::super) got: Got,
    /// Ids of all rules that matched a command of the script.
    pub(in super::super) matched: Vec<RuleRef>,
    pub(in super::super) holds: bool,
}

/// Judges the script of a test.
pub(in super::super) fn try_case(case: &RawCase, policy: &Arc<PolicySet>) -> Trial {
    let (got, matched) = judge(&case.run.value, case.cwd.as_deref(), &case.env, policy);
    let holds = case.expect.takes(&got);
    Trial { got, matched, holds }
}

/// Judges a script by assumption. The rules are all that matched one of its commands.
pub(in super::super) fn judge(
    text: &str,
    cwd: Option<&str>,
    env: &BTreeMap<String, String>,
    policy: &Arc<PolicySet>,
) -> (Got, Vec<RuleRef>) {
    let resolved = match script::resolve(text, policy, cwd, env) {
        Ok(resolved) => resolved,
        Err(denial) => return (Got::refused(denial), Vec::new()),
    };
    let (decision, trace) = decide(policy, &request(text, cwd, env), &resolved);
    let matched = trace.commands.into_iter().flat_map(|command| command.matched).map(|(rule, _)| rule).collect();
    let got = match decision {
        Decision::Deny(denial) => Got::refused(denial),
        Decision::Ask(question) => {
            let (rules, reason) = (vec![question.rule], question.reason);
            Got { answer: Verdict::Ask, rules, code: None, reason, input: StdinGrant::None }
        }
        Decision::Allow(permit) => {
            let (rules, input) = (permit.rules().to_vec(), permit.stdin().clone());
            Got { answer: Verdict::Allow, rules, code: None, reason: String::new(), input }
        }
    };
    (got, matched)
}

impl Got {
    fn refused(denial: Denial) -> Self {
        Self {
            answer: Verdict::Deny,
            rules: denial.rule.into_iter().collect(),
            code: Some(denial.code),
            reason: denial.reason,
            input: StdinGrant::None,
        }
    }

    /// In short, for people: `deny (no-rule)`, `allow by small/ls`.
    pub fn shown(&self) -> String {
        let code = self.code.map_or_else(String::new, |code| format!(" ({code})"));
        let mut names: Vec<_> = self.rules.iter().map(ToString::to_string).collect();
        names.dedup();
        let by = if names.is_empty() { String::new() } else { format!(" by `{}`", names.join("`, `")) };
        format!("{}{code}{by}", self.answer.as_str())
    }

    /// The same, with the input that is granted.
    pub fn shown_in_full(&self) -> String {
        match &self.input {
            StdinGrant::None => self.shown(),
            StdinGrant::Any => format!("{}, any input", self.shown()),
            StdinGrant::Matching(pattern) => format!("{}, input that matches `{}`", self.shown(), pattern.as_str()),
        }
    }
}

impl Expect {
    fn takes(&self, got: &Got) -> bool {
        let rule = self.rule.as_deref().is_none_or(|wanted| {
            if wanted == NO_RULE {
                return got.code == Some(Code::NoRule);
            }
            got.rules.iter().any(|rule| rule.id == wanted || rule.to_string() == wanted)
        });
        self.decision == got.answer && rule && self.code.is_none_or(|code| got.code == Some(code))
    }

    /// In short, for people.
    pub(in super::super) fn shown(&self) -> String {
        let code = self.code.map_or_else(String::new, |code| format!(" ({code})"));
        let by = self.rule.as_ref().map_or_else(String::new, |rule| format!(" by `{}`", rule.escape_debug()));
        format!("{}{code}{by}", self.decision.as_str())
    }
}

/// The request that a test stands for.
fn request(text: &str, cwd: Option<&str>, env: &BTreeMap<String, String>) -> Request {
    Request {
        cwd: cwd.map(PathBuf::from),
        env: env.clone(),
        ..Request::new(ExecId::NIL, Timestamp::UNIX_EPOCH, Principal { id: "test".into(), via: Via::Cli }, text)
    }
}
