//! A running job, as the server holds it.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid},
};
use tokio::time::{sleep, timeout};

use crate::{
    model::{
        enforcement::{Enforcement, Layer, Level},
        outcome::{ExitStatus, Usage},
    },
    sys::watch::Watched,
};

use super::{
    channel::{MESSAGE_LIMIT, pack, send_some},
    doorbell::Doorbell,
    spawn::Line,
    tree,
    wire::{Down, Up},
};

/// A running job. Dropping it kills the job.
#[derive(Debug)]
pub struct Process {
    // First, because fields are dropped in this order: the closed socket is what tells the init to end.
    line: Line,
    init: Child,
    pid: u32,
    /// The command's session, as the init numbers it.
    session: u32,
    enforcement: Enforcement,
    pipes: Pipes,
    /// Whether the init said that all is dead.
    ended: bool,
}

/// Numbers of a job's processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    /// The init, in the server's PID namespace.
    pub(super) init: u32,
    /// The command and its session, in the init's.
    pub(super) session: u32,
}

/// The server's ends of a job's streams.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
    /// Where a script asks.
    pub(super) doorbell: Option<Doorbell>,
}

/// The last word on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The command has ended, and whatever it left behind was killed.
    Ended {
        /// How the command's own process ended.
        exit: ExitStatus,
        /// What the processes of the job used.
        usage: Usage,
        /// Processes that were still alive when the command ended or was killed.
        stragglers: u32,
    },
    /// The job's init is gone without a report, so nothing is known of the command's end.
    Lost,
}

impl Process {
    pub(super) fn new(line: Line, init: Child, ids: Ids, enforcement: Enforcement, pipes: Pipes) -> Self {
        Self { line, init, pid: ids.init, session: ids.session, enforcement, pipes, ended: false }
    }

    /// What is really on around the job.
    pub fn enforcement(&self) -> &Enforcement {
        &self.enforcement
    }

    /// The job's init, as the server's PID namespace numbers it.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The end that writes to the command's standard input, once, when the plan grants one.
    pub fn take_stdin(&mut self) -> Option<OwnedFd> {
        self.pipes.stdin.take()
    }

    /// The end that reads the command's standard output, once.
    pub fn take_stdout(&mut self) -> Option<OwnedFd> {
        self.pipes.stdout.take()
    }

    /// The end that reads the command's standard error, once.
    pub fn take_stderr(&mut self) -> Option<OwnedFd> {
        self.pipes.stderr.take()
    }

    /// Where a script asks before it acts, once. Nothing for a job that is one program.
    pub fn take_doorbell(&mut self) -> Option<Doorbell> {
        self.pipes.doorbell.take()
    }

    /// Waits for the last word. Nothing is lost when the future is dropped and made again.
    pub async fn next(&mut self) -> Report {
        match self.line.next().await {
            Ok(Up::Ended(ended)) => match ended.exit() {
                Some(exit) => {
                    self.ended = true;
                    Report::Ended { exit, usage: ended.usage(), stragglers: ended.stragglers }
                }
                None => Report::Lost,
            },
            // Anything else at this point comes from an init that is no longer to be trusted.
            Ok(Up::Forked { .. } | Up::Failed(_) | Up::Started { .. }) | Err(_) => Report::Lost,
        }
    }

