//! The words of a command, as far as they are known.

use crate::command::{self, Script, SimpleCommand};

/// An argument vector. A word that is not known stands in it as it is written, and for any number of arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) argv: Vec<String>,
    /// The places of the words that are not known, in order.
    pub(super) unknown: Vec<usize>,
}

impl Words {
    /// The words of a command of a script.
    pub(super) fn of(command: &SimpleCommand, script: &Script) -> Self {
        let mut words = Self::default();
        for (at, word) in command.words.iter().enumerate() {
            words.argv.push(word.literal().unwrap_or_else(|| {
                words.unknown.push(at);
                word.span.of(&script.text).to_owned()
            }));
        }
        words
    }

    /// The place of the first word that is not known; past the end when all are.
    pub(super) fn known_to(&self) -> usize {
        self.unknown.first().copied().unwrap_or(usize::MAX)
    }

    /// The words from a place on.
    pub(super) fn from(&self, start: usize) -> Self {
        self.part(start, usize::MAX)
    }

    /// The words before a place.
    pub(super) fn until(&self, end: usize) -> Self {
        self.part(0, end)
    }

    /// The words from one place on and before another. Touches no others.
    pub(super) fn part(&self, start: usize, end: usize) -> Self {
        let argv = self.argv.iter().take(end).skip(start).cloned().collect();
        let unknown = self.unknown.iter().filter(|at| **at < end);
        Self { argv, unknown: unknown.filter_map(|at| at.checked_sub(start)).collect() }
    }

    /// The same words after others, which are known.
    pub(super) fn after(self, mut first: Vec<String>) -> Self {
        let unknown = self.unknown.iter().map(|at| at + first.len()).collect();
        first.extend(self.argv);
        Self { argv: first, unknown }
    }

    /// Canonical text, in which words that are not known stand as they are written.
    pub(super) fn canonical(&self) -> String {
        let known = self.argv.iter().take(self.known_to()).cloned().collect::<Vec<_>>();
        let mut text = command::canonical(&known);
        for (at, word) in self.argv.iter().enumerate().skip(known.len()) {
            text.push(' ');
            match self.unknown.contains(&at) {
                true => text.push_str(word),
                // Behind a first word every field is written in the same way.
                false => text.push_str(command::canonical(&[":".to_owned(), word.clone()]).trim_start_matches(": ")),
            }
        }
        text
    }
}

impl From<Vec<String>> for Words {
    fn from(argv: Vec<String>) -> Self {
        Self { argv, unknown: Vec::new() }
    }
}
