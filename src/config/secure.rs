//! Files that only root and the server's own user can have changed.
//!
//! A file is opened once, and its owner and mode are read from the descriptor, so that what was checked is what is read.
//! Every directory above it is checked as well: who can rename one of them can put another file in its place.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};
use sha2::{Digest as _, Sha256};

use crate::{
    diagnostic::{Code, Diagnostic},
    model::hex::hex,
};

/// Bytes that a policy file may have. Reading stops there, whatever the file is.
pub const MAX_FILE: u64 = 1 << 20;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureFile {
    /// Its text.
    pub text: String,
    /// Its absolute path; the directories above it are free of links.
    pub path: PathBuf,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
}

/// Why a file or a directory cannot be trusted or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insecure {
    /// [`Code::FileUnreadable`], [`Code::FileNotOwned`] or [`Code::FileWritable`].
    pub code: Code,
    /// One line.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl std::fmt::Display for Insecure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Insecure {}

impl From<Insecure> for Diagnostic {
    fn from(insecure: Insecure) -> Self {
        Self { hint: insecure.hint, ..Self::error(insecure.code, insecure.message) }
    }
}

/// Reads a text file that only root and this user can have changed.
pub fn read(path: &Path) -> Result<SecureFile, Insecure> {
    let path = locate(path)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let fd = rustix::fs::openat(CWD, &path, flags, Mode::empty()).map_err(|errno| unreadable(&path, errno.into()))?;
    let stat = rustix::fs::fstat(&fd).map_err(|errno| unreadable(&path, errno.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Insecure::new(Code::FileUnreadable, format!("`{}` is not a regular file", path.display())));
    }
    judge(&path, &Entry::of(&stat), me())?;
    let text = text(&path, fd)?;
    let sha256 = sha256_hex(text.as_bytes());
    Ok(SecureFile { text, path, sha256 })
}

/// Opens a directory that belongs to this user, that nobody else can write, and that nobody else can have put there.
pub fn open_directory(path: &Path) -> Result<(OwnedFd, PathBuf), Insecure> {
    let path = locate(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(CWD, &path, flags, Mode::empty()).map_err(|errno| unreadable(&path, errno.into()))?;
    let entry = Entry::of(&rustix::fs::fstat(&fd).map_err(|errno| unreadable(&path, errno.into()))?);
    if entry.uid != me() {
        return Err(not_owned(&path, entry.uid, me()));
    }
    // The sticky bit protects entries from others, but lets them add their own: not enough for a directory of ours.
    judge(&path, &Entry { kind: Kind::File, ..entry }, me())?;
    Ok((fd, path))
}

/// Whether a file that this user puts into a directory would be trusted: nobody else can have changed the way to it, as far as
/// there is one.
pub fn trusts_way(directory: &Path) -> Result<(), Insecure> {
    let absolute = std::path::absolute(directory).map_err(|error| unreadable(directory, error))?;
    let Some((there, real)) = absolute.ancestors().find_map(|step| Some((step, step.canonicalize().ok()?))) else {
        return Ok(());
    };
    judge_way(there)?;
    judge_way(&real)
}

/// SHA-256 of some bytes, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The absolute path of a file, links resolved but for its last component, after every directory on the way is checked:
/// those that the name goes through, and those that it arrives in.
fn locate(path: &Path) -> Result<PathBuf, Insecure> {
    let absolute = std::path::absolute(path).map_err(|error| unreadable(path, error))?;
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(Insecure::new(Code::FileUnreadable, format!("`{}` does not name a file", path.display())));
    };
    judge_way(parent)?;
    let real = parent.canonicalize().map_err(|error| unreadable(parent, error))?;
    judge_way(&real)?;
    Ok(real.join(name))
}

fn judge_way(directory: &Path) -> Result<(), Insecure> {
    for step in directory.ancestors() {
        let stat = rustix::fs::lstat(step).map_err(|errno| unreadable(step, errno.into()))?;
        judge(step, &Entry::of(&stat), me())?;
    }
    Ok(())
}

/// What matters about a file, a directory, or a link on the way.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    uid: u32,
    mode: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    Link,
}

impl Entry {
    fn of(stat: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Link,
            FileType::RegularFile
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Kind::File,
        };
        Self { kind, uid: stat.st_uid, mode: stat.st_mode & 0o7777 }
    }
}

