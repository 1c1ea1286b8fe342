//! cgroup v2: whether there is one, whether this user may make groups in it, and what they could hold.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{model::enforcement::Level, sandbox::words};

/// How much of it is here: by making a group beside the doctor's own and removing it.
pub(super) fn level() -> Level {
    match find() {
        Some(group) => judge(tried(&group), &controllers(&group)),
        None => Level::None("no cgroup v2 is mounted".to_owned()),
    }
}

/// What a job needs of it: limits on memory and processes.
const NEEDED: [&str; 2] = ["memory", "pids"];

fn judge(tried: io::Result<()>, controllers: &[String]) -> Level {
    let missing: Vec<_> = NEEDED.into_iter().filter(|name| !controllers.iter().any(|other| other == name)).collect();
    match tried {
        Err(error) => Level::None(format!("no group can be made: {}", words(&error))),
        Ok(()) if missing.is_empty() => Level::Full,
        Ok(()) => Level::Partial(format!("groups can be made, without the controllers {}", missing.join(", "))),
    }
}

fn tried(group: &Path) -> io::Result<()> {
    let trial = group.join(format!("stockade-doctor-{}", Uuid::new_v4().simple()));
    fs::create_dir(&trial)?;
    fs::remove_dir(trial)
}

fn controllers(group: &Path) -> Vec<String> {
    let text = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// The directory of the doctor's own group.
fn find() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = directory(&mounts, &groups)?;
    group.is_dir().then_some(group)
}

/// From the mount point of the file system, of which a part alone may be mounted, and the name of the group
/// (proc_pid_mountinfo(5), cgroups(7)).
fn directory(mounts: &str, groups: &str) -> Option<PathBuf> {
    let (root, point) = mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        after.starts_with("cgroup2 ").then_some((fields.next()?, fields.next()?))
    })?;
    let name = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let below = Path::new(name).strip_prefix(root).or_else(|_| Path::new(name).strip_prefix("/")).ok()?;
    Some(Path::new(point).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_found_below_its_mount() {
        let mounts = "25 1 0:22 / /sys/fs/cgroup rw - tmpfs t rw\n36 35 0:30 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        let found = |mounts: &str, groups: &str| directory(mounts, groups).map(|path| path.display().to_string());
        assert_eq!(found(mounts, "4:memory:/x\n0::/a/b\n").as_deref(), Some("/sys/fs/cgroup/unified/a/b"));
        let part = "36 35 0:30 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        assert_eq!(found(part, "0::/docker/x/y\n").as_deref(), Some("/sys/fs/cgroup/y"));
        assert_eq!(found("25 1 0:22 / /sys/fs/cgroup rw - tmpfs t rw\n", "0::/\n"), None);
        assert_eq!(found(mounts, "4:memory:/x\n"), None);
    }

    #[test]
    fn what_cannot_be_done_or_is_not_there_is_named() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(judge(Ok(()), &names(&["cpu", "memory", "pids"])), Level::Full);
        assert!(matches!(judge(Ok(()), &names(&["pids"])), Level::Partial(text) if text.ends_with("memory")));
        let refused = Err(io::Error::from_raw_os_error(libc::EROFS));
        assert!(matches!(judge(refused, &[]), Level::None(text) if text.contains("EROFS")));
    }
}
