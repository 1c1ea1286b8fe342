//! A place in the text. Every look at the text goes through here and is counted, so that a test can hold the parser to
//! work that grows no faster than the text.

use std::cell::Cell;

use crate::diagnostic::Span;

use super::{
    SyntaxError,
    charset::{self, Place},
};

/// A place in the text, between two characters.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// Where the text ends for whoever reads on: at its end, or at the backtick that closes what is read.
    end: usize,
    steps: Cell<usize>,
}

impl<'t> Cursor<'t> {
    /// Before the first character.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, end: text.len(), steps: Cell::new(0) }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The place, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// From a place to here.
    pub(super) fn since(&self, start: usize) -> Span {
        Span::new(start, self.at)
    }

    /// The next so many bytes, which are ASCII.
    pub(super) fn next_bytes(&self, count: usize) -> Span {
        Span::new(self.at, (self.at + count).min(self.end))
    }

    /// Characters looked at so far.
    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.count(1);
        self.rest().chars().next()
    }

    /// The character after so many bytes, which are ASCII.
    pub(super) fn peek_after(&self, bytes: usize) -> Option<char> {
        self.count(1);
        self.text.get(self.at + bytes..self.end).and_then(|rest| rest.chars().next())
    }

    /// The character before.
    pub(super) fn before(&self) -> Option<char> {
        self.count(1);
        self.text.get(..self.at).and_then(|text| text.chars().next_back())
    }

    /// Whether the text goes on like this.
    pub(super) fn sees(&self, text: &str) -> bool {
        self.sees_after(0, text)
    }

    /// Whether the text goes on like this after so many bytes.
    pub(super) fn sees_after(&self, bytes: usize, text: &str) -> bool {
        self.count(text.len());
        self.text.get(self.at + bytes..self.end).is_some_and(|rest| rest.starts_with(text))
    }

    /// The characters after the next `skip` bytes as far as they are of a kind.
    pub(super) fn run(&self, skip: usize, of: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest().get(skip..).unwrap_or("");
        let end = rest.find(|c| !of(c)).unwrap_or(rest.len());
        self.count(skip + end + 1);
        rest.get(..end).unwrap_or("")
    }

    /// Moves over a character that the language allows to stand there.
    pub(super) fn take(&mut self, place: Place) -> Result<Option<char>, SyntaxError> {
        let Some(c) = self.peek() else { return Ok(None) };
        let start = self.at;
        self.at += c.len_utf8();
        match charset::refusal(c, place) {
            Some(refusal) => Err(refusal.about(&format!("U+{:04X}", u32::from(c)), self.since(start))),
            None => Ok(Some(c)),
        }
    }

    /// Moves over ASCII text that [`Self::sees`] or [`Self::run`] has found.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.end);
    }

    /// Lets the text end at this byte from now on, and gives the byte where it ended.
    pub(super) fn end_at(&mut self, end: usize) -> usize {
        std::mem::replace(&mut self.end, end)
    }

    /// Counts looks at what was read before.
    pub(super) fn note(&self, steps: usize) {
        self.count(steps);
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    fn count(&self, steps: usize) {
        self.steps.set(self.steps.get() + steps);
    }
}