/// Whether somebody else than root and `me` could change the entry, or what a directory holds. In a sticky directory only
/// the owner of an entry can rename or remove it (inode(7)), and the owner of the next step is checked too.
fn judge(path: &Path, entry: &Entry, me: u32) -> Result<(), Insecure> {
    if entry.uid != 0 && entry.uid != me {
        return Err(not_owned(path, entry.uid, me));
    }
    let sticky = entry.kind == Kind::Directory && entry.mode & 0o1000 != 0;
    // A link's own mode is always 0777 and means nothing (symlink(7)).
    if entry.kind == Kind::Link || sticky || entry.mode & 0o022 == 0 {
        return Ok(());
    }
    let by = if entry.mode & 0o002 == 0 { "its group" } else { "everyone" };
    let shown = path.display();
    let message = format!("`{shown}` can be written by {by} (mode {:04o})", entry.mode);
    Err(Insecure::new(Code::FileWritable, message).hint(format!("run `chmod go-w {}`", quoted(path))))
}

fn not_owned(path: &Path, owner: u32, me: u32) -> Insecure {
    let shown = path.display();
    let allowed = if me == 0 { "root".to_owned() } else { format!("root or uid {me}") };
    Insecure::new(Code::FileNotOwned, format!("`{shown}` belongs to uid {owner}, not to {allowed}"))
        .hint(format!("run `chown {me} {}` as root, or use a file of your own", quoted(path)))
}

fn unreadable(path: &Path, error: io::Error) -> Insecure {
    const ELOOP: i32 = rustix::io::Errno::LOOP.raw_os_error();
    let shown = path.display();
    let why = match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::NotFound, _) => format!("`{shown}` does not exist"),
        (io::ErrorKind::PermissionDenied, _) => format!("`{shown}` may not be read by this user"),
        (io::ErrorKind::NotADirectory, _) => format!("`{shown}` is not a directory, or a part of its path is none"),
        (_, Some(ELOOP)) => format!("`{shown}` is a symbolic link; name the file that it stands for"),
        _ => format!("`{shown}` cannot be read: {error}"),
    };
    Insecure::new(Code::FileUnreadable, why)
}

