//! What the doctor and its helpers say to each other: lines of JSON. All ends are the same binary.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What acts are aimed at. It tells where a word is hidden and never the word.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Targets {
    /// The process that stands in for the server.
    pub(super) victim: Victim,
    /// A process in another user namespace, where one could be made.
    pub(super) cell: Option<i32>,
    /// A directory that no job may reach.
    pub(super) outside: PathBuf,
    /// A directory that the job may write.
    pub(super) work: PathBuf,
    /// What the policy hides and what is there.
    pub(super) hidden: Vec<PathBuf>,
    /// Directories that the policy lets jobs read and not write.
    pub(super) readable: Vec<PathBuf>,
    /// What the policy protects inside writable places.
    pub(super) protected: Vec<PathBuf>,
    /// Ports of the host, where the host has a loopback device.
    pub(super) ports: Option<Ports>,
    /// The name of an abstract socket.
    pub(super) socket_name: String,
    /// The name of a key in the server's session keyring.
    pub(super) key: String,
    /// A key of shared memory that nobody has.
    pub(super) segment: i32,
    /// The variables that the job is given.
    pub(super) variables: Vec<String>,
    /// Filters of seccomp around the doctor itself.
    pub(super) filters: u32,
    /// Whether a process that crashes here would leave its dump with a program of the host or in a place of the host.
    pub(super) keep_from_crashing: bool,
}

impl Targets {
    /// The file that holds the hidden word.
    pub(super) fn canary(&self) -> PathBuf {
        self.outside.join(CANARY)
    }
}

/// Ports of listeners on the host's loopback address.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) tcp: u16,
    pub(super) fast_open: u16,
    pub(super) mptcp: u16,
    pub(super) udp: u16,
}

/// Where the victim is, and where in it the word is hidden.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Victim {
    pub(super) pid: i32,
    /// In its memory.
    pub(super) address: u64,
    pub(super) length: usize,
    /// In a file that it has open.
    pub(super) descriptor: i32,
}

/// The victim about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) signalled: bool,
    pub(super) open_files: Option<u64>,
    pub(super) nice: i32,
    pub(super) oom_score: i32,
}

/// One act as it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tried {
    pub(super) act: String,
    pub(super) came: Result<String, String>,
}

// Names in `outside`.
pub(super) const CANARY: &str = "canary";
pub(super) const PLAIN: &str = "plain";
pub(super) const FRESH: &str = "fresh";
pub(super) const STREAM: &str = "stream";
pub(super) const DATAGRAM: &str = "datagram";
// Names in `work`.
pub(super) const LINK: &str = "link";
pub(super) const NODE: &str = "node";
pub(super) const SUID: &str = "suid";
pub(super) const LOCK: &str = "lock";
