//! Starting a job: the server's half of a launch.

use std::{
    io,
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::net::UnixStream as StdStream,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags, open},
    pipe::{PipeFlags, fcntl_setpipe_size, pipe_with},
    process::{Pid, PidfdFlags, pidfd_open},
};
use tokio::{
    io::Interest,
    net::UnixStream,
    time::{Instant, timeout_at},
};

use crate::{
    audit::Receipt,
    host::Handles,
    plan::{Run, SandboxPlan},
    policy::StdinGrant,
};

use super::{
    channel::{Inbox, MESSAGE_LIMIT, PLAN_LIMIT, pack, send_some},
    doorbell::Doorbell,
    error::LaunchError,
    launcher::LAUNCH_SUBCOMMAND,
    process::{Child, Ids, Pipes, Process},
    wire::{LaunchOrder, Up, unpack_enforcement},
};

/// Starts launchers.
#[derive(Clone, Debug)]
pub struct Launcher {
    exe: PathBuf,
}

impl Launcher {
    /// Starts this very program anew: the file that this process runs, whatever has happened to its path since.
    pub fn from_current_exe() -> io::Result<Self> {
        let exe = PathBuf::from("/proc/self/exe");
        open(&exe, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { exe })
    }

    /// Starts the program at a path, which must be this one: for tests, whose own file is another.
    pub fn at(exe: impl Into<PathBuf>) -> Self {
        Self { exe: exe.into() }
    }

    /// Carries out a plan. When this returns a process, the command's exec has succeeded, or a script has begun, and
    /// every layer that its enforcement report names is on. When it fails, or is dropped before it returns, nothing is left running.
    pub async fn spawn(&self, plan: SandboxPlan, handles: Handles, receipt: Receipt) -> Result<Process, LaunchError> {
        if receipt.plan_digest() != plan.digest() {
            return Err(LaunchError::WrongReceipt);
        }
        let order = pack(&LaunchOrder::new(&plan), PLAN_LIMIT).map_err(|error| LaunchError::Plan(error.to_string()))?;
        let (theirs, pipes) = Streams::open(&plan).map_err(LaunchError::Launcher)?;
        let what = match (&plan.run, &theirs.bell) {
            (Run::Program { program, .. }, _) => handles.programs.get(program),
            (Run::Script { .. }, bell) => bell.as_ref(),
        };
        let what = what.ok_or_else(|| LaunchError::Plan("a program was not opened".into()))?;
        let deadline = Instant::now() + LAUNCH_TIMEOUT;
        let mut launch = Launch(Some(self.start().map_err(LaunchError::Launcher)?));
        let sent = launch.line()?.send(&order, &descriptors(what, &handles, &theirs), deadline).await;
        drop((theirs, handles));
        let first = launch.line()?.next_until(deadline).await;
        let (mut line, pid, mut init) = launch.hand_over(first).await?;
        sent?;
        // From here on, leaving this function in any way ends the init, because its socket closes, and collects it.
        match line.next_until(deadline).await? {
            Up::Started { command, layers } => {
                let enforcement =
                    unpack_enforcement(&layers).ok_or(LaunchError::Protocol("a report that makes no sense"))?;
                Ok(Process::new(line, init, Ids { init: pid, session: command }, enforcement, pipes))
            }
            Up::Failed(failure) => {
                init.wait().await;
                Err(failure.into())
            }
            Up::Forked { .. } | Up::Ended(_) => Err(LaunchError::Protocol("a report out of turn")),
        }
    }

    /// Starts the program with one end of a socket pair as its standard input and nothing else of ours.
    ///
    /// Without anything for the child to do between fork and exec, std uses posix_spawn, whose cost does not grow with the
    /// memory of the server.
    fn start(&self) -> io::Result<(Line, Child)> {
        let (ours, child) = self.start_blocking(&[])?;
        ours.set_nonblocking(true)?;
        let line = Line { socket: UnixStream::from_std(ours)?, inbox: Inbox::new(MESSAGE_LIMIT) };
        Ok((line, Child::new(child)?))
    }

    /// The same before there is a runtime.
    #[expect(clippy::disallowed_methods, reason = "this is where processes are started")]
    pub(super) fn start_blocking(&self, more: &[&str]) -> io::Result<(StdStream, OwnedFd)> {
        let (ours, theirs) = StdStream::pair()?;
        let mut command = Command::new(&self.exe);
        command.arg(LAUNCH_SUBCOMMAND).args(more).env_clear();
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
        // Nobody else waits for this process, so its number is still its own.
        Ok((ours, pidfd_open(pid, PidfdFlags::empty())?))
    }

    /// The program that is started.
    pub fn path(&self) -> &Path {
        &self.exe
    }
}

/// The server's end of a launcher's socket.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) socket: UnixStream,
    pub(super) inbox: Inbox,
}

