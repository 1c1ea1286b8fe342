//! A hostile act: how it is tried, what shows that it got through, and what is there to hold it.

use std::{fmt, io};

use crate::model::enforcement::{Layer, Level};

use super::wire::Targets;

/// One act of the catalogue.
#[derive(Clone, Copy)]
pub(super) struct Act {
    /// The name that stays.
    pub(super) id: &'static str,
    /// What it is about.
    pub(super) group: Group,
    /// What it does, in a few words.
    pub(super) what: &'static str,
    /// Everything that holds it; one of them is enough. Empty for what no layer is there to hold.
    pub(super) holders: &'static [Holder],
    /// Does it, in a process of its own, and gives back what was gained.
    pub(super) attempt: fn(&Targets) -> io::Result<String>,
    /// What shows that it got through.
    pub(super) proof: Proof,
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// What acts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Files outside of what is granted.
    Files,
    /// The server and other processes.
    Server,
    /// Sockets.
    Network,
    /// Calls that reach deep into the kernel.
    Kernel,
    /// What the job itself is allowed.
    Job,
}

impl Group {
    /// An act of this group.
    pub(super) const fn act(
        self,
        id: &'static str,
        what: &'static str,
        holders: &'static [Holder],
        proof: Proof,
        attempt: fn(&Targets) -> io::Result<String>,
    ) -> Act {
        Act { id, group: self, what, holders, attempt, proof }
    }

    /// All groups, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Files, Self::Server, Self::Network, Self::Kernel, Self::Job];

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Server => "server",
            Self::Network => "network",
            Self::Kernel => "kernel",
            Self::Job => "job",
        }
    }
}

/// What shows that an act got through. Never an error number: what counts is what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The attempt gave something back that only whoever gets through has.
    Gained,
    /// What the attempt gave back holds the word that was hidden.
    Canary,
    /// It was seen from outside.
    Seen(Effect),
}

/// Something that was seen from outside after all acts of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    FileWritten,
    ModeChanged,
    SetUserId,
    DeviceNode,
    Signalled,
    LimitLowered,
    PriorityLowered,
    OomScoreRaised,
    Tcp,
    FastOpen,
    Mptcp,
    Udp,
    AbstractSocket,
    SocketWithPath,
    DatagramPair,
    SharedMemory,
    Daemon,
}

/// Something that holds acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A layer that gives this whenever it is there at all.
    Layer(Layer),
    /// Landlock from this version on.
    Landlock(u32),
    /// seccomp in the stricter form that it has where there is no network namespace.
    NoSockets,
    /// That the job has dropped capabilities which the server has: who has fewer may neither look into nor slow down who has
    /// more (ptrace(2), setpriority(2)).
    LessPower,
    /// The launcher, which starts without an environment.
    Launcher,
    /// The init of the job, which leaves nothing behind.
    Init,
}

pub(super) const NAMESPACES: Holder = Holder::Layer(Layer::Namespaces);
pub(super) const NETWORK: Holder = Holder::Layer(Layer::Network);
pub(super) const SECCOMP: Holder = Holder::Layer(Layer::Seccomp);
pub(super) const PRIVILEGES: Holder = Holder::Layer(Layer::Privileges);
pub(super) const RLIMITS: Holder = Holder::Layer(Layer::Rlimits);

impl Holder {
    /// The word in reports.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Layer(layer) => layer.as_str(),
            Self::Landlock(_) => Layer::Landlock.as_str(),
            Self::NoSockets => Layer::Seccomp.as_str(),
            Self::LessPower => Layer::Privileges.as_str(),
            Self::Launcher => "launcher",
            Self::Init => "init",
        }
    }

    /// Whether it is there.
    pub(super) fn is_there(self, here: &Here<'_>) -> bool {
        match self {
            Self::Layer(layer) => here.has(layer),
            Self::Landlock(since) => here.landlock_abi >= since && here.has(Layer::Landlock),
            Self::NoSockets => here.has(Layer::Seccomp) && !here.has(Layer::Network),
            Self::LessPower => here.powerful && here.has(Layer::Privileges),
            Self::Launcher | Self::Init => true,
        }
    }
}

/// What there is to hold acts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here<'a> {
    pub(super) layers: &'a [(Layer, Level)],
    pub(super) landlock_abi: u32,
    /// Whether the server has capabilities.
    pub(super) powerful: bool,
}

impl Here<'_> {
    fn has(&self, layer: Layer) -> bool {
        self.layers.iter().any(|(other, level)| match level {
            Level::Full => *other == layer,
            // A part of the network layer is what seccomp makes of it; of Landlock, what its version says.
            Level::Partial(_) => *other == layer && layer != Layer::Network,
            Level::None(_) => false,
        })
    }
}
