//! One word: quotes removed, known text told from what stands for other text, and everything refused that is neither.

use super::{
    Glob, Piece, SyntaxError, Word, ansi,
    brace::{Atom, Atoms},
    charset::Place,
    dollar::{self, Dollar},
    fields::{Beside, is_split},
    names::ends_word,
    parser::Parser,
    pattern::{self, Patterns},
    refusal::Refusal,
    set, substitution,
};

/// What a word is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A program's name: exactly one word, which patterns would make file names of.
    Program,
    /// An argument: patterns stand for file names, and braces for several words.
    Field,
    /// A variable's value: patterns mean nothing, and a tilde means different things to different shells.
    Value,
    /// A file to open: exactly one, so no pattern, and nothing that is split.
    File,
    /// A here-string: patterns mean nothing.
    Text,
}

/// Reads the word that begins at the cursor, up to the blank, newline or operator after it.
pub(super) fn read(parser: &mut Parser<'_>, purpose: Use) -> Result<Word, SyntaxError> {
    reader(parser, purpose)?.finish()
}

/// Reads an argument, and adds it, or the words that its braces make of it.
pub(super) fn arguments(parser: &mut Parser<'_>, words: &mut Vec<Word>) -> Result<(), SyntaxError> {
    let mut reader = reader(parser, Use::Field)?;
    match reader.spread()? {
        Some(several) => {
            for word in several {
                reader.parser.count_word(word.span)?;
                words.push(word);
            }
        }
        None => {
            let word = reader.finish()?;
            parser.count_word(word.span)?;
            words.push(word);
        }
    }
    Ok(())
}

/// Reads up to the end of the word.
fn reader<'c, 't>(parser: &'c mut Parser<'t>, purpose: Use) -> Result<Reader<'c, 't>, SyntaxError> {
    let start = parser.cursor.at();
    let mut reader = Reader {
        parser,
        purpose,
        start,
        pieces: Vec::new(),
        known: String::new(),
        patterns: Patterns::default(),
        atoms: None,
        spreads: false,
        beside: Beside::default(),
    };
    while let Some(c) = reader.parser.cursor.peek() {
        if ends_word(c) {
            break;
        }
        reader.part(c)?;
    }
    Ok(reader)
}

struct Reader<'c, 't> {
    parser: &'c mut Parser<'t>,
    purpose: Use,
    start: usize,
    pieces: Vec<Piece>,
    /// Known text after the last of the pieces.
    known: String,
    patterns: Patterns,
    /// The same once more, from the first brace on.
    atoms: Option<Atoms>,
    /// Whether its braces can make several words of it.
    spreads: bool,
    beside: Beside,
}

impl Reader<'_, '_> {
    /// One unquoted character, or one quoted part.
    fn part(&mut self, c: char) -> Result<(), SyntaxError> {
        match c {
            '\'' => self.single_quoted(),
            '"' => self.double_quoted(),
            '\\' => self.escaped(),
            '$' => self.dollar(),
            '`' => self.substitution(false),
            '~' if self.tilde_expands() => self.tilde(),
            '@' | '+' | '!' | '*' | '?' if self.parser.cursor.peek_after(1) == Some('(') => {
                Err(self.refuse_next(Refusal::ExtendedGlob, 2))
            }
            '*' => self.glob(Glob::Any, 1),
            '?' => self.glob(Glob::One, 1),
            '[' => self.bracket(),
            '{' => {
                self.open_brace();
                self.take(Place::Bare)
            }
            _ => self.take(Place::Bare),
        }
    }

    /// `'…'`: nothing inside means anything.
    fn single_quoted(&mut self) -> Result<(), SyntaxError> {
        let opening = self.parser.cursor.next_bytes(1);
        self.mark();
        loop {
            match self.parser.cursor.peek() {
                None => return Err(self.parser.refuse(Refusal::UnclosedQuote, opening)),
                Some('\'') => break,
                Some(_) => self.take(Place::Quoted)?,
            }
        }
        self.mark();
        self.note_empty(opening.start, 2);
        Ok(())
    }

    /// `"…"`: a backslash stays unless it stands before one of `` $ ` " \ `` (POSIX.1-2024, section 2.2.3).
    fn double_quoted(&mut self) -> Result<(), SyntaxError> {
        let opening = self.parser.cursor.next_bytes(1);
        self.mark();
        loop {
            match self.parser.cursor.peek() {
                None => return Err(self.parser.refuse(Refusal::UnclosedQuote, opening)),
                Some('"') => break,
                Some('`') => self.substitution(true)?,
                Some('\\') => match self.parser.cursor.peek_after(1) {
                    Some('\n') => return Err(self.refuse_next(Refusal::ContinuationInWord, 1)),
                    Some('$' | '`' | '"' | '\\') => {
                        self.parser.cursor.skip(1);
                        self.take(Place::Quoted)?;
                    }
                    _ => self.take(Place::Quoted)?,
                },
                Some('$') => match dollar::in_double_quotes(&self.parser.cursor)? {
                    Dollar::Variable(name) => self.variable(name, true),
                    Dollar::Substitution => self.substitution(true)?,
                    Dollar::Literal | Dollar::Escapes => self.take(Place::Quoted)?,
                },
                Some(_) => self.take(Place::Quoted)?,
            }
        }
        self.mark();
        self.note_empty(opening.start, 2);
        Ok(())
    }

