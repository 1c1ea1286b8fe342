//! Where jobs work: the policy's places after every link is resolved.

mod layered;

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
    /// The places that these are common to, the system's first; none where one policy holds alone.
    pub layers: Vec<Workspace>,
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

impl Reach {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// What no policy changes: the kernel's own places, made anew for each job, and devices that hold nothing.
const FIXED: [(&str, Reach); 13] = [
    ("/proc", Reach::Read),
    ("/dev", Reach::Nothing),
    ("/dev/null", Reach::Write),
    ("/dev/zero", Reach::Write),
    ("/dev/full", Reach::Write),
    ("/dev/random", Reach::Read),
    ("/dev/urandom", Reach::Read),
    ("/dev/stdin", Reach::Read),
    ("/dev/stdout", Reach::Write),
    ("/dev/stderr", Reach::Write),
    ("/dev/fd", Reach::Write),
    ("/run", Reach::Nothing),
    ("/var/run", Reach::Nothing),
];

/// Empty directories that each job has for itself, unless the policy makes them writable for good.
const PRIVATE: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// What lies at a path for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    /// The files that lie there outside the sandbox.
    Original(Reach),
    /// Something of the job's own.
    Own(Reach),
}

impl Workspace {
    /// How far jobs reach at a path free of links. The deepest place around it decides, as in the sandbox, which lays places
    /// over each other in this way; it can give more than this says, not less, where the job has mounts of its own.
    ///
    /// `hide` and `protect` are taken by name: to know of links in them, resolve them first.
    pub fn reach(&self, path: &Path) -> Reach {
        match self.cover(path) {
            Cover::Original(reach) | Cover::Own(reach) => reach,
        }
    }

    /// Whether a job finds something of its own at a path, so that what lies there outside says nothing about it.
    pub fn is_own(&self, path: &Path) -> bool {
        match self.cover(path) {
            Cover::Own(_) => true,
            Cover::Original(_) => false,
        }
    }

    fn cover(&self, path: &Path) -> Cover {
        let mut around = Vec::from_iter(path.ancestors());
        around.reverse();
        around.into_iter().fold(Cover::Original(Reach::Nothing), |cover, place| self.cover_at(place, cover))
    }

    /// What a place makes of what lies around it. Of two at one path, the one that takes more away comes first.
    fn cover_at(&self, place: &Path, around: Cover) -> Cover {
        let names = |list: &[PathBuf]| list.iter().any(|other| other == place);
        let fixed = FIXED.iter().find(|(other, _)| Path::new(other) == place);
        let written = names(&self.write);
        if names(&self.hide) {
            Cover::Own(Reach::Nothing)
        } else if let Some((_, reach)) = fixed {
            Cover::Own(*reach)
        } else if names(&self.protect) && (written || around == Cover::Original(Reach::Write)) {
            Cover::Original(Reach::Read)
        } else if written {
            Cover::Original(Reach::Write)
        } else if PRIVATE.iter().any(|private| Path::new(private) == place) {
            Cover::Own(Reach::Write)
        } else if names(&self.read) && around != Cover::Original(Reach::Write) {
            // Inside a writable place it says nothing new.
            Cover::Original(Reach::Read)
        } else {
            around
        }
    }

    /// Whether a path free of links lies in a workspace root, judged by component.
    pub fn contains(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }

    /// Whether jobs may work in a directory free of links: it lies in a workspace root, and they can see it.
    pub fn may_work_in(&self, path: &Path) -> bool {
        self.contains(path) && self.reach(path) != Reach::Nothing
    }

    /// How far a path may be named for a purpose: like [`Self::reach`], but a directory that holds what is protected is not
    /// named to be written, unless it is a root: to move it away, or to empty it, takes the protected away as well.
    pub fn reach_by_name(&self, path: &Path) -> Reach {
        let holds = self.protect.iter().any(|protected| protected != path && protected.starts_with(path));
        let root = self.roots.iter().any(|root| root.starts_with(path));
        let reach = self.reach(path);
        if reach == Reach::Write && holds && !root { Reach::Read } else { reach }
    }

