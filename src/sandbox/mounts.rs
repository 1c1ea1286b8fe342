//! The job's mounts: a read-only root, private places over it, and what may be written put back.
//!
//! Every path is opened without following links (openat2(2)): paths were free of links when the plan was made, so a link
//! now is somebody's attempt to have another place mounted. All in the new mount API (mount_setattr(2), open_tree(2),
//! move_mount(2)), which works on descriptors and needs no second look-up.

use std::{
    fs, io,
    os::fd::{AsFd as _, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, symlinkat},
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
        fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_change, move_mount, open_tree,
    },
};

use crate::sys::mount::{Attributes, Reach, add_attributes};

use super::{
    interfaces,
    layout::{Kind, Place, layout},
    step::{At as _, Failure},
    wire::Files,
};

/// Builds the job's view. Needs a mount namespace of its own and runs as the init of the job, because a new procfs shows
/// the PID namespace of the process that makes it.
pub(super) fn apply(files: &Files, processes: u64) -> Result<(), Failure> {
    let mut own = own_places();
    own.extend(ungranted(files).at("list /")?.into_iter().map(|path| (path, Kind::Hide)));
    own.extend(interfaces::in_writable(files).at("read the mounts")?.into_iter().map(|path| (path, Kind::Hide)));
    let places = layout(files, &own)?;
    // First of all: from here on nothing reaches the host's mounts.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).at("make mounts private")?;
    // Before the root becomes read-only, so that the copies do not, and before anything covers them.
    let originals = places.iter().map(original).collect::<Result<Vec<_>, _>>()?;
    let root = open(Path::new("/")).at("open /")?;
    add_attributes(&root, Reach::Recursive, Attributes::READ_ONLY.and(Attributes::NO_SUID)).at("make / read-only")?;
    let mut empty = Vec::new();
    for (place, original) in places.iter().zip(originals) {
        let mount = attach(place, original, files.tmp).at_thing(verb(place.kind), place.path.display())?;
        empty.extend(mount);
    }
    // Through the new /proc, before it is sealed.
    forbid_user_namespaces().at("forbid user namespaces")?;
    limit_processes(processes).at("limit processes")?;
    limit_watches().at("limit watches")?;
    // Last: mount points for deeper places had to be made in them.
    for (mount, path) in empty {
        add_attributes(&mount, Reach::One, Attributes::READ_ONLY).at_thing("seal", path.display())?;
    }
    Ok(())
}

/// Directories in which a job may write because they are its own.
pub(super) fn private_places() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        ["/tmp", "/var/tmp", "/dev/shm"].iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    places.sort();
    places.dedup();
    places
}

/// The device nodes that a job has.
pub(super) const DEVICES: [&str; 6] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// The places that every job gets, links resolved: /var/run is mostly a link to /run.
fn own_places() -> Vec<(PathBuf, Kind)> {
    let mut places = vec![(PathBuf::from("/proc"), Kind::Proc), (PathBuf::from("/dev"), Kind::Dev)];
    places.extend(private_places().into_iter().map(|path| (path, Kind::Tmp)));
    if !places.iter().any(|(path, _)| path == Path::new("/dev/shm")) {
        places.push((PathBuf::from("/dev/shm"), Kind::Tmp));
    }
    places.extend(
        ["/run", "/var/run"].iter().filter_map(|path| fs::canonicalize(path).ok()).map(|path| (path, Kind::Hide)),
    );
    places.extend(DEVICES.iter().map(PathBuf::from).filter(|path| path.exists()).map(|path| (path, Kind::Device)));
    places
}

/// What lies in the root and is not granted as a whole. Hidden, because being unable to read is not enough: any UNIX socket
/// that has a path can be connected to, whatever Landlock and a read-only mount say (landlock(7), version 9 is the first
/// that has a right for it), and many of those who listen there would do a job's work outside. What is granted deeper down
/// is put back.
fn ungranted(files: &Files) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/")? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let granted = files.read.iter().chain(&files.write).any(|place| path.starts_with(place));
        let own = OWN.iter().any(|place| path == Path::new(place));
        if !granted && !own && !kind.is_symlink() && !kind.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// Directories of the root that [`own_places`] takes care of.
