//! A running job, from the start of its command to its last byte of output.

use std::{
    future::pending,
    io,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{
    net::unix::pipe,
    sync::{mpsc, watch},
    time::sleep_until,
};

use crate::{
    audit,
    model::outcome::{ExitStatus, Reason, Usage},
    sandbox::{Process, Report},
};

use super::{
    inlet::{Inlet, Input},
    pump::pump,
    record::Record,
    second::{Asking, Second},
    streams::Stream,
    terminate::{Action, Ending, Haste, Terminator},
};

/// How a job ended, before it is recorded.
pub(super) struct End {
    pub(super) reason: Reason,
    pub(super) exit: Option<ExitStatus>,
    pub(super) usage: Usage,
    pub(super) duration: Duration,
    pub(super) stragglers: u32,
    pub(super) survivors: u32,
    pub(super) signals: Vec<String>,
}

impl End {
    pub(super) fn before_start(reason: Reason) -> Self {
        Self {
            reason,
            exit: None,
            usage: Usage::default(),
            duration: Duration::ZERO,
            stragglers: 0,
            survivors: 0,
            signals: Vec::new(),
        }
    }
}

/// The time limits of one job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) wall: Duration,
    pub(super) idle: Duration,
    pub(super) grace: Duration,
}

/// A running job.
pub(super) struct Run<'a> {
    record: &'a Record,
    audit: &'a audit::Writer,
    process: Process,
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
    stdin: Inlet,
    /// The second judgement, when the job is a script.
    asking: Option<Asking>,
    terminator: Terminator,
    bounds: Bounds,
    started: Instant,
    /// When there was output, input, or a follower who made room.
    active: Instant,
    /// When a follower made room.
    resumed: Instant,
    /// How the command ended, and when that became known. Nothing that happens later changes why the job ended.
    report: Option<(Report, Instant)>,
}

impl<'a> Run<'a> {
    pub(super) fn start(
        record: &'a Record,
        audit: &'a audit::Writer,
        second: Second,
        mut process: Process,
        bounds: Bounds,
    ) -> Self {
        let started = Instant::now();
        record.start(Timestamp::now(), started, process.enforcement().clone());
        let receiver = |fd| {
            pipe::Receiver::from_owned_fd(fd)
                .inspect_err(|error| tracing::error!(%error, "a job's output cannot be read"))
                .ok()
        };
        Self {
            stdout: process.take_stdout().and_then(receiver),
            stderr: process.take_stderr().and_then(receiver),
            stdin: Inlet::new(process.take_stdin()),
            asking: process.take_doorbell().map(|doorbell| Asking::start(second, doorbell)),
            terminator: Terminator::new(bounds.grace),
            record,
            audit,
            process,
            bounds,
            started,
            active: started,
            resumed: started,
            report: None,
        }
    }

    /// Follows the process until its command has ended and its output is read.
    pub(super) async fn follow(
        mut self,
        mut input: mpsc::Receiver<Input>,
        mut endings: watch::Receiver<Option<Ending>>,
    ) -> End {
        // One that came during the launch has not been seen here.
        endings.mark_changed();
        let (mut audit_failed, mut refused) = (false, false);
        while self.report.is_none() || self.stdout.is_some() || self.stderr.is_some() {
            let deadline = self.deadline();
            let running = self.report.is_none();
            // A stream that a follower has to make room in first is not read.
            let [out, err] = [Stream::Stdout, Stream::Stderr].map(|stream| self.record.room(stream) > 0);
            // Every arm waits at one place alone, before it has taken anything, so that none loses what it has.
            tokio::select! {
                ready = readable(self.stdout.as_ref().filter(|_| out)) => self.read(Stream::Stdout, ready),
                ready = readable(self.stderr.as_ref().filter(|_| err)) => self.read(Stream::Stderr, ready),
                () = self.record.room_made() => self.resume(),
                ended = self.process.next(), if running => self.report = Some((ended, Instant::now())),
                () = self.stdin.writable() => self.active = Instant::now(),
                Some(bytes) = input.recv() => self.feed(bytes),
                Ok(()) = endings.changed(), if running => {
                    let ending = endings.borrow_and_update().clone();
                    if let Some(ending) = ending {
                        self.end(ending);
                    }
                }
                () = self.audit.failed(), if running && !audit_failed => {
                    audit_failed = true;
                    self.end(Ending { reason: Reason::AuditFailed, haste: Haste::Grace });
                }
                reason = refusal(self.asking.as_ref()), if running && !refused => {
                    refused = true;
                    self.end(Ending { reason, haste: Haste::AtOnce });
                }
                () = at(deadline) => if !self.expire() { break },
            }
        }
        self.finish().await
    }

    fn held_up(&self) -> bool {
        [Stream::Stdout, Stream::Stderr].into_iter().any(|stream| self.record.room(stream) == 0)
    }

