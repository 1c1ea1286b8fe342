//! The facts that every policy has: the files of `policy/programs/`, embedded. A program's facts are read when somebody asks
//! for them, so that a start does not read what nobody uses.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::OnceLock,
};

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Source, Span};

use super::{
    super::{findings::Findings, reader::Reader},
    facts::{Facts, fits},
    written::{self, Sets},
};

/// One embedded file, named as in the source tree.
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    sets: OnceLock<Sets>,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        static FILES: [File; 9] = [$(File {
            name: concat!("policy/programs/", $name),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/policy/programs/", $name)),
            sets: OnceLock::new(),
        }),*];
    };
}

files![
    "build.toml",
    "editors.toml",
    "files.toml",
    "git.toml",
    "javascript.toml",
    "languages.toml",
    "network.toml",
    "system.toml",
    "wrappers.toml"
];

/// The text of one program, and its facts once somebody asked.
struct Slot {
    file: &'static File,
    text: &'static str,
    facts: OnceLock<Facts>,
}

/// Where each program stands.
struct Index {
    slots: Vec<Slot>,
    names: HashMap<String, usize>,
    /// Names that end in a star.
    stars: Vec<(String, usize)>,
}

/// What a file's tables begin with.
const HEADER: &str = "[[program]]";

/// The built-in facts of a program by its name.
pub(super) fn find(name: &str) -> Option<&'static Facts> {
    let index = index();
    let star = || index.stars.iter().find(|(own, _)| fits(own, name)).map(|(_, at)| at);
    let slot = index.slots.get(*index.names.get(name).or_else(star)?)?;
    Some(slot.facts.get_or_init(|| read(slot)))
}

/// Whether a name, which may end in a star, is one of the built-in ones.
pub(super) fn knows(name: &str) -> bool {
    index().names.contains_key(name) || index().stars.iter().any(|(own, _)| own == name || fits(own, name))
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index { slots: Vec::new(), names: HashMap::new(), stars: Vec::new() };
        for file in &FILES {
            for text in chunks(file.text) {
                let at = index.slots.len();
                for name in names(text) {
                    match (name.ends_with('*'), index.names.entry(name.to_owned())) {
                        (true, _) => index.stars.push((name.to_owned(), at)),
                        (false, Entry::Vacant(vacant)) => drop(vacant.insert(at)),
                        // A test refuses the second one.
                        (false, Entry::Occupied(_)) => {}
                    }
                }
                index.slots.push(Slot { file, text, facts: OnceLock::new() });
            }
        }
        index
    })
}

/// The tables of a file, each with its header.
fn chunks(text: &'static str) -> impl Iterator<Item = &'static str> {
    let mut starts: Vec<usize> = text.match_indices(HEADER).map(|(at, _)| at).collect();
    starts.retain(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| text.get(start..end))
}

/// The names on the first line that gives some. A test holds this against what TOML says.
fn names(chunk: &str) -> impl Iterator<Item = &str> {
    let line = chunk.split_once("names = [").map_or("", |(_, rest)| rest.split(']').next().unwrap_or_default());
    line.split('"').skip(1).step_by(2)
}

fn read(slot: &Slot) -> Facts {
    let sets = slot.file.sets.get_or_init(|| {
        let head = slot.file.text.split(HEADER).next().unwrap_or_default();
        let (root, _) = DeTable::parse_recoverable(head);
        Sets::read(root.get_ref())
    });
    read_chunk(slot.file.name, slot.text, sets, &mut Findings::default())
}

fn read_chunk(name: &str, text: &str, sets: &Sets, findings: &mut Findings) -> Facts {
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    let (root, _) = DeTable::parse_recoverable(text);
    let first = root.get_ref().get("program").and_then(|value| value.get_ref().as_array()?.iter().next());
    match first.map(|value| value.get_ref()) {
        Some(DeValue::Table(entries)) => {
            let reader = Reader::new(&source, entries, "a program", Span::new(0, 0), 0, findings);
            written::facts(reader, sets, true)
        }
        // Nothing is known of such a program; a test refuses the file.
        _ => Facts::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn every_file_reads_without_a_finding() {
        for file in &FILES {
            let (root, errors) = DeTable::parse_recoverable(file.text);
            assert!(errors.is_empty(), "{}: {errors:?}", file.name);
            let keys: BTreeSet<_> = root.get_ref().iter().map(|(key, _)| key.get_ref().to_string()).collect();
            assert!(keys.iter().all(|key| matches!(key.as_str(), "sets" | "program")), "{}: {keys:?}", file.name);
            let sets = Sets::read(root.get_ref());
            let mut findings = Findings::default();
            for chunk in chunks(file.text) {
                read_chunk(file.name, chunk, &sets, &mut findings);
            }
            let findings = findings.into_sorted();
            let shown: Vec<_> = findings
                .iter()
                .map(|(_, finding)| {
                    let label = finding.primary.as_ref().map(|label| label.text.clone());
                    format!("{}: {} ({label:?})", finding.code, finding.message)
                })
                .collect();
            assert!(shown.is_empty(), "{}:\n{}", file.name, shown.join("\n"));
        }
    }

    #[test]
    fn every_option_of_a_shared_list_reads() {
        for file in &FILES {
            let (root, _) = DeTable::parse_recoverable(file.text);
            let Some(DeValue::Table(table)) = root.get_ref().get("sets").map(|value| value.get_ref()) else { continue };
            for (name, value) in table.iter() {
                for line in value.get_ref().as_array().expect("a list").iter() {
                    let line = line.get_ref().as_str().expect("a line");
                    written::tests::reads(line).unwrap_or_else(|problem| {
                        panic!("{} {}: `{line}`: {problem}", file.name, name.get_ref());
                    });
                }
            }
        }
    }

    #[test]
    fn the_index_finds_what_toml_says_and_no_name_stands_twice() {
        let mut seen = BTreeMap::new();
        for file in &FILES {
            let (root, _) = DeTable::parse_recoverable(file.text);
            let programs = root.get_ref().get("program").and_then(|value| value.get_ref().as_array().cloned());
            let programs = programs.unwrap_or_default();
            assert_eq!(programs.iter().count(), chunks(file.text).count(), "{}", file.name);
            for (program, chunk) in programs.iter().zip(chunks(file.text)) {
                let DeValue::Table(table) = program.get_ref() else { panic!("{}", file.name) };
                let written = table.get("names").and_then(|names| names.get_ref().as_array().cloned()).expect("names");
                let written: Vec<_> =
                    written.iter().filter_map(|name| name.get_ref().as_str().map(str::to_owned)).collect();
                assert_eq!(names(chunk).collect::<Vec<_>>(), written, "{}", file.name);
                for name in written {
                    let other = seen.insert(name.clone(), file.name);
                    assert!(other.is_none(), "`{name}` stands in {} and {}", file.name, other.unwrap_or_default());
                    assert!(find(name.trim_end_matches('*')).is_some() || name.ends_with('*'), "{name}");
                }
            }
        }
        assert!(seen.len() > 144, "only {} programs", seen.len());
    }
}