const OWN: [&str; 3] = ["/proc", "/dev", "/tmp"];

fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "mount read-only",
        Kind::Tmp => "mount a private",
        Kind::Pin => "pin",
        Kind::Write => "mount writable",
        Kind::Protect => "protect",
        Kind::Device | Kind::Dev | Kind::Proc => "mount",
        Kind::Hide => "hide",
    }
}

/// A copy of what lies at the place outside the sandbox, not attached anywhere yet.
fn original(place: &Place) -> Result<Option<OwnedFd>, Failure> {
    if place.kind.is_original() {
        clone(&place.path).map(Some).at_thing("open", place.path.display())
    } else if place.kind == Kind::Hide && !is_directory(&place.path).at_thing("hide", place.path.display())? {
        // What hides a file must be a file. With NO_DEV, set below, /dev/null can be neither read nor written.
        clone(Path::new("/dev/null")).map(Some).at_thing("hide", place.path.display())
    } else {
        Ok(None)
    }
}

/// Puts one place where it belongs. Gives back an empty mount that has to be sealed in the end.
fn attach(place: &Place, original: Option<OwnedFd>, tmp: u64) -> io::Result<Option<(OwnedFd, PathBuf)>> {
    let mount = match (&original, place.kind) {
        (Some(mount), kind) => {
            add_attributes(mount, Reach::Recursive, attributes(kind))?;
            None
        }
        (None, Kind::Proc) => Some(procfs()?),
        (None, Kind::Dev) => Some(tmpfs("0755", DEV_SIZE, MountAttrFlags::MOUNT_ATTR_NOEXEC)?),
        (None, Kind::Tmp) => Some(tmpfs("1777", tmp, MountAttrFlags::empty())?),
        // With a mode of 0111 one can pass through to a deeper place and still not look around.
        (None, _) => {
            let mode = if place.passage { "0111" } else { "0000" };
            Some(tmpfs(mode, HIDE_SIZE, MountAttrFlags::MOUNT_ATTR_NOEXEC)?)
        }
    };
    let Some(top) = mount.as_ref().or(original.as_ref()) else { return Err(io::ErrorKind::InvalidInput.into()) };
    let target = target(place, original.as_ref())?;
    move_mount(
        top,
        "",
        &target,
        "",
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH,
    )?;
    match place.kind {
        Kind::Dev => furnish(top)?,
        Kind::Read | Kind::Tmp | Kind::Pin | Kind::Write | Kind::Protect | Kind::Device | Kind::Proc | Kind::Hide => {}
    }
    Ok(mount.filter(|_| place.kind != Kind::Tmp).map(|mount| (mount, place.path.clone())))
}

fn attributes(kind: Kind) -> Attributes {
    let plain = Attributes::NO_SUID.and(Attributes::NO_DEV);
    match kind {
        // A node can be written to on a read-only mount; what cannot be done is to change its mode or owner, which are the
        // host's own: root would take /dev/null away from everybody else.
        Kind::Device => Attributes::NO_SUID.and(Attributes::NO_EXEC).and(Attributes::READ_ONLY),
        Kind::Pin | Kind::Write => plain,
        Kind::Read | Kind::Protect => plain.and(Attributes::READ_ONLY),
        Kind::Hide | Kind::Dev | Kind::Proc | Kind::Tmp => plain.and(Attributes::READ_ONLY).and(Attributes::NO_EXEC),
    }
}

/// The mount point, made first where the place around it started empty.
fn target(place: &Place, original: Option<&OwnedFd>) -> io::Result<OwnedFd> {
    let Some(inside) = &place.inside else { return open(&place.path) };
    let directory = match original {
        Some(original) => rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(original)?.st_mode).is_dir(),
        None => true,
    };
    let mut at = open(inside)?;
    let below = place.path.strip_prefix(inside).map_err(io::Error::other)?;
    let mut parts = below.components().peekable();
    while let Some(part) = parts.next() {
        let name = Path::new(part.as_os_str());
        if directory || parts.peek().is_some() {
            match mkdirat(&at, name, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        } else {
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            openat(&at, name, flags, Mode::from_raw_mode(0o644))?;
        }
        at = openat2(&at, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), RESOLVE)?;
    }
    Ok(at)
}

