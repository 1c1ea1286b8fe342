//! mount_setattr(2), which rustix does not have.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _},
};

/// Attributes of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes(u64);

impl Attributes {
    /// `MOUNT_ATTR_RDONLY`
    pub const READ_ONLY: Self = Self(libc::MOUNT_ATTR_RDONLY);
    /// `MOUNT_ATTR_NOSUID`
    pub const NO_SUID: Self = Self(libc::MOUNT_ATTR_NOSUID);
    /// `MOUNT_ATTR_NODEV`
    pub const NO_DEV: Self = Self(libc::MOUNT_ATTR_NODEV);
    /// `MOUNT_ATTR_NOEXEC`
    pub const NO_EXEC: Self = Self(libc::MOUNT_ATTR_NOEXEC);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How far a change reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The mount itself.
    One,
    /// The mount and all mounts below it.
    Recursive,
}

/// Adds attributes to the mount that a descriptor stands for. The descriptor must be the mount's root.
pub fn add_attributes(mount: impl AsFd, reach: Reach, add: Attributes) -> io::Result<()> {
    let recursive = match reach {
        Reach::One => 0,
        Reach::Recursive => libc::AT_RECURSIVE,
    };
    let attr = libc::mount_attr { attr_set: add.0, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: the path is a NUL-terminated literal; `attr` is a whole `struct mount_attr` that lives through the call and
    // is only read; the size passed is its own.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            &raw const attr,
            size_of::<libc::mount_attr>(),
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
