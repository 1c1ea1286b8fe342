//! Files that are written as a whole or not at all.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Replaces a file that is there. Its mode stays, and a link to it stays a link.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let target = file.canonicalize()?;
    let mode = fs::metadata(&target)?.permissions();
    take_place(&target, text, Some(mode), 0o600)
}

/// Makes a file with a mode, from which the umask takes away. What is there already is an error.
pub(super) fn create(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    take_place(file, text, None, mode)
}

/// Writes beside the file and then takes its place, so that no reader ever sees half of it.
fn take_place(target: &Path, text: &str, mode: Option<Permissions>, first: u32) -> io::Result<()> {
    let beside = beside(target);
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(first).open(&beside);
    let mut new = opened.map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", beside.display())))?;
    let done = write(&mut new, text, mode).and_then(|()| fs::rename(&beside, target));
    if done.is_err() {
        // What is left of the attempt is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    done
}

fn write(new: &mut File, text: &str, mode: Option<Permissions>) -> io::Result<()> {
    if let Some(mode) = mode {
        new.set_permissions(mode)?;
    }
    new.write_all(text.as_bytes())?;
    new.sync_all()
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_its_links() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("new", 0o640));
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_created_file_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        create(&file, "first", 0o600).unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(create(&file, "second", 0o600).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let dangling = dir.path().join("dangling");
        symlink(dir.path().join("nowhere"), &dangling).unwrap();
        assert!(create(&dangling, "x", 0o600).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn nothing_is_left_of_a_failed_attempt() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("taken");
        fs::create_dir(&target).unwrap();
        assert!(take_place(&target, "x", None, 0o600).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
