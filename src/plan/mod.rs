//! The plan: everything that the sandbox will do for one job, as data, complete before any process exists.

#![forbid(unsafe_code)]

mod build;
mod describe;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    command::Script,
    model::{denial::RuleRef, enforcement::Layer, limits::Limits, size::ByteSize},
    policy::{Network, StdinGrant},
};

pub use build::{Surroundings, build, meets, outline};

/// All that a launcher needs to know, and all that the supervisor has to keep to.
#[derive(Clone, Debug)]
pub struct SandboxPlan {
    /// What runs.
    pub run: Run,
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

/// What a job runs.
#[derive(Clone, Debug)]
pub enum Run {
    /// One program: the script is one literal command.
    Program {
        /// The file to execute; the descriptor is in `host::Handles`.
        program: PathBuf,
        /// Its argument vector.
        argv: Vec<String>,
    },
    /// A script, which the executor carries out inside the sandbox and which is judged again act by act.
    Script {
        /// The tree, with the values of variables in their places.
        script: Script,
        /// For each simple command, in the order of [`Script::commands`], the file to execute. None for what needs no
        /// program, and for a program named by a path, which is looked up when its turn comes.
        programs: Vec<Option<PathBuf>>,
    },
}

impl Run {
    /// The files to execute, as far as they are known.
    pub fn programs(&self) -> impl Iterator<Item = &Path> {
        let (one, many) = match self {
            Self::Program { program, .. } => (Some(program), [].as_slice()),
            Self::Script { programs, .. } => (None, programs.as_slice()),
        };
        one.into_iter().chain(many.iter().flatten()).map(PathBuf::as_path)
    }
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
