//! Calls that the sandbox refuses to every job and that no safe crate gives: what `stockade doctor` tries in one.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd},
};

use super::fork::{Fork, single_threaded};

/// io_uring_setup(2): a ring of four entries.
pub fn io_uring() -> io::Result<OwnedFd> {
    let mut params = [0u64; IO_URING_PARAMS / size_of::<u64>()];
    // SAFETY: the kernel reads and writes one `struct io_uring_params`, which is exactly as long as the buffer.
    descriptor(unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, params.as_mut_ptr()) })
}

/// bpf(2) `BPF_MAP_CREATE`: an array of one number.
pub fn bpf_map() -> io::Result<OwnedFd> {
    // Type, size of a key, size of a value, entries.
    let attr = [BPF_MAP_TYPE_ARRAY, 4, 8, 1u32];
    // SAFETY: the kernel reads as many bytes as it is told, which is the length of the buffer.
    descriptor(unsafe { libc::syscall(libc::SYS_bpf, BPF_MAP_CREATE, attr.as_ptr(), size_of_val(&attr)) })
}

/// perf_event_open(2): the least that there is, a counter of nothing, of the caller alone and outside of the kernel.
pub fn perf_event() -> io::Result<OwnedFd> {
    // `struct perf_event_attr` as of its first version: type and size, configuration, four fields that stay zero, flags at
    // byte 40, and two more.
    let attr = [PERF_TYPE_SOFTWARE | PERF_ATTR_SIZE << 32, PERF_COUNT_SW_DUMMY, 0, 0, 0, PERF_USER_ALONE, 0, 0];
    // SAFETY: the structure says its own length, which is that of the buffer; the rest are integers.
    descriptor(unsafe { libc::syscall(libc::SYS_perf_event_open, attr.as_ptr(), 0, -1, -1, 0) })
}

/// userfaultfd(2), for faults of user mode, which everybody may ask for.
pub fn userfaultfd() -> io::Result<OwnedFd> {
    // SAFETY: the call takes an integer.
    descriptor(unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | USER_MODE_ONLY) })
}

/// clone3(2) into a new user namespace; otherwise like [`super::fork::fork`].
pub fn fork_by_clone3() -> io::Result<Fork<i32>> {
    single_threaded()?;
    // `struct clone_args` as of its first version: flags first, the signal at the end in the fifth place.
    let args = [libc::CLONE_NEWUSER.unsigned_abs().into(), 0, 0, 0, libc::SIGCHLD.unsigned_abs().into(), 0, 0, 0u64];
    // SAFETY: the kernel reads as many bytes as it is told, which is the length of the buffer. Without CLONE_VM and with no
    // stack given the child runs on a copy of this stack, as after fork(2), and there is one thread only.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, args.as_ptr(), size_of_val(&args)) };
    match i32::try_from(pid) {
        Ok(0) => Ok(Fork::Child),
        Ok(pid) if pid > 0 => Ok(Fork::Parent(pid)),
        Ok(_) | Err(_) => Err(io::Error::last_os_error()),
    }
}

/// getpid(2) by its number on i386. A process whose filter does not let it pass dies of it.
#[cfg(target_arch = "x86_64")]
pub fn pid_by_i386() -> i32 {
    let answer: i32;
    // SAFETY: the number is that of a call that takes nothing and changes nothing. The kernel keeps all registers but the
    // one of the answer, and older ones clear r8 to r11, which are given up.
    unsafe {
        std::arch::asm!(
            "int 0x80",
            inlateout("eax") 20 => answer,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            options(nostack)
        );
    }
    answer
}

/// ioctl_tty(2) `TIOCSTI`: types a byte into a terminal.
pub fn type_into(terminal: impl AsFd, byte: u8) -> io::Result<()> {
    // SAFETY: the descriptor is open; the kernel reads one byte, and the reference lives through the call.
    done(unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSTI, &raw const byte) })
}

/// fcntl(2) `F_SETLEASE` for reading, and whether the lease is there then.
pub fn lease(file: impl AsFd) -> io::Result<bool> {
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: the call takes integers.
    done(unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK) })?;
    // SAFETY: the call takes integers.
    Ok(unsafe { libc::fcntl(fd, libc::F_GETLEASE) } == libc::F_RDLCK)
}

/// shmget(2): makes a segment of shared memory under a key that nobody has.
pub fn share_memory(key: i32) -> io::Result<()> {
    // SAFETY: the call takes integers.
    let id = unsafe { libc::shmget(key, SEGMENT, libc::IPC_CREAT | libc::IPC_EXCL | 0o600) };
    if id >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Removes the segment with that key. Whether there was one.
pub fn unshare_memory(key: i32) -> bool {
    // SAFETY: the call takes integers, and a size of zero fits every segment.
    let id = unsafe { libc::shmget(key, 0, 0) };
    // SAFETY: with IPC_RMID the last argument is not looked at.
    id >= 0 && unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) } == 0
}

fn descriptor(answer: libc::c_long) -> io::Result<OwnedFd> {
    match i32::try_from(answer) {
        // SAFETY: the callers make calls that open a descriptor for us, whose number nobody else knows.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        Ok(_) | Err(_) => Err(io::Error::last_os_error()),
    }
}

fn done(answer: libc::c_int) -> io::Result<()> {
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Bytes in `struct io_uring_params`, linux/io_uring.h.
const IO_URING_PARAMS: usize = 120;
// linux/bpf.h
const BPF_MAP_CREATE: libc::c_int = 0;
const BPF_MAP_TYPE_ARRAY: u32 = 2;
// linux/perf_event.h
const PERF_TYPE_SOFTWARE: u64 = 1;
const PERF_ATTR_SIZE: u64 = 64;
const PERF_COUNT_SW_DUMMY: u64 = 9;
/// disabled, exclude_kernel, exclude_hv
const PERF_USER_ALONE: u64 = 1 | 1 << 5 | 1 << 6;
/// `UFFD_USER_MODE_ONLY`
const USER_MODE_ONLY: libc::c_int = 1;
/// One page.
const SEGMENT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_shared_is_there_until_it_is_removed() {
        let key = i32::try_from(std::process::id()).unwrap() | 0x5d00_0001;
        share_memory(key).unwrap();
        assert!(share_memory(key).is_err(), "somebody has it");
        assert!(unshare_memory(key));
        assert!(!unshare_memory(key));
    }

    #[test]
    fn a_file_of_ones_own_takes_a_lease() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        std::fs::write(&path, "x").unwrap();
        assert!(lease(std::fs::File::open(path).unwrap()).unwrap());
    }

    #[test]
    fn a_terminal_is_needed_to_type_into() {
        let file = tempfile::tempfile().unwrap();
        assert!(type_into(&file, b'x').is_err());
    }
}
