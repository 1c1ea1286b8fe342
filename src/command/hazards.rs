//! Commands whose parts affect each other in an order that shells do not share.

use std::collections::BTreeSet;

use crate::diagnostic::Span;

use super::{Assignment, Piece, Redirect, Redirection, SimpleCommand, SyntaxError, Word, refusal::Refusal};

/// Refuses a command whose meaning depends on the order in which its parts are expanded. `text` is what its places point
/// into.
pub(super) fn check(command: &SimpleCommand, text: &str) -> Result<(), SyntaxError> {
    if let Some(span) = second_kind(command) {
        return Err(Refusal::SubstitutionOrder.at(text, span));
    }
    if let Some(span) = after_closing(&command.redirections) {
        return Err(Refusal::SubstitutionClosed.at(text, span));
    }
    assigned_before(&command.assignments, text)
}

/// The first substitution of another kind than the first one of all: words are expanded first in every shell, but
/// assignments and redirections in either order, and in some only when the program is known.
fn second_kind(command: &SimpleCommand) -> Option<Span> {
    let values = command.assignments.iter().find_map(|assignment| substitution(&assignment.value));
    let words = command.words.iter().find_map(substitution);
    let targets = command.redirections.iter().filter_map(Redirection::word).find_map(substitution);
    let mut places: Vec<_> = [values, words, targets].into_iter().flatten().collect();
    places.sort_by_key(|span| span.start);
    places.get(1).copied()
}

/// The first substitution in a target behind a redirection that closes: a shell opens the substitution's own pipe under the
/// number that has become free.
fn after_closing(redirections: &[Redirection]) -> Option<Span> {
    let closing = redirections.iter().position(|redirection| matches!(redirection.to, Redirect::Close))?;
    redirections.iter().skip(closing).filter_map(Redirection::word).find_map(substitution)
}

/// The first substitution of a word, or what runs beside the command.
fn substitution(word: &Word) -> Option<Span> {
    word.pieces.iter().find_map(|piece| match piece {
        Piece::Substitution(found) => Some(found.span),
        Piece::Process(found) => Some(found.span),
        Piece::Known(_) | Piece::Variable { .. } | Piece::Glob { .. } | Piece::Tilde { .. } => None,
    })
}

/// Refuses values that see assignments before them, where a script of the language knows the environment alone.
fn assigned_before(assignments: &[Assignment], text: &str) -> Result<(), SyntaxError> {
    let mut before = BTreeSet::new();
    for assignment in assignments {
        for piece in &assignment.value.pieces {
            match piece {
                Piece::Variable { name, span, .. } if before.contains(name.as_str()) => {
                    return Err(Refusal::AssignmentReuse.at(text, *span));
                }
                Piece::Substitution(found) if !before.is_empty() => {
                    return Err(Refusal::AssignmentBefore.at(text, found.span));
                }
                Piece::Known(_)
                | Piece::Variable { .. }
                | Piece::Glob { .. }
                | Piece::Tilde { .. }
                | Piece::Substitution(_)
                | Piece::Process(_) => {}
            }
        }
        before.insert(assignment.name.as_str());
    }
    Ok(())
}
