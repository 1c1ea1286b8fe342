//! Text to tree: lists, pipelines and subshells. One pass from left to right; the first thing that the language does not
//! take ends it and names itself. Only subshells and
//! substitutions recurse, as deep as the limit.

use crate::diagnostic::{Code, Diagnostic, Span};

use super::{
    AndOr, Connector, Link, List, Node, Pipeline, Script, Subshell,
    cursor::Cursor,
    heredoc::HereDocuments,
    lexer::{self, Ahead},
    limits::{MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS},
    names::ends_word,
    operator::Operator,
    refusal::Refusal,
    simple,
};

/// Why a text is not a script of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Stable name of the refusal.
    pub code: Code,
    /// The place in the text.
    pub span: Span,
    /// One line.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

impl From<SyntaxError> for Diagnostic {
    fn from(error: SyntaxError) -> Self {
        Self::error(error.code, error.message).at(error.span, "").with_hint(error.hint)
    }
}

/// Parses a text, or says why it is outside the language.
pub fn parse(text: &str) -> Result<Script, SyntaxError> {
    Parser::new(text).bounded()
}

/// Parses a text and counts how often a character of it was looked at: what tests and fuzzers hold the parser's time to.
pub fn parse_counted(text: &str) -> (Result<Script, SyntaxError>, usize) {
    let mut parser = Parser::new(text);
    let parsed = parser.bounded();
    (parsed, parser.cursor.steps())
}

/// A parse under way.
#[derive(Debug)]
pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) documents: HereDocuments,
    commands: usize,
    words: usize,
    /// Subshells and substitutions that are open.
    depth: usize,
    /// Substitutions among them.
    substitutions: usize,
}

