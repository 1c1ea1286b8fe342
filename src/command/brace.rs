//! `{a,b}` and `{1..3}` in arguments: one word as written that becomes several. The rules are bash's (bash(1), "Brace
//! Expansion"), what it leaves as it is included; other shells leave every brace as it is.

use crate::diagnostic::Span;

use super::{
    Glob, Piece, Word, cursor::Cursor, limits::MAX_WORDS, pattern::names_hidden_files, refusal::Refusal, sequence,
};

/// Braces of a word that holds an expansion. Bounds the time for one.
const MAX_BRACES: usize = 16;

/// Characters and pieces of all words that the expansions of one word make.
const MAX_ATOMS: usize = 16 * 1024;

/// A part of a word as it is written, as far as braces are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// A character outside quotes.
    Bare(char),
    /// A character after a backslash.
    Escaped(char),
    /// A character that braces are blind to: in quotes, or before the first brace.
    Quoted(char),
    /// A quotation mark or a backslash.
    Mark,
    /// What is no text. It is open when a letter after it would be a part of it: `$NAME`.
    Part { piece: Piece, open: bool },
}

/// What a word is made of, once a brace stands in it outside quotes.
#[derive(Debug)]
pub(super) struct Atoms(Vec<Atom>);

impl Atoms {
    /// Of a word up to the brace at the cursor, as it has been read so far.
    pub(super) fn before(cursor: &Cursor<'_>, pieces: &[Piece], known: &str, start: usize) -> Self {
        let part = |piece: &Piece| Atom::Part { piece: piece.clone(), open: false };
        let mut atoms: Vec<_> = pieces.iter().map(part).chain(known.chars().map(Atom::Quoted)).collect();
        if cursor.at() > start && atoms.is_empty() {
            atoms.push(Atom::Mark);
        }
        match (cursor.before(), atoms.last_mut()) {
            (Some(c @ (' ' | '\t')), Some(last)) => *last = Atom::Escaped(c),
            (Some(c), Some(Atom::Part { piece: Piece::Variable { quoted: false, .. }, open })) => *open = c != '}',
            _ => {}
        }
        Self(atoms)
    }

    pub(super) fn push(&mut self, atom: Atom) {
        self.0.push(atom);
    }

    /// The words that this one becomes, or nothing where no brace of it means anything. `span` is the whole word's.
    pub(super) fn words(self, cursor: &Cursor<'_>, span: Span) -> Result<Option<Vec<Word>>, Refusal> {
        if self.0.iter().filter(|atom| **atom == Atom::Bare('{')).count() > MAX_BRACES {
            return Err(Refusal::BraceTooMany);
        }
        if self.0.iter().any(hides_marks) {
            return Err(Refusal::BraceUncertain);
        }
        let results = Expansion { cursor }.text(&self.0)?;
        if results.as_slice() == std::slice::from_ref(&self.0) {
            return Ok(None);
        }
        // Among new neighbours it could begin something else.
        if self.0.contains(&Atom::Bare('$')) {
            return Err(Refusal::BraceUncertain);
        }
        // What is empty without any quotes is no argument.
        let words = results.into_iter().filter(|atoms| !atoms.is_empty());
        words.map(|atoms| Ok(Word { pieces: pieces(atoms)?, span })).collect::<Result<_, _>>().map(Some)
    }
}

/// Whether the part holds text of its own in which commas and dots could count for the braces.
fn hides_marks(atom: &Atom) -> bool {
    let Atom::Part { piece, .. } = atom else { return false };
    match piece {
        Piece::Substitution(_) | Piece::Process(_) => true,
        Piece::Glob { glob: Glob::OneOf(set), .. } => {
            set.ranges.iter().any(|(first, last)| [first, last].iter().any(|c| matches!(c, ',' | '.')))
        }
        Piece::Glob { glob: Glob::Any | Glob::One, .. }
        | Piece::Known(_)
        | Piece::Variable { .. }
        | Piece::Tilde { .. } => false,
    }
}

