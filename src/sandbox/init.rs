//! The init of a job: PID 1 of its namespace, or a subreaper where there is none.
//!
//! It builds what is left of the sandbox, starts the command in it, passes signals on, reaps, and tells the server how the
//! command ended after everything else is dead. When the server dies, which it notices by its socket, it kills the job.
//! It stands outside the command's Landlock domain and cannot be dumped, so that no process of the job can signal it, look
//! into it, or take its descriptors. It must never read anything that the job wrote.

use std::{io, os::fd::OwnedFd, process::ExitCode};

use nix::{
    errno::Errno,
    sys::{
        resource::{UsageWho, getrusage},
        signal::{SigSet, Signal, kill, killpg},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::Pid,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pipe::{PipeFlags, pipe_with},
    process::{DumpableBehavior, WaitOptions, WaitStatus, getpid, set_child_subreaper, set_dumpable_behavior, wait},
};

use crate::{
    model::enforcement::Enforcement,
    sys::fork::{Fork, fork},
};

use super::{
    channel::{Inbox, MESSAGE_LIMIT, send},
    command::{self, Progress},
    enforcement::Applied,
    interfaces, layout, mounts, privileges,
    rlimits::CoreLimit,
    step::{At as _, Failure},
    tree,
    wire::{Down, Ended, LaunchOrder, Up, pack_enforcement},
};

/// What the init has to do.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) order: LaunchOrder,
    pub(super) streams: Streams,
    pub(super) applied: Applied,
    pub(super) report: Enforcement,
    pub(super) core: CoreLimit,
}

/// The descriptors that came with the plan.
#[derive(Debug)]
pub(super) struct Streams {
    /// The program, or for a script the doorbell.
    pub(super) what: OwnedFd,
    pub(super) cwd: OwnedFd,
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Runs a job to its end.
pub(super) fn run(job: Job, socket: OwnedFd) -> ExitCode {
    let own_namespace = job.applied.namespaces.own_view;
    let layers = pack_enforcement(&job.report);
    match start(job) {
        Ok((command, signals)) => {
            let mut keeper = Keeper { socket, signals, command, own_namespace, exit: None, others: None };
            // A server that is gone shows again, and for good, at the first look at the socket.
            let _ = send(&keeper.socket, &Up::Started { command: number(keeper.command), layers }, &[]);
            keeper.keep()
        }
        Err(failure) => {
            let _ = send(&socket, &Up::Failed(failure), &[]);
            ExitCode::FAILURE
        }
    }
}

/// The steps from the fork of the init to the exec of the command, each with the reason for its place.
fn start(job: Job) -> Result<(Pid, SignalFd), Failure> {
    // Before the job exists that could look: no process of the same user may trace this one or read its memory. Not
    // earlier, because a process that cannot be dumped may not write its own user map.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at("forbid dumps")?;
    rustix::thread::set_name(NAME).at("set the name")?;
    // Before the first child, whose end must not be missed.
    let signals = signals().at("take signals")?;
    if job.applied.namespaces.own_view {
        // By the init, because a new /proc shows the namespace of the process that mounts it; before capabilities go.
        mounts::apply(&job.order.files, job.order.limits.processes)?;
        rustix::system::sethostname(HOSTNAME).at("set the host name")?;
    } else {
        // What only mounts can do is not left undone.
        layout::without_mounts(&job.order.files)?;
        interfaces::none_in_writable(&job.order.files)?;
        set_child_subreaper(Some(getpid())).at("become a subreaper")?;
    }
    // After the mounts, which need them; before the fork, so that the command never has any.
    privileges::drop_all()?;
    Ok((launch_command(job)?, signals))
}

/// Forks the command's process and waits until it has started, which closes the pipe, or a step has failed.
fn launch_command(job: Job) -> Result<Pid, Failure> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).at("make a pipe")?;
    match fork().at("fork the command")? {
        Fork::Child => {
            drop(reader);
            command::run(&job, writer)
        }
        Fork::Parent(pid) => {
            drop(writer);
            // The job's descriptors go with it: a pipe that the init holds open would never end.
            drop(job);
            command::outcome(reader).map(|Progress::Started| Pid::from_raw(pid))
        }
    }
}

