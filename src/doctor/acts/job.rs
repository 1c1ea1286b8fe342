//! What the job itself has: powers, filters, limits, and whether it outlives its end.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use nix::{
    sched::{CloneFlags, unshare},
    sys::{signal::Signal, wait::WaitStatus},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FlockOperation, MemfdFlags, flock, memfd_create},
    pipe::{PipeFlags, pipe_with},
    process::{Resource, Rlimit, getpid, getrlimit, kill_process, setrlimit, setsid},
};

use crate::{
    doctor::{
        act::{Act, Effect, Group, Holder, NAMESPACES, PRIVILEGES, Proof, RLIMITS, SECCOMP},
        wire::{LOCK, Targets},
    },
    script,
    sys::{
        forbidden::share_memory,
        fork::{Fork, fork},
        process::exit_now,
    },
};

use super::{gained, in_child, status_field};

const GROUP: Group = Group::Job;

pub(super) const ACTS: &[Act] = &[
    GROUP.act("variable", "have a variable of the server's", &[Holder::Launcher], Proof::Gained, variable),
    GROUP.act("capabilities", "have a capability", &[PRIVILEGES], Proof::Gained, capabilities),
    GROUP.act("new-privileges", "be one whom an exec can give more", &[PRIVILEGES], Proof::Gained, new_privileges),
    GROUP.act("no-filter", "run without a filter of system calls", &[SECCOMP], Proof::Gained, no_filter),
    GROUP.act("core-dump", "leave a core dump", &[RLIMITS], Proof::Gained, core_dump),
    GROUP.act(
        "shared-memory",
        "share memory with the host",
        &[NAMESPACES, SECCOMP],
        Proof::Seen(Effect::SharedMemory),
        memory,
    ),
    GROUP.act("memory-program", "execute a program from memory", &[], Proof::Gained, memory_program),
    GROUP.act("daemon", "outlive the job", &[NAMESPACES, Holder::Init], Proof::Seen(Effect::Daemon), daemon),
];

fn variable(at: &Targets) -> io::Result<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    gained(names.filter(|name| !at.variables.contains(name)).collect(), "there is none but those that it was given")
}

/// As it is, or in a user namespace of its own, where whoever made it has all.
fn capabilities(_: &Targets) -> io::Result<String> {
    match held()? {
        Some(sets) => Ok(sets),
        None => {
            unshare(CloneFlags::CLONE_NEWUSER)?;
            held()?.ok_or_else(|| io::Error::other("all sets are empty"))
        }
    }
}

/// The sets that are not empty.
fn held() -> io::Result<Option<String>> {
    let mut sets = Vec::new();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        let bits = status_field(set)?;
        if bits.bytes().any(|digit| digit != b'0') {
            sets.push(format!("{set} {bits}"));
        }
    }
    Ok(if sets.is_empty() { None } else { Some(sets.join(", ")) })
}

/// Whether this process has any.
pub(in crate::doctor) fn has_capabilities() -> bool {
    held().is_ok_and(|sets| sets.is_some())
}

fn new_privileges(_: &Targets) -> io::Result<String> {
    match status_field("NoNewPrivs")?.as_str() {
        "0" => Ok("no_new_privs is not set".to_owned()),
        _ => Err(io::Error::other("no_new_privs is set")),
    }
}

/// Filters stay for good, so those around the doctor are around everything; the job has to have one more.
fn no_filter(at: &Targets) -> io::Result<String> {
    let filters = filters()?;
    if filters <= at.filters {
        Ok(format!("{filters} filters"))
    } else {
        Err(io::Error::other(format!("{filters} filters")))
    }
}

/// Filters around this process. Before Linux 5.10 the kernel says only whether there is one.
pub(in crate::doctor) fn filters() -> io::Result<u32> {
    let number = status_field("Seccomp_filters").or_else(|_| status_field("Seccomp"))?;
    number.parse().map_err(io::Error::other)
}

fn core_dump(at: &Targets) -> io::Result<String> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: maximum, maximum })?;
    if at.keep_from_crashing {
        return match maximum {
            Some(0) => Err(io::Error::other("the limit is 0")),
            _ => Ok("the limit can be raised".to_owned()),
        };
    }
    let crash = || {
        // It does not return.
        let _ = kill_process(getpid(), rustix::process::Signal::ABORT);
        1
    };
    if let WaitStatus::Signaled(_, Signal::SIGABRT, true) = in_child(crash)? {
        Ok("a dump".to_owned())
    } else {
        Err(io::Error::other("a process crashed and left none"))
    }
}

fn memory(at: &Targets) -> io::Result<String> {
    share_memory(at.segment).map(|()| "a segment".to_owned())
}

fn memory_program(_: &Targets) -> io::Result<String> {
    let program = memfd_create(c"program", MemfdFlags::CLOEXEC)?;
    io::copy(&mut File::open("/bin/true")?, &mut File::from(program.try_clone()?))?;
    let execute = || {
        // Whatever comes back from it is a failure.
        let _ = script::exec(Path::new("/"), &program, false, &[c"true".to_owned()], &[]);
        1
    };
    if let WaitStatus::Exited(_, 0) = in_child(execute)? {
        Ok("it ran".to_owned())
    } else {
        Err(io::Error::other("it did not run"))
    }
}

/// Forks twice and leaves the session. What is left holds a lock on a file, by which it is seen from outside.
fn daemon(at: &Targets) -> io::Result<String> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let leave = || {
        let gone = setsid().is_ok();
        match fork() {
            Ok(Fork::Child) => {
                // Dropped at the end of this process, which is the end of the lock.
                let lock = File::create(at.work.join(LOCK));
                let locked = lock.as_ref().is_ok_and(|lock| flock(lock, FlockOperation::LockExclusive).is_ok());
                let _ = rustix::io::write(&writer, &[u8::from(locked)]);
                stay();
                exit_now(0)
            }
            Ok(Fork::Parent(_)) => i32::from(!gone),
            Err(_) => 1,
        }
    };
    in_child(leave)?;
    drop(writer);
    let mut word = [0];
    match rustix::io::read(&reader, &mut word)? {
        1 if word == [1] => Ok("a daemon".to_owned()),
        _ => Err(io::Error::other("the daemon did not get its lock")),
    }
}

/// Until the doctor hangs up, and a few seconds at most.
fn stay() {
    let stdin = rustix::stdio::stdin();
    // The order has been read; nothing else comes but the end.
    let _ = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&Timespec { tv_sec: 8, tv_nsec: 0 }));
}

/// What the kernel does with a core dump of this machine, core(5).
pub(in crate::doctor) fn core_pattern() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/core_pattern")?.trim_end().to_owned())
}
