//! Into how many fields a word comes apart. One with an unquoted substitution is refused where shells, or their readers, do
//! not agree on that.

use crate::diagnostic::Span;

use super::{Piece, Substitution, refusal::Refusal};

/// What stands in a word beside parts that are split.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Quotes that hold nothing since the last part that is split.
    empty: Option<Span>,
    /// Such quotes with nothing else beside them.
    lone: Option<Span>,
    /// A dollar sign outside quotes that is itself.
    dollar: Option<Span>,
}

impl Beside {
    /// Notes quotes that hold nothing.
    pub(super) fn note_empty(&mut self, span: Span) {
        self.empty.get_or_insert(span);
    }

    /// Notes a dollar sign outside quotes that is itself.
    pub(super) fn note_dollar(&mut self, span: Span) {
        self.dollar.get_or_insert(span);
    }

    /// Ends what stands between two parts that are split: pieces, and known text after them.
    pub(super) fn end_run(&mut self, pieces: &[Piece], known: &str) {
        let empty = self.empty.take();
        if known.is_empty() && pieces.last().is_none_or(splits) {
            self.lone = self.lone.or(empty);
        }
    }

    /// What makes the number of fields uncertain. bash splits nothing of a word in which a dollar sign stands outside quotes.
    pub(super) fn uncertain(&self) -> Option<(Refusal, Span)> {
        let empty = self.lone.map(|span| (Refusal::EmptyBeside, span));
        empty.or_else(|| self.dollar.map(|span| (Refusal::DollarForm, span)))
    }
}

/// Whether a part of the word is split.
pub(super) fn is_split(pieces: &[Piece]) -> bool {
    pieces.iter().any(splits)
}

fn splits(piece: &Piece) -> bool {
    matches!(piece, Piece::Substitution(Substitution { quoted: false, .. }))
}
