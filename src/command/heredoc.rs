//! Here-documents: their delimiters, and the lines after the line that names them (POSIX.1-2024, section 2.7.4).

use crate::diagnostic::Span;

use super::{
    HereDocument, List, Redirect, SyntaxError, charset::Place, cursor::Cursor, parser::Parser, redirection,
    refusal::Refusal, walk, word::Use,
};

/// The here-documents of a text, in its order.
#[derive(Debug, Default)]
pub(super) struct HereDocuments {
    open: Vec<Open>,
    read: Vec<HereDocument>,
}

/// A here-document whose lines are still to come.
#[derive(Debug)]
struct Open {
    delimiter: String,
    quoted: bool,
    strip: bool,
    span: Span,
}

/// Reads the delimiter after `<<` or `<<-`. The lines come after the end of this one.
pub(super) fn begin(parser: &mut Parser<'_>, raw: &str, operator: Span) -> Result<Redirect, SyntaxError> {
    if parser.in_substitution() {
        return Err(parser.refuse(Refusal::HereDocumentInside, operator));
    }
    if raw.starts_with(|c: char| c.is_ascii_digit() && c != '0') {
        return Err(parser.refuse(Refusal::HereDocumentDescriptor, operator));
    }
    let word = redirection::word_after(parser, Use::File)?;
    let delimiter = word.literal().filter(|text| !text.is_empty() && text.chars().all(may_delimit));
    let Some(delimiter) = delimiter else { return Err(parser.refuse(Refusal::HereDocumentDelimiter, word.span)) };
    let quoted = word.span.of(parser.cursor.text()) != delimiter;
    let span = parser.cursor.since(operator.start);
    parser.documents.open.push(Open { delimiter, quoted, strip: raw.ends_with('-'), span });
    Ok(Redirect::HereDocument(HereDocument::default()))
}

impl HereDocuments {
    /// The place of the first one whose lines are still to come.
    pub(super) fn first_open(&self) -> Option<Span> {
        self.open.first().map(|open| open.span)
    }

    /// Reads the lines of what is open, at the beginning of a line.
    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
        for open in self.open.drain(..) {
            self.read.push(open.body(cursor)?);
        }
        Ok(())
    }

    /// Puts the lines into the tree.
    pub(super) fn fill(&mut self, root: &mut List) {
        if self.read.is_empty() {
            return;
        }
        let mut read = self.read.drain(..);
        walk::for_each_command(root, &mut |command| {
            for redirection in &mut command.redirections {
                if let Redirect::HereDocument(document) = &mut redirection.to {
                    *document = read.next().unwrap_or_default();
                }
            }
        });
    }
}

impl Open {
    fn body(&self, cursor: &mut Cursor<'_>) -> Result<HereDocument, SyntaxError> {
        let start = cursor.at();
        let mut body = String::new();
        loop {
            let line_start = cursor.at();
            let line = self.line(cursor)?;
            let ended = cursor.peek() == Some('\n');
            if line == self.delimiter {
                cursor.skip(usize::from(ended));
                return Ok(HereDocument { body, span: Span::new(start, line_start) });
            }
            if !ended {
                return Err(Refusal::HereDocumentOpen.at(cursor.text(), self.span));
            }
            cursor.skip(1);
            body.push_str(&line);
            body.push('\n');
        }
    }

    /// One line, without its end.
    fn line(&self, cursor: &mut Cursor<'_>) -> Result<String, SyntaxError> {
        let mut line = String::new();
        while let Some(c) = cursor.peek() {
            match c {
                '\n' => break,
                '\t' if self.strip && line.is_empty() => cursor.skip(1),
                '$' | '`' | '\\' if !self.quoted => {
                    return Err(Refusal::HereDocumentExpansion.at(cursor.text(), cursor.next_bytes(1)));
                }
                _ => line.extend(cursor.take(Place::Quoted)?),
            }
        }
        Ok(line)
    }
}

fn may_delimit(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.+-".contains(c)
}
