//! May this run, and how: the pure part of the journey, for execution and for explanation alike.

use crate::{
    command::{self, ResolvedScript, SyntaxError},
    host::{self, Handles},
    model::{denial::Denial, request::Request},
    plan::{self, SandboxPlan, Surroundings},
    policy::{self, Decision, Question, Trace},
};

use super::Setup;

/// The whole answer to "may this run, and how", before anything is recorded or run.
#[derive(Debug)]
pub struct Judgement {
    /// The command with its facts, when it could be parsed and its names resolved.
    pub script: Option<ResolvedScript>,
    /// What was considered.
    pub trace: Trace,
    /// The answer.
    pub verdict: Verdict,
}

/// The answer of a judgement.
#[derive(Debug)]
pub enum Verdict {
    /// It may run like this.
    Allow(Box<(SandboxPlan, Handles)>),
    /// A person would have to say yes.
    Ask(Question),
    /// It may not run.
    Deny(Denial),
}

/// Judges a request without recording or running anything.
pub fn judge(setup: &Setup, request: &Request) -> Judgement {
    let refused = |denial| Judgement { script: None, trace: Trace::default(), verdict: Verdict::Deny(denial) };
    let script = match command::parse(&request.command) {
        Ok(script) => script,
        Err(error) => return refused(outside_the_language(error)),
    };
    let (script, handles) = match host::resolve(&script, &setup.workspace, request.cwd.as_deref()) {
        Ok(resolved) => resolved,
        Err(denial) => return refused(denial),
    };
    let (decision, trace) = policy::decide(&setup.policy, request, &script);
    let verdict = match decision {
        Decision::Deny(denial) => Verdict::Deny(denial),
        Decision::Ask(question) => Verdict::Ask(question),
        Decision::Allow(permit) => match planned(setup, request, &script, permit) {
            Ok(plan) => Verdict::Allow(Box::new((plan, handles))),
            Err(denial) => Verdict::Deny(denial),
        },
    };
    Judgement { script: Some(script), trace, verdict }
}

fn planned(
    setup: &Setup,
    request: &Request,
    script: &ResolvedScript,
    permit: policy::Permit,
) -> Result<SandboxPlan, Denial> {
    let mut env = setup.policy.env.build(&setup.environment, &request.env)?;
    env.insert("PATH".to_owned(), search_path(setup));
    let workspace = &*setup.workspace;
    let around = Surroundings {
        workspace,
        support: &setup.support,
        hide: &host::existing(&workspace.hide, workspace)?,
        protect: &host::existing(&workspace.protect, workspace)?,
        env: &env,
        timeout: request.timeout,
    };
    plan::build(permit, script, around)
}

/// The PATH that names were resolved with, so that a job which looks a name up finds the same file.
fn search_path(setup: &Setup) -> String {
    setup.workspace.search_path.iter().map(|directory| directory.display().to_string()).collect::<Vec<_>>().join(":")
}

fn outside_the_language(error: SyntaxError) -> Denial {
    Denial::new(error.code, error.message).with_hint(error.hint).at(error.span)
}
