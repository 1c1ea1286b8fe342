//! One pattern as a small table: states, classes of bytes, and what follows.

use std::collections::BTreeMap;

use regex_automata::{
    Anchored,
    dfa::{Automaton as _, StartKind, dense},
    util::{primitives::StateID, start, syntax},
};

use super::super::pattern::Reach;

/// A deterministic automaton. State 0 is where it starts.
#[derive(Clone, Debug)]
pub(in super::super) struct Automaton {
    /// The class of each byte.
    classes: Vec<usize>,
    class_count: usize,
    /// The state after a state and a class, row by row.
    next: Vec<usize>,
    accepting: Vec<bool>,
    /// States from which no text is accepted any more.
    dead: Vec<bool>,
}

/// Patterns whose automata are larger are not compared.
const STATES_MAX: usize = 4_096;
const BYTES_MAX: usize = 8 << 20;

/// Every text that is the canonical text of a command: fields with one blank between them, each plain or in quotes.
const CANONICAL: &str = concat!(
    r"(?:[A-Za-z0-9_@%+:,./-]+|'(?:[^']|'\\'')*'|\$'(?:[^'\\]|\\.)*')",
    r"(?: (?:[A-Za-z0-9_@%+=:,./-]+|'(?:[^']|'\\'')*'|\$'(?:[^'\\]|\\.)*'))*"
);

impl Automaton {
    /// The automaton of a pattern, anchored at both ends and read as [`super::super::pattern::Pattern`] reads it. Nothing
    /// when it is too large.
    pub(in super::super) fn new(pattern: &str, reach: Reach) -> Option<Self> {
        let syntax = syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(reach == Reach::Forbids);
        Self::build(pattern, syntax)
    }

    /// The automaton of all canonical texts.
    pub(in super::super) fn canonical() -> Self {
        let syntax = syntax::Config::new().dot_matches_new_line(true);
        Self::build(CANONICAL, syntax).unwrap_or_else(Self::everything)
    }

    /// Accepts any text.
    fn everything() -> Self {
        Self { classes: vec![0; 256], class_count: 1, next: vec![0], accepting: vec![true], dead: vec![false] }
    }

    fn build(pattern: &str, syntax: syntax::Config) -> Option<Self> {
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(regex_automata::MatchKind::All)
            .dfa_size_limit(Some(BYTES_MAX))
            .determinize_size_limit(Some(BYTES_MAX));
        let anchored = format!(r"\A(?:{pattern})\z");
        let dfa = dense::Builder::new().configure(config).syntax(syntax).build(&anchored).ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let mut numbers = BTreeMap::from([(start, 0)]);
        let mut states = vec![start];
        let mut rows: Vec<Vec<usize>> = Vec::new();
        while let Some(state) = states.get(rows.len()).copied() {
            let mut row = Vec::with_capacity(256);
            for byte in 0..=u8::MAX {
                let after = dfa.next_state(state, byte);
                let number = *numbers.entry(after).or_insert(states.len());
                if number == states.len() {
                    states.push(after);
                }
                row.push(number);
            }
            rows.push(row);
            if states.len() > STATES_MAX {
                return None;
            }
        }
        let accepting = |state: &StateID| dfa.is_match_state(dfa.next_eoi_state(*state));
        Some(Self::from_rows(&rows, states.iter().map(accepting).collect()))
    }

    fn from_rows(rows: &[Vec<usize>], accepting: Vec<bool>) -> Self {
        let mut columns: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        let mut classes = Vec::with_capacity(256);
        for byte in 0..256 {
            let column: Vec<usize> = rows.iter().filter_map(|row| row.get(byte).copied()).collect();
            let count = columns.len();
            classes.push(*columns.entry(column).or_insert(count));
        }
        let mut ordered: Vec<(usize, Vec<usize>)> =
            columns.into_iter().map(|(column, class)| (class, column)).collect();
        ordered.sort_unstable();
        let row = |state: usize| ordered.iter().filter_map(move |(_, column)| column.get(state).copied());
        let next: Vec<usize> = (0..rows.len()).flat_map(row).collect();
        let class_count = ordered.len();
        let dead = dead_states(&next, class_count, &accepting);
        Self { classes, class_count, next, accepting, dead }
    }

