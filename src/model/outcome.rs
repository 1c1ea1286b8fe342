//! How a job stands, and how it ended.

use std::time::Duration;

use jiff::Timestamp;

use super::denial::Denial;

/// The short state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for a place.
    Queued,
    /// Was started and has not ended.
    Running,
    /// Ended by itself with exit code 0.
    Completed,
    /// Ended by itself otherwise, or could not be started.
    Failed,
    /// Was ended by Stockade: asked for, timed out, over a limit, or at the server's end.
    Killed,
}

impl Status {
    /// The word in answers and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Killed => "killed",
        }
    }

    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Killed => true,
        }
    }
}

/// Why a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The command ended by itself.
    Exited,
    /// A signal that Stockade did not send ended the command.
    Signaled,
    /// The wall-clock limit.
    Timeout,
    /// The limit on time without output or input.
    IdleTimeout,
    /// Somebody asked for the kill.
    Cancelled,
    /// The client that owned the job went away.
    ClientGone,
    /// The server stopped.
    Shutdown,
    /// The audit log could not be written, so nothing may run.
    AuditFailed,
    /// The command was never started; the text names the step.
    LaunchFailed(String),
    /// An act of the script was refused at its turn.
    Refused(Box<RefusedAct>),
    /// The launcher died without a report.
    Lost,
}

impl Reason {
    /// The word in answers and the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Signaled => "signaled",
            Self::Timeout => "timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::Cancelled => "cancelled",
            Self::ClientGone => "client_gone",
            Self::Shutdown => "shutdown",
            Self::AuditFailed => "audit_failed",
            Self::LaunchFailed(_) => "launch_failed",
            Self::Refused(_) => "refused",
            Self::Lost => "lost",
        }
    }

    /// More about the reason, when there is more.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::LaunchFailed(text) => Some(text),
            Self::Refused(act) => Some(&act.text),
            Self::Exited
            | Self::Signaled
            | Self::Timeout
            | Self::IdleTimeout
            | Self::Cancelled
            | Self::ClientGone
            | Self::Shutdown
            | Self::AuditFailed
            | Self::Lost => None,
        }
    }

    /// What was refused half-way, when that is why.
    pub fn refusal(&self) -> Option<&Denial> {
        match self {
            Self::Refused(act) => Some(&act.denial),
            Self::Exited
            | Self::Signaled
            | Self::Timeout
            | Self::IdleTimeout
            | Self::Cancelled
            | Self::ClientGone
            | Self::Shutdown
            | Self::AuditFailed
            | Self::LaunchFailed(_)
            | Self::Lost => None,
        }
    }

    /// Whether Stockade ended the job.
    pub fn is_kill(&self) -> bool {
        match self {
            Self::Timeout
            | Self::IdleTimeout
            | Self::Cancelled
            | Self::ClientGone
            | Self::Shutdown
            | Self::AuditFailed => true,
            Self::Exited | Self::Signaled | Self::LaunchFailed(_) | Self::Refused(_) | Self::Lost => false,
        }
    }
}

/// What ended a script half-way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedAct {
    /// Why.
    pub denial: Denial,
    /// The programs that had been started before, in a few words.
    pub before: String,
    /// All of it in one line: which act, why, what to do instead, and what had been started before.
    pub text: String,
}

/// How the command's own process ended, as wait(2) tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Exit code.
    Code(i32),
    /// Number of the signal that ended it.
    Signal(i32),
}

/// What the processes of a job used, as getrusage(2) counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time of all processes of the job that were waited for.
    pub cpu: Duration,
    /// Largest resident set of any one of them, in bytes.
    pub peak_memory: u64,
}

/// How a job ended, in full.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Why.
    pub reason: Reason,
    /// How the command's process ended; `None` when it never started or nothing was reported.
    pub exit: Option<ExitStatus>,
    /// When.
    pub ended: Timestamp,
    /// Wall-clock time from start to end.
    pub duration: Duration,
    /// What it used.
    pub usage: Usage,
    /// Processes of the job that were still alive when its command ended or was killed, and were killed with it.
    pub stragglers: u32,
    /// Processes of the job that were seen alive after the final kill. Zero, or something is badly wrong.
    pub survivors: u32,
}

impl Outcome {
    /// The command's exit code, when it ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit? {
            ExitStatus::Code(code) => Some(code),
            ExitStatus::Signal(_) => None,
        }
    }

    /// The number of the signal that ended the command, when one did.
    pub fn signal(&self) -> Option<i32> {
        match self.exit? {
            ExitStatus::Code(_) => None,
            ExitStatus::Signal(signal) => Some(signal),
        }
    }

    /// The short state that this outcome gives.
    pub fn status(&self) -> Status {
        if self.reason.is_kill() {
            Status::Killed
        } else if self.reason == Reason::Exited && self.exit == Some(ExitStatus::Code(0)) {
            Status::Completed
        } else {
            Status::Failed
        }
    }
}

/// What one stream of a job has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTotals {
    /// Bytes that the job wrote.
    pub bytes: u64,
    /// Bytes of these that are no longer kept.
    pub dropped: u64,
}
