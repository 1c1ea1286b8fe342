//! One word: quotes removed, known text told from what stands for other text, and everything refused that is neither.

use super::{
    Glob, Piece, SyntaxError, Word, ansi,
    charset::Place,
    cursor::Cursor,
    dollar::{self, Dollar},
    later::Later,
    names::ends_word,
    pattern::{self, Patterns},
    refusal::Refusal,
    set,
};

/// What a word is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A program's name or an argument: patterns stand for file names.
    Field,
    /// A variable's value: patterns mean nothing, and a tilde means different things to different shells.
    Value,
    /// A file to open: exactly one, so no pattern.
    File,
    /// A here-string: patterns mean nothing.
    Text,
}

/// Reads the word that begins at the cursor, up to the blank, newline or operator after it.
pub(super) fn read(cursor: &mut Cursor<'_>, later: &mut Later, purpose: Use) -> Result<Word, SyntaxError> {
    let start = cursor.at();
    let known = String::new();
    let mut reader = Reader { cursor, later, purpose, start, pieces: Vec::new(), known, patterns: Patterns::default() };
    while let Some(c) = reader.cursor.peek() {
        if ends_word(c) {
            break;
        }
        reader.part(c)?;
    }
    reader.finish()
}

struct Reader<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    later: &'c mut Later,
    purpose: Use,
    start: usize,
    pieces: Vec<Piece>,
    /// Known text after the last of the pieces.
    known: String,
    patterns: Patterns,
}

impl Reader<'_, '_> {
    /// One unquoted character, or one quoted part.
    fn part(&mut self, c: char) -> Result<(), SyntaxError> {
        match c {
            '\'' => self.single_quoted(),
            '"' => self.double_quoted(),
            '\\' => self.escaped(),
            '$' => self.dollar(),
            '`' => Err(self.refuse_next(Refusal::Backtick, 1)),
            '~' if self.tilde_expands() => self.tilde(),
            '@' | '+' | '!' | '*' | '?' if self.cursor.peek_after(1) == Some('(') => {
                Err(self.refuse_next(Refusal::ExtendedGlob, 2))
            }
            '*' => self.glob(Glob::Any, 1),
            '?' => self.glob(Glob::One, 1),
            '[' => self.bracket(),
            '{' => {
                self.patterns.open_brace(self.cursor.at());
                self.take(Place::Bare)
            }
            _ => self.take(Place::Bare),
        }
    }

    /// `'…'`: nothing inside means anything.
    fn single_quoted(&mut self) -> Result<(), SyntaxError> {
        let opening = self.cursor.next_bytes(1);
        self.cursor.skip(1);
        loop {
            match self.cursor.peek() {
                None => return Err(Refusal::UnclosedQuote.at(self.cursor.text(), opening)),
                Some('\'') => break,
                Some(_) => self.take(Place::Quoted)?,
            }
        }
        self.cursor.skip(1);
        Ok(())
    }

    /// `"…"`: a backslash stays unless it stands before one of `` $ ` " \ `` (POSIX.1-2024, section 2.2.3).
    fn double_quoted(&mut self) -> Result<(), SyntaxError> {
        let opening = self.cursor.next_bytes(1);
        self.cursor.skip(1);
        loop {
            match self.cursor.peek() {
                None => return Err(Refusal::UnclosedQuote.at(self.cursor.text(), opening)),
                Some('"') => break,
                Some('`') => return Err(self.refuse_next(Refusal::Backtick, 1)),
                Some('\\') => match self.cursor.peek_after(1) {
                    Some('\n') => return Err(self.refuse_next(Refusal::ContinuationInWord, 1)),
                    Some('$' | '`' | '"' | '\\') => {
                        self.cursor.skip(1);
                        self.take(Place::Quoted)?;
                    }
                    _ => self.take(Place::Quoted)?,
                },
                Some('$') => match dollar::in_double_quotes(self.cursor)? {
                    Dollar::Variable(name) => self.variable(name, true),
                    Dollar::Literal | Dollar::Escapes => self.take(Place::Quoted)?,
                },
                Some(_) => self.take(Place::Quoted)?,
            }
        }
        self.cursor.skip(1);
        Ok(())
    }

    /// `\x`: the character itself.
    fn escaped(&mut self) -> Result<(), SyntaxError> {
        match self.cursor.peek_after(1) {
            None => Err(self.refuse_next(Refusal::TrailingBackslash, 1)),
            Some('\n') => Err(self.refuse_next(Refusal::ContinuationInWord, 1)),
            Some(_) => {
                self.cursor.skip(1);
                self.take(Place::Bare)
            }
        }
    }

