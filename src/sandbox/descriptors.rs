//! Descriptors: which ones a launcher starts with, and that what is opened inside is what was judged outside.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{Mode, OFlags, fstat, open},
    io::fcntl_dupfd_cloexec,
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

use crate::sys::process::{Fate, close_from};

use super::{
    mounts,
    step::{At as _, Failure},
};

/// Takes the launcher's socket from standard input and closes everything else that was inherited. A descriptor that leaks
/// from the server would be open to the job whatever the sandbox does.
pub(super) fn only_the_socket() -> Result<OwnedFd, Failure> {
    close_from(3, Fate::Close).at("close inherited descriptors")?;
    let socket = fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).at("take the socket")?;
    let null = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).at("open /dev/null")?;
    streams(&null, &null, &null).at("replace the streams")?;
    Ok(socket)
}

/// Makes three descriptors the standard streams.
pub(super) fn streams(stdin: &OwnedFd, stdout: &OwnedFd, stderr: &OwnedFd) -> io::Result<()> {
    dup2_stdin(stdin)?;
    dup2_stdout(stdout)?;
    Ok(dup2_stderr(stderr)?)
}

/// Opens a path as the job sees it and checks that it is the file of the handle that was opened when the request was
/// judged. The handle itself stands for the host's mount and would lead around the job's own mounts.
pub(super) fn same(path: &Path, judged: impl AsFd, what: &str) -> Result<OwnedFd, Failure> {
    let here = mounts::open(path).at_thing(what, path.display())?;
    let (a, b) = (fstat(&here).at(what)?, fstat(judged).at(what)?);
    if (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino) {
        Ok(here)
    } else {
        Err(Failure::new(
            format!("{what} {}", path.display()),
            "not the file that was judged: it was replaced or is covered",
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_replaced_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("program");
        fs::write(&path, "one").unwrap();
        let judged = fs::File::open(&path).unwrap();
        assert!(same(&path, &judged, "open").is_ok());
        fs::rename(&path, dir.path().join("aside")).unwrap();
        fs::write(&path, "two").unwrap();
        assert!(same(&path, &judged, "open").is_err());
    }

    #[test]
    fn a_link_in_the_way_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        fs::create_dir(dir.join("real")).unwrap();
        let judged = fs::File::open(dir.join("real")).unwrap();
        std::os::unix::fs::symlink(dir.join("real"), dir.join("link")).unwrap();
        assert!(same(&dir.join("link"), &judged, "open").is_err());
    }
}
