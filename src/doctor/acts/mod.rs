//! The acts, one file for each group. What they do must be harmless when it succeeds: outside of the sandbox it does.
//!
//! They come from the project's catalogue of hostile acts, whose tests stand in `tests/attacks`.

mod files;
mod job;
mod kernel;
mod network;
mod server;

use std::{fs, io};

use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::Pid,
};

use crate::sys::{
    fork::{Fork, fork},
    process::exit_now,
};

use super::act::Act;

pub(super) use job::{core_pattern, filters, has_capabilities};

/// All acts, in the order in which they are tried and reported. The daemon comes last, because it stays.
pub(super) fn catalogue() -> impl Iterator<Item = &'static Act> {
    [files::ACTS, server::ACTS, network::ACTS, kernel::ACTS, job::ACTS].into_iter().flatten()
}

/// A field of a process's own `/proc/self/status`.
fn status_field(name: &str) -> io::Result<String> {
    own_status(&fs::read_to_string("/proc/self/status")?, name)
        .ok_or_else(|| io::Error::other(format!("/proc/self/status has no field `{name}`")))
}

/// A field of a text like that file's.
pub(super) fn own_status(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// Does something in a child and tells how the child ended.
fn in_child(work: impl FnOnce() -> i32) -> io::Result<WaitStatus> {
    match fork()? {
        Fork::Child => exit_now(work()),
        Fork::Parent(pid) => Ok(waitpid(Pid::from_raw(pid), None)?),
    }
}

/// What was gained, as one line; nothing is a failure with a reason.
fn gained(things: Vec<String>, nothing: &str) -> io::Result<String> {
    if things.is_empty() { Err(io::Error::other(nothing.to_owned())) } else { Ok(things.join(" ")) }
}

/// The first of several ways that succeeds, or why the last one did not.
fn first_of(ways: &[&dyn Fn() -> io::Result<String>]) -> io::Result<String> {
    let mut why = io::Error::other("there is no way");
    for way in ways {
        match way() {
            Ok(gained) => return Ok(gained),
            Err(error) => why = error,
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_act_has_a_name_of_its_own_and_something_that_holds_it() {
        let ids: BTreeSet<_> = catalogue().map(|act| act.id).collect();
        assert_eq!(ids.len(), catalogue().count());
        assert!(ids.len() >= 30, "{}", ids.len());
        for act in catalogue() {
            assert!(act.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", act.id);
            assert!(!act.holders.is_empty() || act.id == "memory-program", "{}", act.id);
        }
    }

    #[test]
    fn the_last_act_is_the_one_that_stays() {
        assert_eq!(catalogue().last().map(|act| act.id), Some("daemon"));
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "Name:\tcat\nCapEff:\t0000\nSeccomp:\t2\nSeccomp_filters:\t1\n";
        assert_eq!(own_status(text, "Seccomp").as_deref(), Some("2"));
        assert_eq!(own_status(text, "Seccomp_filters").as_deref(), Some("1"));
        assert_eq!(own_status(text, "Cap"), None);
    }
}