    /// Sends a signal to the command's process group.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        self.order(Down::Signal(signal))
    }

    /// Has the init kill everything. The report comes as usual.
    pub fn kill_tree(&self) -> io::Result<()> {
        self.order(Down::KillTree)
    }

    /// Kills everything without asking the init: for one that does not answer. There may be no report.
    pub fn force_kill(&self) -> io::Result<()> {
        if !self.has_own_namespace() {
            // Nothing dies with this init, so the tree goes first, while what loses its parent still becomes its child.
            tree::kill_all_descendants(self.pid);
        }
        self.init.kill()
    }

    /// Waits until the init is gone, killing it when it takes too long; how many processes of the job are alive then.
    ///
    /// When the init of a PID namespace has ended, the kernel has killed and collected everything in it before
    /// (pid_namespaces(7)). Without a namespace the init's own report says the same, and where there is none the job's
    /// session is looked through.
    pub async fn reap(&mut self) -> u32 {
        if timeout(INIT_TIMEOUT, self.init.wait()).await.is_err() {
            // It may be gone by now, which is all that is wanted.
            let _ = self.force_kill();
            self.init.wait().await;
        }
        if self.ended || self.has_own_namespace() { 0 } else { self.survivors().await }
    }

    /// What is alive of the job's session, once what was killed a moment ago has had time to die.
    async fn survivors(&self) -> u32 {
        for _ in 0..LOOKS {
            if tree::count_session(self.session) == 0 {
                return 0;
            }
            sleep(PAUSE).await;
        }
        tree::count_session(self.session)
    }

    fn has_own_namespace(&self) -> bool {
        self.enforcement.level(Layer::Namespaces) == Level::Full
    }

    fn order(&self, order: Down) -> io::Result<()> {
        let bytes = pack(&order, MESSAGE_LIMIT)?;
        let sent = send_some(&self.line.socket, &bytes, &[])?;
        // A few bytes on a socket that carries next to nothing: if they do not fit, nobody reads at the other end.
        if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }
}

/// A process that this one has to wait for. Dropped before its end, it is killed and waited for aside.
#[derive(Debug)]
pub(super) struct Child {
    pidfd: Option<Watched>,
}

impl Child {
    pub(super) fn new(pidfd: OwnedFd) -> io::Result<Self> {
        match Watched::new(pidfd) {
            Ok(pidfd) => Ok(Self { pidfd: Some(pidfd) }),
            Err((pidfd, error)) => {
                aside(move || end(&pidfd));
                Err(error)
            }
        }
    }

    /// Waits for the end of the process and takes it off the kernel's list. At once when that has been done.
    pub(super) async fn wait(&mut self) {
        if let Some(pidfd) = &self.pidfd {
            // A pidfd is readable when its process has ended (pidfd_open(2)).
            let _ = pidfd.readable().await;
        }
        if let Some(pidfd) = self.pidfd.take() {
            collect(pidfd);
        }
    }

    pub(super) fn kill(&self) -> io::Result<()> {
        match &self.pidfd {
            Some(pidfd) => Ok(pidfd_send_signal(pidfd, Signal::KILL)?),
            None => Ok(()),
        }
    }
}

impl Child {
    /// Sees the process end, without waiting here; then the one whose handle `then` finds.
    pub(super) fn end_aside(mut self, then: impl FnOnce() -> Option<OwnedFd> + Send + 'static) {
        let pidfd = self.pidfd.take().map(Watched::into_inner);
        aside(move || {
            if let Some(pidfd) = pidfd {
                end(&pidfd);
            }
            if let Some(next) = then() {
                end(&next);
            }
        });
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(pidfd) = self.pidfd.take() {
            let pidfd = pidfd.into_inner();
            aside(move || end(&pidfd));
        }
    }
}

/// Gives the process time to end by itself first: an init that has lost its socket kills its job before.
fn end(pidfd: &OwnedFd) {
    let mut polled = [PollFd::new(pidfd, PollFlags::IN)];
    if !matches!(poll(&mut polled, Some(&PATIENCE)), Ok(n) if n > 0) {
        let _ = pidfd_send_signal(pidfd, Signal::KILL);
    }
    collect(pidfd);
}

/// On a thread of its own, because there need be no runtime any more.
fn aside(work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name("reaper".into()).spawn(work) {
        tracing::error!(%error, "no thread could be started to wait for a process that is ending");
    }
}

fn collect(pidfd: impl AsFd) {
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED) {}
}

/// How long an init may take to end after its last report.
const INIT_TIMEOUT: Duration = Duration::from_secs(5);
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };
const LOOKS: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);