    /// `\x`: the character itself.
    fn escaped(&mut self) -> Result<(), SyntaxError> {
        match self.parser.cursor.peek_after(1) {
            None => Err(self.refuse_next(Refusal::TrailingBackslash, 1)),
            Some('\n') => Err(self.refuse_next(Refusal::ContinuationInWord, 1)),
            Some(_) => {
                self.mark();
                self.take_as(Place::Bare, Atom::Escaped)
            }
        }
    }

    fn dollar(&mut self) -> Result<(), SyntaxError> {
        match dollar::bare(&self.parser.cursor)? {
            Dollar::Literal => {
                self.beside.note_dollar(self.parser.cursor.next_bytes(1));
                self.take(Place::Bare)
            }
            Dollar::Variable(name) => {
                self.variable(name, false);
                Ok(())
            }
            Dollar::Substitution => self.substitution(false),
            Dollar::Escapes => {
                let start = self.parser.cursor.at();
                let text = ansi::read(&mut self.parser.cursor)?;
                self.note_empty(start, 3);
                self.atom(|| Atom::Mark);
                text.chars().try_for_each(|c| self.push(c, Atom::Quoted))?;
                self.atom(|| Atom::Mark);
                Ok(())
            }
        }
    }

    /// `$NAME` or `${NAME}` at the cursor.
    fn variable(&mut self, name: &str, quoted: bool) {
        let braces = if self.parser.cursor.peek_after(1) == Some('{') { 2 } else { 0 };
        let span = self.parser.cursor.next_bytes(1 + name.len() + braces);
        self.parser.cursor.skip(1 + name.len() + braces);
        self.piece(Piece::Variable { name: name.to_owned(), quoted, span }, !quoted && braces == 0);
    }

    /// `$( … )` or backticks at the cursor.
    fn substitution(&mut self, quoted: bool) -> Result<(), SyntaxError> {
        let found = substitution::read(self.parser, quoted)?;
        if let Some(open) = self.patterns.closes_bracket(']').filter(|_| !quoted) {
            return Err(self.parser.refuse(Refusal::GlobSet, self.parser.cursor.since(open)));
        }
        if self.purpose == Use::File && !quoted {
            return Err(self.parser.refuse(Refusal::SubstitutionTarget, found.span));
        }
        if !quoted {
            self.beside.end_run(&self.pieces, &self.known);
        }
        // Whether a separator inside counts for a brace outside is not left to chance.
        self.patterns.separate();
        self.piece(Piece::Substitution(found), false);
        Ok(())
    }

    /// At the start of a word a tilde stands for a home directory in every shell; after `=` and `:` in some.
    fn tilde_expands(&self) -> bool {
        self.parser.cursor.at() == self.start || self.known.ends_with(['=', ':'])
    }

    fn tilde(&mut self) -> Result<(), SyntaxError> {
        let span = self.parser.cursor.next_bytes(1);
        let alone = self.parser.cursor.peek_after(1).is_none_or(|c| c == '/' || ends_word(c));
        if self.parser.cursor.at() != self.start || !alone || self.purpose == Use::Value {
            return Err(self.parser.refuse(Refusal::TildeForm, span));
        }
        self.parser.cursor.skip(1);
        self.piece(Piece::Tilde { span }, false);
        Ok(())
    }

    /// A part of a pattern at the cursor, of so many bytes.
    fn glob(&mut self, glob: Glob, bytes: usize) -> Result<(), SyntaxError> {
        let span = self.parser.cursor.next_bytes(bytes);
        match self.purpose {
            Use::File => return Err(self.parser.refuse(Refusal::GlobTarget, span)),
            Use::Value | Use::Text => return self.take(Place::Bare),
            Use::Program | Use::Field => {}
        }
        for c in span.of(self.parser.cursor.text()).chars() {
            self.watch_brace(c)?;
        }
        self.parser.cursor.skip(bytes);
        self.piece(Piece::Glob { glob, span }, false);
        Ok(())
    }

