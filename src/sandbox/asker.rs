//! How a script asks: the end inside the sandbox.

use std::{
    io,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    io::fcntl_dupfd_cloexec,
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
};

use crate::script::{Answer, Judge, Question};

use super::channel::{Inbox, MESSAGE_LIMIT, QUESTION_LIMIT, UNASKED, pack, send_bytes};

/// Asks the server. `doorbell` says how.
#[derive(Debug)]
pub(super) struct Asker {
    doorbell: OwnedFd,
}

impl Asker {
    /// With a doorbell of its own, out of the way of a script's numbers and closed in every program.
    pub(super) fn new(doorbell: &OwnedFd) -> io::Result<Self> {
        Ok(Self { doorbell: fcntl_dupfd_cloexec(doorbell, FIRST)? })
    }

    pub(super) fn doorbell(&self) -> BorrowedFd<'_> {
        self.doorbell.as_fd()
    }

    fn ring(&self) -> io::Result<OwnedFd> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        patiently(|| send_bytes(&self.doorbell, RING, &[theirs.as_fd()]))?;
        Ok(ours)
    }

    /// Puts a question to the server, and gives the line on which its answer comes.
    fn ask(&self, question: &Question, files: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
        let question = pack(question, QUESTION_LIMIT)?;
        let line = self.ring()?;
        patiently(|| send_bytes(&line, &question, files))?;
        Ok(line)
    }
}

fn answer(line: &OwnedFd) -> io::Result<Answer> {
    let mut inbox = Inbox::new(MESSAGE_LIMIT);
    loop {
        if let Some(answer) = inbox.take()? {
            return Ok(answer);
        }
        match inbox.receive(line) {
            Ok(true) => {}
            Ok(false) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends again while there are too many descriptors on their way, which are counted by user, and not by process: those of
/// other questions, and of other jobs (unix(7), `ETOOMANYREFS`). They arrive soon.
fn patiently(mut send: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    for _ in 0..TRIES {
        match send() {
            Err(error) if error.raw_os_error() == Some(libc::ETOOMANYREFS) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    send()
}

impl Judge for Asker {
    /// Who cannot ask says so, without anything that could fail again: the script ends, and the server has to know why.
    fn judge(&mut self, question: &Question, files: &[BorrowedFd<'_>]) -> io::Result<Answer> {
        let asked = self.ask(question, files).inspect_err(|_| {
            let _ = send_bytes(&self.doorbell, &[UNASKED], &[]);
        });
        answer(&asked?)
    }

    /// A line lives no longer than its question, so a new process has none of another's.
    fn forked(&mut self) {}
}

/// Numbers below are the script's own.
const FIRST: i32 = 10;
const RING: &[u8] = b"?";
/// Five seconds together.
const TRIES: usize = 500;
const PAUSE: Duration = Duration::from_millis(10);
