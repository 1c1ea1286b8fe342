//! Flags of a network interface, which no safe crate sets.

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
};

/// `struct ifreq` of netdevice(7), with its union as flags.
#[repr(C)]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    flags: i16,
    rest: [u8; 22],
}

/// Switches the loopback interface on, in the network namespace of a socket (`SIOCSIFFLAGS`). The kernel gives it its
/// addresses, 127.0.0.1 and ::1, when it goes up.
pub fn loopback_up(socket: BorrowedFd<'_>) -> io::Result<()> {
    let mut name = [0; libc::IFNAMSIZ];
    for (to, from) in name.iter_mut().zip(b"lo") {
        *to = *from;
    }
    let request = Request { name, flags: UP, rest: [0; 22] };
    // SAFETY: the kernel reads one `struct ifreq`, which is as long as `Request` on 64-bit processors, and writes nothing.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// `IFF_UP`
const UP: i16 = 1;

const _: () = assert!(size_of::<Request>() == size_of::<libc::ifreq>(), "the kernel reads a whole `struct ifreq`");
