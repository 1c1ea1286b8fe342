//! The tree as it travels to the executor: what `command` parsed, without its places and its text, and with the file of
//! each program.
//!
//! Lists stand beside each other and name those inside them by number, so that a tree of any depth nests a few levels
//! only, whatever it is written in.

use std::{collections::HashMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::command::{self, Builtin, Script};

use super::question::Access;

/// A script that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// Each after the lists inside it; the last is the script.
    lists: Vec<List>,
}

/// The number of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListId(usize);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub(super) items: Vec<AndOr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AndOr {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(After, Pipeline)>,
}

/// The status after which a pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum After {
    Success,
    Failure,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pipeline {
    pub(super) negated: bool,
    pub(super) nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Node {
    Simple(Simple),
    Subshell(ListId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Simple {
    /// Its place in `Script::commands`.
    pub(super) index: usize,
    pub(super) work: Work,
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirections: Vec<Redirection>,
}

/// What a simple command does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Work {
    Cd,
    Exit,
    Null,
    /// Runs this file.
    Program(PathBuf),
    /// Runs the file that its first word is a path to.
    Named,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redirection {
    pub(super) number: u8,
    pub(super) to: Target,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Target {
    File(Access, Word),
    Copy(u8),
    Close,
    /// A here-document or a here-string, with its last newline.
    Text(Word),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Word(pub(super) Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Piece {
    Known(String),
    Glob(Glob),
    Variable {
        name: String,
        quoted: bool,
    },
    Substitution {
        list: ListId,
        quoted: bool,
    },
    /// A list that writes to the command, or reads from it.
    Process {
        list: ListId,
        writes: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Glob {
    Any,
    One,
    OneOf { negated: bool, ranges: Vec<(char, char)> },
}

impl Tree {
    /// The tree of a script. `programs` holds for each simple command, in the order of [`Script::commands`], the file to
    /// execute: none for what needs no program, and for a program that is named by a path and looked up when its turn
    /// comes, because it or its directory need not exist before.
    ///
    /// Variables and tildes whose values are known before anything runs should be known text by now. What is left is
    /// looked up in the executor's own environment, which differs from the first one in `PWD` alone.
    pub fn new(script: &Script, programs: &[Option<PathBuf>]) -> Self {
        let places =
            script.commands().enumerate().map(|(index, command)| (std::ptr::from_ref(command), index)).collect();
        let mut build = Build { lists: Vec::new(), places, programs };
        build.list(&script.root);
        Self { lists: build.lists }
    }

    /// The whole script.
    pub(super) fn root(&self) -> Option<ListId> {
        self.lists.len().checked_sub(1).map(ListId)
    }

    pub(super) fn list(&self, id: ListId) -> Option<&List> {
        self.lists.get(id.0)
    }
}

/// A tree under way.
struct Build<'s> {
    lists: Vec<List>,
    /// The place of each simple command. Looked up and not counted, so that it is the one of `Script::commands` whatever
    /// the order of these.
    places: HashMap<*const command::SimpleCommand, usize>,
    programs: &'s [Option<PathBuf>],
}

impl Build<'_> {
    fn list(&mut self, list: &command::List) -> ListId {
        let items = list.items.iter().map(|item| self.and_or(item)).collect();
        self.lists.push(List { items });
        ListId(self.lists.len() - 1)
    }

    fn and_or(&mut self, item: &command::AndOr) -> AndOr {
        let first = self.pipeline(&item.first);
        let link = |link: &command::Link| {
            let after = match link.connector {
                command::Connector::And => After::Success,
                command::Connector::Or => After::Failure,
            };
            (after, self.pipeline(&link.pipeline))
        };
        AndOr { first, rest: item.rest.iter().map(link).collect() }
    }

    fn pipeline(&mut self, pipeline: &command::Pipeline) -> Pipeline {
        let node = |node: &command::Node| match node {
            command::Node::Simple(command) => Node::Simple(self.simple(command)),
            command::Node::Subshell(subshell) => Node::Subshell(self.list(&subshell.list)),
        };
        Pipeline { negated: pipeline.negated, nodes: pipeline.commands.iter().map(node).collect() }
    }

    fn simple(&mut self, command: &command::SimpleCommand) -> Simple {
        // `commands` names them all; a number that no command has would be refused by whoever judges.
        let index = self.places.get(&std::ptr::from_ref(command)).copied().unwrap_or(usize::MAX);
        let work = match (command.builtin(), self.programs.get(index)) {
            (Some(Builtin::Cd), _) => Work::Cd,
            (Some(Builtin::Exit), _) => Work::Exit,
            (Some(Builtin::Null), _) => Work::Null,
            (None, Some(Some(program))) => Work::Program(program.clone()),
            (None, Some(None) | None) => Work::Named,
        };
        let assignments = command.assignments.iter().map(|one| (one.name.clone(), self.word(&one.value))).collect();
        let words = command.words.iter().map(|word| self.word(word)).collect();
        let redirections = command.redirections.iter().map(|redirection| self.redirection(redirection)).collect();
        Simple { index, work, assignments, words, redirections }
    }

    fn redirection(&mut self, redirection: &command::Redirection) -> Redirection {
        let to = match &redirection.to {
            command::Redirect::Read(word) => Target::File(Access::Read, self.word(word)),
            command::Redirect::Write(word) => Target::File(Access::Write, self.word(word)),
            command::Redirect::Append(word) => Target::File(Access::Append, self.word(word)),
            command::Redirect::Copy(from) => Target::Copy(*from),
            command::Redirect::Close => Target::Close,
            command::Redirect::HereDocument(document) => Target::Text(Word(vec![Piece::Known(document.body.clone())])),
            command::Redirect::HereString(word) => {
                let mut word = self.word(word);
                word.0.push(Piece::Known("\n".to_owned()));
                Target::Text(word)
            }
        };
        Redirection { number: redirection.fd, to }
    }

    fn word(&mut self, word: &command::Word) -> Word {
        Word(word.pieces.iter().map(|piece| self.piece(piece)).collect())
    }

    fn piece(&mut self, piece: &command::Piece) -> Piece {
        match piece {
            command::Piece::Known(text) => Piece::Known(text.clone()),
            command::Piece::Variable { name, quoted, .. } => Piece::Variable { name: name.clone(), quoted: *quoted },
            command::Piece::Tilde { .. } => Piece::Variable { name: "HOME".to_owned(), quoted: true },
            command::Piece::Glob { glob, .. } => Piece::Glob(match glob {
                command::Glob::Any => Glob::Any,
                command::Glob::One => Glob::One,
                command::Glob::OneOf(set) => Glob::OneOf { negated: set.negated, ranges: set.ranges.clone() },
            }),
            command::Piece::Substitution(substitution) => {
                Piece::Substitution { list: self.list(&substitution.list), quoted: substitution.quoted }
            }
            command::Piece::Process(process) => {
                let writes = match process.direction {
                    command::Direction::Read => true,
                    command::Direction::Write => false,
                };
                Piece::Process { list: self.list(&process.list), writes }
            }
        }
    }
}

#[cfg(test)]
mod tests;
