//! Calls that reach deep into the kernel: rings, programs, namespaces, mounts, other architectures.

use std::{
    fs::{self, File},
    io,
    os::fd::{AsRawFd as _, OwnedFd},
    path::{Path, PathBuf},
};

use nix::{
    sched::{CloneFlags, setns, unshare},
    sys::{
        personality::{self, Persona},
        signal::{SigSet, Signal},
        wait::{WaitStatus, waitpid},
    },
    unistd::Pid,
};
use rustix::{
    fs::{Mode, OFlags, open},
    mount::{MountPropagationFlags, mount_bind, mount_change},
    process::{ioctl_tiocsctty, setsid},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use crate::{
    doctor::{
        act::{Act, Group, Holder, NAMESPACES, Proof, SECCOMP},
        wire::Targets,
    },
    sys::{
        forbidden::{bpf_map, fork_by_clone3, io_uring, perf_event, type_into, userfaultfd},
        fork::Fork,
        process::exit_now,
    },
};

const SURFACE: &[Holder] = &[SECCOMP];
const USERS: &[Holder] = &[NAMESPACES, SECCOMP];
const MOUNTS: &[Holder] = &[Holder::Landlock(1), SECCOMP, NAMESPACES];
/// Not by privileges: most of these files belong to root, whom no capability keeps from his own.
const SETTINGS: &[Holder] = &[NAMESPACES, Holder::Landlock(1)];
const OTHERS: &[Holder] = &[NAMESPACES, Holder::Landlock(1), SECCOMP, Holder::LessPower];
const TERMINAL: &[Holder] = &[NAMESPACES, Holder::Landlock(1), SECCOMP];

pub(super) const ACTS: &[Act] = &[
    act("io-uring", "make a ring of io_uring", SURFACE, |_| made(io_uring())),
    act("bpf", "make a map of BPF", SURFACE, |_| made(bpf_map())),
    act("perf-event", "open a performance counter", SURFACE, |_| made(perf_event())),
    act("userfaultfd", "handle page faults", SURFACE, |_| made(userfaultfd())),
    act("personality", "have all readable memory executable", SURFACE, executable),
    act("user-namespace", "make a user namespace", USERS, user_namespace),
    act("clone3", "make a user namespace by clone3", USERS, by_clone3),
    act("setns", "enter another user namespace", OTHERS, enter),
    act("mount", "mount over a directory", MOUNTS, mount),
    act("kernel-setting", "write a setting below /proc/sys", SETTINGS, setting),
    act("terminal-input", "type into a terminal", TERMINAL, terminal_input),
    #[cfg(target_arch = "x86_64")]
    act("other-architecture", "call the kernel by numbers of i386", SURFACE, other_architecture),
];

const fn act(
    id: &'static str,
    what: &'static str,
    holders: &'static [Holder],
    attempt: fn(&Targets) -> io::Result<String>,
) -> Act {
    Group::Kernel.act(id, what, holders, Proof::Gained, attempt)
}

/// What the kernel calls a descriptor that it made.
fn made(descriptor: io::Result<OwnedFd>) -> io::Result<String> {
    let descriptor = descriptor?;
    let name = fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd()))?;
    Ok(name.display().to_string())
}

fn executable(_: &Targets) -> io::Result<String> {
    personality::set(personality::get()? | Persona::READ_IMPLIES_EXEC)?;
    match personality::get()?.contains(Persona::READ_IMPLIES_EXEC) {
        true => Ok("it is".to_owned()),
        false => Err(io::Error::other("the kernel took it and did not do it")),
    }
}

fn own_user_namespace() -> io::Result<PathBuf> {
    fs::read_link("/proc/self/ns/user")
}

fn changed(before: &Path) -> io::Result<String> {
    let after = own_user_namespace()?;
    if after == before { Err(io::Error::other("it is the same as before")) } else { Ok(after.display().to_string()) }
}

fn user_namespace(_: &Targets) -> io::Result<String> {
    let before = own_user_namespace()?;
    unshare(CloneFlags::CLONE_NEWUSER)?;
    changed(&before)
}

fn by_clone3(_: &Targets) -> io::Result<String> {
    let before = own_user_namespace()?;
    match fork_by_clone3()? {
        Fork::Child => exit_now(i32::from(changed(&before).is_err())),
        Fork::Parent(pid) => {
            if let WaitStatus::Exited(_, 0) = waitpid(Pid::from_raw(pid), None)? {
                Ok("a child in it".to_owned())
            } else {
                Err(io::Error::other("the child is where its parent is"))
            }
        }
    }
}

fn enter(at: &Targets) -> io::Result<String> {
    let cell = at.cell.ok_or_else(|| io::Error::other("this user cannot make one"))?;
    let before = own_user_namespace()?;
    setns(File::open(format!("/proc/{cell}/ns/user"))?, CloneFlags::CLONE_NEWUSER)?;
    changed(&before)
}

/// In a view of its own, so that nobody else sees the mount and nothing of it stays.
fn mount(at: &Targets) -> io::Result<String> {
    let (from, to) = (at.work.join("from"), at.work.join("to"));
    fs::create_dir_all(&from)?;
    fs::create_dir_all(&to)?;
    File::create(from.join("mounted"))?;
    match unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS) {
        Ok(()) => {}
        // Root may make a view without a user namespace, which then gets and gives mounts as the host does.
        Err(_) => {
            unshare(CloneFlags::CLONE_NEWNS)?;
            mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
        }
    }
    mount_bind(&from, &to)?;
    fs::metadata(to.join("mounted")).map(|_| "a mount".to_owned())
}

/// Writes back what is there.
fn setting(_: &Targets) -> io::Result<String> {
    let path = "/proc/sys/fs/lease-break-time";
    let value = fs::read_to_string(path)?;
    fs::write(path, &value).map(|()| "the same value".to_owned())
}

/// A terminal of its own, so that nobody else's gets what is typed.
fn terminal_input(_: &Targets) -> io::Result<String> {
    // When the other side of the terminal is closed at the end, that hangs up on this process.
    let mut hangup = SigSet::empty();
    hangup.add(Signal::SIGHUP);
    hangup.thread_block()?;
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    setsid()?;
    let terminal = open(name, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    ioctl_tiocsctty(&terminal)?;
    type_into(&terminal, b'\n')?;
    let mut typed = [0; 8];
    match rustix::io::read(&terminal, &mut typed)? {
        1 => Ok("a line".to_owned()),
        _ => Err(io::Error::other("nothing was typed")),
    }
}

#[cfg(target_arch = "x86_64")]
fn other_architecture(_: &Targets) -> io::Result<String> {
    let answer = crate::sys::forbidden::pid_by_i386();
    match u32::try_from(answer) {
        Ok(pid) if pid == std::process::id() => Ok("the own number".to_owned()),
        Ok(_) | Err(_) => Err(io::Error::other("the kernel has no such calls")),
    }
}
