//! The table of what this machine gives: the layers of the sandbox, and what there is beside them.

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, netlink, socket_with};

use crate::{
    model::{
        enforcement::{Layer, Level},
        support::Support,
    },
    sandbox::words,
};

use super::{
    acts::core_pattern,
    advice::{Advice, advise},
    cgroup,
    facts::Facts,
};

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What it is.
    pub part: Part,
    /// How much of it is here.
    pub level: Level,
    /// More about it, when there is more to say.
    pub note: Option<String>,
    /// What is lost and what to do, when it is not all here.
    pub advice: Option<Advice>,
}

/// What the rows are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A layer of the sandbox.
    Layer(Layer),
    /// Control groups, version 2.
    Cgroup,
    /// What becomes of core dumps.
    CoreDumps,
    /// The kernel's own records of what it denied.
    DenialRecords,
}

impl Part {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Layer(layer) => layer.as_str(),
            Self::Cgroup => "cgroup",
            Self::CoreDumps => "core-dumps",
            Self::DenialRecords => "denial-records",
        }
    }
}

/// A right that a version of Landlock brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The version.
    pub since: u32,
    /// What it covers.
    pub what: &'static str,
    /// What a job can do without it, or cannot.
    pub without: &'static str,
}

/// What the versions of Landlock brought (landlock(7)).
pub const RIGHTS: [Right; 9] = [
    right(1, "files by path", "mounts alone decide about files"),
    right(2, "renames between directories", "jobs cannot rename or link a file into another directory"),
    right(3, "truncation", "a job can empty a file that it may not write, where no mount is in the way"),
    right(4, "TCP ports", "the network namespace alone keeps jobs from TCP, or seccomp where there is none"),
    right(5, "device ioctls", "a device that a job may open takes all that can be asked of it"),
    right(6, "signals and abstract sockets", "without namespaces a job can signal every process of its user"),
    right(7, "records of denials", "nothing that Stockade uses"),
    right(8, "all threads at once", "nothing that Stockade uses"),
    right(9, "sockets by path", "a job can connect to a Unix socket in a place that it may read"),
];

const fn right(since: u32, what: &'static str, without: &'static str) -> Right {
    Right { since, what, without }
}

/// All rows.
pub fn table(support: &Support, facts: &Facts) -> Vec<Given> {
    let layers = Layer::ALL.into_iter().map(|layer| (Part::Layer(layer), support.level(layer), note(layer, support)));
    let (dumps, dumps_note) = core_dumps();
    let more = [
        (Part::Cgroup, cgroup::level(), Some(UNUSED.to_owned())),
        (Part::CoreDumps, dumps, dumps_note),
        (Part::DenialRecords, denial_records(), Some(UNUSED.to_owned())),
    ];
    let row = |(part, level, note)| {
        let advice = advise(part, &level, facts);
        Given { part, level, note, advice }
    };
    layers.chain(more).map(row).collect()
}

const UNUSED: &str = "this version makes no use of it";

fn note(layer: Layer, support: &Support) -> Option<String> {
    match layer {
        Layer::Landlock if support.landlock_abi > 0 => Some(format!("version {}", support.landlock_abi)),
        Layer::Namespaces | Layer::Network | Layer::Landlock | Layer::Seccomp | Layer::Privileges | Layer::Rlimits => {
            None
        }
    }
}

/// Whether the launcher can know what a limit on dumps has to be: with a limit of zero a program that the pattern names
/// still runs, as root on the host (core(5)).
fn core_dumps() -> (Level, Option<String>) {
    match core_pattern() {
        Ok(pattern) if pattern.starts_with('|') => {
            let note =
                "dumps go to a program of the host; jobs have the limit of one byte, which keeps it from running";
            (Level::Full, Some(note.to_owned()))
        }
        Ok(_) => (Level::Full, Some("dumps are files; jobs have the limit of zero".to_owned())),
        Err(error) => (Level::Partial(format!("core_pattern cannot be read: {}", words(&error))), None),
    }
}

/// Whether this user could read them: by joining those who hear them (audit(8), CAP_AUDIT_READ).
fn denial_records() -> Level {
    let joined = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::AUDIT))
        .and_then(|socket| bind(&socket, &netlink::SocketAddrNetlink::new(0, READ_LOG)));
    match joined {
        Ok(()) => Level::Full,
        Err(errno) => Level::None(words(&errno.into())),
    }
}

/// `AUDIT_NLGRP_READLOG` as a bit.
const READ_LOG: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_has_a_row_and_what_is_missing_has_advice() {
        let mut support = Support::full();
        for (_, level) in &mut support.layers {
            *level = Level::None("not here".to_owned());
        }
        let rows = table(&support, &Facts::default());
        assert!(Layer::ALL.iter().all(|layer| rows.iter().any(|row| row.part == Part::Layer(*layer))));
        for row in &rows {
            assert_eq!(row.advice.is_some(), row.level != Level::Full, "{row:?}");
        }
    }

    #[test]
    fn rights_come_in_the_order_of_versions() {
        assert!(RIGHTS.iter().map(|right| right.since).eq(1..=9));
    }
}
