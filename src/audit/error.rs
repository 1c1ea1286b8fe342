//! What can go wrong with the log, and what people are told about it.

use std::{fmt, io, path::PathBuf, sync::Arc};

use crate::{
    config::secure::Insecure,
    diagnostic::{Code, Diagnostic},
    model::denial::Denial,
};

/// Why a stream cannot be opened. Nothing may run then.
#[derive(Debug)]
pub enum OpenError {
    /// The directory could have been changed by somebody else.
    Insecure(Insecure),
    /// The directory or the file cannot be made.
    Create {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process holds the lock of the new file.
    Busy(PathBuf),
    /// The first record cannot be written.
    Write {
        /// Into which file.
        path: PathBuf,
        /// Why.
        source: RecordError,
    },
}

impl OpenError {
    /// The error as a finding.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::Insecure(insecure) => insecure.clone().into(),
            Self::Create { source, .. } => Diagnostic::error(Code::AuditUnavailable, format!("{self}: {source}"))
                .with_hint("name another directory as `[audit] dir`, or make this one writable for this user"),
            Self::Write { source, .. } => Diagnostic::error(Code::AuditUnavailable, format!("{self}: {source}")),
            Self::Busy(_) => Diagnostic::error(Code::AuditBusy, self.to_string()),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure(_) => f.write_str("the audit log's directory is not safe"),
            Self::Create { path, .. } => write!(f, "cannot create `{}` for the audit log", path.display()),
            Self::Busy(path) => write!(f, "another process holds `{}`", path.display()),
            Self::Write { path, .. } => write!(f, "cannot write the audit log `{}`", path.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Insecure(source) => Some(source),
            Self::Create { source, .. } => Some(source),
            Self::Write { source, .. } => Some(source),
            Self::Busy(_) => None,
        }
    }
}

/// Why something is not on record. What it was about must not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The log has failed, for good: the text says how.
    Failed(Arc<str>),
    /// The log was closed.
    Closed,
    /// The room that is left is for the ends of running jobs.
    NoSpace,
    /// More records wait for the disk than the memory may hold.
    Backlog,
    /// The record does not fit into a line, although everything that can be cut was.
    TooLong,
}

impl RecordError {
    /// The error as a refusal of what was to be recorded.
    pub fn denial(&self) -> Denial {
        let denial = Denial::new(Code::AuditUnavailable, self.to_string());
        match self {
            Self::Failed(_) => denial.with_hint("restart the server once the log's disk is well; jobs were ended"),
            Self::NoSpace => denial.with_hint("free space on the disk of the audit log, then try again"),
            Self::Backlog => denial.with_hint("try again in a moment"),
            Self::Closed | Self::TooLong => denial,
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => write!(f, "the audit log has failed: {why}"),
            Self::Closed => f.write_str("the audit log is closed"),
            Self::NoSpace => f.write_str("the disk of the audit log is full"),
            Self::Backlog => f.write_str("too many records wait for the disk of the audit log"),
            Self::TooLong => f.write_str("the record is too long for the audit log"),
        }
    }
}

impl std::error::Error for RecordError {}
