//! Executing what was judged.

use std::{
    convert::Infallible,
    ffi::CString,
    io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

use nix::{
    fcntl::AtFlags,
    unistd::{execve, execveat},
};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::{Errno, read},
};

/// Executes the descriptor, so that nothing can take the file's place any more. A script cannot be executed so: its
/// interpreter would be given a path below /dev/fd that is closed by then (execveat(2)), so it goes by the path that was
/// opened a moment ago, in places that were read-only then or are the workspace's own.
pub fn exec(path: &Path, program: &OwnedFd, script: bool, argv: &[CString], env: &[CString]) -> io::Result<Infallible> {
    if script {
        let path = CString::new(path.as_os_str().as_bytes())?;
        Ok(execve(&path, argv, env)?)
    } else {
        Ok(execveat(program, c"", argv, env, AtFlags::AT_EMPTY_PATH)?)
    }
}

/// Whether an opened file is a script that names its interpreter.
pub fn is_script(file: &OwnedFd) -> io::Result<bool> {
    match reopen(file, OFlags::RDONLY | OFlags::NONBLOCK) {
        Ok(file) => {
            let mut magic = [0; 2];
            Ok(read(file, &mut magic)? == magic.len() && magic == *b"#!")
        }
        // A program that may be executed and not read is no script: its interpreter could not read it either.
        Err(Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens a file that was opened by `O_PATH`, whatever stands at its name by now. A process may use its own entries in
/// /proc, dumpable or not.
pub(super) fn reopen(file: &OwnedFd, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    openat(CWD, name, flags | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_script_is_told_by_its_first_two_bytes() {
        let dir = tempfile::tempdir().unwrap();
        for (text, script) in [("#!/bin/sh\n", true), ("#", false), ("", false), ("\x7fELF", false)] {
            let path = dir.path().join("file");
            fs::write(&path, text).unwrap();
            let file = openat(CWD, &path, OFlags::PATH, Mode::empty()).unwrap();
            assert_eq!(is_script(&file).unwrap(), script, "{text:?}");
        }
    }

    #[test]
    fn what_is_reopened_is_what_was_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "one").unwrap();
        let file = openat(CWD, &path, OFlags::PATH, Mode::empty()).unwrap();
        fs::rename(&path, dir.path().join("aside")).unwrap();
        fs::write(&path, "two").unwrap();
        let again = fs::File::from(reopen(&file, OFlags::RDONLY).unwrap());
        assert_eq!(io::read_to_string(again).unwrap(), "one");
    }
}
