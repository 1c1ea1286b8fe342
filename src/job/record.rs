//! What is known of one job: written by its supervisor alone, read by everybody who may see it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, watch};

use crate::{
    diagnostic::Code,
    model::{
        denial::{Denial, RuleRef},
        enforcement::Enforcement,
        generation::Generation,
        ids::{ExecId, JobId},
        outcome::{Outcome, Reason, Status},
        request::{Principal, Request},
    },
    plan::SandboxPlan,
    policy::StdinGrant,
};

use super::{
    Cursor, JobView, Output,
    inlet::Input,
    streams::{Pace, Stream, Streams},
    terminate::{Ending, Haste},
};

/// One job.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: JobId,
    pub(super) owner: Principal,
    pub(super) input: mpsc::Sender<Input>,
    /// Held from the record of an input to its delivery, so that the log has inputs in the order in which the job gets them.
    pub(super) typing: Arc<AsyncMutex<()>>,
    /// Set once, from any side; the supervisor watches it from its first step to its last.
    ending: watch::Sender<Option<Ending>>,
    exec_id: ExecId,
    command: String,
    cwd: PathBuf,
    name: Option<String>,
    labels: BTreeMap<String, String>,
    rules: Vec<RuleRef>,
    generation: Generation,
    created: Timestamp,
    stdin: StdinGrant,
    stdin_limit: u64,
    live: Mutex<Live>,
    changed: watch::Sender<()>,
    /// Rung when a follower has taken something, or follows no longer.
    room: Notify,
}

#[derive(Debug)]
struct Live {
    started: Option<(Timestamp, Instant)>,
    /// Whether the job has to wait for another one to end.
    waits: bool,
    enforcement: Option<Enforcement>,
    outcome: Option<Outcome>,
    ended: Option<Instant>,
    stdin_taken: u64,
    streams: Streams,
}

impl Record {
    pub(super) fn new(
        request: Request,
        plan: &SandboxPlan,
        generation: Generation,
        pace: Pace,
        input: mpsc::Sender<Input>,
    ) -> Self {
        Self {
            id: JobId::new(),
            owner: request.principal,
            input,
            typing: Arc::default(),
            ending: watch::Sender::new(None),
            exec_id: request.id,
            command: request.command,
            cwd: plan.cwd.clone(),
            name: request.name,
            labels: request.labels,
            rules: plan.rules.clone(),
            generation,
            created: request.at,
            stdin: plan.stdin.clone(),
            stdin_limit: plan.limits.stdin.0,
            live: Mutex::new(Live {
                started: None,
                waits: false,
                enforcement: None,
                outcome: None,
                ended: None,
                stdin_taken: 0,
                streams: Streams::new(plan.limits.output.as_usize(), pace),
            }),
            changed: watch::Sender::new(()),
            room: Notify::new(),
        }
    }

    /// All places are taken; the job waits for one.
    pub(super) fn wait_for_turn(&self) {
        self.live().waits = true;
        self.changed.send_replace(());
    }

    /// Whether the command was started, or never will be.
    pub(super) fn has_begun(&self) -> bool {
        let live = self.live();
        live.started.is_some() || live.outcome.is_some()
    }

    /// Whether it is known how the job begins: it runs, it waits for a place, or it has ended already.
    pub(super) fn is_settled(&self) -> bool {
        let live = self.live();
        live.started.is_some() || live.waits || live.outcome.is_some()
    }

    /// The command was started.
    pub(super) fn start(&self, at: Timestamp, clock: Instant, enforcement: Enforcement) {
        let mut live = self.live();
        live.started = Some((at, clock));
        live.enforcement = Some(enforcement);
        drop(live);
        self.changed.send_replace(());
    }

    /// Output came.
    pub(super) fn push(&self, stream: Stream, bytes: &[u8]) {
        self.live().streams.push(stream, bytes);
        self.changed.send_replace(());
    }

    /// How many bytes of a stream may come before a follower has to take some.
    pub(super) fn room(&self, stream: Stream) -> usize {
        self.live().streams.room(stream)
    }

    /// Waits until a follower has made room. A call that comes before the wait counts.
    pub(super) async fn room_made(&self) {
        self.room.notified().await;
    }

    /// The follower takes what comes next, at most `max` bytes.
    pub(super) fn take(&self, max: usize) -> Output {
        let output = self.live().streams.take(max);
        self.room.notify_one();
        output
    }

    /// Whether there is something for the follower.
    pub(super) fn has_untaken(&self) -> bool {
        self.live().streams.has_untaken()
    }

    /// There is no follower any more: nothing holds the job up.
    pub(super) fn run_free(&self) {
        self.live().streams.run_free();
        self.room.notify_one();
    }

    /// Somebody wants the job to end. The first reason stays.
    pub(super) fn end(&self, reason: Reason, haste: Haste) {
        self.ending.send_modify(|ending| match ending {
            Some(ending) => ending.haste = ending.haste.max(haste),
            None => *ending = Some(Ending { reason, haste }),
        });
    }

