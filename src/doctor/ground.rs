//! The ground of the attacks: a directory of the doctor's own, gone afterwards.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{model::workspace::Workspace, plan::FilePlan};

/// A directory that nobody else can enter. Removed with all that is in it when dropped.
#[derive(Debug)]
pub(super) struct Ground(PathBuf);

impl Ground {
    /// Made where jobs do not reach by the policy: what they can read or write there would prove nothing.
    pub(super) fn new(workspace: &Workspace) -> io::Result<Self> {
        let mut why = io::Error::other("every place for temporary files is one that jobs reach by the policy");
        let reached = |place: &Path| {
            let granted = workspace.read.iter().chain(&workspace.write);
            granted.filter(|path| path.parent().is_some()).any(|path| place.starts_with(path))
        };
        for place in places().iter().filter(|place| !reached(place)) {
            match Self::in_place(place) {
                Ok(ground) => return Ok(ground),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn in_place(place: &Path) -> io::Result<Self> {
        // Short, because the path of a socket in it has to fit into 108 bytes (unix(7)).
        let (name, _) = Uuid::new_v4().as_u64_pair();
        let path = place.join(format!("stockade-doctor-{name:x}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it, and says so when that is not possible.
    pub(super) fn clear(self) -> io::Result<()> {
        fs::remove_dir_all(&self.0)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Gone already when it was cleared.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Places for temporary files, links resolved, the usual one first.
fn places() -> Vec<PathBuf> {
    let all = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into(), "/dev/shm".into()];
    let mut found: Vec<PathBuf> = Vec::new();
    for place in all.iter().filter_map(|place| place.canonicalize().ok()) {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

/// Whether a policy lets jobs read the whole root, so that there is no outside where there are no mounts.
pub(super) fn is_all_readable(files: &FilePlan) -> bool {
    files.read.iter().chain(&files.write).any(|path| path.parent().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(read: &[&str]) -> Workspace {
        Workspace {
            roots: vec!["/ws".into()],
            search_path: vec![],
            read: read.iter().map(PathBuf::from).collect(),
            write: vec![],
            hide: vec![],
            protect: vec![],
            home: "/".into(),
            layers: Vec::new(),
        }
    }

    #[test]
    fn the_ground_lies_where_jobs_do_not_reach_and_leaves_nothing() {
        let first = Ground::new(&workspace(&["/usr", "/"])).unwrap();
        let place = first.path().parent().unwrap().to_owned();
        fs::create_dir_all(first.path().join("a/b")).unwrap();
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
        let second = Ground::new(&workspace(&[place.to_str().unwrap()])).unwrap();
        assert_ne!(second.path().parent().unwrap(), place);
        second.clear().unwrap();
    }

    #[test]
    fn where_every_place_is_reached_there_is_none() {
        let all = places();
        let all: Vec<_> = all.iter().map(|place| place.to_str().unwrap()).collect();
        assert!(Ground::new(&workspace(&all)).is_err());
    }
}
