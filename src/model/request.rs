//! What somebody asked for.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use jiff::Timestamp;

use super::ids::ExecId;

/// Who asks. Jobs belong to the principal that made them; to anyone else they do not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// A name that the transport vouches for, such as `uid:1000`.
    pub id: String,
    /// How the principal came in.
    pub via: Via,
}

/// The door through which a principal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// MCP over the server's standard input and output.
    Stdio,
    /// The command line.
    Cli,
}

impl Via {
    /// The word for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Cli => "cli",
        }
    }
}

/// A command that somebody wants to run, exactly as it came in. Nothing in it loosens the policy or the sandbox.
#[derive(Clone, Debug)]
pub struct Request {
    /// Joins the audit records of this request.
    pub id: ExecId,
    /// When the request came in.
    pub at: Timestamp,
    /// Who asks.
    pub principal: Principal,
    /// The name that the client gives itself; unverified, for the log alone.
    pub claimed_client: Option<String>,
    /// The text of the command.
    pub command: String,
    /// The directory to start in; the first workspace root when absent. Relative paths start there too.
    pub cwd: Option<PathBuf>,
    /// Environment variables that the client wants to set; the policy names those that it may.
    pub env: BTreeMap<String, String>,
    /// A wall-clock limit shorter than the policy's.
    pub timeout: Option<Duration>,
    /// A name for people.
    pub name: Option<String>,
    /// Key and value pairs for people.
    pub labels: BTreeMap<String, String>,
}

impl Request {
    /// A request that names nothing but a command.
    pub fn new(id: ExecId, at: Timestamp, principal: Principal, command: impl Into<String>) -> Self {
        Self {
            id,
            at,
            principal,
            claimed_client: None,
            command: command.into(),
            cwd: None,
            env: BTreeMap::new(),
            timeout: None,
            name: None,
            labels: BTreeMap::new(),
        }
    }
}