fn procfs() -> io::Result<OwnedFd> {
    let fs = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(fs.as_fd())?;
    Ok(fsmount(fs.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, PRIVATE | MountAttrFlags::MOUNT_ATTR_NOEXEC)?)
}

fn tmpfs(mode: &str, size: u64, more: MountAttrFlags) -> io::Result<OwnedFd> {
    let fs = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(fs.as_fd(), "mode", mode)?;
    // For tmpfs a size of zero would be no limit at all, and so would be a count of zero (tmpfs(5)).
    let size = size.max(HIDE_SIZE);
    fsconfig_set_string(fs.as_fd(), "size", size.to_string())?;
    fsconfig_set_string(fs.as_fd(), "nr_inodes", (size / BYTES_PER_INODE).max(MIN_INODES).to_string())?;
    fsconfig_create(fs.as_fd())?;
    Ok(fsmount(fs.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, PRIVATE | more)?)
}

/// The links that programs expect in /dev.
fn furnish(dev: &OwnedFd) -> io::Result<()> {
    for (name, to) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        symlinkat(to, dev, name)?;
    }
    Ok(())
}

/// A job that could make user namespaces would have capabilities over its mounts again. seccomp refuses it too; this holds
/// where seccomp is not wanted. The number belongs to the user namespace of the one who writes (namespaces(7)).
fn forbid_user_namespaces() -> io::Result<()> {
    fs::write("/proc/sys/user/max_user_namespaces", "0")
}

/// Bounds the processes and threads of the whole job by the numbers that there are for them. RLIMIT_NPROC does not hold
/// for root (getrlimit(2)). Before Linux 6.14 the file is the whole machine's, so it must not be touched there.
fn limit_processes(processes: u64) -> io::Result<()> {
    let max = processes.saturating_add(RESERVED_PIDS);
    if processes == 0 || max > PID_MAX_LIMIT || !has_pid_max_per_namespace() {
        return Ok(());
    }
    fs::write("/proc/sys/kernel/pid_max", max.to_string())
}

/// Leaves others of the same user something to watch directories with: the kernel counts that for the user, and one job could
/// take it all. What counts inside counts outside as well (namespaces(7)), so a part of the whole is a bound for this job.
fn limit_watches() -> io::Result<()> {
    for (whole, own) in [
        ("/proc/sys/fs/inotify/max_user_instances", "/proc/sys/user/max_inotify_instances"),
        ("/proc/sys/fs/inotify/max_user_watches", "/proc/sys/user/max_inotify_watches"),
    ] {
        // A kernel without inotify has nothing to take.
        let Ok(text) = fs::read_to_string(whole) else { continue };
        let whole: u64 = text.trim().parse().map_err(io::Error::other)?;
        fs::write(own, whole.div_ceil(WATCHES_PART).to_string())?;
    }
    Ok(())
}

fn has_pid_max_per_namespace() -> bool {
    let system = rustix::system::uname();
    let release = system.release().to_str().unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 14)
}

fn clone(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    Ok(open_tree(open(path)?, "", flags)?)
}

fn is_directory(path: &Path) -> io::Result<bool> {
    Ok(rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(open(path)?)?.st_mode).is_dir())
}

/// Opens a path for reference only, following no link on the way.
pub(super) fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat2(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), RESOLVE)?)
}

const RESOLVE: ResolveFlags = ResolveFlags::NO_SYMLINKS.union(ResolveFlags::NO_MAGICLINKS);
const PRIVATE: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID.union(MountAttrFlags::MOUNT_ATTR_NODEV);
/// A job may have one of so many parts of what its user may watch with.
const WATCHES_PART: u64 = 4;
/// Room for links and mount points, which take no pages.
const DEV_SIZE: u64 = 64 << 10;
/// One page.
const HIDE_SIZE: u64 = 4 << 10;
/// An inode takes about a kilobyte of memory that `size` does not count.
const BYTES_PER_INODE: u64 = 4 << 10;
const MIN_INODES: u64 = 1024;
/// The kernel starts over from here when it has given out all numbers, and takes no smaller limit (kernel/pid.c).
const RESERVED_PIDS: u64 = 301;
const PID_MAX_LIMIT: u64 = 4 << 20;