    /// The next moment at which something is due.
    fn deadline(&self) -> Option<Instant> {
        [self.drained(), self.wall(), self.idle(), self.terminator_due(), self.stdin.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn wall(&self) -> Option<Instant> {
        due(self.started, self.bounds.wall).filter(|_| self.may_expire())
    }

    /// A job that is held up cannot write, which is not its fault.
    fn idle(&self) -> Option<Instant> {
        due(self.active, self.bounds.idle).filter(|_| self.may_expire() && !self.held_up())
    }

    fn may_expire(&self) -> bool {
        self.report.is_none() && self.terminator.reason().is_none()
    }

    fn terminator_due(&self) -> Option<Instant> {
        self.terminator.deadline().filter(|_| self.report.is_none())
    }

    /// When output is no longer waited for. The time in which a follower still takes some does not count.
    fn drained(&self) -> Option<Instant> {
        let (_, at) = self.report.as_ref()?;
        due(self.resumed.max(*at), DRAIN).filter(|_| !self.held_up())
    }

    /// Does what is due; false when nothing is left to wait for.
    fn expire(&mut self) -> bool {
        let now = Instant::now();
        let over = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if over(self.drained()) {
            // What lies in the pipes is the job's, however late it is looked at.
            self.read(Stream::Stdout, Ok(()));
            self.read(Stream::Stderr, Ok(()));
            return false;
        }
        self.stdin.expire(now);
        if over(self.wall()) {
            self.end(Ending { reason: Reason::Timeout, haste: Haste::Grace });
        } else if over(self.idle()) {
            self.end(Ending { reason: Reason::IdleTimeout, haste: Haste::Grace });
        }
        if over(self.terminator_due()) {
            let action = self.terminator.expire(now);
            self.act(action);
        }
        true
    }

    fn read(&mut self, stream: Stream, ready: io::Result<()>) {
        let room = self.record.room(stream);
        let slot = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let open = ready.is_ok()
            && slot.as_ref().is_some_and(|pipe| pump(pipe, room, |bytes| self.record.push(stream, bytes)));
        if !open {
            *slot = None;
        }
        self.active = Instant::now();
    }

    fn resume(&mut self) {
        self.resumed = Instant::now();
        self.active = self.resumed;
    }

    fn feed(&mut self, input: Input) {
        self.stdin.send(input);
        self.active = Instant::now();
    }

    fn end(&mut self, ending: Ending) {
        let action = self.terminator.request(ending, Instant::now());
        self.act(action);
    }

    fn act(&self, action: Action) {
        let done = match action {
            Action::None => Ok(()),
            Action::Term => self.process.signal(libc::SIGTERM),
            Action::KillTree => self.process.kill_tree(),
            Action::ForceKill => self.process.force_kill(),
        };
        if let Err(error) = done {
            tracing::debug!(job = %self.record.id, %error, ?action, "the job's init does not listen; it has probably ended");
        }
    }

    async fn finish(mut self) -> End {
        let (report, ended) = self.report.unwrap_or((Report::Lost, Instant::now()));
        let survivors = self.process.reap().await;
        let refused = match self.asking {
            Some(asking) => asking.close().await,
            None => None,
        };
        let (exit, usage, stragglers) = match report {
            Report::Ended { exit, usage, stragglers } => (Some(exit), usage, stragglers),
            Report::Lost => (None, Usage::default(), 0),
        };
        // A refusal is known before its answer goes out, so a script that ended because of one is never taken for one that
        // ended by itself.
        let reason = self.terminator.reason().cloned().or(refused).unwrap_or(match exit {
            Some(ExitStatus::Code(_)) => Reason::Exited,
            Some(ExitStatus::Signal(_)) => Reason::Signaled,
            None => Reason::Lost,
        });
        // What the rest of a refused script ended with says nothing about it.
        let exit = exit.filter(|_| !matches!(reason, Reason::Refused(_)));
        let duration = ended.duration_since(self.started);
        End { reason, exit, usage, duration, stragglers, survivors, signals: self.terminator.signals() }
    }
}

async fn refusal(asking: Option<&Asking>) -> Reason {
    match asking {
        Some(asking) => asking.refused().await,
        None => pending().await,
    }
}

/// When a span of time is over; never when it is zero, or when the clock does not reach that far.
fn due(from: Instant, span: Duration) -> Option<Instant> {
    if span.is_zero() { None } else { from.checked_add(span) }
}

async fn readable(pipe: Option<&pipe::Receiver>) -> io::Result<()> {
    match pipe {
        Some(pipe) => pipe.readable().await,
        None => pending().await,
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => pending().await,
    }
}

/// How long output may still come after everything that could write it is dead. It is in the pipe already, so this bound
/// only matters when something is badly wrong.
const DRAIN: Duration = Duration::from_secs(2);