    /// The class of a byte: bytes of one class are alike everywhere.
    pub(super) fn class(&self, byte: u8) -> usize {
        self.classes.get(usize::from(byte)).copied().unwrap_or(0)
    }

    /// The state after a byte.
    pub(super) fn next(&self, state: usize, byte: u8) -> usize {
        self.next.get(state * self.class_count + self.class(byte)).copied().unwrap_or(state)
    }

    /// Whether a text that ends in the state is accepted.
    pub(super) fn accepts(&self, state: usize) -> bool {
        self.accepting.get(state).copied().unwrap_or(false)
    }

    /// Whether nothing is accepted from the state on.
    pub(super) fn is_dead(&self, state: usize) -> bool {
        self.dead.get(state).copied().unwrap_or(false)
    }

    /// Whether the text is accepted.
    pub(super) fn takes(&self, text: &str) -> bool {
        self.accepts(text.bytes().fold(0, |state, byte| self.next(state, byte)))
    }
}

/// The states from which no accepting one can be reached.
fn dead_states(next: &[usize], class_count: usize, accepting: &[bool]) -> Vec<bool> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); accepting.len()];
    for (from, row) in next.chunks(class_count.max(1)).enumerate() {
        for to in row {
            if let Some(list) = before.get_mut(*to) {
                list.push(from);
            }
        }
    }
    let mut dead: Vec<bool> = accepting.iter().map(|accepts| !accepts).collect();
    let mut open: Vec<usize> =
        accepting.iter().enumerate().filter(|(_, accepts)| **accepts).map(|(at, _)| at).collect();
    while let Some(state) = open.pop() {
        for from in before.get(state).into_iter().flatten() {
            if let Some(is_dead) = dead.get_mut(*from).filter(|is_dead| **is_dead) {
                *is_dead = false;
                open.push(*from);
            }
        }
    }
    dead
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::super::pattern::Pattern, *};
    use crate::command::canonical;

    const PATTERNS: &[&str] = &[
        "git( .*)?",
        r"ls( -[la]+| [^\s']+)*",
        "(?i)make|ninja",
        r"a\b.*",
        "^(x|y+)$",
        r"'(?:[^']|'\\'')*'",
        "é+",
        "(?s)a.b",
        ".*",
    ];

    proptest! {
        #[test]
        fn an_automaton_takes_what_its_pattern_takes(
            at in 0..PATTERNS.len(),
            text in "(git|ls|make|MAKE|x|yy|a|b|é|'|\\\\| |\n|-la|\\PC){0,6}",
        ) {
            for reach in [Reach::Permits, Reach::Forbids] {
                let pattern = Pattern::new(PATTERNS[at], reach).unwrap();
                let automaton = Automaton::new(PATTERNS[at], reach).unwrap();
                prop_assert_eq!(automaton.takes(&text), pattern.is_match(&text), "{} on {:?}", PATTERNS[at], text);
            }
        }

        #[test]
        fn every_canonical_text_is_one(argv in prop::collection::vec("[a-z'=$\\\\ \n\u{1b}é*]{0,5}", 1..4)) {
            let text = canonical(&argv);
            prop_assert!(Automaton::canonical().takes(&text), "{:?}", text);
        }
    }

    #[test]
    fn what_is_no_canonical_text_is_none() {
        let canonical = Automaton::canonical();
        for text in ["", " ls", "ls ", "ls  a", "ls 'a", "ls *", "A=b ls", "ls\n"] {
            assert!(!canonical.takes(text), "{text:?}");
        }
    }
}
