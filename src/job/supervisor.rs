//! One task for each job: waits for its turn, starts it, and has its end recorded before it is told.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::{
    audit::{self, Event, Exited, Killed, Receipt, Started},
    host::Handles,
    model::{
        ids::ExecId,
        limits::Limits,
        outcome::{Outcome, Reason},
    },
    plan::SandboxPlan,
    sandbox::Launcher,
};

use super::{
    inlet::Input,
    manager::Place,
    record::Record,
    run::{Bounds, End, Run},
    second::Second,
    terminate::{Ending, Haste},
    turns::{Turn, Turns},
};

/// All that a supervisor needs for its job.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) record: Arc<Record>,
    pub(super) exec: ExecId,
    pub(super) plan: SandboxPlan,
    pub(super) handles: Handles,
    pub(super) receipt: Receipt,
    pub(super) input: mpsc::Receiver<Input>,
    pub(super) turns: Turns,
    pub(super) launcher: Launcher,
    pub(super) audit: audit::Writer,
    /// Judges the acts of a script.
    pub(super) second: Second,
    /// The job's place in the table; given back when the supervisor is done.
    pub(super) place: Place,
}

/// Waits for a turn, starts the command, follows it to its end, and has the end recorded before it is told.
pub(super) async fn supervise(assignment: Assignment) {
    let Assignment { record, exec, plan, handles, receipt, input, turns, launcher, audit, second, place } = assignment;
    // Before anything that can fail: a job without an end would be waited for for ever.
    let unfinished = Unfinished { record: &record, exec, audit: &audit, place };
    let mut endings = record.endings();
    let end = match turn(&record, &turns, &mut endings, &audit).await {
        Err(reason) => End::before_start(reason),
        Ok(_turn) => {
            let bounds = Bounds { wall: plan.wall, idle: plan.limits.idle, grace: plan.limits.grace };
            let (programs, limits) =
                (plan.run.programs().map(Path::to_path_buf).collect(), Limits { wall: plan.wall, ..plan.limits });
            // Not called off half-way: it ends by itself, soon, and with an answer that says whether anything ran.
            match launcher.spawn(plan, handles, receipt).await {
                Err(error) => End::before_start(Reason::LaunchFailed(error.to_string())),
                Ok(process) => {
                    let (job, pid, enforcement) = (record.id, process.pid(), process.enforcement().clone());
                    let started = Event::Start(Started { job, pid, programs, enforcement, limits });
                    if let Err(error) = audit.queue(Some(exec), started) {
                        tracing::error!(%job, %error, "the start of the job could not be recorded");
                        record.end(Reason::AuditFailed, Haste::Grace);
                    }
                    Run::start(&record, &audit, second, process, bounds).follow(input, endings).await
                }
            }
        }
    };
    close(unfinished, end).await;
}

/// Waits until one of the running jobs makes room. A job that is ended before its turn never starts.
async fn turn(
    record: &Record,
    turns: &Turns,
    endings: &mut watch::Receiver<Option<Ending>>,
    audit: &audit::Writer,
) -> Result<Turn, Reason> {
    let turn = turns.clone().take();
    let called_off = called_off(endings, audit);
    tokio::pin!(turn, called_off);
    let mut waits = false;
    loop {
        tokio::select! {
            biased;
            reason = &mut called_off => return Err(reason),
            turn = &mut turn => return turn.map_err(|_| Reason::Shutdown),
            // Told only after the two above were looked at: the job has its place in the queue by then.
            () = std::future::ready(()), if !waits => {
                waits = true;
                record.wait_for_turn();
            }
        }
    }
}

/// Why a job that has not started shall never start.
async fn called_off(endings: &mut watch::Receiver<Option<Ending>>, audit: &audit::Writer) -> Reason {
    let asked = async {
        let ending = endings.wait_for(Option::is_some).await.ok();
        // The other end is the record, which lives as long as its supervisor.
        ending.and_then(|ending| ending.as_ref().map(|ending| ending.reason.clone())).unwrap_or(Reason::Shutdown)
    };
    tokio::select! {
        biased;
        reason = asked => reason,
        () = audit.failed() => Reason::AuditFailed,
    }
}

