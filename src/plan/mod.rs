//! The plan: everything that the sandbox will do for one job, as data, complete before any process exists.

#![forbid(unsafe_code)]

mod build;
mod describe;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::{
    model::{denial::RuleRef, enforcement::Layer, limits::Limits, size::ByteSize},
    policy::{Network, StdinGrant},
};

pub use build::{Surroundings, build, meets};

/// All that a launcher needs to know, and all that the supervisor has to keep to.
#[derive(Clone, Debug)]
pub struct SandboxPlan {
    /// The file to execute; the descriptor is in `host::Handles`.
    pub program: PathBuf,
    /// Its argument vector.
    pub argv: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Its working directory; the descriptor is in `host::Handles`.
    pub cwd: PathBuf,
    /// Its view of the file system.
    pub files: FilePlan,
    /// What it may reach.
    pub network: Network,
    /// What it may use.
    pub limits: Limits,
    /// Wall-clock limit of this job; zero is no limit.
    pub wall: Duration,
    /// Whether and how each layer is applied.
    pub layers: Vec<(Layer, Need)>,
    /// What may come in on its standard input.
    pub stdin: StdinGrant,
    /// The rules that allowed it.
    pub rules: Vec<RuleRef>,
    /// Digest of the policy that allowed it.
    pub policy_digest: String,
}

/// A job's view of the file system. Paths are absolute, free of links, and existed when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePlan {
    /// May be read and executed.
    pub read: Vec<PathBuf>,
    /// May be read, executed and written.
    pub write: Vec<PathBuf>,
    /// Must not be seen.
    pub hide: Vec<PathBuf>,
    /// Read-only although inside a writable place.
    pub protect: Vec<PathBuf>,
    /// Size of the private /tmp.
    pub tmp: ByteSize,
}

/// How much a layer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Applied in full, or nothing runs.
    Required,
    /// Applied as far as the machine can; what is missing is reported.
    Preferred,
}
