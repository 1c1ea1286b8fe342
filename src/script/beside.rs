//! `<( … )` and `>( … )`: lists that run beside a command, and the pipes by whose names it gets at them.

use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    process::Pid,
};

use crate::sys::fork::Fork;

use super::{
    run::Ends,
    shell::{End, Shell, Status, finish},
    tree::ListId,
};

/// A list that runs beside the command that is being prepared.
#[derive(Debug)]
pub(super) struct Beside {
    pid: Pid,
    /// The command's end of the pipe.
    end: OwnedFd,
}

impl Shell<'_> {
    /// Starts a list that writes to the command, or reads from it, and gives the name of the command's end.
    pub(super) fn start_beside(&mut self, list: ListId, writes: bool) -> Result<String, End> {
        let Ends { reader, writer } = self.pipe()?;
        let (theirs, end) = if writes { (writer, reader) } else { (reader, writer) };
        match self.fork()? {
            Fork::Child => {
                drop(end);
                finish(self.run_beside(list, writes, theirs));
            }
            Fork::Parent(pid) => {
                let name = format!("/dev/fd/{}", end.as_raw_fd());
                self.beside.push(Beside { pid, end });
                Ok(name)
            }
        }
    }

    fn run_beside(&mut self, list: ListId, writes: bool, stream: OwnedFd) -> Status {
        if writes {
            self.take_output(&stream)?;
        } else {
            self.take_input(&stream)?;
        }
        drop(stream);
        self.list(list)
    }

    /// Runs a program in a process of its own when something runs beside it, so that this one is left to wait for that.
    pub(super) fn with_beside(&mut self, run: impl FnOnce(&mut Self) -> Status) -> Status {
        if self.beside.is_empty() {
            return run(self);
        }
        let beside = std::mem::take(&mut self.beside);
        match self.fork()? {
            Fork::Child => {
                let given = beside.iter().try_for_each(|one| fcntl_setfd(&one.end, FdFlags::empty()));
                let given = self.broken("hand over a pipe", given);
                finish(given.and_then(|()| run(self)));
            }
            Fork::Parent(pid) => {
                // Whoever else held the ends would keep the lists from noticing that the command is done with them.
                let pids: Vec<_> = beside.into_iter().map(|one| one.pid).collect();
                let status = self.wait(pid)?;
                self.wait_all(pids)?;
                Ok(status)
            }
        }
    }

    /// Waits for what ran beside a command that never got it.
    pub(super) fn leave_beside(&mut self) -> Result<(), End> {
        let pids = std::mem::take(&mut self.beside).into_iter().map(|one| one.pid).collect();
        self.wait_all(pids)
    }

    fn wait_all(&mut self, pids: Vec<Pid>) -> Result<(), End> {
        pids.into_iter().try_for_each(|pid| self.wait(pid).map(drop))
    }
}
