//! The properties of the command language, over seeded random texts: the same functions that `fuzz/` runs without end.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    reason = "a property that does not hold fails the test"
)]

#[path = "../fuzz/src/properties.rs"]
mod properties;
#[path = "../fuzz/src/spelling.rs"]
mod spelling;
#[path = "../fuzz/src/verdict.rs"]
mod verdict;

use std::{fs, path::Path};

/// The same numbers on every machine (xorshift64, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(count).unwrap()).unwrap()
    }

    fn bytes(&mut self) -> Vec<u8> {
        let count = 16 + self.below(240);
        (0..count).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    /// A text of tokens that hit the language's corners, sometimes in the shape of a command.
    fn text(&mut self) -> String {
        let count = 1 + self.below(16);
        (0..count).map(|_| TOKENS[self.below(TOKENS.len())]).collect()
    }
}

const TOKENS: &[&str] = &[
    "a", "ls", " ", " ", " ", " ", "\n", "\t", "'", "\"", "\\", "$", "$'", "`", "(", ")", "( ", "{", "}", "[", "]",
    "*", "?", "~", "~/", "#", "!", "! ", "=", "A=", "A=b ", "+=", ";", "|", " | ", "&", "&&", "||", "<", ">", ">>",
    "2>&1", ">&", "&>", "<<", "<<E\n", "<<'E' ", "\nE\n", "E\n", "<<<", "1", "22", "-", ",", "..", ".", "if", "time",
    "cd", "exit", "eval", ":", "é", "\u{a0}", "\u{202e}", "\u{1b}", "\r", "\\x41", "\\u00e9", "\\\n", " \\\n", "@",
    "/", "%", "^", "$X", "${X}", "$(", "$(a)", "\"$(a ", ")\"", "`a`", "\"`a`\"", "`", "\"$X\"", "${X:-y}", "[a-z]",
    "[!a]", "x ", "{a,b}", "{1..3}", "..", ",", " <(", " >(", "<(a) ", "`a\\b`",
];

/// Runs a property over seeded texts and over the seeds of its fuzz target.
fn over_texts(seed: u64, target: &str, property: impl Fn(&str)) {
    let mut random = Random(seed);
    (0..20_000).for_each(|_| property(&random.text()));
    // Spelled trees reach the depths that random tokens seldom do.
    for _ in 0..2_000 {
        let bytes = random.bytes();
        let mut choices = spelling::Choices::new(&bytes);
        let tree = spelling::tree(&mut choices);
        property(&spelling::spell(&tree, &mut choices));
    }
    for seed in seeds(target) {
        property(&String::from_utf8(seed).unwrap());
    }
}

fn over_bytes(seed: u64, rounds: usize, target: &str, property: impl Fn(&[u8])) {
    let mut random = Random(seed);
    (0..rounds).for_each(|_| property(&random.bytes()));
    seeds(target).for_each(|seed| property(&seed));
}

/// The committed inputs of a fuzz target.
fn seeds(target: &str) -> impl Iterator<Item = Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!files.is_empty(), "{}", folder.display());
    files.into_iter()
}

#[test]
fn f1_the_parser_is_bounded() {
    over_texts(0x5eed_0001, "f1_bounds", |text| {
        properties::bounded(text);
        properties::fields_are_written_alike(text);
    });
}

#[test]
fn f1_long_texts_are_bounded() {
    let mut random = Random(0x5eed_0007);
    for _ in 0..200 {
        let text = random.text();
        properties::bounded(&text.repeat(1 + 60_000 / text.len()));
    }
}

#[test]
fn f2_canonical_text_reads_back() {
    over_texts(0x5eed_0002, "f2_print", properties::printed);
}

#[test]
fn f3_places_cover_what_they_say() {
    over_texts(0x5eed_0003, "f3_places", properties::placed);
}

#[test]
fn f5_every_spelling_of_a_tree_parses_to_it() {
    over_bytes(0x5eed_0005, 10_000, "f5_spelling", spelling::spelled);
}

#[test]
fn f6_the_spelling_changes_no_verdict() {
    over_bytes(0x5eed_0006, 2_000, "f6_verdict", verdict::one_verdict);
}
