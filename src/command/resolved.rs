//! A script together with the facts that name resolution found. The descriptors that were opened on the way are kept
//! apart (`host::Handles`), so that policy tests need no files.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    diagnostic::Span,
    model::workspace::{Reach, Workspace},
};

use super::{Construct, Node, Script, SimpleCommand, Word};

/// A script whose names are resolved, as far as that can be done before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedScript {
    /// The tree that runs: as parsed, with the values of variables and of the tilde in their places.
    pub script: Script,
    /// The constructs that were written, as [`constructs()`](super::constructs()) gives them: of the tree before it had values.
    pub constructs: Vec<(Construct, Span)>,
    /// Absolute working directory in which it starts, links resolved.
    pub cwd: PathBuf,
    /// The workspace roots, absolute and free of links.
    pub roots: Vec<PathBuf>,
    /// The commands that run a program, in the order of [`Script::commands`].
    pub commands: Vec<ResolvedCommand>,
    /// The files that redirections open, in the order of their commands.
    pub files: Vec<ResolvedFile>,
    /// The directories that `cd` enters, in the order of their commands. Several of one command where it may start at several.
    pub directories: Vec<ResolvedDirectory>,
    /// The variables that stand before commands, in the order of their commands.
    pub variables: Vec<AssignedVariable>,
}

/// One simple command that runs a program, with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedCommand {
    /// Its place in [`Script::commands`].
    pub index: usize,
    /// The argument vector, the program's word first. A word that is not known before the command's turn stands here as it
    /// is written, such as `*.rs`.
    pub argv: Vec<String>,
    /// The places in `argv` of such words. Each stands for any number of arguments. Never the first.
    pub unknown: Vec<usize>,
    /// The file that the first word names.
    pub program: ResolvedProgram,
    /// The argument vector as canonical text: what regexes see and logs show.
    pub canonical: String,
    /// The directories in which it may run, absolute and free of links. Empty when that is not known before its turn.
    pub cwds: Vec<PathBuf>,
    /// Where the files are that its arguments name, by their text; nothing for one that is not known before its turn.
    pub named: BTreeMap<String, Option<NamedPlace>>,
    /// The command's place in the text.
    pub span: Span,
}

/// Where a file is that an argument names. Of several possible working directories, what is least in all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlace {
    /// Absolute path, links resolved, from the first of the working directories.
    pub path: PathBuf,
    /// How far jobs reach there.
    pub reach: Reach,
    /// Whether it lies in a workspace root.
    pub inside: bool,
}

impl NamedPlace {
    /// The place of a file that lies at each of these paths, free of links, depending on the working directory. Nothing when
    /// there is no path.
    pub fn of(paths: Vec<PathBuf>, workspace: &Workspace) -> Option<Self> {
        let reach = paths.iter().map(|path| workspace.reach_by_name(path)).min()?;
        let inside = paths.iter().all(|path| workspace.contains(path));
        Some(Self { path: paths.into_iter().next()?, reach, inside })
    }
}

/// The file behind a program's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedProgram {
    /// The last component of the name that was asked for: what a rule's `program` names.
    pub name: String,
    /// Whether the word held a slash, so that it was not looked up in PATH.
    pub by_path: bool,
    /// The name's absolute path, before its own last link is followed. The name itself where it starts at a working directory
    /// that is not known before its turn.
    pub path: PathBuf,
    /// Absolute path of the file, links resolved. The same as `path` for a file that does not exist yet.
    pub real: PathBuf,
    /// Whether the file lies where a job can write. A file that does not exist yet does.
    pub writable: bool,
}

/// A file that a redirection opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedFile {
    /// The command's place in [`Script::commands`].
    pub index: usize,
    /// The redirection's place in its command.
    pub redirection: usize,
    /// What for.
    pub access: Access,
    /// Absolute path, links resolved, and how far jobs reach there. Nothing when it is not known before the command's turn.
    pub place: Option<(PathBuf, Reach)>,
    /// The redirection's place in the text.
    pub span: Span,
}

/// What a redirection opens a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `<`.
    Read,
    /// `>` and `>|`: the file is made or emptied.
    Write,
    /// `>>`: the file is made or written at its end.
    Append,
}

/// A directory that `cd` enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedDirectory {
    /// The command's place in [`Script::commands`].
    pub index: usize,
    /// Absolute path, links resolved, and whether it lies in a workspace root. Nothing when it is not known before the
    /// command's turn.
    pub place: Option<(PathBuf, bool)>,
    /// The command's place in the text.
    pub span: Span,
}

/// A variable that stands before a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedVariable {
    /// The command's place in [`Script::commands`].
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The assignment's place in the text.
    pub span: Span,
}

impl Script {
    /// The one command of a script that is nothing else: no variable, no redirection, every word known, and a program.
    pub fn alone(&self) -> Option<&SimpleCommand> {
        let [item] = self.root.items.as_slice() else { return None };
        let [Node::Simple(command)] = item.first.commands.as_slice() else { return None };
        let alone = item.rest.is_empty() && !item.first.negated;
        let plain = command.assignments.is_empty() && command.redirections.is_empty() && command.builtin().is_none();
        let literal = command.words.iter().all(|word: &Word| word.literal().is_some());
        (alone && plain && literal).then_some(command)
    }
}

impl ResolvedCommand {
    /// Whether every argument is known.
    pub fn is_exact(&self) -> bool {
        self.unknown.is_empty()
    }
}

impl Access {
    /// The word in answers and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Append => "append",
        }
    }

    /// Whether the file is changed.
    pub fn writes(self) -> bool {
        match self {
            Self::Read => false,
            Self::Write | Self::Append => true,
        }
    }
}
