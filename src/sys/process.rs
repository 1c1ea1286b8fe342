//! Calls that a process makes about itself.

use std::io;

/// What becomes of descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Closed now.
    Close,
    /// Closed at the next exec.
    CloseOnExec,
}

/// close_range(2) from `first` to the highest descriptor there can be.
pub fn close_from(first: u32, fate: Fate) -> io::Result<()> {
    let flags = match fate {
        Fate::Close => 0,
        Fate::CloseOnExec => libc::CLOSE_RANGE_CLOEXEC,
    };
    // SAFETY: the call takes three integers. Closing descriptors that an `OwnedFd` still stands for breaks that value;
    // the launcher calls this with `Close` before it owns any, which is why it is its very first step.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) };
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
