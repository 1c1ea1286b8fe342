//! Forking a process that has one thread.

use std::{
    io,
    os::fd::{FromRawFd as _, OwnedFd},
};

/// Which side of a fork one is on.
#[derive(Debug)]
pub enum Fork<P> {
    /// In the new process.
    Child,
    /// In the old one.
    Parent(P),
}

/// A new process that is a sibling of the caller: a child of the caller's parent.
#[derive(Debug)]
pub struct Sibling {
    /// Its number in the caller's PID namespace.
    pub pid: i32,
    /// A handle that stays its own when the number is given to another process.
    pub pidfd: OwnedFd,
}

/// fork(2). Refuses in a process with more than one thread, where the child could find every lock held for ever.
pub fn fork() -> io::Result<Fork<i32>> {
    single_threaded()?;
    // SAFETY: fork(2) has no requirements on its arguments; what makes it dangerous, other threads, does not exist.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(pid)),
    }
}

/// clone(2) with `CLONE_PARENT`: like fork, but the caller's parent becomes the new process's parent, which therefore
/// waits for it. Refuses in a process with more than one thread.
///
/// The child must not count on what libc remembers about threads: its cached thread id is the caller's.
pub fn fork_sibling() -> io::Result<Fork<Sibling>> {
    single_threaded()?;
    let mut pidfd: libc::c_int = -1;
    let flags = libc::CLONE_PARENT | libc::CLONE_PIDFD | libc::SIGCHLD;
    // The third argument receives the descriptor on x86-64 and aarch64 alike; the last two are not read with these flags.
    // SAFETY: without CLONE_VM and with no stack given the child runs on a copy of this stack, as after fork(2). There is
    // one thread only. `pidfd` is valid for the kernel to write one int to for the length of the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, &raw mut pidfd, 0, 0) };
    match i32::try_from(pid) {
        Ok(0) => Ok(Fork::Child),
        Ok(pid) if pid > 0 => {
            // SAFETY: the kernel has just opened this descriptor for us and nothing else knows its number.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Fork::Parent(Sibling { pid, pidfd }))
        }
        Ok(_) | Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Fails in a process with more than one thread.
pub(super) fn single_threaded() -> io::Result<()> {
    match std::fs::read_dir("/proc/self/task")?.count() {
        1 => Ok(()),
        _ => Err(io::Error::other("the process has more than one thread")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_threads_is_not_forked() {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || wait.recv());
            assert!(fork().is_err());
            assert!(fork_sibling().is_err());
            drop(done);
        });
    }
}
