//! A script together with the facts that name resolution found. The descriptors that were opened on the way are kept
//! apart (`host::Handles`), so that policy tests need no files.

use std::path::PathBuf;

use crate::diagnostic::Span;

use super::Script;

/// A script whose names are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedScript {
    /// The tree that was parsed; it is also the tree that runs.
    pub script: Script,
    /// Absolute working directory, links resolved.
    pub cwd: PathBuf,
    /// One entry for each simple command, in the order of [`Script::commands`].
    pub commands: Vec<ResolvedCommand>,
}

/// One simple command with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedCommand {
    /// The argument vector, the program's word first.
    pub argv: Vec<String>,
    /// The file that the first word names.
    pub program: ResolvedProgram,
    /// The argument vector as canonical text: what regexes see and logs show.
    pub canonical: String,
    /// The command's place in the text.
    pub span: Span,
}

/// The file behind a program's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedProgram {
    /// The last component of the name that was asked for: what a rule's `program` names.
    pub name: String,
    /// Whether the word held a slash, so that it was not looked up in PATH.
    pub by_path: bool,
    /// The name's absolute path, before its own last link is followed.
    pub path: PathBuf,
    /// Absolute path of the file, links resolved.
    pub real: PathBuf,
    /// Whether the file lies where a job can write.
    pub writable: bool,
}
