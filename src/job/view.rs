//! What a reader sees of a job. Plain data, taken at one moment.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use jiff::Timestamp;

use crate::model::{
    denial::RuleRef,
    enforcement::Enforcement,
    generation::Generation,
    ids::{ExecId, JobId},
    outcome::{Outcome, Status, StreamTotals},
};

use super::Cursor;

/// A job at one moment.
#[derive(Clone, Debug)]
pub struct JobView {
    /// The job.
    pub id: JobId,
    /// Joins it to the audit log.
    pub exec_id: ExecId,
    /// The text of the command.
    pub command: String,
    /// Its working directory.
    pub cwd: PathBuf,
    /// The client's name for it.
    pub name: Option<String>,
    /// The client's labels.
    pub labels: BTreeMap<String, String>,
    /// The short state.
    pub status: Status,
    /// When it was accepted.
    pub created: Timestamp,
    /// When its command was started.
    pub started: Option<Timestamp>,
    /// Wall-clock time since the start, or of the whole run when it has ended.
    pub elapsed: Duration,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// What the sandbox really does around it, once started.
    pub enforcement: Option<Enforcement>,
    /// The rules that allowed it.
    pub rules: Vec<RuleRef>,
    /// The policy that it was judged by, and that its acts are judged by.
    pub generation: Generation,
    /// Whether `interact` may write to it.
    pub accepts_input: bool,
    /// Totals of standard output.
    pub stdout: StreamTotals,
    /// Totals of standard error.
    pub stderr: StreamTotals,
}

/// A part of a job's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// From standard output.
    pub stdout: StreamSlice,
    /// From standard error.
    pub stderr: StreamSlice,
    /// Where the next read continues.
    pub next: Cursor,
    /// Whether there is more to read right now.
    pub more: bool,
}

/// Bytes of one stream, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSlice {
    /// Offset of the first byte.
    pub start: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Bytes between the reader's cursor and `start` that are no longer kept.
    pub dropped: u64,
}

/// Why a wait came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEnd {
    /// The job has ended.
    Exited,
    /// The time was over.
    Timeout,
}

impl WaitEnd {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Timeout => "timeout",
        }
    }
}

/// The answer of a wait.
#[derive(Clone, Debug)]
pub struct Waited {
    /// The job when the wait ended.
    pub job: JobView,
    /// Why it ended.
    pub end: WaitEnd,
}
