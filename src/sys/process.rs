//! Calls that a process makes about itself.

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
};

/// What becomes of descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Closed now.
    Close,
    /// Closed at the next exec.
    CloseOnExec,
}

/// close_range(2) from `first` to the highest descriptor there can be. With [`Fate::Close`] only before the process owns any
/// of them: it is the launcher's very first step.
pub fn close_from(first: u32, fate: Fate) -> io::Result<()> {
    let flags = match fate {
        Fate::Close => 0,
        Fate::CloseOnExec => libc::CLOSE_RANGE_CLOEXEC,
    };
    close_range(first, u32::MAX, flags)
}

/// close_range(2) over every descriptor from `first` on but two that are kept.
///
/// For a process that runs on in the copy of its parent's stack: values of the frames above stand for descriptors that are
/// closed now, so it must never return to those frames, nor use what came from them.
pub fn close_all_but(first: u32, keep: [BorrowedFd<'_>; 2]) -> io::Result<()> {
    let mut kept = keep.map(|fd| fd.as_raw_fd().unsigned_abs());
    kept.sort_unstable();
    let mut from = first;
    for fd in kept {
        if from < fd {
            close_range(from, fd - 1, 0)?;
        }
        from = from.max(fd.saturating_add(1));
    }
    close_range(from, u32::MAX, 0)
}

fn close_range(first: u32, last: u32, flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: the call takes three integers. Closing descriptors that an `OwnedFd` still stands for breaks that value: the
    // two functions above say when that cannot happen.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// keyctl(2) `KEYCTL_JOIN_SESSION_KEYRING` with no name: a new, empty session keyring. The old one is inherited over every
/// fork, exec and change of user, and its keys can be read by whoever possesses it (session-keyring(7)).
pub fn join_new_session_keyring() -> io::Result<()> {
    // SAFETY: a null name asks for an anonymous keyring; no memory is passed.
    let id = unsafe {
        libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>(), 0, 0, 0)
    };
    if id >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sets every signal to its default action and unblocks all. Rust ignores SIGPIPE, and exec(2) keeps what is ignored and
/// what is blocked.
pub fn reset_signals() -> io::Result<()> {
    // The kernel's own `struct sigaction` is at most this long, and all zeroes in it are: default action, no flags, no mask.
    let default = [0u64; 4];
    for signal in 1..=LAST_SIGNAL {
        // Not by libc, which keeps two signals for itself and has them ignored in what posix_spawn starts. The kernel
        // refuses SIGKILL and SIGSTOP, which are always at their default.
        // SAFETY: the new action is read from a buffer at least as long as the structure; no old one is asked for. No
        // handler is installed, so no code of ours runs because of it.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                std::ptr::null_mut::<libc::c_void>(),
                SIGNAL_SET_SIZE,
            )
        };
    }
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the pointer is valid for writes of one `sigset_t`, which the call initializes.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: the set was initialized above, and the old mask is not asked for.
    let done = unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// sigpending(2): which signals have come to this process, or to its one thread, while they were blocked.
pub fn pending_signals() -> io::Result<impl Fn(i32) -> bool> {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the pointer is valid for writes of one `sigset_t`.
    if unsafe { libc::sigpending(set.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, so it has initialized the set.
    let set = unsafe { set.assume_init() };
    // SAFETY: the set is initialized; a number that is no signal is an error of the call and no member.
    Ok(move |signal| unsafe { libc::sigismember(&raw const set, signal) } == 1)
}

/// _exit(2): ends the process without running destructors or exit handlers. For the child of a fork, which holds copies of
/// its parent's buffers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: the call takes an integer and does not return.
    unsafe { libc::_exit(code) }
}

/// `_NSIG` of the kernel, on the processors that this program is for.
const LAST_SIGNAL: i32 = 64;
/// Bytes in the kernel's set of signals.
const SIGNAL_SET_SIZE: usize = 8;
