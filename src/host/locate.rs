//! Where a name leads that a job will use later, as far as that can be told now.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
};

use crate::model::workspace::Workspace;

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Located {
    /// To this file or directory, links resolved.
    Present(PathBuf),
    /// To nothing, at this path: links are resolved as far as there is something. A job's own places count as empty.
    Absent(PathBuf),
    /// It cannot be told before its turn.
    Unknown,
}

impl Located {
    /// The path, whether something is there or not.
    pub(super) fn path(self) -> Option<PathBuf> {
        match self {
            Self::Present(path) | Self::Absent(path) => Some(path),
            Self::Unknown => None,
        }
    }
}

/// As many links as the kernel follows (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Follows a name from a directory that is free of links. What is a job's own, such as /tmp, goes by its name alone: the
/// host's files say nothing about it.
pub(super) fn locate(from: &Path, name: &str, workspace: &Workspace) -> Located {
    let mut way = Way { at: from.to_path_buf(), ahead: VecDeque::new(), sure: true, present: true, links: 0 };
    way.go(Path::new(name));
    while let Some(step) = way.ahead.pop_front() {
        if way.take(step, workspace).is_none() {
            return Located::Unknown;
        }
    }
    // It is recorded as text.
    if way.at.to_str().is_none() {
        Located::Unknown
    } else if way.present {
        Located::Present(way.at)
    } else {
        Located::Absent(way.at)
    }
}

struct Way {
    at: PathBuf,
    ahead: VecDeque<Step>,
    /// Whether no link can stand in `at`, so that its parent is what `..` leads to.
    sure: bool,
    /// Whether there is something at `at`.
    present: bool,
    links: usize,
}

enum Step {
    Root,
    Parent,
    Name(OsString),
}

impl Way {
    /// Puts a path before all that is still ahead.
    fn go(&mut self, path: &Path) {
        for component in path.components().rev() {
            match component {
                Component::Prefix(_) | Component::CurDir => {}
                Component::RootDir => self.ahead.push_front(Step::Root),
                Component::ParentDir => self.ahead.push_front(Step::Parent),
                Component::Normal(name) => self.ahead.push_front(Step::Name(name.to_owned())),
            }
        }
    }

    /// One step, or nothing when nobody knows where it leads.
    fn take(&mut self, step: Step, workspace: &Workspace) -> Option<()> {
        match step {
            Step::Root => {
                self.at = "/".into();
                (self.sure, self.present) = (true, true);
            }
            Step::Parent if self.sure => drop(self.at.pop()),
            Step::Parent => return None,
            Step::Name(name) => {
                let next = self.at.join(name);
                if workspace.is_own(&next) {
                    (self.at, self.sure, self.present) = (next, false, false);
                } else {
                    self.look(next)?;
                }
            }
        }
        Some(())
    }

    fn look(&mut self, next: PathBuf) -> Option<()> {
        match fs::symlink_metadata(&next) {
            Ok(facts) if facts.is_symlink() => {
                self.links += 1;
                let target = fs::read_link(&next).ok().filter(|_| self.links <= MAX_LINKS)?;
                self.go(&target);
            }
            Ok(facts) if facts.is_dir() || self.ahead.is_empty() => {
                (self.at, self.sure, self.present) = (next, true, true);
            }
            // A file stands where the path goes on.
            Ok(_) => return None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (self.at, self.sure, self.present) = (next, false, false);
            }
            Err(_) => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    /// A workspace `ws` with a directory, a file and links, beside a readable `out`.
    fn place() -> (TempDir, PathBuf, Workspace) {
        let dir = TempDir::new().unwrap();
        let base = dir.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("ws/sub")).unwrap();
        fs::create_dir_all(base.join("out")).unwrap();
        fs::write(base.join("ws/file"), "").unwrap();
        for (target, link) in [
            ("file", "to-file"),
            ("sub", "to-sub"),
            ("../out/new", "dangling"),
            ("loop", "loop"),
            ("/dev/null", "to-null"),
            ("to-sub/../file", "round"),
        ] {
            symlink(target, base.join("ws").join(link)).unwrap();
        }
        let workspace = Workspace {
            roots: vec![base.join("ws")],
            search_path: vec![],
            read: vec![base.join("out")],
            write: vec![base.join("ws")],
            hide: vec![],
            protect: vec![],
            home: base.clone(),
            layers: Vec::new(),
        };
        (dir, base, workspace)
    }

    #[test]
    fn links_are_followed_as_far_as_there_is_something() {
        let (_dir, base, workspace) = place();
        let ws = base.join("ws");
        for (name, present, path) in [
            ("file", true, "ws/file"),
            ("./sub/../file", true, "ws/file"),
            (".", true, "ws"),
            ("to-file", true, "ws/file"),
            ("to-sub/x", false, "ws/sub/x"),
            ("round", true, "ws/file"),
            ("new", false, "ws/new"),
            ("new/deeper", false, "ws/new/deeper"),
            ("dangling", false, "out/new"),
            ("../out", true, "out"),
            ("../beside", false, "beside"),
        ] {
            let expected = base.join(path);
            let expected = if present { Located::Present(expected) } else { Located::Absent(expected) };
            assert_eq!(locate(&ws, name, &workspace), expected, "{name}");
        }
        assert_eq!(locate(&ws, "to-null", &workspace), Located::Absent("/dev/null".into()));
        assert_eq!(locate(&ws, "/", &workspace), Located::Present("/".into()));
    }

    #[test]
    fn what_nobody_knows_is_not_guessed() {
        let (_dir, base, workspace) = place();
        for name in ["new/../file", "loop", "loop/x", "file/x", "/tmp/x/../y"] {
            assert_eq!(locate(&base.join("ws"), name, &workspace), Located::Unknown, "{name}");
        }
    }

    #[test]
    fn the_hosts_tmp_says_nothing() {
        let (_dir, base, workspace) = place();
        symlink("/etc/passwd", base.join("planted")).unwrap();
        let planted = base.join("planted");
        assert_eq!(locate(Path::new("/"), planted.to_str().unwrap(), &workspace), Located::Absent(planted.clone()));
    }
}
