//! The operands of what a script does itself. Only forms that every shell takes alike are known.

use super::{Builtin, Piece, SimpleCommand, SyntaxError, Word, refusal::Refusal};

/// Refuses operands that a builtin does not take. `text` is what the command's places point into.
pub(super) fn check(command: &SimpleCommand, text: &str) -> Result<(), SyntaxError> {
    let Some(builtin) = command.builtin() else { return Ok(()) };
    if let Some(assignment) = command.assignments.first() {
        return Err(Refusal::AssignmentBuiltin.at(text, assignment.span));
    }
    let operands = command.words.get(1..).unwrap_or_default();
    match (builtin, operands) {
        (Builtin::Cd, [directory]) if !names_one(directory) => Err(Refusal::CdDirectory.at(text, directory.span)),
        (Builtin::Exit, [status]) if !is_status(status) => Err(Refusal::ExitStatus.at(text, status.span)),
        (Builtin::Cd, []) => Err(Refusal::CdOperands.at(text, command.span)),
        (Builtin::Cd, [_, more, ..]) => Err(Refusal::CdOperands.at(text, more.span)),
        (Builtin::Exit, [_, more, ..]) => Err(Refusal::ExitStatus.at(text, more.span)),
        (Builtin::Cd, [_]) | (Builtin::Exit, [] | [_]) | (Builtin::Null, _) => Ok(()),
    }
}

/// Whether the word is one directory, as far as it is known: no option, not `-`, not empty, and one field. What an unquoted
/// substitution is split into is seen when its turn comes.
fn names_one(word: &Word) -> bool {
    let one_field = |piece: &Piece| match piece {
        Piece::Known(_) | Piece::Variable { .. } | Piece::Tilde { .. } | Piece::Substitution(_) => true,
        Piece::Glob { .. } | Piece::Process(_) => false,
    };
    let is_option = matches!(word.pieces.first(), Some(Piece::Known(text)) if text.starts_with('-'));
    !word.pieces.is_empty() && !is_option && word.pieces.iter().all(one_field)
}

/// Whether the word is a number from 0 to 255.
fn is_status(word: &Word) -> bool {
    word.literal().is_some_and(|text| text.chars().all(|c| c.is_ascii_digit()) && text.parse::<u8>().is_ok())
}
