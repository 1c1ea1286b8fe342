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

/// How far jobs reach at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// They can read.
    Read,
    /// They can read and write.
    Write,
}

/// What every job has, whatever its policy says: places of its own, and devices that hold nothing.
const OWN: [(&str, Reach); 10] = [
    ("/tmp", Reach::Write),
    ("/dev/shm", Reach::Write),
    ("/dev/null", Reach::Write),
    ("/dev/zero", Reach::Write),
    ("/dev/full", Reach::Write),
    ("/dev/random", Reach::Read),
    ("/dev/urandom", Reach::Read),
    ("/dev/stdin", Reach::Read),
    ("/dev/stdout", Reach::Write),
    ("/dev/stderr", Reach::Write),
];

impl Workspace {
    /// How far jobs reach at a path free of links, as the sandbox lays the places out: the deepest one decides, and of two at
    /// the same path the one that takes more away.
    pub fn reach(&self, path: &Path) -> Reach {
        let all = [(&self.read, Reach::Read), (&self.write, Reach::Write), (&self.protect, Reach::Read)];
        let granted = all.iter().flat_map(|(places, reach)| places.iter().map(move |place| (place.as_path(), *reach)));
        let hidden = self.hide.iter().map(|place| (place.as_path(), Reach::Nothing));
        let own = OWN.iter().map(|(place, reach)| (Path::new(*place), *reach));
        let covering = own.chain(granted).chain(hidden).filter(|(place, _)| path.starts_with(place));
        // The last of equals wins: what protects and hides stands behind what grants.
        covering.max_by_key(|(place, _)| place.components().count()).map_or(Reach::Nothing, |(_, reach)| reach)
    }

    /// Whether a path free of links lies in a workspace root, judged by component.
    pub fn contains(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }

    /// Whether a path free of links lies where a job can write.
    pub fn is_writable(&self, path: &Path) -> bool {
        self.write.iter().any(|root| path.starts_with(root))
    }
}
