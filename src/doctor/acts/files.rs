//! Files that are not the job's: outside of what is granted, hidden, protected, and device nodes.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat, open};

use crate::{
    doctor::{
        act::{Act, Effect, Group, Holder, NAMESPACES, Proof, SECCOMP},
        wire::{FRESH, LINK, NODE, PLAIN, SUID, Targets},
    },
    sys::forbidden,
};

use super::{first_of, gained};

const FILES: &[Holder] = &[NAMESPACES, Holder::Landlock(1)];

const GROUP: Group = Group::Files;

pub(super) const ACTS: &[Act] = &[
    GROUP.act("file-read", "read a file outside", FILES, Proof::Canary, read),
    GROUP.act("file-write", "write, make or empty a file outside", FILES, Proof::Seen(Effect::FileWritten), write),
    GROUP.act("file-mode", "change the mode of a file outside", &[NAMESPACES], Proof::Seen(Effect::ModeChanged), mode),
    GROUP.act("file-by-link", "read a file outside through a link", FILES, Proof::Canary, by_link),
    GROUP.act("file-by-proc", "read a file outside by names in /proc", FILES, Proof::Canary, by_proc),
    GROUP.act("policy-hidden", "look at what the policy hides", FILES, Proof::Gained, hidden),
    GROUP.act("policy-readable", "write where the policy lets jobs only read", FILES, Proof::Gained, readable),
    GROUP.act("policy-protected", "write what the policy protects", &[NAMESPACES], Proof::Gained, protected),
    GROUP.act("set-user-id", "make a file that runs as its owner", &[SECCOMP], Proof::Seen(Effect::SetUserId), suid),
    GROUP.act("device-node", "make a device node", &[SECCOMP], Proof::Seen(Effect::DeviceNode), node),
    GROUP.act("device-list", "see the devices of the host", FILES, Proof::Gained, devices),
    GROUP.act("lease", "hold up writers by a lease on a file", &[SECCOMP], Proof::Gained, lease),
];

fn read(at: &Targets) -> io::Result<String> {
    fs::read_to_string(at.canary())
}

fn write(at: &Targets) -> io::Result<String> {
    let done = || "done".to_owned();
    first_of(&[
        &|| File::create(at.outside.join(FRESH)).map(|_| done()),
        &|| OpenOptions::new().append(true).open(at.outside.join(PLAIN))?.write_all(b"x").map(|()| done()),
        &|| OpenOptions::new().write(true).truncate(true).open(at.outside.join(PLAIN)).map(|_| done()),
        &|| fs::remove_file(at.outside.join(PLAIN)).map(|()| done()),
    ])
}

fn mode(at: &Targets) -> io::Result<String> {
    fs::set_permissions(at.outside.join(PLAIN), Permissions::from_mode(0o640)).map(|()| "done".to_owned())
}

fn by_link(at: &Targets) -> io::Result<String> {
    fs::read_to_string(at.work.join(LINK))
}

fn by_proc(at: &Targets) -> io::Result<String> {
    let canary = at.canary();
    let below = canary.strip_prefix("/").map_err(io::Error::other)?;
    let by = |root: &str| fs::read_to_string(Path::new(root).join(below));
    first_of(&[
        &|| by("/proc/self/root"),
        &|| by("/proc/1/root"),
        &|| by(&format!("/proc/{}/root", at.victim.pid)),
        &|| fs::read_to_string("/proc/self/cwd/../outside/canary"),
    ])
}

fn hidden(at: &Targets) -> io::Result<String> {
    let seen = at.hidden.iter().filter(|path| gives_something(path));
    gained(named(seen), "nothing that the policy hides is there for this user")
}

/// Whether a directory has names or a file has a byte. Nothing else is opened: that can do things.
fn gives_something(path: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(path) else { return false };
    if about.is_dir() {
        fs::read_dir(path).is_ok_and(|mut names| names.next().is_some())
    } else if about.is_file() {
        File::open(path).is_ok_and(|mut file| file.read(&mut [0]).is_ok_and(|length| length > 0))
    } else {
        false
    }
}

fn readable(at: &Targets) -> io::Result<String> {
    let written = at.readable.iter().filter(|path| takes_a_file(path));
    gained(named(written), "this user cannot write there either")
}

fn protected(at: &Targets) -> io::Result<String> {
    let written = at.protected.iter().filter(|path| takes_a_file(path) || opens_for_writing(path));
    gained(named(written), "nothing that the policy protects is there")
}

/// Makes a file without a name in a directory, which is gone when it is closed.
fn takes_a_file(directory: &Path) -> bool {
    open(directory, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR).is_ok()
}

fn opens_for_writing(path: &Path) -> bool {
    let no_wait = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    fs::symlink_metadata(path).is_ok_and(|about| about.is_file())
        && OpenOptions::new().write(true).custom_flags(no_wait).open(path).is_ok()
}

fn named<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Vec<String> {
    paths.map(|path| path.display().to_string()).collect()
}

fn suid(at: &Targets) -> io::Result<String> {
    let path = at.work.join(SUID);
    File::create(&path)?;
    fs::set_permissions(path, Permissions::from_mode(0o4755)).map(|()| "done".to_owned())
}

fn node(at: &Targets) -> io::Result<String> {
    let make = |major, minor| {
        let device = makedev(major, minor);
        mknodat(CWD, at.work.join(NODE), FileType::CharacterDevice, Mode::RUSR, device)?;
        Ok("done".to_owned())
    };
    // The second one, which overlay file systems use as a mark, everybody may make where the first is for root.
    first_of(&[&|| make(1, 3), &|| make(0, 0)])
}

fn devices(_: &Targets) -> io::Result<String> {
    let names = fs::read_dir("/dev")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut more: Vec<String> = names.filter(|name| !USUAL.contains(&name.as_str())).collect();
    more.sort();
    gained(more, "there is nothing in /dev but what every job has")
}

/// What every job finds in its own /dev.
const USUAL: [&str; 11] =
    ["null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "shm"];

fn lease(at: &Targets) -> io::Result<String> {
    let path = at.work.join("lease");
    File::create(&path)?;
    match forbidden::lease(File::open(path)?)? {
        true => Ok("a lease".to_owned()),
        false => Err(io::Error::other("the lease was not there")),
    }
}
