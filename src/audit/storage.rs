//! The file under the log: made by us, locked by us, appended to by us alone, and never opened a second time for writing.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::{fd::OwnedFd, unix::fs::DirBuilderExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::{
    fs::{FallocateFlags, FlockOperation, Mode, OFlags},
    io::Errno,
};

use crate::config::secure;

use super::error::OpenError;

/// Where a stream's bytes go.
pub(super) trait Storage: Send + 'static {
    /// Says whether the stream is still the one that others find under its name.
    fn check(&mut self) -> io::Result<()>;
    /// Makes sure that so many bytes, and then still those that matter most, will fit.
    fn reserve(&mut self, bytes: usize) -> Room;
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when everything appended is on disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// Whether there is room for more than what has to be written in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// The reserve is whole, or the file system knows no reserving.
    Ample,
    /// The reserve could not be made whole; what is left of it is for the ends of running jobs.
    Low,
}

/// Kept free for the ends of jobs: about two thousand of them.
const RESERVE: u64 = 1 << 20;
/// How often the lock is tried: a verifier holds it for a moment while it looks whether a stream is alive.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A stream's file.
#[derive(Debug)]
pub(super) struct StreamFile {
    file: File,
    path: PathBuf,
    /// Bytes that were appended.
    len: u64,
    /// Up to where blocks are allocated; nothing when the file system cannot tell.
    reserved: Option<u64>,
}

impl StreamFile {
    /// Makes the file of a new stream, in a directory that is made when it is missing. The file must not exist.
    pub(super) fn create(dir: &Path, name: &str) -> Result<Self, OpenError> {
        create_dirs(dir).map_err(|source| OpenError::Create { path: dir.to_owned(), source })?;
        let (dir, real) = secure::open_directory(dir).map_err(OpenError::Insecure)?;
        let path = real.join(name);
        Self::create_in(&dir, name, path.clone()).map_err(|source| {
            if source.kind() == io::ErrorKind::WouldBlock {
                OpenError::Busy(path)
            } else {
                OpenError::Create { path, source }
            }
        })
    }

    fn create_in(dir: &OwnedFd, name: &str, path: PathBuf) -> io::Result<Self> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(dir, name, flags, Mode::RUSR | Mode::WUSR)?;
        lock(&fd)?;
        // The name is durable before the first record is: fsync(2) on the file alone does not cover its entry.
        rustix::fs::fsync(dir)?;
        Ok(Self { file: fd.into(), path, len: 0, reserved: Some(0) })
    }

    /// Where the file lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Storage for StreamFile {
    fn check(&mut self) -> io::Result<()> {
        let ours = rustix::fs::fstat(&self.file)?;
        if ours.st_nlink == 0 {
            return Err(io::Error::other("the log's file was removed"));
        }
        let named = rustix::fs::lstat(&self.path)?;
        if (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino) {
            return Err(io::Error::other("another file stands under the log's name"));
        }
        if u64::try_from(ours.st_size) != Ok(self.len) {
            return Err(io::Error::other("somebody else has changed the length of the log's file"));
        }
        Ok(())
    }

    fn reserve(&mut self, bytes: usize) -> Room {
        let Some(reserved) = self.reserved else { return Room::Ample };
        let wanted = self.len.saturating_add(as_u64(bytes)).saturating_add(RESERVE);
        if wanted <= reserved {
            return Room::Ample;
        }
        // One reserve more than needed, so that most commits need no call; when that is too much, what is needed.
        for end in [wanted.saturating_add(RESERVE), wanted] {
            let size = end.saturating_sub(self.len);
            match rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.len, size) {
                Ok(()) => {
                    self.reserved = Some(end);
                    return Room::Ample;
                }
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                    self.reserved = None;
                    return Room::Ample;
                }
                Err(_) => {}
            }
        }
        Room::Low
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.len = self.len.saturating_add(as_u64(bytes.len()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(rustix::fs::fdatasync(&self.file)?)
    }
}

impl Drop for StreamFile {
    /// Gives back what was reserved and not used. A file whose length somebody else has changed is left as it is: it is
    /// evidence.
    fn drop(&mut self) {
        let reserved = self.reserved.is_some_and(|end| end > self.len);
        let ours = rustix::fs::fstat(&self.file).is_ok_and(|stat| u64::try_from(stat.st_size) == Ok(self.len));
        if reserved && ours {
            // Truncating a file to its own length frees the blocks beyond it. Should it fail, space is lost and no record.
            let _ = rustix::fs::ftruncate(&self.file, self.len);
        }
    }
}

/// Locks the file for as long as it is open. The lock tells a verifier that the stream's writer is alive (flock(2)).
fn lock(fd: &OwnedFd) -> io::Result<()> {
    for _ in 0..LOCK_TRIES {
        match rustix::fs::flock(fd, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => thread::sleep(LOCK_PAUSE),
            result => return Ok(result?),
        }
    }
    Err(Errno::WOULDBLOCK.into())
}

/// Makes a directory and those above it, each durable in the one above.
fn create_dirs(dir: &Path) -> io::Result<()> {
    let dir = std::path::absolute(dir)?;
    let mut missing: Vec<&Path> = dir.ancestors().take_while(|step| is_missing(step)).collect();
    while let Some(step) = missing.pop() {
        match fs::DirBuilder::new().mode(0o700).create(step) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
        if let Some(above) = step.parent() {
            File::open(above)?.sync_all()?;
        }
    }
    Ok(())
}

/// Whether nothing has that name. Any other trouble shows when the directory is opened.
fn is_missing(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn as_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