    fn dollar(&mut self) -> Result<(), SyntaxError> {
        match dollar::bare(self.cursor)? {
            Dollar::Literal => self.take(Place::Bare),
            Dollar::Variable(name) => {
                self.variable(name, false);
                Ok(())
            }
            Dollar::Escapes => {
                let text = ansi::read(self.cursor)?;
                text.chars().try_for_each(|c| self.push(c))
            }
        }
    }

    /// `$NAME` or `${NAME}` at the cursor.
    fn variable(&mut self, name: &str, quoted: bool) {
        let braces = if self.cursor.peek_after(1) == Some('{') { 2 } else { 0 };
        let span = self.cursor.next_bytes(1 + name.len() + braces);
        self.later.note(Refusal::Variable, self.cursor.text(), span);
        self.cursor.skip(1 + name.len() + braces);
        self.piece(Piece::Variable { name: name.to_owned(), quoted, span });
    }

    /// At the start of a word a tilde stands for a home directory in every shell; after `=` and `:` in some.
    fn tilde_expands(&self) -> bool {
        self.cursor.at() == self.start || self.known.ends_with(['=', ':'])
    }

    fn tilde(&mut self) -> Result<(), SyntaxError> {
        let span = self.cursor.next_bytes(1);
        self.later.note(Refusal::Tilde, self.cursor.text(), span);
        let alone = self.cursor.peek_after(1).is_none_or(|c| c == '/' || ends_word(c));
        if self.cursor.at() != self.start || !alone || self.purpose == Use::Value {
            return Err(Refusal::TildeForm.at(self.cursor.text(), span));
        }
        self.cursor.skip(1);
        self.piece(Piece::Tilde { span });
        Ok(())
    }

    /// A part of a pattern at the cursor, of so many bytes.
    fn glob(&mut self, glob: Glob, bytes: usize) -> Result<(), SyntaxError> {
        let span = self.cursor.next_bytes(bytes);
        self.later.note(Refusal::Glob, self.cursor.text(), span);
        match self.purpose {
            Use::File => return Err(Refusal::GlobTarget.at(self.cursor.text(), span)),
            Use::Value | Use::Text => return self.take(Place::Bare),
            Use::Field => {}
        }
        for c in span.of(self.cursor.text()).chars() {
            self.watch_brace(c)?;
        }
        self.cursor.skip(bytes);
        self.piece(Piece::Glob { glob, span });
        Ok(())
    }

    /// A `[`, which begins a set or is itself.
    fn bracket(&mut self) -> Result<(), SyntaxError> {
        let means_a_set = matches!(self.purpose, Use::Field | Use::File);
        if means_a_set && !self.patterns.in_bracket() {
            if let Some((set, bytes)) = set::at(self.cursor) {
                return self.glob(Glob::OneOf(set), bytes);
            }
            self.patterns.open_bracket(self.cursor.at());
        }
        self.take(Place::Bare)
    }

    /// Moves the next character into the word.
    fn take(&mut self, place: Place) -> Result<(), SyntaxError> {
        match self.cursor.take(place)? {
            Some(c) => self.push(c),
            None => Ok(()),
        }
    }

    fn push(&mut self, c: char) -> Result<(), SyntaxError> {
        self.known.push(c);
        self.watch_brace(c)?;
        match self.patterns.closes_bracket(c) {
            Some(open) => {
                let span = self.cursor.since(open);
                self.later.note(Refusal::Glob, self.cursor.text(), span);
                Err(Refusal::GlobSet.at(self.cursor.text(), span))
            }
            None => Ok(()),
        }
    }

    fn watch_brace(&mut self, c: char) -> Result<(), SyntaxError> {
        match self.patterns.closes_brace(c) {
            Some(open) => Err(Refusal::BraceExpansion.at(self.cursor.text(), self.cursor.since(open))),
            None => Ok(()),
        }
    }

    /// Adds a piece after the known text.
    fn piece(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    fn flush(&mut self) {
        if !self.known.is_empty() {
            self.pieces.push(Piece::Known(std::mem::take(&mut self.known)));
        }
    }

    fn refuse_next(&self, refusal: Refusal, bytes: usize) -> SyntaxError {
        refusal.at(self.cursor.text(), self.cursor.next_bytes(bytes))
    }

    fn finish(mut self) -> Result<Word, SyntaxError> {
        let span = self.cursor.since(self.start);
        if names_descriptor(span.of(self.cursor.text())) && matches!(self.cursor.peek(), Some('<' | '>')) {
            return Err(Refusal::NamedDescriptor.at(self.cursor.text(), span));
        }
        self.flush();
        if pattern::names_hidden_files(&self.pieces) {
            return Err(Refusal::GlobDot.at(self.cursor.text(), span));
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