impl<'t> Parser<'t> {
    /// Before the first character of a text.
    fn new(text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(text),
            documents: HereDocuments::default(),
            commands: 0,
            words: 0,
            depth: 0,
            substitutions: 0,
        }
    }

    /// Parses the whole text, if its length is within the limit.
    fn bounded(&mut self) -> Result<Script, SyntaxError> {
        let text = self.text();
        if text.len() > MAX_TEXT {
            let span = Span::new(text.floor_char_boundary(MAX_TEXT), text.len());
            return Err(Refusal::TextTooLong.about(&text.len().to_string(), span));
        }
        self.script()
    }

    fn script(&mut self) -> Result<Script, SyntaxError> {
        let items = self.items()?;
        if let Ahead::Operator(operator, span) = lexer::ahead(&self.cursor)? {
            return Err(self.unexpected(operator, span));
        }
        if let Some(open) = self.documents.first_open() {
            return Err(self.refuse(Refusal::HereDocumentOpen, open));
        }
        let mut root = listed(items).ok_or_else(|| self.refuse(Refusal::Empty, Span::new(0, self.text().len())))?;
        self.documents.fill(&mut root);
        Ok(Script { text: self.text().to_owned(), root })
    }

    /// A list up to the end of the text or the parenthesis that closes it.
    fn items(&mut self) -> Result<Vec<AndOr>, SyntaxError> {
        let mut items = Vec::new();
        self.skip_lines()?;
        while !self.at_end_of_list()? {
            items.push(self.and_or()?);
            match lexer::ahead(&self.cursor)? {
                Ahead::Operator(Operator::Semicolon, span) => {
                    self.cursor.skip(1);
                    if matches!(self.cursor.peek(), Some(';' | '&')) {
                        return Err(self.refuse(Refusal::CaseOperator, Span::new(span.start, span.end + 1)));
                    }
                    self.skip_lines()?;
                }
                Ahead::Newline => self.skip_lines()?,
                Ahead::Operator(..) | Ahead::Word | Ahead::End => break,
            }
        }
        Ok(items)
    }

    fn at_end_of_list(&self) -> Result<bool, SyntaxError> {
        Ok(matches!(lexer::ahead(&self.cursor)?, Ahead::End | Ahead::Operator(Operator::Close, _)))
    }

    fn and_or(&mut self) -> Result<AndOr, SyntaxError> {
        let first = self.pipeline()?;
        let (mut span, mut rest) = (first.span, Vec::new());
        loop {
            let (connector, operator) = match lexer::ahead(&self.cursor)? {
                Ahead::Operator(Operator::And, span) => (Connector::And, span),
                Ahead::Operator(Operator::Or, span) => (Connector::Or, span),
                Ahead::Operator(..) | Ahead::Word | Ahead::Newline | Ahead::End => break,
            };
            self.cursor.skip(2);
            self.skip_lines()?;
            let pipeline = self.pipeline()?;
            span.end = pipeline.span.end;
            rest.push(Link { connector, span: operator, pipeline });
        }
        Ok(AndOr { first, rest, span })
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let start = self.cursor.at();
        let negated = self.at_negation();
        if negated {
            self.cursor.skip(1);
            lexer::skip_blanks(&mut self.cursor)?;
        }
        let mut commands = vec![self.node()?];
        while let Ahead::Operator(Operator::Pipe, _) = lexer::ahead(&self.cursor)? {
            self.cursor.skip(1);
            self.skip_lines()?;
            commands.push(self.node()?);
        }
        let end = commands.last().map_or(start, |node| node.span().end);
        Ok(Pipeline { negated, commands, span: Span::new(start, end) })
    }

    /// One member of a pipeline, and the blanks after it.
    fn node(&mut self) -> Result<Node, SyntaxError> {
        self.commands += 1;
        let next = lexer::ahead(&self.cursor)?;
        let Ahead::Operator(Operator::Open, span) = next else {
            if self.at_negation() {
                return Err(self.refuse(Refusal::NegationInside, self.cursor.next_bytes(1)));
            }
            if self.commands > MAX_COMMANDS {
                return Err(self.refuse(Refusal::TooManyCommands, self.next_character()));
            }
            return simple::command(self).map(Node::Simple);
        };
        if self.cursor.peek_after(1) == Some('(') {
            return Err(self.refuse(Refusal::ArithmeticCommand, self.cursor.next_bytes(2)));
        }
        self.subshell(span).map(Node::Subshell)
    }

    fn subshell(&mut self, open: Span) -> Result<Subshell, SyntaxError> {
        if self.commands > MAX_COMMANDS {
            return Err(self.refuse(Refusal::TooManyCommands, open));
        }
        self.cursor.skip(1);
        let items = self.deeper(open, Self::items)?;
        match lexer::ahead(&self.cursor)? {
            Ahead::Operator(Operator::Close, _) => self.cursor.skip(1),
            Ahead::Operator(operator, span) => return Err(self.unexpected(operator, span)),
            Ahead::Word | Ahead::Newline | Ahead::End => return Err(self.refuse(Refusal::OpenSubshell, open)),
        }
        let span = self.cursor.since(open.start);
        let list = listed(items).ok_or_else(|| self.refuse(Refusal::EmptySubshell, span))?;
        lexer::skip_blanks(&mut self.cursor)?;
        match lexer::ahead(&self.cursor)? {
            Ahead::Operator(Operator::Redirect(_), at) => Err(self.refuse(Refusal::SubshellRedirection, at)),
            Ahead::Word => Err(self.refuse(Refusal::WordAfterSubshell, self.next_character())),
            Ahead::Operator(operator, at) if !operator.ends_command() => Err(self.unexpected(operator, at)),
            Ahead::Operator(..) | Ahead::Newline | Ahead::End => Ok(Subshell { list, span }),
        }
    }

    /// Reads one level deeper, if there is one more.
    fn deeper<T>(
        &mut self,
        open: Span,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(Refusal::TooDeep, open));
        }
        self.depth += 1;
        let found = read(self)?;
        self.depth -= 1;
        Ok(found)
    }

    /// The list of a substitution, which ends at a parenthesis or at the end of the text.
    pub(super) fn substituted(&mut self, open: Span) -> Result<Option<List>, SyntaxError> {
        self.substitutions += 1;
        let items = self.deeper(open, Self::items)?;
        self.substitutions -= 1;
        Ok(listed(items))
    }

    /// Whether a substitution is open.
    pub(super) fn in_substitution(&self) -> bool {
        self.substitutions > 0
    }

    /// `!` as a word of its own. `!(` is left to the refusal of patterns.
    fn at_negation(&self) -> bool {
        self.cursor.peek() == Some('!') && self.cursor.peek_after(1).is_none_or(|c| ends_word(c) && c != '(')
    }

    /// Moves over blanks, comments, line ends, and the here-documents after these.
    fn skip_lines(&mut self) -> Result<(), SyntaxError> {
        lexer::skip_blanks(&mut self.cursor)?;
        while self.cursor.peek() == Some('\n') {
            if let Some(open) = self.documents.first_open().filter(|_| self.in_substitution()) {
                return Err(self.refuse(Refusal::HereDocumentLines, open));
            }
            self.cursor.skip(1);
            self.documents.read(&mut self.cursor)?;
            lexer::skip_blanks(&mut self.cursor)?;
        }
        Ok(())
    }

    /// Counts a word that was read.
    pub(super) fn count_word(&mut self, span: Span) -> Result<(), SyntaxError> {
        self.words += 1;
        if self.words > MAX_WORDS { Err(self.refuse(Refusal::TooManyWords, span)) } else { Ok(()) }
    }

    /// The refusal of an operator where a command is wanted, or where it cannot follow.
    pub(super) fn unexpected(&self, operator: Operator, span: Span) -> SyntaxError {
        let refusal = match operator {
            Operator::Open | Operator::Close => Refusal::Parenthesis,
            Operator::Background => Refusal::Background,
            Operator::PipeBoth => Refusal::PipeBoth,
            Operator::Process => Refusal::ProcessSubstitution,
            Operator::Pipe | Operator::And | Operator::Or | Operator::Semicolon | Operator::Redirect(_) => {
                Refusal::MissingCommand
            }
        };
        self.refuse(refusal, span)
    }

    /// The refusal of a part of the text.
    pub(super) fn refuse(&self, refusal: Refusal, span: Span) -> SyntaxError {
        refusal.at(self.cursor.text(), span)
    }

    /// The place of the next character.
    pub(super) fn next_character(&self) -> Span {
        self.cursor.next_bytes(self.cursor.peek().map_or(0, char::len_utf8))
    }

    fn text(&self) -> &'t str {
        self.cursor.text()
    }
}

impl Node {
    /// The member's place.
    pub fn span(&self) -> Span {
        match self {
            Self::Simple(command) => command.span,
            Self::Subshell(subshell) => subshell.span,
        }
    }
}

/// A list of these items, if there are any.
fn listed(items: Vec<AndOr>) -> Option<List> {
    let span = Span::new(items.first()?.span.start, items.last()?.span.end);
    Some(List { items, span })
}
