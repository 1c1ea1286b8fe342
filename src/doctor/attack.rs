//! The self-attack: every act outside of the sandbox, where it has to get through, and then in a job.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use crate::{
    host,
    model::{
        enforcement::{Enforcement, Layer, Level},
        support::Support,
        workspace::Workspace,
    },
    plan::{self, Run, SandboxPlan, Surroundings},
    policy::{PolicySet, StdinGrant},
    sandbox::{LaunchError, Launcher},
    sys::process::join_new_session_keyring,
};

use super::{
    act::Here,
    acts::has_capabilities,
    attacker::{ATTACKER, HELPER_SUBCOMMAND},
    error::{AttackError, Own as _},
    ground::{Ground, is_all_readable},
    judge::{Row, Status, rows},
    sides::{Inside, attack_inside, attack_outside},
    stage::Places,
};

/// Whose sandbox is attacked, and on what machine.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The policy.
    pub policy: &'a PolicySet,
    /// Its places here.
    pub workspace: &'a Workspace,
    /// What the machine can do. Tests take layers out to see how the rest holds; a layer that is missing here is not applied.
    pub support: &'a Support,
    /// The server's own environment, from which the policy passes some names on.
    pub environment: &'a BTreeMap<String, String>,
    /// Starts the helpers and the job.
    pub launcher: &'a Launcher,
}

/// What came of a self-attack.
#[derive(Clone, Debug)]
pub struct Attack {
    /// Each act, in the order of the catalogue.
    pub rows: Vec<Row>,
    /// What was on around the job.
    pub enforcement: Enforcement,
    /// Why no job of the policy starts here. The attack then went on without what could not be done.
    pub refusal: Option<String>,
    /// Processes of the job that were alive after its end. Always 0 where the sandbox holds.
    pub survivors: u32,
}

/// Attacks a job of the policy, as the machine lets it be. `tell` hears of each step. `change` is for tests, which take
/// something away from the plan to see that it shows.
///
/// The job's plan is the policy's, and beside its places the job may read this program and work in a directory that is made
/// for it. Nothing of all this stays.
pub async fn attack(
    subject: Subject<'_>,
    tell: &mut dyn FnMut(&str),
    change: impl Fn(&mut SandboxPlan),
) -> Result<Attack, AttackError> {
    match once(subject, tell, &change).await {
        Err(AttackError::Launch(LaunchError::Step { step, why })) if needs_mounts(&step) => {
            tell("no job of the policy starts here; once more without what it hides and protects");
            let refusal = Some(format!("step `{step}`: {why}"));
            let workspace = Workspace { hide: vec![], protect: vec![], ..subject.workspace.clone() };
            let rest = Subject { workspace: &workspace, ..subject };
            once(rest, tell, &change).await.map(|attack| Attack { refusal, ..attack })
        }
        done => done,
    }
}

/// What only mounts can do, and what a launch without them does not leave out quietly.
fn needs_mounts(step: &str) -> bool {
    ["hide ", "protect "].iter().any(|verb| step.starts_with(verb))
}

async fn once(
    subject: Subject<'_>,
    tell: &mut dyn FnMut(&str),
    change: &impl Fn(&mut SandboxPlan),
) -> Result<Attack, AttackError> {
    let ground = Ground::new(subject.workspace).own("make a directory for the attack")?;
    // What jobs of this user inherit is not the user's. Where there are no keys there is nothing to leave.
    let _ = join_new_session_keyring();
    let places = |name: &str| Places::make(&ground.path().join(name)).own("make the files to attack");
    let (bare, job) = (places("bare")?, places("job")?);
    let mut plan = planned(subject, &job)?;
    change(&mut plan);

    tell("attacking without a sandbox, to see what works on this machine at all");
    let outside = attack_outside(subject, &plan, &bare)?;
    tell("attacking out of a job of the policy");
    let all_readable = is_all_readable(&plan.files) && !has_mounts(subject.support);
    let inside = attack_inside(subject, plan, &job, &ground.path().join("log")).await?;

    ground.clear().own("remove the directory of the attack")?;
    let Inside { side, enforcement, survivors } = inside;
    let landlock_abi = subject.support.landlock_abi;
    let here = |layers| Here { layers, landlock_abi, powerful: has_capabilities() };
    let mut rows = rows(&outside, &side, &here(&subject.support.layers), &here(&enforcement.0));
    if all_readable {
        for row in rows.iter_mut().filter(|row| READS.contains(&row.id)) {
            row.status =
                Status::NotTried("the policy lets jobs read everything, and nothing is hidden here".to_owned());
        }
    }
    Ok(Attack { rows, enforcement, refusal: None, survivors })
}

/// The plan of a job of the policy that attacks.
fn planned(subject: Subject<'_>, places: &Places) -> Result<SandboxPlan, AttackError> {
    let Subject { policy, workspace, support, .. } = subject;
    let program = program(subject.launcher)?;
    let mut env = policy.env.build(subject.environment, &BTreeMap::new()).map_err(AttackError::Plan)?;
    env.insert("PWD".to_owned(), places.work.display().to_string());
    let around = Surroundings {
        workspace,
        support,
        hide: &host::existing(&workspace.hide, workspace).map_err(AttackError::Plan)?,
        protect: &host::existing(&workspace.protect, workspace).map_err(AttackError::Plan)?,
        env: &env,
        timeout: Some(PATIENCE),
    };
    let argv = ["stockade", HELPER_SUBCOMMAND, ATTACKER].map(str::to_owned).to_vec();
    let run = Run::Program { program: program.clone(), argv };
    let mut plan = lenient(policy, run, places.work.clone(), around)?;
    plan.stdin = StdinGrant::Any;
    plan.files.read.extend([program, places.readable.clone()]);
    plan.files.write.push(places.work.clone());
    if has_mounts(support) {
        plan.files.hide.push(places.hidden.clone());
        plan.files.protect.push(places.protected.clone());
    }
    Ok(plan)
}

/// A policy that refuses to start here is attacked without what is missing: what is left is what there is to know.
fn lenient(policy: &PolicySet, run: Run, cwd: PathBuf, around: Surroundings<'_>) -> Result<SandboxPlan, AttackError> {
    if let Ok(plan) = plan::surround(policy, run.clone(), cwd.clone(), around) {
        return Ok(plan);
    }
    let mut less = policy.clone();
    less.sandbox.require.clear();
    plan::surround(&less, run, cwd, around).map_err(AttackError::Plan)
}

/// Whether jobs have mounts of their own on a machine.
pub(super) fn has_mounts(support: &Support) -> bool {
    support.level(Layer::Namespaces) == Level::Full
}

/// This program by its path, which the job has to be able to open.
fn program(launcher: &Launcher) -> Result<PathBuf, AttackError> {
    fs::canonicalize(launcher.path()).own("find its own program; was it replaced or removed meanwhile?")
}

/// Acts that prove nothing where a job may read the whole root and has no mounts.
const READS: [&str; 4] = ["file-read", "file-by-link", "file-by-proc", "device-list"];
/// All acts together take a tenth of it.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
