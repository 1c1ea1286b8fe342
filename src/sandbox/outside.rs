//! This program once more, outside every sandbox: what `stockade doctor` compares a job with.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid},
};

use super::spawn::Launcher;

/// A process of this program without a sandbox, with the rights of whoever runs it. Dropped, it is killed.
#[derive(Debug)]
pub struct Outside {
    line: BufReader<UnixStream>,
    pid: u32,
    child: OwnedFd,
}

impl Launcher {
    /// Starts the program with these words in that directory. Its standard input and output are one socket, and its whole
    /// environment is what is given.
    #[expect(clippy::disallowed_methods, reason = "this room starts processes")]
    pub fn start_outside(&self, words: &[&str], env: &[(&str, &str)], dir: &Path) -> io::Result<Outside> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(PATIENCE))?;
        ours.set_write_timeout(Some(PATIENCE))?;
        let mut command = Command::new(self.path());
        command.args(words).env_clear().envs(env.iter().copied()).current_dir(dir);
        command.stdin(OwnedFd::from(theirs.try_clone()?)).stdout(OwnedFd::from(theirs)).stderr(Stdio::null());
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
        // Nobody else waits for this process, so its number is still its own.
        Ok(Outside { line: BufReader::new(ours), pid: child.id(), child: pidfd_open(pid, PidfdFlags::empty())? })
    }
}

impl Outside {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Writes a line to its standard input.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        self.line.get_mut().write_all(format!("{line}\n").as_bytes())
    }

    /// The next line of its standard output, without its end. It is an error when there is none, or none in time.
    pub fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.line.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end_matches('\n').to_owned()),
        }
    }

    /// Waits until it has ended by itself.
    pub fn wait(&self) -> io::Result<()> {
        let mut polled = [PollFd::new(&self.child, PollFlags::IN)];
        // A pidfd is readable when its process has ended (pidfd_open(2)).
        match poll(&mut polled, Some(&PATIENCE_SPEC))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }

    /// Closes the socket, for everybody who has come to hold its other end.
    pub fn hang_up(&self) {
        // A socket that is closed already needs no end.
        let _ = self.line.get_ref().shutdown(Shutdown::Both);
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.hang_up();
        // It may have ended by itself.
        let _ = pidfd_send_signal(&self.child, Signal::KILL);
        while let Err(rustix::io::Errno::INTR) =
            waitid(WaitId::PidFd(std::os::fd::AsFd::as_fd(&self.child)), WaitIdOptions::EXITED)
        {}
    }
}

/// What it does takes milliseconds. This is for a machine that stands still.
const PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE_SPEC: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };
