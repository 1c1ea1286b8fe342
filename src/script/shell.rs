//! One process of the script: what it knows, how it asks, and how it makes another.

use std::{
    collections::BTreeMap,
    fmt::Display,
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::process::{Pid, WaitOptions, waitpid};

use crate::sys::{
    fork::{Fork, fork},
    process::exit_now,
};

use super::{
    beside::Beside,
    halt::Halt,
    question::{Act, Answer, Judge, Question, Trouble},
    run::STOPPED,
    signals,
    streams::Open,
    tree::Tree,
};

pub(super) struct Shell<'a> {
    pub(super) tree: &'a Tree,
    pub(super) judge: &'a mut dyn Judge,
    pub(super) env: BTreeMap<String, String>,
    /// The numbers that a command has before its own redirections.
    pub(super) open: Open,
    /// The status of what ran last.
    pub(super) last: u8,
    /// The simple command that is being run, for questions.
    pub(super) current: usize,
    pub(super) halt: Halt,
    /// What runs beside the command that is being prepared.
    pub(super) beside: Vec<Beside>,
}

/// Why a process of the script is done before its text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `exit`: ends this process.
    Exit(u8),
    /// A refusal: ends every process.
    Stop,
    /// A signal: ends this process once what it has started is over.
    Signal,
}

/// The status of what ran.
pub(super) type Status = Result<u8, End>;

impl Shell<'_> {
    /// Asks, and comes back only when the act may happen.
    pub(super) fn ask(&mut self, act: Act, files: &[BorrowedFd<'_>]) -> Result<(), End> {
        self.check()?;
        match self.judge.judge(&Question { command: self.current, act }, files) {
            Ok(Answer::Go) => Ok(()),
            Ok(Answer::Refused) | Err(_) => Err(self.stop()),
        }
    }

    /// Tells why the script cannot go on. Whatever is said to that, it ends.
    pub(super) fn give_up(&mut self, trouble: Trouble) -> End {
        let question = Question { command: self.current, act: Act::GiveUp(trouble) };
        // The answer changes nothing, and whoever cannot be told sees the script stop.
        let _ = self.judge.judge(&question, &[]);
        self.stop()
    }

    /// The end for something that the kernel does not refuse in a machine that is well.
    pub(super) fn broken<T, E: Display>(&mut self, what: &str, result: Result<T, E>) -> Result<T, End> {
        result.map_err(|error| self.give_up(Trouble::System(format!("{what}: {error}"))))
    }

    fn stop(&self) -> End {
        self.halt.raise();
        End::Stop
    }

    /// Ends here when any process of the script has been refused, or this one is to end.
    pub(super) fn check(&self) -> Result<(), End> {
        self.halted()?;
        if signals::came() { Err(End::Signal) } else { Ok(()) }
    }

    fn halted(&self) -> Result<(), End> {
        if self.halt.is_raised() { Err(End::Stop) } else { Ok(()) }
    }

    /// A new process. Both go on from here; the new one must come to [`finish`].
    pub(super) fn fork(&mut self) -> Result<Fork<Pid>, End> {
        let forked = fork().and_then(|side| match side {
            Fork::Child => Ok(Fork::Child),
            Fork::Parent(pid) => Pid::from_raw(pid).map(Fork::Parent).ok_or_else(|| io::Error::other("no process")),
        });
        let side = self.broken("fork", forked)?;
        match side {
            Fork::Child => {
                self.judge.forked();
                // Held open here, the ends would keep the lists from noticing that nobody reads or writes any more.
                self.beside.clear();
            }
            Fork::Parent(_) => signals::pass_on(),
        }
        Ok(side)
    }

    /// Runs something in a process of its own and waits for it.
    pub(super) fn apart(&mut self, run: impl FnOnce(&mut Self) -> Status) -> Status {
        match self.fork()? {
            Fork::Child => finish(run(self)),
            Fork::Parent(pid) => self.wait(pid),
        }
    }

    /// The status of a process that has ended; of one that died of a signal 128 and the signal's number, as shells have it.
    pub(super) fn wait(&mut self, pid: Pid) -> Status {
        let waited = waitpid(Some(pid), WaitOptions::empty());
        let status = self.broken("wait", waited)?.map(|(_, status)| status);
        // Not stopped by a signal: what was started is waited for.
        self.halted()?;
        let code = status.and_then(|status| status.exit_status().or(status.terminating_signal().map(|n| 128 + n)));
        let code = code.and_then(|code| u8::try_from(code).ok());
        self.broken("wait", code.ok_or("no status"))
    }

    /// Makes a descriptor standard input.
    pub(super) fn take_input(&mut self, from: &OwnedFd) -> Result<(), End> {
        let done = rustix::stdio::dup2_stdin(from);
        self.open[0] = true;
        self.broken("connect a pipe", done)
    }

    /// Makes a descriptor standard output.
    pub(super) fn take_output(&mut self, to: &OwnedFd) -> Result<(), End> {
        let done = rustix::stdio::dup2_stdout(to);
        self.open[1] = true;
        self.broken("connect a pipe", done)
    }
}

/// The end of a process that the script forked.
pub(super) fn finish(status: Status) -> ! {
    exit_now(i32::from(ending(status)))
}

/// The status that a process ends with, unless a signal has come, which ends it here.
pub(super) fn ending(status: Status) -> u8 {
    // It cannot fail, and what has come then counts for nothing.
    let _ = signals::release();
    match status {
        Ok(code) | Err(End::Exit(code)) => code,
        Err(End::Stop | End::Signal) => STOPPED,
    }
}
