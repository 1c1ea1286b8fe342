//! The judgement: a script and a policy give allow, ask or deny. Pure, and independent of the order of rules.
//!
//! Each simple command is judged by itself. The built-in blocklist comes first, then every rule: one deny is a deny, else
//! the settings have to agree, else one ask is an ask, else one allow allows, else it is denied because no rule allows it.
//! So are the files, directories and variables beside the commands. The script gets the strictest answer of all these.
//! Where several policies hold together, each of them judges each command.

use std::sync::Arc;

use crate::{
    command::ResolvedScript,
    diagnostic::Code,
    model::{
        denial::{Denial, RuleRef},
        request::Request,
    },
};

use super::{
    PolicySet, beside,
    decision::{Decision, Trace},
    judge::{Judgement, narrowest},
    layers::{judgements, named},
    rule::StdinGrant,
};

/// Evidence that a script was judged and allowed. Only [`decide`] makes one.
#[derive(Debug)]
pub struct Permit {
    rules: Vec<RuleRef>,
    stdin: StdinGrant,
    policy: Arc<PolicySet>,
}

impl Permit {
    /// The rules that allowed the script, one for each command and each policy that holds.
    pub fn rules(&self) -> &[RuleRef] {
        &self.rules
    }

    /// What the job may receive on its standard input.
    pub fn stdin(&self) -> &StdinGrant {
        &self.stdin
    }

    /// The policy under which it was judged.
    pub fn policy(&self) -> &Arc<PolicySet> {
        &self.policy
    }
}

/// Judges a script, before it starts and again for each of its acts. Of the request, rules see which variables it sets.
///
/// The first judgement gets a script with all its commands, files, directories and variables. The second gets the same
/// tree with the one act that is due, fully known. What is not in the lists is not judged.
pub fn decide(policy: &Arc<PolicySet>, request: &Request, script: &ResolvedScript) -> (Decision, Trace) {
    let (mut judged, mut commands) = (Vec::new(), Vec::new());
    for command in &script.commands {
        let (judgements, trace) = judgements(policy, script, command, request);
        judged.extend(judgements.into_iter().map(|judgement| (command.index, judgement)));
        commands.push(trace);
    }
    let decision = match policy.shell.check(&script.constructs) {
        Err(denial) => Decision::Deny(named(policy, script, None, denial)),
        Ok(()) if is_empty(script) => {
            let reason = "the script holds no command that could be judged";
            Decision::Deny(Denial::new(Code::EmptyCommand, reason))
        }
        Ok(()) => join(policy, script, judged),
    };
    (decision, Trace { commands })
}

/// Whether there is nothing to judge, though the script runs programs.
fn is_empty(script: &ResolvedScript) -> bool {
    script.commands.is_empty()
        && script.files.is_empty()
        && script.directories.is_empty()
        && script.variables.is_empty()
        && script.script.commands().any(|command| command.builtin().is_none())
}

/// The strictest answer; of equal ones the first in the text.
fn join(policy: &Arc<PolicySet>, script: &ResolvedScript, judged: Vec<(usize, Judgement)>) -> Decision {
    let mut denials = beside::refusals(policy, script);
    denials.iter_mut().for_each(|(index, denial)| *denial = named(policy, script, Some(*index), denial.clone()));
    let (mut rules, mut grants, mut question) = (Vec::new(), Vec::new(), None);
    for (index, judgement) in judged {
        match judgement {
            Judgement::Deny(denial) => denials.push((index, denial)),
            Judgement::Ask(asked) => question = question.or(Some(asked)),
            Judgement::Allow(rule, grant) => {
                rules.push(rule);
                grants.extend(grant);
            }
        }
    }
    if let Some((_, denial)) = denials.into_iter().min_by_key(|(index, denial)| (*index, denial.span)) {
        return Decision::Deny(denial);
    }
    match question {
        Some(question) => Decision::Ask(question),
        None if grants.is_empty() => {
            Decision::Allow(Permit { rules, stdin: StdinGrant::None, policy: Arc::clone(policy) })
        }
        None => Decision::Allow(Permit { rules, stdin: narrowest(grants), policy: Arc::clone(policy) }),
    }
}