/// Signals come as data, between two looks at the socket, and interrupt nothing.
fn signals() -> nix::Result<SignalFd> {
    SigSet::all().thread_set_mask()?;
    let mut child = SigSet::empty();
    child.add(Signal::SIGCHLD);
    SignalFd::with_flags(&child, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// The init while its command runs.
struct Keeper {
    socket: OwnedFd,
    signals: SignalFd,
    command: Pid,
    own_namespace: bool,
    exit: Option<WaitStatus>,
    /// How many other processes there were when the job was killed or its command ended.
    others: Option<u32>,
}

impl Keeper {
    fn keep(&mut self) -> ExitCode {
        let mut inbox = Inbox::new(MESSAGE_LIMIT);
        loop {
            self.reap();
            if self.exit.is_some() {
                self.end_all();
                self.tell();
                return ExitCode::SUCCESS;
            }
            if self.wait_for_news() && !self.obey(&mut inbox) {
                // The server is gone, or speaks nonsense: in both cases nobody is left to answer for the job.
                self.end_all();
                return ExitCode::FAILURE;
            }
        }
    }

    /// Waits for a child's end or the server; true when there is something on the socket.
    fn wait_for_news(&self) -> bool {
        let mut polled = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
        // An interrupted wait is a wait that is over.
        let _ = poll(&mut polled, None);
        let [socket, _] = polled;
        while matches!(self.signals.read_signal(), Ok(Some(_))) {}
        !socket.revents().is_empty()
    }

    /// Carries out what the server orders; false when there is no server any more.
    fn obey(&mut self, inbox: &mut Inbox) -> bool {
        match inbox.receive(&self.socket) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => return error.kind() == io::ErrorKind::Interrupted,
        }
        loop {
            match inbox.take() {
                Ok(Some(Down::Signal(number))) => self.signal(number),
                Ok(Some(Down::KillTree)) => self.kill_tree(),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// To the command's group. A stopped process would keep the signal for later, so it is woken.
    fn signal(&self, number: i32) {
        if let Ok(signal) = Signal::try_from(number) {
            let _ = killpg(self.command, signal);
            if matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP) {
                let _ = killpg(self.command, Signal::SIGCONT);
            }
        }
    }

    fn kill_tree(&mut self) {
        self.others.get_or_insert_with(|| count(self.own_namespace, self.command));
        sweep(self.own_namespace);
    }

    /// Takes notice of every process that has ended.
    fn reap(&mut self) -> Left {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid.as_raw_pid() == self.command.as_raw() => self.exit = Some(status),
                Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
                Ok(None) => return Left::Some,
                // No child at all, so no descendant either: whoever loses its parent becomes a child of the init.
                Err(_) => return Left::Nothing,
            }
        }
    }

    /// Kills whatever is left until there is nothing. Again and again: where there is no namespace, a process that forks
    /// may have been in between two places that the walk looked at.
    fn end_all(&mut self) {
        if self.reap() == Left::Nothing {
            return;
        }
        self.kill_tree();
        while self.reap() == Left::Some {
            let mut polled = [PollFd::new(&self.signals, PollFlags::IN)];
            let _ = poll(&mut polled, Some(&PAUSE));
            while matches!(self.signals.read_signal(), Ok(Some(_))) {}
            sweep(self.own_namespace);
        }
    }

    fn tell(&self) {
        let used = getrusage(UsageWho::RUSAGE_CHILDREN).ok();
        let micros = |used: nix::sys::time::TimeVal| {
            let whole = u64::try_from(used.tv_sec()).unwrap_or(0).saturating_mul(1_000_000);
            whole.saturating_add(u64::try_from(used.tv_usec()).unwrap_or(0))
        };
        let ended = Ended {
            code: self.exit.and_then(WaitStatus::exit_status),
            signal: self.exit.and_then(WaitStatus::terminating_signal),
            cpu_micros: used.map_or(0, |used| micros(used.user_time()).saturating_add(micros(used.system_time()))),
            // Given in kilobytes, getrusage(2).
            peak_memory: used.map_or(0, |used| u64::try_from(used.max_rss()).unwrap_or(0).saturating_mul(1024)),
            stragglers: self.others.unwrap_or(0),
        };
        let _ = send(&self.socket, &Up::Ended(ended), &[]);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Some,
    Nothing,
}

/// Kills everything but the init, once.
fn sweep(own_namespace: bool) {
    if own_namespace {
        // In a PID namespace -1 is everybody in it but its init, and no fork slips through (kill(2)).
        match kill(Pid::from_raw(-1), Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(_) => tree::kill_descendants(std::process::id()),
        }
    } else {
        tree::kill_descendants(std::process::id());
    }
}

/// Processes of the job beside its command.
fn count(own_namespace: bool, command: Pid) -> u32 {
    let command = number(command);
    if own_namespace {
        tree::count_in_own_namespace(command)
    } else {
        tree::count_descendants(std::process::id(), command)
    }
}

fn number(pid: Pid) -> u32 {
    u32::try_from(pid.as_raw()).unwrap_or(0)
}

const NAME: &std::ffi::CStr = c"stockade-init";
const HOSTNAME: &[u8] = b"stockade";
/// Between two sweeps, when no child's end comes first.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
