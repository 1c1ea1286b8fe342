//! Power that a job must not have: capabilities, groups of root, and any way to gain more.

use std::fs;

use rustix::{
    process::geteuid,
    thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
        set_thread_groups,
    },
};

use super::step::{At as _, Failure};

/// Leaves the supplementary groups, which root can. Must come before a user namespace, where they can no longer be left and
/// still count for files. An ordinary user keeps his own: he may not leave them, and his files may need them.
pub(super) fn leave_groups() -> Result<(), Failure> {
    if geteuid().is_root() {
        match set_thread_groups(&[]) {
            // Root without CAP_SETGID, as in some containers, is an ordinary user here.
            Err(rustix::io::Errno::PERM) | Ok(()) => {}
            Err(errno) => return Err(errno).at("leave groups"),
        }
    }
    Ok(())
}

/// Drops every capability for good: secure bits, bounding, ambient, then the sets themselves, and no exec can bring one back
/// (capabilities(7)).
///
/// Someone without CAP_SETPCAP can neither set secure bits nor shrink the bounding set, which then holds capabilities that
/// he does not have. With `no_new_privs` no exec takes from it.
pub(super) fn drop_all() -> Result<(), Failure> {
    set_no_new_privs(true).at("set no_new_privs")?;
    let locked = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    unless_powerless(set_capabilities_secure_bits(locked)).at("lock secure bits")?;
    for number in 0..=last_capability()? {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        unless_powerless(remove_capability_from_bounding_set(capability)).at("shrink the bounding set")?;
    }
    clear_ambient_capability_set().at("clear ambient capabilities")?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .at("drop capabilities")
}

/// The kernel may know capabilities that this program does not.
fn last_capability() -> Result<u32, Failure> {
    let text = fs::read_to_string("/proc/sys/kernel/cap_last_cap").at("read cap_last_cap")?;
    match text.trim().parse() {
        Ok(last) if last < u64::BITS => Ok(last),
        Ok(_) | Err(_) => Err(Failure::new("read cap_last_cap", "not a number that makes sense")),
    }
}

fn unless_powerless(done: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match done {
        Err(rustix::io::Errno::PERM) => Ok(()),
        Ok(()) | Err(_) => done,
    }
}