fn text(path: &Path, fd: OwnedFd) -> Result<String, Insecure> {
    let mut bytes = Vec::new();
    File::from(fd).take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    let shown = path.display();
    if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_FILE) {
        return Err(Insecure::new(Code::FileUnreadable, format!("`{shown}` is larger than {MAX_FILE} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Insecure::new(Code::FileUnreadable, format!("`{shown}` is not UTF-8 from byte {at} on"))
    })
}

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The path as a shell wants it, for hints that people copy.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

impl Insecure {
    fn new(code: Code, message: String) -> Self {
        Self { code, message, hint: None }
    }

    fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    fn verdict(kind: Kind, uid: u32, mode: u32) -> Option<Code> {
        judge(Path::new("/x"), &Entry { kind, uid, mode }, 1000).err().map(|insecure| insecure.code)
    }

    #[test]
    fn files_of_root_and_of_this_user_are_trusted() {
        assert_eq!(verdict(Kind::File, 0, 0o644), None);
        assert_eq!(verdict(Kind::File, 1000, 0o600), None);
    }

    #[test]
    fn what_belongs_to_somebody_else_is_not_trusted() {
        for kind in [Kind::File, Kind::Directory, Kind::Link] {
            assert_eq!(verdict(kind, 1001, 0o700), Some(Code::FileNotOwned));
        }
    }

    #[test]
    fn what_others_can_write_is_not_trusted() {
        assert_eq!(verdict(Kind::File, 1000, 0o664), Some(Code::FileWritable));
        assert_eq!(verdict(Kind::File, 0, 0o602), Some(Code::FileWritable));
        assert_eq!(verdict(Kind::Directory, 1000, 0o775), Some(Code::FileWritable));
    }

    #[test]
    fn a_sticky_directory_protects_the_entries_of_their_owners() {
        assert_eq!(verdict(Kind::Directory, 0, 0o1777), None);
        assert_eq!(verdict(Kind::File, 0, 0o1666), Some(Code::FileWritable));
    }

    #[test]
    fn the_mode_of_a_link_means_nothing() {
        assert_eq!(verdict(Kind::Link, 1000, 0o777), None);
    }

    struct Dir(tempfile::TempDir);

    impl Dir {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn file(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, text).unwrap();
            self.mode(name, mode);
            path
        }

        fn mode(&self, name: &str, mode: u32) {
            fs::set_permissions(self.0.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    #[track_caller]
    fn refused(path: &Path, code: Code, words: &str) -> Insecure {
        let insecure = read(path).unwrap_err();
        assert_eq!(insecure.code, code, "{insecure}");
        assert!(insecure.message.contains(words), "{insecure}");
        insecure
    }

    #[test]
    fn a_file_of_our_own_is_read() {
        let dir = Dir::new();
        let file = read(&dir.file("p.toml", "abc", 0o644)).unwrap();
        assert_eq!(file.text, "abc");
        assert_eq!(file.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(file.path, dir.0.path().canonicalize().unwrap().join("p.toml"));
    }

    #[test]
    fn a_file_that_others_can_write_is_refused_with_the_command_that_helps() {
        let dir = Dir::new();
        let path = dir.file("it's.toml", "", 0o666);
        let insecure = refused(&path, Code::FileWritable, "can be written by everyone (mode 0666)");
        let path = path.canonicalize().unwrap();
        let hint = format!("run `chmod go-w '{}'`", path.to_str().unwrap().replace('\'', r"'\''"));
        assert_eq!(insecure.hint, Some(hint));
    }

    #[test]
    fn a_file_in_a_directory_that_others_can_write_is_refused() {
        let dir = Dir::new();
        let path = dir.file("p.toml", "", 0o600);
        dir.mode("", 0o770);
        refused(&path, Code::FileWritable, "its group");
    }

    #[test]
    fn a_way_through_a_writable_directory_is_refused_even_when_it_ends_well() {
        let dir = Dir::new();
        fs::create_dir(dir.0.path().join("loose")).unwrap();
        fs::create_dir(dir.0.path().join("good")).unwrap();
        let path = dir.file("good/p.toml", "", 0o600);
        symlink(path.parent().unwrap(), dir.0.path().join("loose/link")).unwrap();
        dir.mode("loose", 0o777);
        refused(&dir.0.path().join("loose/link/p.toml"), Code::FileWritable, "loose");
    }

    #[test]
    fn a_way_is_trusted_as_far_as_it_goes() {
        let dir = Dir::new();
        fs::create_dir(dir.0.path().join("loose")).unwrap();
        assert_eq!(trusts_way(&dir.0.path().join("not/yet")), Ok(()));
        dir.mode("loose", 0o770);
        for way in ["loose", "loose/not/yet"] {
            let insecure = trusts_way(&dir.0.path().join(way)).unwrap_err();
            assert_eq!(insecure.code, Code::FileWritable, "{insecure}");
        }
    }

    #[test]
    fn a_link_in_place_of_the_file_is_refused() {
        let dir = Dir::new();
        let path = dir.file("p.toml", "", 0o600);
        symlink(path, dir.0.path().join("link")).unwrap();
        refused(&dir.0.path().join("link"), Code::FileUnreadable, "symbolic link");
    }

    #[test]
    fn what_is_not_a_regular_file_is_refused() {
        let dir = Dir::new();
        refused(dir.0.path(), Code::FileUnreadable, "not a regular file");
        let fifo = dir.0.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
        refused(&fifo, Code::FileUnreadable, "not a regular file");
    }

    #[test]
    fn what_is_missing_too_large_or_not_text_is_refused() {
        let dir = Dir::new();
        refused(&dir.0.path().join("none"), Code::FileUnreadable, "does not exist");
        refused(&dir.0.path().join("none/p.toml"), Code::FileUnreadable, "does not exist");
        refused(&dir.file("big", vec![b'a'; (1 << 20) + 1], 0o600), Code::FileUnreadable, "larger than");
        refused(&dir.file("bytes", b"ab\xff", 0o600), Code::FileUnreadable, "from byte 2 on");
        assert_eq!(read(&dir.file("full", vec![b'a'; 1 << 20], 0o600)).unwrap().text.len(), 1 << 20);
    }

    #[test]
    fn a_directory_of_our_own_is_opened() {
        let dir = Dir::new();
        assert!(open_directory(dir.0.path()).is_ok());
        dir.mode("", 0o1777);
        assert_eq!(open_directory(dir.0.path()).unwrap_err().code, Code::FileWritable);
    }

    #[test]
    fn a_link_to_a_directory_is_refused() {
        let dir = Dir::new();
        fs::create_dir(dir.0.path().join("real")).unwrap();
        symlink(dir.0.path().join("real"), dir.0.path().join("link")).unwrap();
        assert_eq!(open_directory(&dir.0.path().join("link")).unwrap_err().code, Code::FileUnreadable);
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        // Whoever runs the tests, one of these two belongs to somebody else than the effective user.
        let other = if me() == 0 {
            let dir = Dir::new();
            rustix::fs::chown(dir.0.path(), Some(rustix::fs::Uid::from_raw(12_345)), None).unwrap();
            open_directory(dir.0.path()).unwrap_err()
        } else {
            open_directory(Path::new("/usr")).unwrap_err()
        };
        assert_eq!(other.code, Code::FileNotOwned);
    }
}
