//! A refusal in one process stops them all.
//!
//! A refused process ends with a status, as every process does, and whoever waits for it could take that for the status of
//! a program and go on. So it raises a flag first, which all processes of the script share and look at before each command.

use std::{io, os::fd::OwnedFd};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::streams::internal;

/// The flag. It can be raised and never taken down.
#[derive(Debug)]
pub(super) struct Halt(OwnedFd);

impl Halt {
    pub(super) fn new() -> io::Result<Self> {
        internal(eventfd(0, EventfdFlags::CLOEXEC)?).map(Self)
    }

    /// Raises it for every process that was forked since it was made, and will be.
    pub(super) fn raise(&self) {
        // Cannot fail while the counter is far from its end, and there is nothing to do about it: this process ends.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Whether any process raised it. Looks at the counter and leaves it.
    pub(super) fn is_raised(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        // Unable to look is reason enough to stop.
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).map_or(true, |ready| ready > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_raised() {
        let halt = Halt::new().unwrap();
        assert!(!halt.is_raised());
        halt.raise();
        assert!(halt.is_raised());
        assert!(halt.is_raised());
    }
}
