//! Descriptors by number, for redirections: a script names them by digits, and no value of ours owns what it names.

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
};

/// A copy of what the number stands for, closed on exec, whose own number is `least` or more.
pub fn duplicate(number: u8, least: u8) -> io::Result<OwnedFd> {
    // SAFETY: with F_DUPFD_CLOEXEC fcntl(2) takes integers; a number that is not open is an error.
    match unsafe { libc::fcntl(i32::from(number), libc::F_DUPFD_CLOEXEC, i32::from(least)) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the kernel has just opened this descriptor for us and nothing else knows its number.
        fd => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
    }
}

/// dup2(2): makes the number the same as `from`, open over an exec.
pub fn replace(from: BorrowedFd<'_>, number: u8) -> io::Result<()> {
    // SAFETY: the call takes two integers. It would break an `OwnedFd` that stands for the number; the executor keeps what
    // it owns at 10 and above and calls this for 0 to 9, in a process that has nothing left to do but run the command.
    match unsafe { libc::dup2(from.as_raw_fd(), i32::from(number)) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// close(2) by number. A number that is not open stays so, and the kernel closes whatever it reports.
pub fn close(number: u8) {
    // SAFETY: as for `replace`.
    unsafe { libc::close(i32::from(number)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stands_where_it_was_wanted() {
        let copy = duplicate(0, 10).unwrap();
        assert!(copy.as_raw_fd() >= 10);
        assert!(rustix::io::fcntl_getfd(&copy).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn what_is_not_open_cannot_be_copied() {
        assert!(duplicate(u8::MAX, 10).is_err());
    }
}
