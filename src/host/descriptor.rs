//! What a descriptor stands for that somebody else opened: a job, in its own view of the file system.
//!
//! The path is the one of the mount that the file was opened through, from the root of the view it belongs to
//! (proc_pid_fd(5)). A job's view has the host's places at their own paths and covers some with places of the job's own, so
//! a path under one of those, such as /tmp, is not the host's file of that name. Nothing is opened or read here, and no path
//! is looked up again: a job could change what it leads to.

use std::{
    ffi::OsStr,
    io,
    os::{
        fd::{AsFd, AsRawFd as _},
        unix::ffi::OsStrExt as _,
    },
    path::PathBuf,
};

use rustix::fs::{CWD, FileType, fstat, readlinkat};

/// What a descriptor stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub kind: FileType,
    /// Which one it is.
    pub identity: Identity,
}

/// Where an opened file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this absolute path, which is free of links.
    Path(PathBuf),
    /// It was removed from this path. So does a file look whose name ends with ` (deleted)`.
    Removed(PathBuf),
    /// It never had a path: a pipe, a socket, a file in memory. The text is the kernel's word for it.
    Nameless(String),
}

/// Tells one file from another for as long as somebody has it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Which file a descriptor stands for.
    pub fn of(fd: impl AsFd) -> io::Result<Self> {
        let stat = fstat(fd)?;
        Ok(Self { device: stat.st_dev, inode: stat.st_ino })
    }
}

/// Looks at a descriptor.
pub fn look_at(fd: impl AsFd) -> io::Result<Opened> {
    let stat = fstat(&fd)?;
    let link = readlinkat(CWD, format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd()), Vec::new())?;
    let identity = Identity { device: stat.st_dev, inode: stat.st_ino };
    Ok(Opened { place: place(link.as_bytes()), kind: FileType::from_raw_mode(stat.st_mode), identity })
}

fn place(link: &[u8]) -> Place {
    if !link.starts_with(b"/") || link.starts_with(IN_MEMORY) {
        return Place::Nameless(String::from_utf8_lossy(link).into_owned());
    }
    let path = |bytes| PathBuf::from(OsStr::from_bytes(bytes));
    match link.strip_suffix(REMOVED) {
        Some(before) => Place::Removed(path(before)),
        None => Place::Path(path(link)),
    }
}

/// What the kernel appends to the path of a file that was removed.
const REMOVED: &[u8] = b" (deleted)";
/// The path of what memfd_create(2) makes, which lies nowhere.
const IN_MEMORY: &[u8] = b"/memfd:";

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        os::unix::net::UnixStream,
    };

    use super::*;

    fn look(fd: impl AsFd) -> Place {
        look_at(fd).unwrap().place
    }

    #[test]
    fn a_file_is_at_its_real_path_until_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let path = root.join("file");
        let file = File::create(&path).unwrap();
        assert_eq!(look(&file), Place::Path(path.clone()));
        assert_eq!(look_at(&file).unwrap().kind, FileType::RegularFile);
        fs::rename(&path, root.join("other")).unwrap();
        assert_eq!(look(&file), Place::Path(root.join("other")));
        fs::remove_file(root.join("other")).unwrap();
        assert_eq!(look(&file), Place::Removed(root.join("other")));
        let odd = File::create(root.join("x (deleted)")).unwrap();
        assert_eq!(look(&odd), Place::Removed(root.join("x")), "nobody can tell the two apart");
    }

    #[test]
    fn what_has_no_path_is_told_apart() {
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        assert!(matches!(look(&reader), Place::Nameless(what) if what.starts_with("pipe:[")));
        let (socket, _other) = UnixStream::pair().unwrap();
        assert!(matches!(look(&socket), Place::Nameless(what) if what.starts_with("socket:[")));
        let memory = rustix::fs::memfd_create("x", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        assert!(matches!(look(&memory), Place::Nameless(what) if what.starts_with("/memfd:x")));
    }

    #[test]
    fn two_names_of_one_file_are_one_and_two_files_are_two() {
        let dir = tempfile::tempdir().unwrap();
        let [one, link, two] = ["one", "link", "two"].map(|name| dir.path().join(name));
        fs::write(&one, "").unwrap();
        fs::hard_link(&one, &link).unwrap();
        fs::write(&two, "").unwrap();
        let [one, link, two] = [one, link, two].map(|path| Identity::of(File::open(path).unwrap()).unwrap());
        assert_eq!(one, link);
        assert_ne!(one, two);
    }
}
