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

use std::path::{Path, PathBuf};

use crate::{command::ResolvedCommand, model::denial::RuleRef};

use super::{
    PolicySet,
    inside::{self, Inside},
    words::Words,
};
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

/// The first entry that refuses a command as it is written, or a command inside of it, in one of the directories. The
/// commands inside are those of the command as it is written.
pub(super) fn find(
    policy: &PolicySet,
    command: &ResolvedCommand,
    own: &Inside,
    cwds: &[PathBuf],
) -> Option<&'static Entry> {
    let hit = |found: &Inside, cwd: &PathBuf| {
        let hit = found.parts.iter().find_map(|part| applying(policy, &part.words.argv, cwd));
        hit.or_else(|| found.writes.iter().find_map(|path| written(policy, path, cwd)))
    };
    let plain = spellings(command, &[]);
    let others = plain.iter().filter(|words| words.argv != command.argv || !command.unknown.is_empty());
    let others: Vec<Inside> = others.map(|words| inside::inside(&policy.programs, words)).collect();
    let all: Vec<&Inside> =
        if others.len() == plain.len() { others.iter().collect() } else { others.iter().chain([own]).collect() };
    cwds.iter().find_map(|cwd| all.iter().find_map(|found| hit(found, cwd)))
}

/// Whether an entry would refuse a command for some value of its unknown words. It is asked with the arguments of each
/// example of each entry in their place.
pub(super) fn may_find(policy: &PolicySet, command: &ResolvedCommand, cwd: &Path) -> bool {
    let tails = || blocklist().flat_map(|entry| entry.refuses).map(|example| example.iter().skip(1));
    spellings(command, &command.unknown).iter().any(|words| {
        let inside = inside::inside(&policy.programs, words);
        let parts = inside.parts.iter().map(|part| &part.words);
        let mut unknown = parts.filter(|words| !words.unknown.is_empty());
        inside.open
            || unknown.any(|words| {
                let known = words.until(words.known_to()).argv;
                tails().any(|tail| {
                    let argv: Vec<_> = known.iter().cloned().chain(tail.map(ToString::to_string)).collect();
                    applying(policy, &argv, cwd).is_some()
                })
            })
    })
}

/// The entry that refuses to write a file, whoever opens it.
pub(super) fn written(policy: &PolicySet, path: &str, cwd: &Path) -> Option<&'static Entry> {
    let on = !policy.is_switched_off(devices::WRITE.id);
    (on && devices::is_device(path, cwd)).then_some(&devices::WRITE)
}

fn applying(policy: &PolicySet, argv: &[String], cwd: &Path) -> Option<&'static Entry> {
    let invocation = Invocation::new(argv, cwd)?;
    blocklist().find(|entry| !policy.is_switched_off(entry.id) && (entry.applies)(&invocation))
}

/// A command as it is written, and by the name of the file behind its program: a link gives a program another name, and
/// programs that go by the name they are called by have it in the argv.
fn spellings(command: &ResolvedCommand, unknown: &[usize]) -> Vec<Words> {
    // The text of a substitution is no path, whatever slashes and dots it holds; that of a pattern is one.
    let is_text = |at: usize, word: &str| !command.unknown.contains(&at) || !word.contains(['$', '`']);
    let argv = command.argv.iter().enumerate();
    let argv = argv.map(|(at, word)| if is_text(at, word) { word.clone() } else { "*".to_owned() });
    let argv: Vec<_> = argv.collect();
    let words = |argv| Words { argv, unknown: unknown.to_vec() };
    let mut found = vec![words(argv.clone())];
    let real = command.program.real.file_name().and_then(|name| name.to_str());
    if let Some(real) = real.filter(|real| *real != command.program.name) {
        found.push(words(std::iter::once(real.to_owned()).chain(argv.iter().skip(1).cloned()).collect()));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::assumed::assumed, *};

    fn policy() -> PolicySet {
        let source = crate::diagnostic::Source { name: "test.toml".into(), text: "version = 1\n".into() };
        super::super::compile(&[source]).0.unwrap()
    }

    fn found_in(command: &ResolvedCommand, cwd: &str) -> Option<&'static str> {
        let words = Words { argv: command.argv.clone(), unknown: vec![] };
        let policy = policy();
        let own = inside::inside(&policy.programs, &words);
        find(&policy, command, &own, &[cwd.into()]).map(|entry| entry.id)
    }

    fn found(argv: &[&str]) -> Option<&'static str> {
        let argv: Vec<_> = argv.iter().map(ToString::to_string).collect();
        found_in(&assumed(argv), "/builds/project")
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
        assert!(found_in(&command, "/builds").is_none());
        command.program.real = "/usr/bin/rm".into();
        assert_eq!(found_in(&command, "/builds"), Some("remove-system"));
    }

    #[test]
    fn relative_paths_are_seen_from_the_working_directory() {
        let up = assumed(["rm", "-rf", "../../etc"].map(String::from).to_vec());
        assert!(found_in(&up, "/builds/project").is_some());
        assert!(found_in(&up, "/builds/project/a/b").is_none());
    }

    #[test]
    fn ids_are_unique_and_texts_are_there() {
        let ids: BTreeSet<_> = blocklist().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), blocklist().count());
        assert!(blocklist().all(|entry| !entry.reason.is_empty() && !entry.hint.is_empty()));
    }
}