/// Records the end, and only then tells it: a reader who sees a final status may rely on the log.
async fn close(mut job: Unfinished<'_>, end: End) {
    let (outcome, kill) = end.split();
    let exit = exit_event(job.record, &outcome);
    let recorded = async {
        if let Some(kill) = kill {
            job.audit.queue(Some(job.exec), Event::Kill(kill))?;
        }
        job.audit.record(Some(job.exec), exit).await
    };
    if let Err(error) = recorded.await {
        // The end is told all the same: the job is over, and the failed log has already closed the door to new ones.
        tracing::error!(job = %job.record.id, %error, "the end of the job could not be recorded");
    }
    job.finish(outcome);
}

fn exit_event(record: &Record, outcome: &Outcome) -> Event {
    let view = record.view();
    Event::Exit(Exited { outcome: outcome.clone(), stdout: view.stdout, stderr: view.stderr })
}

impl End {
    fn split(self) -> (Outcome, Option<Killed>) {
        let outcome = Outcome {
            reason: self.reason,
            exit: self.exit,
            ended: Timestamp::now(),
            duration: self.duration,
            usage: self.usage,
            stragglers: self.stragglers,
            survivors: self.survivors,
        };
        let (reason, survivors) = (outcome.reason.clone(), outcome.survivors);
        let kill = outcome.reason.is_kill().then_some(Killed { reason, signals: self.signals, survivors });
        (outcome, kill)
    }
}

/// A job whose end is not told yet. Dropped like that, it ends the job: its supervisor has panicked, or the runtime is
/// going down.
struct Unfinished<'a> {
    record: &'a Record,
    exec: ExecId,
    audit: &'a audit::Writer,
    place: Place,
}

impl Unfinished<'_> {
    /// Tells the end. Whoever sees it finds the place free.
    fn finish(&mut self, outcome: Outcome) {
        self.place.vacate();
        self.record.finish(outcome);
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.record.is_final() {
            return;
        }
        let (outcome, _) = End::before_start(Reason::Lost).split();
        if let Err(error) = self.audit.queue(Some(self.exec), exit_event(self.record, &outcome)) {
            tracing::error!(job = %self.record.id, %error, "the end of the job could not be recorded");
        }
        self.finish(outcome);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, panic::AssertUnwindSafe, time::Duration};

    use super::*;
    use crate::{
        job::{Manager, streams::Pace},
        model::{
            generation::Generation,
            outcome::Status,
            request::{Principal, Request, Via},
            size::ByteSize,
        },
        plan::{FilePlan, Run},
        policy::{Network, StdinGrant},
    };

    fn plan() -> SandboxPlan {
        SandboxPlan {
            run: Run::Program { program: "/bin/true".into(), argv: vec!["true".into()] },
            env: BTreeMap::new(),
            cwd: "/".into(),
            files: FilePlan { read: vec![], write: vec![], hide: vec![], protect: vec![], tmp: ByteSize(0) },
            network: Network::None,
            limits: Limits::default(),
            wall: Duration::ZERO,
            layers: vec![],
            stdin: StdinGrant::None,
            rules: vec![],
            policy_digest: String::new(),
        }
    }

    fn request() -> Request {
        Request::new(ExecId::new(), Timestamp::now(), Principal { id: "uid:1".into(), via: Via::Cli }, "true")
    }

    #[tokio::test]
    async fn a_supervisor_that_panics_leaves_an_end_a_free_place_and_a_record() {
        let dir = tempfile::tempdir().unwrap();
        let audit = audit::Writer::open(&dir.path().join("log")).unwrap();
        let limits = Limits { jobs: 1, queue: 0, ..Limits::default() };
        let manager = Manager::new(limits, Launcher::at("/nonexistent"), audit.clone());
        let request = request();
        let (who, exec) = (request.principal.clone(), request.id);
        let place = manager.admit(&who, &limits).unwrap();
        assert!(manager.admit(&who, &limits).is_err());
        let record = Record::new(request, &plan(), Generation::FIRST, Pace::Free, mpsc::channel(1).0);
        let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let _unfinished = Unfinished { record: &record, exec, audit: &audit, place };
            std::panic::resume_unwind(Box::new("as a panic does, without its message"));
        }));
        assert!(panicked.is_err());
        assert_eq!((record.view().status, record.view().outcome.unwrap().reason), (Status::Failed, Reason::Lost));
        assert!(manager.admit(&who, &limits).is_ok());
        let stream = audit.stream_path().to_owned();
        audit.close(&Reason::Shutdown).await.unwrap();
        let text = std::fs::read_to_string(stream).unwrap();
        assert!(text.lines().any(|line| line.contains("exec.exit") && line.contains(&exec.to_string())), "{text}");
    }
}
