//! How a script asks: the end inside the sandbox.

use std::{
    io,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
};

use rustix::{
    io::fcntl_dupfd_cloexec,
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
};

use crate::script::{Answer, Judge, Question};

use super::channel::{Inbox, MESSAGE_LIMIT, QUESTION_LIMIT, pack, send_bytes};

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
        send_bytes(&self.doorbell, RING, &[theirs.as_fd()])?;
        Ok(ours)
    }
}

impl Judge for Asker {
    fn judge(&mut self, question: &Question, files: &[BorrowedFd<'_>]) -> io::Result<Answer> {
        let question = pack(question, QUESTION_LIMIT)?;
        let line = self.ring()?;
        send_bytes(&line, &question, files)?;
        let mut inbox = Inbox::new(MESSAGE_LIMIT);
        loop {
            if let Some(answer) = inbox.take()? {
                return Ok(answer);
            }
            match inbox.receive(&line) {
                Ok(true) => {}
                Ok(false) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A line lives no longer than its question, so a new process has none of another's.
    fn forked(&mut self) {}
}

/// Numbers below are the script's own.
const FIRST: i32 = 10;
const RING: &[u8] = b"?";
