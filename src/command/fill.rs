//! Known values into a tree: variables of the environment, and the home directory.
//!
//! It happens before anything is judged, so that a judge sees the text that programs get. Nothing is read again as text of
//! the language: a value is known text from then on, whatever it holds.

use std::collections::BTreeMap;

use crate::diagnostic::{Span, visible};

use super::{
    Builtin, Piece, Script, SyntaxError, Word, fields::is_split, operands, pattern::names_hidden_files,
    refusal::Refusal, walk,
};

/// Puts the values of an environment into a script, wherever it names them, and `HOME` for `~`. The script's text and
/// places stay.
///
/// `$PWD` stays as it is in a script with a `cd`: its value is known when its turn comes.
pub fn fill(script: &Script, env: &BTreeMap<String, String>) -> Result<Script, SyntaxError> {
    let moves = script.commands().any(|command| command.builtin() == Some(Builtin::Cd));
    let filler = Filler { text: &script.text, env, moves };
    let mut root = script.root.clone();
    let mut first = None;
    walk::for_each_command(&mut root, &mut |command| {
        if first.is_none() {
            let words = command.own_words_mut().try_for_each(|word| filler.word(word));
            first = words.and_then(|()| operands::check(command, &script.text)).err();
        }
    });
    match first {
        Some(error) => Err(error),
        None => Ok(Script { text: script.text.clone(), root }),
    }
}

/// Characters of the set variables' names that a hint shows.
const MAX_NAMES: usize = 60;

struct Filler<'s> {
    text: &'s str,
    env: &'s BTreeMap<String, String>,
    /// Whether the working directory changes on the way.
    moves: bool,
}

impl Filler<'_> {
    fn word(&self, word: &mut Word) -> Result<(), SyntaxError> {
        let split = is_split(&word.pieces);
        let mut pieces = Vec::with_capacity(word.pieces.len());
        for piece in word.pieces.drain(..) {
            match piece {
                Piece::Variable { name, quoted, span } => match self.variable(&name, quoted, span)? {
                    None => pieces.push(Piece::Variable { name, quoted, span }),
                    Some("") if split => return Err(Refusal::EmptyBeside.at(self.text, span)),
                    Some(value) => push_known(&mut pieces, value),
                },
                Piece::Tilde { span } => push_known(&mut pieces, self.home(span)?),
                Piece::Known(text) => push_known(&mut pieces, &text),
                Piece::Glob { .. } | Piece::Substitution(_) | Piece::Process(_) => pieces.push(piece),
            }
        }
        if names_hidden_files(&pieces) {
            return Err(Refusal::GlobDot.at(self.text, word.span));
        }
        word.pieces = pieces;
        Ok(())
    }

    /// The value of a variable, if it is known already.
    fn variable(&self, name: &str, quoted: bool, span: Span) -> Result<Option<&str>, SyntaxError> {
        if name == "PWD" && self.moves {
            return Ok(None);
        }
        let Some(value) = self.env.get(name) else {
            let unset = Refusal::Variable.at(self.text, span);
            return Err(SyntaxError { hint: self.what_is_set(unset.hint), ..unset });
        };
        if quoted || is_one_field(value) {
            return Ok(Some(value));
        }
        Err(Refusal::VariableSplits.at(self.text, span))
    }

    fn home(&self, span: Span) -> Result<&str, SyntaxError> {
        self.env.get("HOME").map(String::as_str).ok_or_else(|| Refusal::TildeUnset.at(self.text, span))
    }

    /// The hint with as many names as fit.
    fn what_is_set(&self, hint: String) -> String {
        let mut names = String::new();
        for name in self.env.keys() {
            if names.len() + name.len() > MAX_NAMES {
                names.push('…');
                break;
            }
            names.push_str(name);
            names.push(' ');
        }
        if names.is_empty() { hint } else { format!("{hint}; set are: {}", visible(names.trim_end())) }
    }
}

/// Whether a value is one field without quotes: not empty, and nothing in it splits or matches.
pub fn is_one_field(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c))
}

fn push_known(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Known(known)) => known.push_str(text),
        _ => pieces.push(Piece::Known(text.to_owned())),
    }
}
