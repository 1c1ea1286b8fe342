//! The built-in blocklist: what no policy can allow, because no job of a build or a test ever means it.
//!
//! It looks at argument vectors and never at text, so `echo fdisk` and `git commit -m 'fix fdisk'` pass. It is a seat belt
//! against accidents and plain malice, with a clear answer; the sandbox is what holds against a determined program.
//! Entries look through programs that run their arguments (`env`, `timeout`, `busybox`, ...).

mod argv;
mod devices;
mod files;
mod place;
mod system;

use std::path::Path;

use crate::{command::ResolvedCommand, model::denial::RuleRef};

use super::wrappers;
use argv::Invocation;

/// Counts the changes of the list.
pub const BLOCKLIST_VERSION: u32 = 1;

/// The name of the layer in answers and the log.
const LAYER: &str = "builtin";

/// One entry of the list.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Stable name.
    pub id: &'static str,
    /// What is refused and why; one line.
    pub reason: &'static str,
    /// What to do instead.
    pub hint: &'static str,
    /// Argument vectors that it refuses, the spellings of a bypass among them.
    pub refuses: &'static [&'static [&'static str]],
    /// Argument vectors that look like it and pass.
    pub passes: &'static [&'static [&'static str]],
    applies: fn(&Invocation<'_>) -> bool,
}

impl Entry {
    /// How answers and the log name the entry.
    pub fn place(&self) -> RuleRef {
        RuleRef { layer: LAYER.into(), id: self.id.into(), at: None }
    }
}

/// The whole list.
pub fn blocklist() -> impl Iterator<Item = &'static Entry> {
    [files::ENTRIES, devices::ENTRIES, system::ENTRIES].into_iter().flatten()
}

/// The first entry that refuses a command, or a command inside of it.
pub(super) fn find(command: &ResolvedCommand, cwd: &Path) -> Option<&'static Entry> {
    let mut argvs = wrappers::unwrapped(&command.argv);
    // A link gives a program another name; programs that go by the name they are called by have it in the argv.
    if let Some(real) = command.program.real.file_name().and_then(|name| name.to_str()) {
        let renamed: Vec<String> =
            std::iter::once(real.to_owned()).chain(command.argv.iter().skip(1).cloned()).collect();
        argvs.extend(wrappers::unwrapped(&renamed));
    }
    argvs.iter().find_map(|argv| {
        let invocation = Invocation::new(argv, cwd)?;
        blocklist().find(|entry| (entry.applies)(&invocation))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::assumed::assumed, *};

    fn found(argv: &[&str]) -> Option<&'static str> {
        let argv = argv.iter().map(ToString::to_string).collect();
        find(&assumed(argv), Path::new("/builds/project")).map(|entry| entry.id)
    }

    #[test]
    fn every_entry_refuses_its_examples() {
        for entry in blocklist() {
            assert!(!entry.refuses.is_empty(), "{}", entry.id);
            for argv in entry.refuses {
                assert_eq!(found(argv), Some(entry.id), "{argv:?}");
            }
        }
    }

    #[test]
    fn every_entry_lets_its_lookalikes_pass() {
        for entry in blocklist() {
            assert!(!entry.passes.is_empty(), "{}", entry.id);
            for argv in entry.passes {
                assert_eq!(found(argv), None, "{argv:?}");
            }
        }
    }

    #[test]
    fn every_refusal_holds_behind_wrappers_and_by_path() {
        for entry in blocklist() {
            for argv in entry.refuses.iter().filter(|argv| !argv[0].contains('/')) {
                for before in
                    [&["env", "A=1", "-u", "B"][..], &["timeout", "-k", "5", "10"], &["nice", "-n5"], &["busybox"]]
                {
                    let wrapped: Vec<_> = before.iter().chain(*argv).copied().collect();
                    assert!(found(&wrapped).is_some(), "{wrapped:?}");
                }
                let path = format!("/usr/bin/{}", argv[0]);
                let by_path: Vec<_> = std::iter::once(path.as_str()).chain(argv[1..].iter().copied()).collect();
                assert!(found(&by_path).is_some(), "{by_path:?}");
            }
        }
    }

    #[test]
    fn a_link_of_another_name_does_not_help() {
        let mut command = assumed(vec!["./tidy".into(), "-rf".into(), "/".into()]);
        assert!(find(&command, Path::new("/builds")).is_none());
        command.program.real = "/usr/bin/rm".into();
        assert_eq!(find(&command, Path::new("/builds")).map(|entry| entry.id), Some("remove-system"));
    }

    #[test]
    fn relative_paths_are_seen_from_the_working_directory() {
        let up = assumed(["rm", "-rf", "../../etc"].map(String::from).to_vec());
        assert!(find(&up, Path::new("/builds/project")).is_some());
        assert!(find(&up, Path::new("/builds/project/a/b")).is_none());
    }

    #[test]
    fn ids_are_unique_and_texts_are_there() {
        let ids: BTreeSet<_> = blocklist().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), blocklist().count());
        assert!(blocklist().all(|entry| !entry.reason.is_empty() && !entry.hint.is_empty()));
    }
}