    /// A `[`, which begins a set or is itself.
    fn bracket(&mut self) -> Result<(), SyntaxError> {
        let means_a_set = matches!(self.purpose, Use::Program | Use::Field | Use::File);
        if means_a_set && !self.patterns.in_bracket() {
            if let Some((set, bytes)) = set::at(&self.parser.cursor) {
                return self.glob(Glob::OneOf(set), bytes);
            }
            self.patterns.open_bracket(self.parser.cursor.at());
        }
        self.take(Place::Bare)
    }

    /// A `{`, which can begin an expansion.
    fn open_brace(&mut self) {
        self.patterns.open_brace(self.parser.cursor.at());
        if self.purpose == Use::Field && self.atoms.is_none() {
            self.atoms = Some(Atoms::before(&self.parser.cursor, &self.pieces, &self.known, self.start));
        }
    }

    /// Moves over a quotation mark or a backslash.
    fn mark(&mut self) {
        self.parser.cursor.skip(1);
        self.atom(|| Atom::Mark);
    }

    /// Moves the next character into the word.
    fn take(&mut self, place: Place) -> Result<(), SyntaxError> {
        self.take_as(
            place,
            match place {
                Place::Bare => Atom::Bare,
                Place::Quoted => Atom::Quoted,
            },
        )
    }

    fn take_as(&mut self, place: Place, atom: fn(char) -> Atom) -> Result<(), SyntaxError> {
        match self.parser.cursor.take(place)? {
            Some(c) => self.push(c, atom),
            None => Ok(()),
        }
    }

    fn push(&mut self, c: char, atom: fn(char) -> Atom) -> Result<(), SyntaxError> {
        self.atom(|| atom(c));
        self.known.push(c);
        self.watch_brace(c)?;
        match self.patterns.closes_bracket(c) {
            Some(open) => Err(self.parser.refuse(Refusal::GlobSet, self.parser.cursor.since(open))),
            None => Ok(()),
        }
    }

    fn watch_brace(&mut self, c: char) -> Result<(), SyntaxError> {
        let Some(open) = self.patterns.closes_brace(c) else { return Ok(()) };
        match self.purpose {
            Use::Program | Use::File => {
                return Err(self.parser.refuse(Refusal::BraceExpansion, self.parser.cursor.since(open)));
            }
            Use::Field => self.spreads = true,
            Use::Value | Use::Text => {}
        }
        Ok(())
    }

    fn atom(&mut self, atom: impl FnOnce() -> Atom) {
        if let Some(atoms) = &mut self.atoms {
            atoms.push(atom());
        }
    }

    /// Adds a piece after the known text. An open one would take a letter after it in.
    fn piece(&mut self, piece: Piece, open: bool) {
        self.atom(|| Atom::Part { piece: piece.clone(), open });
        self.flush();
        self.pieces.push(piece);
    }

    fn flush(&mut self) {
        if !self.known.is_empty() {
            self.pieces.push(Piece::Known(std::mem::take(&mut self.known)));
        }
    }

    /// Notes quotes without anything between them, which with their marks are so many bytes long.
    fn note_empty(&mut self, start: usize, bytes: usize) {
        let span = self.parser.cursor.since(start);
        if span.end - span.start == bytes {
            self.beside.note_empty(span);
        }
    }

    fn refuse_next(&self, refusal: Refusal, bytes: usize) -> SyntaxError {
        self.parser.refuse(refusal, self.parser.cursor.next_bytes(bytes))
    }

    /// The words that the braces make of this one, if they make any.
    fn spread(&mut self) -> Result<Option<Vec<Word>>, SyntaxError> {
        let Some(atoms) = self.atoms.take().filter(|_| self.spreads) else { return Ok(None) };
        let span = self.parser.cursor.since(self.start);
        atoms.words(&self.parser.cursor, span).map_err(|refusal| self.parser.refuse(refusal, span))
    }

    fn finish(mut self) -> Result<Word, SyntaxError> {
        let span = self.parser.cursor.since(self.start);
        if names_descriptor(span.of(self.parser.cursor.text())) && matches!(self.parser.cursor.peek(), Some('<' | '>'))
        {
            return Err(self.parser.refuse(Refusal::NamedDescriptor, span));
        }
        self.beside.end_run(&self.pieces, &self.known);
        self.flush();
        let uncertain = self.beside.uncertain().filter(|_| self.purpose == Use::Field && is_split(&self.pieces));
        if let Some((refusal, span)) = uncertain {
            return Err(self.parser.refuse(refusal, span));
        }
        if pattern::names_hidden_files(&self.pieces) {
            return Err(self.parser.refuse(Refusal::GlobDot, span));
        }
        Ok(Word { pieces: self.pieces, span })
    }
}

/// `{name}`, which before a redirection is a descriptor that the shell chooses.
fn names_descriptor(raw: &str) -> bool {
    raw.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
