//! Braces and brackets, which stand for other text only when something of the right kind closes them.
//!
//! Once one is open outside quotes, what follows in the word counts whether it is quoted or not. Shells do not agree on
//! quotes inside patterns, so `{a","b}` and `[a"]"` are refused as well.

use super::Piece;

/// What is open in a word.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    brace: Option<usize>,
    bracket: Option<usize>,
    separated: bool,
    after_dot: bool,
}

impl Patterns {
    /// Notes an unquoted `{` at this byte.
    pub(super) fn open_brace(&mut self, at: usize) {
        self.brace.get_or_insert(at);
    }

    /// Notes an unquoted `[` at this byte that begins no set of the language.
    pub(super) fn open_bracket(&mut self, at: usize) {
        self.bracket.get_or_insert(at);
    }

    /// Whether such a `[` is open.
    pub(super) fn in_bracket(&self) -> bool {
        self.bracket.is_some()
    }

    /// Notes a character of the word; when it completes a brace expansion, says where that began.
    pub(super) fn closes_brace(&mut self, c: char) -> Option<usize> {
        let range = c == '.' && self.after_dot;
        self.after_dot = c == '.';
        if self.brace.is_some() && (c == ',' || range) {
            self.separated = true;
        }
        self.brace.filter(|_| c == '}' && self.separated)
    }

    /// Notes text that is not read here, which could hold what separates.
    pub(super) fn separate(&mut self) {
        self.separated |= self.brace.is_some();
    }

    /// Where the bracket began that the character closes.
    pub(super) fn closes_bracket(&self, c: char) -> Option<usize> {
        self.bracket.filter(|_| c == ']')
    }
}

/// Whether a pattern asks for names that begin with a dot by nothing but dots: `.*` stands for `.` and `..` too in some
/// shells.
pub(super) fn names_hidden_files(pieces: &[Piece]) -> bool {
    if !pieces.iter().any(|piece| matches!(piece, Piece::Glob { .. })) {
        return false;
    }
    let mut name = Name::Empty;
    for piece in pieces {
        match piece {
            Piece::Known(text) => name = text.chars().fold(name, Name::then),
            Piece::Glob { .. } if name == Name::Dots => return true,
            Piece::Glob { .. }
            | Piece::Variable { .. }
            | Piece::Tilde { .. }
            | Piece::Substitution(_)
            | Piece::Process(_) => {
                name = Name::Other;
            }
        }
    }
    name == Name::Dots
}

/// What the last name of a path is made of so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Empty,
    Dots,
    Other,
}

impl Name {
    fn then(self, c: char) -> Self {
        match (c, self) {
            ('/', _) => Self::Empty,
            ('.', Self::Empty | Self::Dots) => Self::Dots,
            _ => Self::Other,
        }
    }
}