/// Atoms as pieces of a word, if they are read there as they were.
fn pieces(atoms: Vec<Atom>) -> Result<Vec<Piece>, Refusal> {
    let (mut pieces, mut known, mut open) = (Vec::new(), String::new(), false);
    let mut start = true;
    for atom in atoms {
        let was_open = std::mem::take(&mut open);
        match atom {
            Atom::Mark => {}
            Atom::Bare(c) if was_open && (c.is_ascii_alphanumeric() || c == '_') => {
                return Err(Refusal::BraceUncertain);
            }
            Atom::Bare('~') if start || known.ends_with(['=', ':']) => return Err(Refusal::TildeForm),
            Atom::Bare(c) | Atom::Escaped(c) | Atom::Quoted(c) => known.push(c),
            Atom::Part { piece, open: is_open } => {
                if !known.is_empty() {
                    pieces.push(Piece::Known(std::mem::take(&mut known)));
                }
                pieces.push(piece);
                open = is_open;
            }
        }
        start = false;
    }
    if !known.is_empty() {
        pieces.push(Piece::Known(known));
    }
    if names_hidden_files(&pieces) { Err(Refusal::GlobDot) } else { Ok(pieces) }
}

/// One expansion, step by step as bash makes it.
struct Expansion<'c, 't> {
    /// Counts the looks.
    cursor: &'c Cursor<'t>,
}

impl Expansion<'_, '_> {
    /// The texts that a text becomes; itself where it holds no expansion.
    fn text(&self, text: &[Atom]) -> Result<Vec<Vec<Atom>>, Refusal> {
        let mut from = 0;
        let (open, close) = loop {
            let Some(open) = self.find(text, from, '{') else { return Ok(vec![text.to_vec()]) };
            if let Some(close) = self.find(text, open + 1, '}') {
                break (open, close);
            }
            from = open + 1;
        };
        let inner = part(text, open + 1, close);
        let alternatives = if inner.contains(&Atom::Bare(',')) {
            self.alternatives(inner)?
        } else if inner.contains(&Atom::Quoted(',')) {
            // bash takes the braces away without expanding anything.
            return Err(Refusal::BraceUncertain);
        } else {
            let values = sequence::values(inner)?;
            values.unwrap_or_else(|| vec![part(text, open, close + 1).to_vec()])
        };
        let begun = joined(&[part(text, 0, open).to_vec()], &alternatives)?;
        match part(text, close + 1, text.len()) {
            [] => Ok(begun),
            rest => joined(&begun, &self.text(rest)?),
        }
    }

    /// What stands between the commas that no inner braces hold.
    fn alternatives(&self, inner: &[Atom]) -> Result<Vec<Vec<Atom>>, Refusal> {
        let (mut found, mut from) = (Vec::new(), 0);
        loop {
            let comma = self.find(inner, from, ',');
            found.extend(self.text(part(inner, from, comma.unwrap_or(inner.len())))?);
            match comma {
                Some(at) => from = at + 1,
                None => return Ok(found),
            }
        }
    }

    /// The next such mark that no inner braces hold. One that closes comes after something that separates.
    fn find(&self, text: &[Atom], from: usize, mark: char) -> Option<usize> {
        let (mut level, mut separated) = (0_usize, mark != '}');
        for (at, atom) in text.iter().enumerate().skip(from) {
            self.cursor.note(1);
            let Atom::Bare(c) = *atom else { continue };
            let after = |count: usize| text.get(at + count);
            if c == mark && level == 0 && separated && !(c == '{' && stands_alone(text, at)) {
                return Some(at);
            }
            match c {
                // One that stands alone opens nothing for whoever looks for what opens.
                '{' if mark == '{' && level == 0 => {}
                '{' => level += 1,
                '}' => level = level.saturating_sub(1),
                ',' => separated |= level == 0,
                '.' if level == 0 => {
                    separated |= after(1) == Some(&Atom::Bare('.')) && after(2) != Some(&Atom::Bare('}'));
                }
                _ => {}
            }
        }
        None
    }
}

/// Whether the brace is the `{` of a `{}` that begins a word or stands after an escaped blank.
fn stands_alone(text: &[Atom], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    matches!(before, None | Some(Atom::Escaped(' ' | '\t'))) && text.get(at + 1) == Some(&Atom::Bare('}'))
}

/// Each of the first with each of the second after it.
fn joined(first: &[Vec<Atom>], second: &[Vec<Atom>]) -> Result<Vec<Vec<Atom>>, Refusal> {
    let atoms = |texts: &[Vec<Atom>]| texts.iter().map(Vec::len).sum::<usize>();
    let size = atoms(first).saturating_mul(second.len()).saturating_add(atoms(second).saturating_mul(first.len()));
    if first.len().saturating_mul(second.len()) > MAX_WORDS || size > MAX_ATOMS {
        return Err(Refusal::BraceTooMany);
    }
    Ok(first.iter().flat_map(|one| second.iter().map(move |other| [one.as_slice(), other].concat())).collect())
}

fn part(text: &[Atom], from: usize, to: usize) -> &[Atom] {
    text.get(from..to).unwrap_or_default()
}
