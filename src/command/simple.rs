//! One simple command: assignments, words and redirections.

use crate::diagnostic::Span;

use super::{
    Assignment, Builtin, Piece, Redirection, SimpleCommand, SyntaxError, Word, assignment, hazards,
    lexer::{self, Ahead},
    names::{self, ends_word},
    operands,
    operator::Operator,
    parser::Parser,
    redirection,
    refusal::Refusal,
    substitution,
    word::{self, Use},
};

/// Reads the command that begins at the cursor, and the blanks after it.
pub(super) fn command(parser: &mut Parser<'_>) -> Result<SimpleCommand, SyntaxError> {
    let mut parts = Parts::default();
    let start = parser.cursor.at();
    let mut end = start;
    loop {
        match lexer::ahead(&parser.cursor)? {
            Ahead::Newline | Ahead::End => break,
            Ahead::Operator(Operator::Redirect(kind), span) => {
                parts.redirections.extend(redirection::read(parser, kind, span)?);
            }
            Ahead::Operator(operator, _) if operator.ends_command() => break,
            Ahead::Operator(Operator::Process, span) => parts.process(parser, span)?,
            Ahead::Operator(operator, span) => return Err(parts.refuse(parser, operator, span)),
            Ahead::Word => parts.word(parser)?,
        }
        end = parser.cursor.at();
        lexer::skip_blanks(&mut parser.cursor)?;
    }
    parts.finish(parser, Span::new(start, end))
}

/// A command under way.
#[derive(Default)]
struct Parts {
    assignments: Vec<Assignment>,
    words: Vec<Word>,
    redirections: Vec<Redirection>,
}

impl Parts {
    /// An assignment where one may stand, else a word.
    fn word(&mut self, parser: &mut Parser<'_>) -> Result<(), SyntaxError> {
        if self.words.is_empty() {
            refuse_reserved(parser)?;
            if let Some(assignment) = assignment::read(parser)? {
                parser.count_word(assignment.span)?;
                self.assignments.push(assignment);
                return Ok(());
            }
        }
        if !self.words.is_empty() {
            return word::arguments(parser, &mut self.words);
        }
        let word = word::read(parser, Use::Program)?;
        refuse_program(parser, &word)?;
        parser.count_word(word.span)?;
        self.words.push(word);
        Ok(())
    }

    /// `<( … )` or `>( … )`, which is an argument of its own. Anywhere else it would be a part of a word.
    fn process(&mut self, parser: &mut Parser<'_>, operator: Span) -> Result<(), SyntaxError> {
        let apart = parser.cursor.before().is_some_and(|c| matches!(c, ' ' | '\t' | '\n'));
        if !apart || self.words.is_empty() || operator.end - operator.start != 2 {
            return Err(parser.refuse(Refusal::ProcessSubstitution, operator));
        }
        let process = substitution::process(parser)?;
        let span = process.span;
        if parser.cursor.peek().is_some_and(|c| !ends_word(c) || matches!(c, '<' | '>' | '(')) {
            return Err(parser.refuse(Refusal::ProcessSubstitution, span));
        }
        parser.count_word(span)?;
        self.words.push(Word { pieces: vec![Piece::Process(process)], span });
        Ok(())
    }

    /// The refusal of an operator that neither ends a command nor belongs to it.
    fn refuse(&self, parser: &Parser<'_>, operator: Operator, span: Span) -> SyntaxError {
        match (operator, self.words.as_slice()) {
            (Operator::Open, [name]) if parser.cursor.peek_after(1) == Some(')') => {
                parser.refuse(Refusal::Function, Span::new(name.span.start, span.end + 1))
            }
            _ => parser.unexpected(operator, span),
        }
    }

    fn finish(self, parser: &Parser<'_>, span: Span) -> Result<SimpleCommand, SyntaxError> {
        let Self { assignments, words, redirections } = self;
        if !words.is_empty() {
            let command = SimpleCommand { assignments, words, redirections, span };
            operands::check(&command, parser.cursor.text())?;
            hazards::check(&command, parser.cursor.text())?;
            return Ok(command);
        }
        match (assignments.first(), redirections.first()) {
            (_, Some(redirection)) => Err(parser.refuse(Refusal::RedirectionAlone, redirection.span)),
            (Some(assignment), None) => {
                let sign = Span::new(assignment.span.start, assignment.span.start + assignment.name.len() + 1);
                Err(parser.refuse(Refusal::Assignment, sign))
            }
            (None, None) => Err(missing(parser)?),
        }
    }
}

/// What to say where a command is wanted and none begins.
fn missing(parser: &Parser<'_>) -> Result<SyntaxError, SyntaxError> {
    Ok(match lexer::ahead(&parser.cursor)? {
        Ahead::Operator(operator, span) => parser.unexpected(operator, span),
        Ahead::Newline | Ahead::End | Ahead::Word => parser.refuse(Refusal::MissingAtEnd, parser.next_character()),
    })
}

/// Refuses what means something to a shell only in the place of a program's name.
fn refuse_reserved(parser: &Parser<'_>) -> Result<(), SyntaxError> {
    match names::reserved_at(&parser.cursor) {
        Some((word, refusal)) => Err(parser.refuse(refusal, parser.cursor.next_bytes(word.len()))),
        None => Ok(()),
    }
}

/// Refuses a first word that is not the plain name of a program, or of what a script does itself.
fn refuse_program(parser: &Parser<'_>, word: &Word) -> Result<(), SyntaxError> {
    let Some(name) = word.literal() else { return Err(parser.refuse(Refusal::ProgramUnknown, word.span)) };
    if Builtin::named(&name).is_some() {
        return Ok(());
    }
    match names::program_refusal(&name) {
        Some((refusal, found)) => Err(refusal.about(&found, word.span)),
        None => Ok(()),
    }
}
