//! Namespaces: entering them, and staying the same user inside.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{Gid, Uid, getegid, geteuid};

use super::step::{At as _, Failure};

/// Which namespaces a job gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Namespaces {
    /// Mounts, processes, IPC, host name, cgroup view.
    pub(super) own_view: bool,
    /// Network.
    pub(super) network: bool,
}

impl Namespaces {
    pub(super) const NONE: Self = Self { own_view: false, network: false };

    fn flags(self) -> CloneFlags {
        let mut flags = CloneFlags::empty();
        if self.own_view {
            flags |= CloneFlags::CLONE_NEWNS
                | CloneFlags::CLONE_NEWPID
                | CloneFlags::CLONE_NEWIPC
                | CloneFlags::CLONE_NEWUTS
                | CloneFlags::CLONE_NEWCGROUP;
        }
        if self.network {
            flags |= CloneFlags::CLONE_NEWNET;
        }
        flags
    }
}

/// Enters the first of several choices that the kernel permits. Each is one call: either all its namespaces are new or
/// nothing has changed. A failure after that is a failed launch, never the next choice.
pub(super) fn enter(choices: &[Namespaces]) -> Result<Namespaces, Failure> {
    // Asked for before: inside, a user that is not mapped yet is nobody.
    let (uid, gid) = (geteuid(), getegid());
    let mut refusal = Ok(Namespaces::NONE);
    for choice in choices {
        if *choice == Namespaces::NONE {
            return Ok(*choice);
        }
        // Always with a user namespace: root inside has no power over anything outside, and everybody else may make the
        // others (user_namespaces(7)).
        match unshare(CloneFlags::CLONE_NEWUSER | choice.flags()) {
            Ok(()) => return map(uid, gid).map(|()| *choice),
            Err(errno) => refusal = Err(errno),
        }
    }
    refusal.at("enter namespaces")
}

/// The user keeps the number: files are shared with the host, and tools compare their owner with the user.
fn map(uid: Uid, gid: Gid) -> Result<(), Failure> {
    let (uid, gid) = (uid.as_raw(), gid.as_raw());
    // Without this an ordinary user may not map a group: he could leave a group whose members are kept out of something.
    fs::write("/proc/self/setgroups", "deny").at("deny setgroups")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1")).at("map the user")?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1")).at("map the group")
}
