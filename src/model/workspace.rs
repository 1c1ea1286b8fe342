//! Where jobs work: the policy's places after every link is resolved.

use std::path::{Path, PathBuf};

/// The places of a policy on this machine. All paths are absolute; all but `hide` and `protect` are free of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The directories in which a job may start. The first one is where it starts when nothing is said. Never empty.
    pub roots: Vec<PathBuf>,
    /// Directories in which programs are looked up, in order.
    pub search_path: Vec<PathBuf>,
    /// What jobs may read.
    pub read: Vec<PathBuf>,
    /// What jobs may write: the roots when the policy says so, and what it adds.
    pub write: Vec<PathBuf>,
    /// What jobs must not even see. It need not exist.
    pub hide: Vec<PathBuf>,
    /// What stays read-only inside the writable places. It need not exist.
    pub protect: Vec<PathBuf>,
    /// The user's home directory.
    pub home: PathBuf,
}

impl Workspace {
    /// Whether a path free of links lies in a workspace root, judged by component.
    pub fn contains(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }

    /// Whether a path free of links lies where a job can write.
    pub fn is_writable(&self, path: &Path) -> bool {
        self.write.iter().any(|root| path.starts_with(root))
    }
}