impl Line {
    async fn send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>], deadline: Instant) -> Result<(), LaunchError> {
        let (mut bytes, mut fds) = (bytes, fds);
        while !bytes.is_empty() {
            let some = self.socket.async_io(Interest::WRITABLE, || send_some(&self.socket, bytes, fds));
            let sent = timeout_at(deadline, some).await.map_err(|_| LaunchError::TimedOut)?;
            (bytes, fds) = (bytes.get(sent.map_err(LaunchError::Launcher)?..).unwrap_or(&[]), &[]);
        }
        Ok(())
    }

    async fn next_until(&mut self, deadline: Instant) -> Result<Up, LaunchError> {
        timeout_at(deadline, self.next()).await.unwrap_or(Err(LaunchError::TimedOut))
    }

    /// The next message. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Result<Up, LaunchError> {
        loop {
            match self.inbox.take() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(_) => return Err(LaunchError::Protocol("a message that makes no sense")),
            }
            let Self { socket, inbox } = self;
            match socket.async_io(Interest::READABLE, || inbox.receive(&*socket)).await {
                Ok(true) => {}
                Ok(false) => return Err(LaunchError::Died),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(LaunchError::Protocol("more than was asked for"));
                }
                // The other end went away with something unread.
                Err(_) => return Err(LaunchError::Died),
            }
        }
    }
}

/// A launch before its init is known. There is a moment at which the init exists and its handle lies unread in the socket,
/// so a launch that is given up is not just dropped: its first process is ended, and then the socket is looked through.
#[derive(Debug)]
struct Launch(Option<(Line, Child)>);

impl Launch {
    fn line(&mut self) -> Result<&mut Line, LaunchError> {
        self.0.as_mut().map(|(line, _)| line).ok_or(LaunchError::Died)
    }

    /// Takes the init from the launcher's first word. Whatever that word is, the first process is gone afterwards.
    async fn hand_over(mut self, first: Result<Up, LaunchError>) -> Result<(Line, u32, Child), LaunchError> {
        let word = first?;
        if let Some((_, outer)) = &mut self.0 {
            outer.wait().await;
        }
        match word {
            Up::Forked { pid } => {
                let (mut line, _) = self.0.take().ok_or(LaunchError::Died)?;
                let init = line.inbox.take_descriptor().ok_or(LaunchError::Protocol("no handle of the init"))?;
                Ok((line, pid, Child::new(init).map_err(LaunchError::Launcher)?))
            }
            Up::Failed(failure) => Err(failure.into()),
            Up::Started { .. } | Up::Ended(_) => Err(LaunchError::Protocol("a report out of turn")),
        }
    }
}

impl Drop for Launch {
    fn drop(&mut self) {
        if let Some((mut line, outer)) = self.0.take() {
            // Both processes take this for the server's end. The first is not killed: between its fork and its word nobody
            // else knows of the init.
            let _ = rustix::net::shutdown(&line.socket, rustix::net::Shutdown::Write);
            outer.end_aside(move || {
                // Nobody can send a handle any more, but one may have been sent.
                while let Ok(true) = line.inbox.receive(&line.socket) {}
                line.inbox.take_descriptor()
            });
        }
    }
}

fn descriptors<'a>(what: &'a OwnedFd, handles: &'a Handles, theirs: &'a Streams) -> [BorrowedFd<'a>; 5] {
    [what, &handles.cwd, &theirs.stdin, &theirs.stdout, &theirs.stderr].map(|fd| fd.as_fd())
}

/// The job's ends of its streams.
struct Streams {
    stdin: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
    /// Its end of the doorbell, for a script.
    bell: Option<OwnedFd>,
}

impl Streams {
    fn open(plan: &SandboxPlan) -> io::Result<(Self, Pipes)> {
        let (doorbell, bell) = match &plan.run {
            Run::Program { .. } => (None, None),
            Run::Script { .. } => Doorbell::new().map(|(doorbell, bell)| (Some(doorbell), Some(bell)))?,
        };
        let (stdin, to_stdin) = match &plan.stdin {
            StdinGrant::None => (open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?, None),
            StdinGrant::Any | StdinGrant::Matching(_) => {
                let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
                (reader, Some(writer))
            }
        };
        let (from_stdout, stdout) = wide_pipe()?;
        let (from_stderr, stderr) = wide_pipe()?;
        let ours = Pipes { stdin: to_stdin, stdout: Some(from_stdout), stderr: Some(from_stderr), doorbell };
        Ok((Self { stdin, stdout, stderr, bell }, ours))
    }
}

/// A pipe with room for a megabyte where the user may have that much (pipe(7)): fewer switches between writer and reader.
fn wide_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    // A smaller pipe is slower and nothing else.
    let _ = fcntl_setpipe_size(&reader, PIPE_SIZE);
    Ok((reader, writer))
}

const PIPE_SIZE: usize = 1 << 20;
/// A launch takes milliseconds. This is for a file system that does not answer.
const LAUNCH_TIMEOUT: Duration = Duration::from_secs(20);
