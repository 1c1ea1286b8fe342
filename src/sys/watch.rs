//! Waiting for a descriptor in the async runtime. Tokio leaves it to the caller to keep the descriptor the same.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use tokio::io::{Interest, unix::AsyncFd};

/// A descriptor that the runtime watches.
#[derive(Debug)]
pub struct Watched(AsyncFd<OwnedFd>);

impl Watched {
    /// Watches a descriptor for input. Gives it back when it cannot be watched. Must be called within a runtime.
    pub fn new(fd: OwnedFd) -> Result<Self, (OwnedFd, io::Error)> {
        // SAFETY: an `OwnedFd` is open for as long as it lives and always gives the same number. This type owns it and lets
        // nobody exchange it: there is no way to a mutable reference.
        match unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) } {
            Ok(watched) => Ok(Self(watched)),
            Err(error) => Err(error.into_parts()),
        }
    }

    /// Waits until there is something to read, once: readiness is not forgotten afterwards.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await.map(|mut ready| ready.retain_ready())
    }

    /// The descriptor, watched no longer.
    pub fn into_inner(self) -> OwnedFd {
        self.0.into_inner()
    }
}

impl AsFd for Watched {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}
