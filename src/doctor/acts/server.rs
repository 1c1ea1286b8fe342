//! The server, for which a victim stands in: what it knows, what it is told, and what it may use.

use std::{
    fs::{self, File},
    io::{self, IoSliceMut},
    os::{fd::OwnedFd, unix::fs::FileExt as _},
};

use nix::{
    sys::{
        ptrace,
        uio::{RemoteIoVec, process_vm_readv},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid as NixPid,
};
use rustix::{
    fs::FileType,
    process::{
        Pid, PidfdFlags, PidfdGetfdFlags, Resource, Rlimit, Signal, kill_process, pidfd_getfd, pidfd_open,
        pidfd_send_signal, prlimit, setpriority_process,
    },
};

use crate::{
    doctor::{
        act::{Act, Effect, Group, Holder, NAMESPACES, PRIVILEGES, Proof, SECCOMP},
        wire::Targets,
    },
    sys::{descriptor::duplicate, keyring},
};

use super::{first_of, gained};

const LOOK: &[Holder] = &[NAMESPACES, Holder::Landlock(1), Holder::LessPower];
const INSPECT: &[Holder] = &[NAMESPACES, Holder::Landlock(1), SECCOMP, Holder::LessPower];
const WRITE: &[Holder] = &[NAMESPACES, Holder::Landlock(1)];
const CHANGE: &[Holder] = &[NAMESPACES, SECCOMP];
const NICE: &[Holder] = &[NAMESPACES, SECCOMP, Holder::LessPower];
const SIGNAL: &[Holder] = &[NAMESPACES, Holder::Landlock(6)];
const KEYS: &[Holder] = &[PRIVILEGES, SECCOMP];

const GROUP: Group = Group::Server;

pub(super) const ACTS: &[Act] = &[
    GROUP.act("server-seen", "see the server's command line", &[NAMESPACES], Proof::Canary, command_line),
    GROUP.act("server-environment", "read the server's environment", LOOK, Proof::Canary, environment),
    GROUP.act("server-memory", "read the server's memory", INSPECT, Proof::Canary, memory),
    GROUP.act("server-trace", "trace the server", INSPECT, Proof::Canary, trace),
    GROUP.act("server-descriptor", "take a descriptor of the server", INSPECT, Proof::Canary, descriptor),
    GROUP.act("server-signal", "signal the server", SIGNAL, Proof::Seen(Effect::Signalled), signal),
    GROUP.act("server-limit", "lower the server's limits", CHANGE, Proof::Seen(Effect::LimitLowered), limit),
    GROUP.act("server-priority", "lower the server's priority", NICE, Proof::Seen(Effect::PriorityLowered), priority),
    GROUP.act(
        "server-oom-score",
        "have the server killed first",
        WRITE,
        Proof::Seen(Effect::OomScoreRaised),
        oom_score,
    ),
    GROUP.act("leaked-descriptor", "use a descriptor that leaked", &[PRIVILEGES], Proof::Canary, leaked),
    GROUP.act("session-key", "read a key of the server's session", KEYS, Proof::Canary, session_key),
];

fn victim(at: &Targets) -> io::Result<Pid> {
    Pid::from_raw(at.victim.pid).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn of_victim(at: &Targets, file: &str) -> String {
    format!("/proc/{}/{file}", at.victim.pid)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn command_line(at: &Targets) -> io::Result<String> {
    fs::read(of_victim(at, "cmdline")).map(|bytes| text(&bytes))
}

fn environment(at: &Targets) -> io::Result<String> {
    let read = |path: String| fs::read(path).map(|bytes| text(&bytes));
    first_of(&[&|| read(of_victim(at, "environ")), &|| read(of_victim(at, &format!("task/{}/environ", at.victim.pid)))])
}

fn memory(at: &Targets) -> io::Result<String> {
    let address = usize::try_from(at.victim.address).map_err(io::Error::other)?;
    first_of(&[
        &|| {
            let mut bytes = vec![0; at.victim.length];
            let remote = [RemoteIoVec { base: address, len: at.victim.length }];
            process_vm_readv(NixPid::from_raw(at.victim.pid), &mut [IoSliceMut::new(&mut bytes)], &remote)?;
            Ok(text(&bytes))
        },
        &|| {
            let mut bytes = vec![0; at.victim.length];
            File::open(of_victim(at, "mem"))?.read_exact_at(&mut bytes, at.victim.address)?;
            Ok(text(&bytes))
        },
    ])
}

/// The victim runs on when the tracer ends, which it does after this.
fn trace(at: &Targets) -> io::Result<String> {
    let pid = NixPid::from_raw(at.victim.pid);
    ptrace::seize(pid, ptrace::Options::empty())?;
    ptrace::interrupt(pid)?;
    waitpid(pid, Some(WaitPidFlag::__WALL))?;
    let mut bytes = Vec::new();
    while bytes.len() < at.victim.length {
        let address = usize::try_from(at.victim.address).map_err(io::Error::other)? + bytes.len();
        bytes.extend(ptrace::read(pid, std::ptr::with_exposed_provenance_mut(address))?.to_ne_bytes());
    }
    Ok(text(&bytes))
}

fn descriptor(at: &Targets) -> io::Result<String> {
    let victim = pidfd_open(victim(at)?, PidfdFlags::empty())?;
    contents(pidfd_getfd(victim, at.victim.descriptor, PidfdGetfdFlags::empty())?)
}

fn contents(file: OwnedFd) -> io::Result<String> {
    let mut bytes = [0; ROOM];
    let length = File::from(file).read_at(&mut bytes, 0)?;
    Ok(text(bytes.get(..length).unwrap_or_default()))
}

fn signal(at: &Targets) -> io::Result<String> {
    let victim = victim(at)?;
    // Ignored by whoever expects none, so that it hurts nobody who has the number in the job.
    first_of(&[&|| Ok(kill_process(victim, Signal::URG).map(|()| "sent".to_owned())?), &|| {
        Ok(pidfd_send_signal(pidfd_open(victim, PidfdFlags::empty())?, Signal::URG).map(|()| "sent".to_owned())?)
    }])
}

fn limit(at: &Targets) -> io::Result<String> {
    let few = Rlimit { current: Some(FEW), maximum: Some(FEW) };
    Ok(prlimit(Some(victim(at)?), Resource::Nofile, few).map(|_| "lowered".to_owned())?)
}

fn priority(at: &Targets) -> io::Result<String> {
    Ok(setpriority_process(Some(victim(at)?), LOWEST).map(|()| "lowered".to_owned())?)
}

fn oom_score(at: &Targets) -> io::Result<String> {
    fs::write(of_victim(at, "oom_score_adj"), "1000").map(|()| "raised".to_owned())
}

/// Whatever can be read by a number that nobody gave us.
fn leaked(_: &Targets) -> io::Result<String> {
    let regular =
        |file: &OwnedFd| rustix::fs::fstat(file).is_ok_and(|about| FileType::from_raw_mode(about.st_mode).is_file());
    let files = (3..=u8::MAX).filter_map(|number| duplicate(number, 3).ok()).filter(regular);
    gained(files.filter_map(|file| contents(file).ok()).collect(), "no file is open but what belongs here")
}

fn session_key(at: &Targets) -> io::Result<String> {
    keyring::read_key(&at.key).map(|bytes| text(&bytes))
}

const ROOM: usize = 256;
/// Open files: more than the victim has.
const FEW: u64 = 32;
/// setpriority(2)
const LOWEST: i32 = 19;