    /// Whether a path free of links lies where a job can write, or could if one of the layers held alone: jobs of another
    /// server that the same system's policy holds for may.
    pub fn is_writable(&self, path: &Path) -> bool {
        let written = |places: &Self| places.write.iter().any(|root| path.starts_with(root));
        written(self) || self.layers.iter().any(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(read: &[&str], write: &[&str], hide: &[&str], protect: &[&str]) -> Workspace {
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        Workspace {
            roots: paths(write),
            search_path: Vec::new(),
            read: paths(read),
            write: paths(write),
            hide: paths(hide),
            protect: paths(protect),
            home: "/home/u".into(),
            layers: Vec::new(),
        }
    }

    #[track_caller]
    fn reaches(workspace: &Workspace, rows: &[(&str, Reach)]) {
        for (path, reach) in rows {
            assert_eq!(workspace.reach(Path::new(path)), *reach, "{path}");
        }
    }

    #[test]
    fn the_deepest_place_decides() {
        let workspace = workspace(
            &["/usr", "/ws/docs", "/home/u/tools", "/ws/.git/hooks/samples"],
            &["/ws", "/home/u/tools/cache", "/ws/.git/hooks/out"],
            &["/home/u", "/ws/secret", "/home/u/tools/key"],
            &["/ws/.git/hooks", "/ws/secret/x", "/usr/x"],
        );
        reaches(
            &workspace,
            &[
                ("/", Reach::Nothing),
                ("/etc/passwd", Reach::Nothing),
                ("/usr/bin/ls", Reach::Read),
                ("/usr/x", Reach::Read),
                ("/usrx", Reach::Nothing),
                ("/ws", Reach::Write),
                ("/ws/docs/a", Reach::Write),
                ("/ws/secret", Reach::Nothing),
                ("/ws/secret/x", Reach::Nothing),
                ("/ws/secrets", Reach::Write),
                ("/ws/.git/config", Reach::Write),
                ("/ws/.git/hooks/pre-commit", Reach::Read),
                ("/ws/.git/hooks/samples/a", Reach::Read),
                ("/ws/.git/hooks/out/a", Reach::Write),
                ("/home/u/x", Reach::Nothing),
                ("/home/u/tools/x", Reach::Read),
                ("/home/u/tools/key", Reach::Nothing),
                ("/home/u/tools/cache/x", Reach::Write),
            ],
        );
    }

    #[test]
    fn of_two_at_one_path_the_one_that_takes_more_away_wins() {
        reaches(&workspace(&["/a"], &["/a"], &[], &[]), &[("/a/x", Reach::Write)]);
        reaches(&workspace(&["/a"], &["/a"], &[], &["/a"]), &[("/a/x", Reach::Read)]);
        reaches(&workspace(&["/a"], &["/a"], &["/a"], &["/a"]), &[("/a/x", Reach::Nothing)]);
    }

    #[test]
    fn a_job_has_places_of_its_own() {
        let workspace = workspace(&["/usr"], &["/tmp/ws"], &[], &[]);
        let rows = [
            ("/tmp", Reach::Write, true),
            ("/tmp/x", Reach::Write, true),
            ("/tmp/ws", Reach::Write, false),
            ("/tmp/ws/x", Reach::Write, false),
            ("/tmp/wsx", Reach::Write, true),
            ("/var/tmp/x", Reach::Write, true),
            ("/var/x", Reach::Nothing, false),
            ("/dev/shm/x", Reach::Write, true),
            ("/dev/null", Reach::Write, true),
            ("/dev/urandom", Reach::Read, true),
            ("/dev/sda", Reach::Nothing, true),
            ("/dev/fd/3", Reach::Write, true),
            ("/proc/cpuinfo", Reach::Read, true),
            ("/run/docker.sock", Reach::Nothing, true),
            ("/usr/x", Reach::Read, false),
        ];
        for (path, reach, own) in rows {
            assert_eq!((workspace.reach(Path::new(path)), workspace.is_own(Path::new(path))), (reach, own), "{path}");
        }
    }

    #[test]
    fn no_policy_gives_the_hosts_devices_and_processes() {
        let workspace = workspace(&["/dev", "/proc", "/run"], &["/dev", "/proc", "/run", "/dev/null"], &[], &[]);
        reaches(
            &workspace,
            &[
                ("/dev/sda", Reach::Nothing),
                ("/proc/sys/kernel/core_pattern", Reach::Read),
                ("/run/x", Reach::Nothing),
                ("/dev/null", Reach::Write),
            ],
        );
    }

    #[test]
    fn a_private_place_that_a_policy_makes_writable_is_the_hosts() {
        let workspace = workspace(&[], &["/tmp"], &["/tmp/hidden"], &["/tmp/kept"]);
        assert!(!workspace.is_own(Path::new("/tmp/x")));
        reaches(&workspace, &[("/tmp/x", Reach::Write), ("/tmp/hidden/x", Reach::Nothing), ("/tmp/kept", Reach::Read)]);
    }

    #[test]
    fn the_root_can_be_read_as_a_whole() {
        let workspace = workspace(&["/"], &["/ws"], &["/home"], &[]);
        reaches(
            &workspace,
            &[("/etc/x", Reach::Read), ("/home/x", Reach::Nothing), ("/ws/x", Reach::Write), ("/tmp/x", Reach::Write)],
        );
    }
}
