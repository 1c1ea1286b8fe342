//! The constructs of a script by name, so that a policy can say which of them it takes.

use std::collections::BTreeMap;

use crate::diagnostic::Span;

use super::{Connector, List, Node, Piece, Redirect, Script, SimpleCommand, Word};

macro_rules! constructs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A construct beyond a program and its literal arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Construct {
            $($(#[$doc])* $variant,)*
        }

        impl Construct {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

constructs! {
    /// `a; b`, or one to a line.
    Sequence = "seq";
    /// `a && b`
    And = "and";
    /// `a || b`
    Or = "or";
    /// `a | b`
    Pipe = "pipe";
    /// `! a`
    Not = "not";
    /// `( … )`
    Subshell = "subshell";
    /// A redirection from or to a file.
    Redirect = "redirect";
    /// A here-document or a here-string.
    Here = "here";
    /// `*`, `?`, `[…]`
    Glob = "glob";
    /// `$NAME`
    Variable = "variable";
    /// `~`
    Tilde = "tilde";
    /// `NAME=value` before a command.
    Assignment = "assignment";
    /// `$( … )` and backticks.
    Substitution = "substitution";
    /// `<( … )` and `>( … )`.
    Process = "process";
}

impl Construct {
    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|construct| construct.as_str() == name)
    }
}

/// The constructs that a script holds, each with the first place where it does, in the order of [`Construct::ALL`]. The
/// place of `;`, and of `|`, is the command after it.
pub fn constructs(script: &Script) -> Vec<(Construct, Span)> {
    let mut found = Found::default();
    found.list(&script.root);
    found.0.into_iter().collect()
}

#[derive(Default)]
struct Found(BTreeMap<Construct, Span>);

impl Found {
    fn note(&mut self, construct: Construct, span: Span) {
        let first = self.0.entry(construct).or_insert(span);
        if span.start < first.start {
            *first = span;
        }
    }

    fn list(&mut self, list: &List) {
        if let Some(second) = list.items.get(1) {
            self.note(Construct::Sequence, second.span);
        }
        for item in &list.items {
            for link in &item.rest {
                match link.connector {
                    Connector::And => self.note(Construct::And, link.span),
                    Connector::Or => self.note(Construct::Or, link.span),
                }
            }
            for pipeline in item.pipelines() {
                if pipeline.negated {
                    self.note(Construct::Not, Span::new(pipeline.span.start, pipeline.span.start + 1));
                }
                if let Some(second) = pipeline.commands.get(1) {
                    self.note(Construct::Pipe, second.span());
                }
                pipeline.commands.iter().for_each(|node| self.node(node));
            }
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Simple(command) => self.command(command),
            Node::Subshell(subshell) => {
                self.note(Construct::Subshell, subshell.span);
                self.list(&subshell.list);
            }
        }
    }

    fn command(&mut self, command: &SimpleCommand) {
        for assignment in &command.assignments {
            self.note(Construct::Assignment, assignment.span);
        }
        for redirection in &command.redirections {
            match &redirection.to {
                Redirect::Read(_) | Redirect::Write(_) | Redirect::Append(_) => {
                    self.note(Construct::Redirect, redirection.span);
                }
                Redirect::HereDocument(_) | Redirect::HereString(_) => self.note(Construct::Here, redirection.span),
                Redirect::Copy(_) | Redirect::Close => {}
            }
        }
        command.own_words().for_each(|word| self.word(word));
    }

    fn word(&mut self, word: &Word) {
        for piece in &word.pieces {
            match piece {
                Piece::Known(_) => {}
                Piece::Variable { span, .. } => self.note(Construct::Variable, *span),
                Piece::Glob { span, .. } => self.note(Construct::Glob, *span),
                Piece::Tilde { span } => self.note(Construct::Tilde, *span),
                Piece::Substitution(substitution) => {
                    self.note(Construct::Substitution, substitution.span);
                    self.list(&substitution.list);
                }
                Piece::Process(process) => {
                    self.note(Construct::Process, process.span);
                    self.list(&process.list);
                }
            }
        }
    }
}
