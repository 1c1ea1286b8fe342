//! The attack from both sides: an attacker without a sandbox, and one in a job.

use std::{
    collections::BTreeMap,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::Instant,
};

use rustix::fs::{Mode, OFlags, open};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe::{Receiver, Sender},
    time::timeout,
};

use crate::{
    audit::{Decided, Receipt, Writer},
    host::{self, Handles},
    model::{
        enforcement::Enforcement,
        generation::{Generation, PolicyId},
        ids::ExecId,
        outcome::Reason,
        workspace::Reach,
    },
    plan::SandboxPlan,
    policy::Trace,
    sandbox::Process,
};

use super::{
    attack::{PATIENCE, Subject, has_mounts},
    attacker::{ATTACKER, END, HELPER_SUBCOMMAND},
    error::{AttackError, Own as _},
    judge::Side,
    stage::{Places, Stage},
    wire::{Targets, Tried},
};

/// One side of the comparison, told and seen.
fn side(stage: &mut Stage, heard: impl IntoIterator<Item = String>) -> Result<Side, AttackError> {
    let mut came = BTreeMap::new();
    for line in heard.into_iter().take_while(|line| line != END) {
        // A job that writes nonsense has ended by then, which shows in what it did not tell.
        if let Ok(Tried { act, came: how }) = serde_json::from_str(&line) {
            came.insert(act, how);
        }
    }
    Ok(Side { canary: stage.canary.clone(), came, seen: stage.look().own("look what came of the attack")? })
}

/// Tries every act without a sandbox, with the rights of whoever runs the doctor.
pub(super) fn attack_outside(subject: Subject<'_>, plan: &SandboxPlan, places: &Places) -> Result<Side, AttackError> {
    let mut stage = Stage::set(subject.launcher, places).own("put up what is attacked")?;
    let order = order(&stage, plan, places, subject)?;
    let secret = [("STOCKADE_DOCTOR_SECRET", stage.canary.as_str())];
    let started = subject.launcher.start_outside(&[HELPER_SUBCOMMAND, ATTACKER], &secret, &places.work);
    let mut attacker = started.own("start an attacker")?;
    attacker.tell(&order).own("tell an attacker what to do")?;
    let (mut heard, end) = (Vec::new(), Instant::now() + PATIENCE);
    while heard.last().is_none_or(|line| line != END) {
        let line = if Instant::now() < end { attacker.hear() } else { Err(io::ErrorKind::TimedOut.into()) };
        heard.push(line.own("hear from an attacker")?);
    }
    attacker.wait().own("wait for an attacker")?;
    let side = side(&mut stage, heard)?;
    // The daemon that the attacker left behind waits for this.
    attacker.hang_up();
    stage.settle().own("see its daemon end")?;
    Ok(side)
}

/// What came of the attack in a job.
pub(super) struct Inside {
    pub(super) side: Side,
    /// What was on around the job.
    pub(super) enforcement: Enforcement,
    /// Processes of the job that were alive after its end.
    pub(super) survivors: u32,
}

/// Tries every act in a job of that plan. The log is the attack's own.
pub(super) async fn attack_inside(
    subject: Subject<'_>,
    plan: SandboxPlan,
    places: &Places,
    log: &Path,
) -> Result<Inside, AttackError> {
    let mut stage = Stage::set(subject.launcher, places).own("put up what is attacked")?;
    stage.targets.keep_from_crashing = false;
    let order = order(&stage, &plan, places, subject)?;
    let receipt = receipt(&plan, log).await?;
    let handles = handles(&plan).own("open the program")?;
    let mut process = subject.launcher.spawn(plan, handles, receipt).await.map_err(AttackError::Launch)?;
    let enforcement = process.enforcement().clone();
    let (stdin, heard) = timeout(PATIENCE, converse(&mut process, &order))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .own("hear from the job")?;
    let survivors = process.reap().await;
    if heard.lines().last() != Some(END) {
        let why = heard.lines().count().to_string();
        return Err(AttackError::Own {
            doing: "hear the whole attack",
            why: format!("the job ended after {why} acts"),
        });
    }
    let side = side(&mut stage, heard.lines().map(str::to_owned))?;
    // Not earlier: a daemon that lives would take it for the end.
    drop(stdin);
    Ok(Inside { side, enforcement, survivors })
}

/// Tells the job what to do and hears all that it says, until it has ended.
async fn converse(process: &mut Process, order: &str) -> io::Result<(Sender, String)> {
    let taken = (process.take_stdin(), process.take_stdout(), process.take_stderr());
    let (Some(stdin), Some(stdout), Some(stderr)) = taken else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut stdin = Sender::from_owned_fd(stdin)?;
    stdin.write_all(format!("{order}\n").as_bytes()).await?;
    let (heard, _, _) = tokio::join!(all_of(stdout), all_of(stderr), process.next());
    Ok((stdin, heard?))
}

async fn all_of(pipe: OwnedFd) -> io::Result<String> {
    let mut bytes = Vec::new();
    Receiver::from_owned_fd(pipe)?.take(OUTPUT).read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the attacker of a stage is told, as a line. Both sides aim at the same places of the policy.
fn order(stage: &Stage, plan: &SandboxPlan, places: &Places, subject: Subject<'_>) -> Result<String, AttackError> {
    let workspace = subject.workspace;
    let mut targets: Targets = stage.targets.clone();
    targets.variables = plan.env.keys().cloned().collect();
    let (hide, protect) = (&workspace.hide, &workspace.protect);
    targets.hidden = host::existing(hide, workspace).map_err(AttackError::Plan)?;
    targets.protected = host::existing(protect, workspace).map_err(AttackError::Plan)?;
    if has_mounts(subject.support) {
        targets.hidden.push(places.hidden.clone());
        targets.protected.push(places.protected.clone());
    }
    let only_read = |path: &&PathBuf| path.is_dir() && workspace.reach(path) == Reach::Read && !workspace.is_own(path);
    targets.readable = workspace.read.iter().filter(only_read).cloned().collect();
    targets.readable.push(places.readable.clone());
    serde_json::to_string(&targets).map_err(io::Error::from).own("write an order")
}

fn handles(plan: &SandboxPlan) -> io::Result<Handles> {
    let path = |path: &Path| Ok::<_, io::Error>(open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
    let programs = plan.run.programs().map(|program| Ok((program.to_path_buf(), path(program)?)));
    Ok(Handles { programs: programs.collect::<io::Result<_>>()?, cwd: path(&plan.cwd)? })
}

/// From a log of the attack's own: what the doctor does is nothing that the server did.
async fn receipt(plan: &SandboxPlan, log: &Path) -> Result<Receipt, AttackError> {
    let own = |error: &dyn std::error::Error| AttackError::Own { doing: "write a log", why: error.to_string() };
    let writer = Writer::open(log).map_err(|error| own(&error))?;
    let policy = PolicyId { generation: Generation::FIRST, digest: plan.policy_digest.clone() };
    let decided = Decided::allow(&plan.rules, None, &Trace::default(), &policy);
    let receipt = writer.begin(ExecId::new(), decided, plan).await.map_err(|error| own(&error))?;
    writer.close(&Reason::Shutdown).await.map_err(|error| own(&error))?;
    Ok(receipt)
}

/// Bytes of output; all rows together are a hundredth of it.
const OUTPUT: u64 = 1 << 20;