    /// Wakes when somebody wants the job to end.
    pub(super) fn endings(&self) -> watch::Receiver<Option<Ending>> {
        self.ending.subscribe()
    }

    /// The job has ended.
    pub(super) fn finish(&self, outcome: Outcome) {
        let mut live = self.live();
        live.outcome = Some(outcome);
        live.ended = Some(Instant::now());
        // From now on it is kept for readers alone.
        live.streams.shrink();
        drop(live);
        self.changed.send_replace(());
    }

    /// Wakes when anything about the job has changed.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn is_final(&self) -> bool {
        self.live().outcome.is_some()
    }

    /// Bytes of output that the job holds in memory.
    pub(super) fn kept_bytes(&self) -> usize {
        self.live().streams.kept()
    }

    /// Checks that these bytes may go to the job's standard input, and counts them.
    pub(super) fn claim_input(&self, bytes: &[u8]) -> Result<(), Denial> {
        if self.is_final() {
            return Err(
                Denial::new(Code::JobEnded, "the job has ended and takes no input").with_hint("start a new job")
            );
        }
        self.check_grant(bytes)?;
        let mut live = self.live();
        if live.started.is_none() {
            return Err(Denial::new(Code::StdinBlocked, "the job has not started yet")
                .with_hint("wait until its status is `running`"));
        }
        let total = live.stdin_taken.saturating_add(bytes.len() as u64);
        if total > self.stdin_limit {
            let text = format!(
                "the job may receive {} bytes of input and has received {}",
                self.stdin_limit, live.stdin_taken
            );
            return Err(Denial::new(Code::StdinLimit, text)
                .with_hint("put the data into a file of the workspace and let the job read it"));
        }
        live.stdin_taken = total;
        Ok(())
    }

    /// Whether input has to come in whole lines.
    pub(super) fn takes_lines(&self) -> bool {
        match self.stdin {
            StdinGrant::Matching(_) => true,
            StdinGrant::None | StdinGrant::Any => false,
        }
    }

    fn check_grant(&self, bytes: &[u8]) -> Result<(), Denial> {
        let refuse = |text: String| Denial::new(Code::StdinRefused, text);
        match &self.stdin {
            StdinGrant::Any => Ok(()),
            StdinGrant::None => Err(refuse("the rule that allowed the job grants it no input".into()).with_hint(
                "pass the data as an argument or in a file; input is granted by `stdin` in a rule of the policy",
            )),
            StdinGrant::Matching(pattern) => {
                // A line that is sent in parts could not be judged, so only whole lines go through.
                let lines = bytes.strip_suffix(b"\n");
                let allowed = bytes.is_empty()
                    || lines.is_some_and(|lines| lines.split(|b| *b == b'\n').all(|line| pattern.is_match_bytes(line)));
                if allowed {
                    Ok(())
                } else {
                    Err(refuse(format!("the policy allows only whole lines that match `{}`", pattern.as_str())))
                }
            }
        }
    }

    /// How long ago the job ended.
    pub(super) fn ended_for(&self) -> Option<Duration> {
        self.live().ended.map(|at| at.elapsed())
    }

    pub(super) fn has_output_after(&self, cursor: Cursor) -> bool {
        self.live().streams.has_after(cursor)
    }

    pub(super) fn view(&self) -> JobView {
        let live = self.live();
        let status = match (&live.outcome, &live.started) {
            (Some(outcome), _) => outcome.status(),
            (None, Some(_)) => Status::Running,
            (None, None) => Status::Queued,
        };
        let elapsed = match (&live.outcome, live.started) {
            (Some(outcome), _) => outcome.duration,
            (None, Some((_, clock))) => clock.elapsed(),
            (None, None) => Duration::ZERO,
        };
        JobView {
            id: self.id,
            exec_id: self.exec_id,
            command: self.command.clone(),
            cwd: self.cwd.clone(),
            name: self.name.clone(),
            labels: self.labels.clone(),
            status,
            created: self.created,
            started: live.started.map(|(at, _)| at),
            elapsed,
            outcome: live.outcome.clone(),
            enforcement: live.enforcement.clone(),
            rules: self.rules.clone(),
            generation: self.generation,
            accepts_input: !matches!(self.stdin, StdinGrant::None) && live.outcome.is_none(),
            stdout: live.streams.totals(Stream::Stdout),
            stderr: live.streams.totals(Stream::Stderr),
        }
    }

    /// Output after a cursor. When both streams together exceed `max`, each may fill at least half of it.
    pub(super) fn output(&self, since: Cursor, max: usize) -> Output {
        self.live().streams.after(since, max)
    }

    /// The last lines of each stream. Of lines too long for `max`, the end is given.
    pub(super) fn tail(&self, lines: usize, max: usize) -> Output {
        self.live().streams.tail(lines, max)
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        // The lock is held for plain assignments only, so a panic cannot leave the state half-written.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until something is true of a job. Once a job has ended nothing about it changes.
pub(super) async fn until(job: &Record, holds: impl Fn(&Record) -> bool) {
    let mut changes = job.changes();
    while !holds(job) {
        if changes.changed().await.is_err() {
            return;
        }
    }
}
