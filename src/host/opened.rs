//! Facts of what is opened.

use std::{
    ffi::OsStr,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::PathBuf,
};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat, fstat, readlink},
    io::Errno,
};

use crate::{diagnostic::Code, model::denial::Denial};

/// Whether this user may execute the file, or enter the directory, behind a descriptor.
pub(super) fn may_execute(fd: &OwnedFd) -> Result<(), Errno> {
    accessat(CWD, own_link(fd), Access::EXEC_OK, AtFlags::EACCESS)
}

/// The name under which the kernel shows one of our own descriptors (proc_pid_fd(5)).
fn own_link(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// The path behind a descriptor, links resolved.
pub(super) fn real_path(fd: &OwnedFd) -> Result<PathBuf, Denial> {
    let link = own_link(fd);
    let target = readlink(&link, Vec::new()).map_err(|errno| {
        Denial::new(Code::FileUnreadable, format!("`{link}` cannot be read: {}", words(errno))).with_hint("mount /proc")
    })?;
    let path = PathBuf::from(OsStr::from_bytes(target.as_bytes()));
    if path.to_str().is_none() {
        return Err(Denial::new(Code::PathNotText, format!("the path `{}` is not valid UTF-8", path.display()))
            .with_hint("rename the file or directory"));
    }
    // The kernel appends " (deleted)" to the path of a removed file; such a path names nothing, or something else.
    let same = rustix::fs::statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW).ok().zip(fstat(fd).ok());
    match same {
        Some((named, opened)) if (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino) => Ok(path),
        Some(_) | None => {
            Err(Denial::new(Code::FileUnreadable, format!("`{}` changed while it was looked up", path.display()))
                .with_hint("try again"))
        }
    }
}

/// An error of the kernel in words.
pub(super) fn words(errno: Errno) -> String {
    std::io::Error::from(errno).kind().to_string()
}
