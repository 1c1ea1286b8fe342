//! Words to fields and to texts.

use std::os::fd::OwnedFd;

use crate::command::is_one_field;

use super::{
    glob,
    question::Trouble,
    shell::{End, Shell},
    split::{Atom, Fields},
    streams::Table,
    tree::{Piece, Word},
};

impl Shell<'_> {
    /// What each of a command's words becomes: none, one or several fields. No pattern is matched before the last
    /// substitution has run, as in bash: what one makes the pattern of a word before it finds.
    pub(super) fn fields(&mut self, words: &[Word]) -> Result<Vec<Vec<String>>, End> {
        let expanded = words.iter().map(|word| self.split(word)).collect::<Result<Vec<_>, End>>()?;
        let matched = expanded.into_iter().map(glob::expand).collect::<Result<_, _>>();
        matched.map_err(|trouble| self.give_up(trouble))
    }

    fn split(&mut self, word: &Word) -> Result<Vec<Vec<Atom>>, End> {
        let mut fields = Fields::default();
        if word.0.is_empty() {
            fields.whole(Atom::Text(String::new()));
        }
        for piece in &word.0 {
            let (text, quoted) = match piece {
                Piece::Glob(part) => {
                    fields.whole(Atom::Glob(part.clone()));
                    continue;
                }
                Piece::Known(text) => (text.clone(), true),
                Piece::Variable { name, quoted } => (self.field(name, *quoted)?, true),
                Piece::Substitution { list, quoted } => (self.substitute(*list, None)?, *quoted),
                Piece::Process { list, writes } => (self.start_beside(*list, *writes)?, true),
            };
            if quoted {
                fields.whole(Atom::Text(text));
            } else if let Err(trouble) = fields.split(&text) {
                return Err(self.give_up(trouble));
            }
        }
        Ok(fields.finish())
    }

    /// What a word becomes where it is never split and patterns mean nothing.
    pub(super) fn text(&mut self, word: &Word) -> Result<String, End> {
        self.text_with(word, None)
    }

    /// The same, with streams for the substitutions in it.
    pub(super) fn text_with(&mut self, word: &Word, streams: Option<&Table<OwnedFd>>) -> Result<String, End> {
        let mut text = String::new();
        for piece in &word.0 {
            match piece {
                Piece::Known(known) => text.push_str(known),
                Piece::Glob(part) => part.push_to(&mut text),
                Piece::Variable { name, .. } => text.push_str(&self.variable(name)?),
                Piece::Substitution { list, .. } => text.push_str(&self.substitute(*list, streams)?),
                Piece::Process { list, writes } => text.push_str(&self.start_beside(*list, *writes)?),
            }
        }
        Ok(text)
    }

    /// The value of a variable where it stands in a word. Outside quotes it has to be one field, as it has in the text:
    /// what a shell would make of any other is not what was judged.
    fn field(&mut self, name: &str, quoted: bool) -> Result<String, End> {
        let value = self.variable(name)?;
        if quoted || is_one_field(&value) {
            return Ok(value);
        }
        Err(self.give_up(Trouble::ValueSplits(name.to_owned())))
    }

    /// The value of a variable. One without a value would have been refused before anything ran, unless it went away.
    fn variable(&mut self, name: &str) -> Result<String, End> {
        match self.env.get(name) {
            Some(value) => Ok(value.clone()),
            None => Err(self.give_up(Trouble::System(format!("the variable `{name}` has no value")))),
        }
    }
}
