//! Resource limits of each process of a job (getrlimit(2)). Soft and hard are the same, and never above what was inherited.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{
    step::{At as _, Failure},
    wire::Limits,
};

/// Sets all limits. Those that the plan leaves open stay as inherited.
pub(super) fn apply(limits: &Limits, core: CoreLimit) -> Result<(), Failure> {
    for (resource, name, limit) in table(limits, core) {
        if let Some(limit) = limit {
            lower(resource, limit).at_thing("limit", name)?;
        }
    }
    if limits.cpu_seconds > 0 {
        // SIGXCPU at the soft limit, which a program may catch to save its work; SIGKILL at the hard one.
        let hard = limits.cpu_seconds.saturating_add(CPU_GRACE);
        set(Resource::Cpu, limits.cpu_seconds, hard).at_thing("limit", "processor time")?;
    }
    Ok(())
}

/// Limit on core dumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CoreLimit(u64);

impl CoreLimit {
    /// No dump. With a core pattern that pipes into a program, a limit of zero still runs that program, as root on the
    /// host; the kernel takes the limit of one byte for "never" (core(5)).
    pub(super) fn of_this_machine() -> Self {
        let piped = fs::read("/proc/sys/kernel/core_pattern").is_ok_and(|pattern| pattern.starts_with(b"|"));
        Self(u64::from(piped))
    }
}

type Row = (Resource, &'static str, Option<u64>);

fn table(limits: &Limits, core: CoreLimit) -> [Row; 10] {
    let unless_zero = |limit: u64| (limit > 0).then_some(limit);
    [
        (Resource::Core, "core dumps", Some(core.0)),
        (Resource::Data, "data", unless_zero(limits.memory)),
        (Resource::Fsize, "file size", unless_zero(limits.file_size)),
        (Resource::Nproc, "processes", unless_zero(limits.processes)),
        (Resource::Nofile, "open files", unless_zero(limits.files)),
        // Fixed: nothing that a job needs, much that it could take from others.
        (Resource::Memlock, "locked memory", Some(8 << 20)),
        (Resource::Msgqueue, "message queues", Some(819_200)),
        (Resource::Sigpending, "pending signals", Some(4096)),
        (Resource::Rtprio, "real-time priority", Some(0)),
        (Resource::Nice, "nice", Some(0)),
    ]
}

fn lower(resource: Resource, limit: u64) -> rustix::io::Result<()> {
    set(resource, limit, limit)
}

fn set(resource: Resource, soft: u64, hard: u64) -> rustix::io::Result<()> {
    let inherited = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let hard = hard.min(inherited);
    setrlimit(resource, Rlimit { current: Some(soft.min(hard)), maximum: Some(hard) })
}

const CPU_GRACE: u64 = 5;
