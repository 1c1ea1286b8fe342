//! What a text holds that is parsed and judged but not run yet.
//!
//! The house runs one literal command today. The first construct beyond that, read from the left, is named to the user
//! before any mistake that stands after it: to learn how to close a here-document helps nobody who cannot use one yet.

use crate::diagnostic::Span;

use super::{Node, Script, SimpleCommand, SyntaxError, parser, refusal::Refusal};

/// The first construct of a text that is not run yet.
#[derive(Debug, Default)]
pub(super) struct Later {
    first: Option<SyntaxError>,
}

impl Later {
    /// Whether something was noted.
    pub(super) fn is_set(&self) -> bool {
        self.first.is_some()
    }

    /// Notes a construct, unless one stands before it.
    pub(super) fn note(&mut self, refusal: Refusal, text: &str, span: Span) {
        self.note_with(|| refusal.at(text, span));
    }

    /// As [`Self::note`], made only where it is the first.
    pub(super) fn note_with(&mut self, make: impl FnOnce() -> SyntaxError) {
        self.first.get_or_insert_with(make);
    }

    /// The answer for a house that runs one literal command: the construct, if there was one.
    pub(super) fn or(self, parsed: Result<Script, SyntaxError>) -> Result<Script, SyntaxError> {
        match self.first {
            Some(error) => Err(error),
            None => parsed,
        }
    }
}

/// Parses a text that has to be one literal command, which is what the house runs today.
pub fn parse_single(text: &str) -> Result<Script, SyntaxError> {
    let (parsed, later) = parser::parse_noting(text);
    later.or(parsed)
}

/// The one literal command that a script consists of, or the first thing in it that is not run yet.
pub fn single(script: &Script) -> Result<&SimpleCommand, SyntaxError> {
    only_command(script).ok_or_else(|| match parse_single(&script.text) {
        Err(error) => error,
        Ok(_) => Refusal::SecondLine.at(&script.text, script.root.span),
    })
}

fn only_command(script: &Script) -> Option<&SimpleCommand> {
    let [item] = script.root.items.as_slice() else { return None };
    let [Node::Simple(command)] = item.first.commands.as_slice() else { return None };
    let alone = item.rest.is_empty() && !item.first.negated;
    let plain = command.assignments.is_empty() && command.redirections.is_empty() && command.builtin().is_none();
    let literal = command.words.iter().all(|word| word.literal().is_some());
    (alone && plain && literal).then_some(command)
}
