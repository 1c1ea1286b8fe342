//! Tree to canonical text: one pipeline to a line, fields as [`super::canonical`] writes them, redirections after the
//! words and with their descriptor, here-documents with a delimiter of our own. What shells would read differently never
//! stands outside quotes. The executor does not use it: logs and oracles do.

use super::{
    AndOr, CharSet, Connector, Direction, Glob, List, Node, Piece, Pipeline, Process, Redirect, Redirection, Script,
    SimpleCommand, Substitution, Word, print,
};

impl Script {
    /// The canonical text of the whole tree. Parsed again it gives the same tree, apart from places.
    pub fn canonical(&self) -> String {
        let mut printer = Printer::default();
        printer.list(&self.root);
        printer.finish()
    }
}

impl SimpleCommand {
    /// The canonical text of the words alone, without variables and redirections. Parts that are not known yet stand as they
    /// are written.
    pub fn canonical(&self) -> String {
        let mut printer = Printer::default();
        printer.words(&self.words);
        printer.finish()
    }
}

impl Word {
    /// The canonical text of the word.
    pub fn canonical(&self) -> String {
        let mut printer = Printer::default();
        printer.word(self);
        printer.finish()
    }
}

#[derive(Default)]
struct Printer {
    text: String,
    /// Here-documents and their delimiters, which stand after the line under way.
    bodies: String,
    documents: usize,
    /// Substitutions that are open. Inside them everything stands on one line.
    substitutions: usize,
}

impl Printer {
    /// The text, with the here-documents of its last line.
    fn finish(mut self) -> String {
        if !self.bodies.is_empty() {
            self.end_line();
        }
        self.text
    }

    fn list(&mut self, list: &List) {
        for (at, item) in list.items.iter().enumerate() {
            match (at, self.substitutions) {
                (0, _) => {}
                (_, 0) => self.end_line(),
                _ => self.text.push_str("; "),
            }
            self.and_or(item);
        }
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        self.text.push_str(&self.bodies);
        self.bodies.clear();
    }

    fn and_or(&mut self, item: &AndOr) {
        self.pipeline(&item.first);
        for link in &item.rest {
            self.text.push_str(match link.connector {
                Connector::And => " && ",
                Connector::Or => " || ",
            });
            self.pipeline(&link.pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        if pipeline.negated {
            self.text.push_str("! ");
        }
        for (at, node) in pipeline.commands.iter().enumerate() {
            if at > 0 {
                self.text.push_str(" | ");
            }
            match node {
                Node::Simple(command) => self.simple(command),
                Node::Subshell(subshell) => {
                    self.text.push_str("( ");
                    self.list(&subshell.list);
                    match self.substitutions {
                        0 => self.end_line(),
                        _ => self.text.push(' '),
                    }
                    self.text.push(')');
                }
            }
        }
    }

    fn simple(&mut self, command: &SimpleCommand) {
        for assignment in &command.assignments {
            self.text.push_str(&assignment.name);
            self.text.push('=');
            if !assignment.value.pieces.is_empty() {
                self.word(&assignment.value);
            }
            self.text.push(' ');
        }
        self.words(&command.words);
        for redirection in &command.redirections {
            self.text.push(' ');
            self.redirection(redirection);
        }
    }

    fn words(&mut self, words: &[Word]) {
        for (at, word) in words.iter().enumerate() {
            match (at, word.pieces.as_slice()) {
                (0, [Piece::Known(name)]) => print::push_program(&mut self.text, name),
                (0, _) => self.word(word),
                (_, _) => {
                    self.text.push(' ');
                    self.word(word);
                }
            }
        }
    }

    fn redirection(&mut self, redirection: &Redirection) {
        let fd = redirection.fd;
        let copy = if fd == 0 { "<&" } else { ">&" };
        let (operator, word) = match &redirection.to {
            Redirect::Read(word) => (format!("{fd}<"), Some(word)),
            Redirect::Write(word) => (format!("{fd}>"), Some(word)),
            Redirect::Append(word) => (format!("{fd}>>"), Some(word)),
            Redirect::Copy(from) => (format!("{fd}{copy}{from}"), None),
            Redirect::Close => (format!("{fd}{copy}-"), None),
            Redirect::HereString(word) => (format!("{fd}<<<"), Some(word)),
            Redirect::HereDocument(document) => (format!("{fd}<<'{}'", self.document(&document.body)), None),
        };
        self.text.push_str(&operator);
        if let Some(word) = word {
            self.word(word);
        }
    }

    /// Puts a here-document behind the line under way, and gives its delimiter, which is none of its lines.
    fn document(&mut self, body: &str) -> String {
        let mut delimiter = format!("EOF_{}", self.documents);
        while body.lines().any(|line| line == delimiter) {
            delimiter.push('_');
        }
        self.documents += 1;
        self.bodies.push_str(body);
        self.bodies.push_str(&delimiter);
        self.bodies.push('\n');
        delimiter
    }

    fn word(&mut self, word: &Word) {
        if word.pieces.is_empty() {
            self.text.push_str("''");
        }
        let mut after_tilde = false;
        for piece in &word.pieces {
            match piece {
                Piece::Known(known) => self.known(known, after_tilde),
                Piece::Variable { name, quoted: true, .. } => self.text.push_str(&format!("\"${{{name}}}\"")),
                Piece::Variable { name, quoted: false, .. } => self.text.push_str(&format!("${{{name}}}")),
                Piece::Glob { glob, .. } => self.glob(glob),
                Piece::Tilde { .. } => self.text.push('~'),
                Piece::Substitution(substitution) => self.substitution(substitution),
                Piece::Process(process) => self.process(process),
            }
            after_tilde = matches!(piece, Piece::Tilde { .. });
        }
    }

    fn substitution(&mut self, substitution: &Substitution) {
        let quote = if substitution.quoted { "\"" } else { "" };
        self.text.push_str(quote);
        self.text.push('$');
        self.inner(&substitution.list);
        self.text.push_str(quote);
    }

    fn process(&mut self, process: &Process) {
        self.text.push(match process.direction {
            Direction::Read => '<',
            Direction::Write => '>',
        });
        self.inner(&process.list);
    }

    fn inner(&mut self, list: &List) {
        self.text.push_str("( ");
        self.substitutions += 1;
        self.list(list);
        self.substitutions -= 1;
        self.text.push_str(" )");
    }

    /// Known text. The slash after a tilde stands bare: a quoted one would take the tilde's meaning.
    fn known(&mut self, known: &str, after_tilde: bool) {
        match known.strip_prefix('/').filter(|_| after_tilde) {
            Some("") => self.text.push('/'),
            Some(rest) => {
                self.text.push('/');
                print::push_field(&mut self.text, rest);
            }
            None => print::push_field(&mut self.text, known),
        }
    }

    fn glob(&mut self, glob: &Glob) {
        match glob {
            Glob::Any => self.text.push('*'),
            Glob::One => self.text.push('?'),
            Glob::OneOf(set) => self.set(set),
        }
    }

    fn set(&mut self, set: &CharSet) {
        self.text.push_str(if set.negated { "[!" } else { "[" });
        for (first, last) in &set.ranges {
            self.text.push(*first);
            if first != last {
                self.text.push('-');
                self.text.push(*last);
            }
        }
        self.text.push(']');
    }
}
