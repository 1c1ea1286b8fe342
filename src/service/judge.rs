//! May this run, and how: the pure part of the journey, for execution and for explanation alike.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    command::{self, ResolvedScript, SyntaxError},
    host::{self, Handles},
    model::{denial::Denial, request::Request, workspace::Workspace},
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
    /// It may run like this; what was judged goes along with the places, for the judgement of each act.
    Allow(Box<(SandboxPlan, Handles, ResolvedScript, Arc<Workspace>)>),
    /// A person would have to say yes.
    Ask(Question),
    /// It may not run.
    Deny(Denial),
}

/// Judges a request without recording or running anything.
pub fn judge(setup: &Setup, request: &Request) -> Judgement {
    let Understood { script, env, handles, workspace } = match understood(setup, request) {
        Ok(understood) => understood,
        Err(denial) => return Judgement { script: None, trace: Trace::default(), verdict: Verdict::Deny(denial) },
    };
    let (decision, trace) = policy::decide(&setup.policy, request, &script);
    let verdict = match decision {
        Decision::Deny(denial) => Verdict::Deny(denial),
        Decision::Ask(question) => Verdict::Ask(question),
        Decision::Allow(permit) => match planned(setup, request, &script, (&env, &workspace), permit) {
            Ok(plan) => Verdict::Allow(Box::new((plan, handles, script.clone(), workspace))),
            Err(denial) => Verdict::Deny(denial),
        },
    };
    Judgement { script: Some(script), trace, verdict }
}

/// What a job would be surrounded by that started where a request says, in the words of a plan, whether the request is
/// allowed or not.
pub fn outline(setup: &Setup, request: &Request) -> Result<String, Denial> {
    let workspace = host::at_present(&setup.workspace)?;
    let start = host::start(&workspace, request.cwd.as_deref())?;
    let env = environment(setup, request, &start.path)?;
    surrounded(setup, request, (&env, &workspace), |around| plan::outline(&setup.policy, &start.path, around))
}

/// A request of which everything is known that can be known before it runs.
struct Understood {
    script: ResolvedScript,
    env: BTreeMap<String, String>,
    handles: Handles,
    workspace: Arc<Workspace>,
}

/// Values stand in the tree before names are resolved, and the working directory is one of the values.
fn understood(setup: &Setup, request: &Request) -> Result<Understood, Denial> {
    let script = command::parse(&request.command).map_err(outside_the_language)?;
    let workspace = host::at_present(&setup.workspace)?;
    let start = host::start(&workspace, request.cwd.as_deref())?;
    let env = environment(setup, request, &start.path)?;
    let constructs = command::constructs(&script);
    let script = command::fill(&script, &env).map_err(outside_the_language)?;
    let (script, handles) = host::resolve(&script, constructs, &workspace, start, &setup.policy)?;
    Ok(Understood { script, env, handles, workspace })
}

/// What the policy makes of the environment, with what the server alone knows: the PATH that names are resolved with, so that
/// a job which looks a name up finds the same file, and the directory in which it starts.
fn environment(setup: &Setup, request: &Request, cwd: &Path) -> Result<BTreeMap<String, String>, Denial> {
    let mut env = setup.policy.environment(&setup.environment, &request.env)?;
    let directories = setup.workspace.search_path.iter().map(|directory| directory.display().to_string());
    env.insert("PATH".to_owned(), directories.collect::<Vec<_>>().join(":"));
    env.insert("PWD".to_owned(), cwd.display().to_string());
    Ok(env)
}

fn planned(
    setup: &Setup,
    request: &Request,
    script: &ResolvedScript,
    (env, workspace): (&BTreeMap<String, String>, &Workspace),
    permit: policy::Permit,
) -> Result<SandboxPlan, Denial> {
    surrounded(setup, request, (env, workspace), |around| plan::build(permit, script, around))
}

fn surrounded<T>(
    setup: &Setup,
    request: &Request,
    (env, workspace): (&BTreeMap<String, String>, &Workspace),
    make: impl FnOnce(Surroundings<'_>) -> Result<T, Denial>,
) -> Result<T, Denial> {
    make(Surroundings {
        workspace,
        support: &setup.support,
        hide: &host::existing(&workspace.hide, workspace)?,
        protect: &host::existing(&workspace.protect, workspace)?,
        env,
        timeout: request.timeout,
    })
}

fn outside_the_language(error: SyntaxError) -> Denial {
    Denial::new(error.code, error.message).with_hint(error.hint).at(error.span)
}
