//! Files for redirections, found without touching them, shown, and only then opened: the very file that was shown.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, statat},
    io::Errno,
    path::Arg,
};

use super::{
    exec::reopen,
    question::{Access, Act},
    shell::{End, Shell},
    signals::exposed,
    streams::internal,
};

/// How often a name may change under our hands before it is an error.
const ATTEMPTS: usize = 8;

/// What stands at a name.
enum Found {
    File(OwnedFd),
    /// Nothing; the directory in which it is going to be made, and its name there.
    Nothing(OwnedFd, String),
}

/// Finds a file or directory without opening it for anything.
pub(super) fn find(name: impl Arg, flags: OFlags) -> io::Result<OwnedFd> {
    internal(openat(CWD, name, OFlags::PATH | OFlags::CLOEXEC | flags, Mode::empty())?)
}

impl Shell<'_> {
    /// Opens a file by name. The inner error is the command's.
    pub(super) fn open(&mut self, redirection: usize, access: Access, name: &str) -> Result<io::Result<OwnedFd>, End> {
        for _ in 0..ATTEMPTS {
            let found = match look(access, name) {
                Ok(found) => found,
                Err(error) => return Ok(Err(error)),
            };
            let (file, new) = match &found {
                Found::File(file) => (file, None),
                Found::Nothing(directory, last) => (directory, Some(last.clone())),
            };
            let act = Act::Open { redirection, access, name: name.to_owned(), new };
            self.ask(act, &[file.as_fd()])?;
            let open = || open_found(access, &found).map_err(io::Error::from);
            // A FIFO may wait for ever. With something beside, which has to be waited for, it does.
            let opened = if self.beside.is_empty() { exposed(open) } else { open() };
            match opened {
                // Somebody made it in between, and it is another file than the one that was asked for.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::EXIST) => {}
                opened => return Ok(opened.and_then(internal)),
            }
        }
        Ok(Err(Errno::EXIST.into()))
    }
}

fn look(access: Access, name: &str) -> io::Result<Found> {
    let writes = match access {
        Access::Read => false,
        Access::Write | Access::Append => true,
    };
    match find(name, OFlags::empty()) {
        Ok(file) if writes && FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::Directory => {
            Err(Errno::ISDIR.into())
        }
        Ok(file) => Ok(Found::File(file)),
        Err(error) if writes && Errno::from_io_error(&error) == Some(Errno::NOENT) => missing(name, error),
        Err(error) => Err(error),
    }
}

/// The place for a file that is not there.
fn missing(name: &str, error: io::Error) -> io::Result<Found> {
    let (directory, last) = match name.rsplit_once('/') {
        None => (".", name),
        Some(("", last)) => ("/", last),
        Some(parts) => parts,
    };
    if name.is_empty() {
        return Err(error);
    }
    let directory = find(directory, OFlags::DIRECTORY)?;
    if last.is_empty() {
        return Err(Errno::ISDIR.into());
    }
    match statat(&directory, last, AtFlags::SYMLINK_NOFOLLOW) {
        // Where it leads was not found, and to make that is to write where nobody looked.
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => {
            Err(io::Error::other("a link that leads to nothing"))
        }
        Ok(_) | Err(_) => Ok(Found::Nothing(directory, last.to_owned())),
    }
}

fn open_found(access: Access, found: &Found) -> rustix::io::Result<OwnedFd> {
    let flags = match access {
        Access::Read => OFlags::RDONLY,
        Access::Write => OFlags::WRONLY | OFlags::TRUNC,
        Access::Append => OFlags::WRONLY | OFlags::APPEND,
    };
    match found {
        Found::File(file) => reopen(file, flags),
        Found::Nothing(directory, last) => {
            // Only made, never emptied: there is nothing in it, or it is not ours.
            let flags = flags.difference(OFlags::TRUNC) | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            openat(directory, last.as_str(), flags | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::from_raw_mode(0o666))
        }
    }
}
