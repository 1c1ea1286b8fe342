//! Exit codes, in one place. They are part of the interface.

use std::process::ExitCode;

use crate::{diagnostic::Code, model::denial::Denial};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// 0: done, or the answer is yes.
    Success,
    /// 1: what was checked has errors. Also `audit verify`: the log was changed.
    Findings,
    /// 2: the command line makes no sense. Also `audit verify`: the log is incomplete.
    Usage,
    /// 3: `audit verify` cannot decide.
    Undecided,
    /// 3: `policy diff`: what changes only tightens.
    Tightened,
    /// 4: `policy diff`: something is looser, or cannot be told.
    Loosened,
    /// 124: the command ran into a time limit.
    Timeout,
    /// 125: Stockade itself failed; nothing can be said about the command.
    Failure,
    /// 126: the command is refused.
    Refused,
    /// The command's own exit code; 128 and the signal's number when a signal ended it, as shells tell it.
    Command(u8),
}

impl Exit {
    /// The exit code of a request that was not carried out.
    pub(super) fn of_denial(denial: &Denial) -> Self {
        // The command may be allowed; it is the log that cannot take it.
        if denial.code == Code::AuditUnavailable { Self::Failure } else { Self::Refused }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Undecided | Exit::Tightened => 3,
            Exit::Loosened => 4,
            Exit::Timeout => 124,
            Exit::Failure => 125,
            Exit::Refused => 126,
            Exit::Command(code) => code,
        })
    }
}
