//! What the executor asks before it acts, and what it may hear.

use std::{io, os::fd::BorrowedFd};

use serde::{Deserialize, Serialize};

/// An act that is about to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The simple command, by its place in `command::Script::commands`.
    pub command: usize,
    /// The act.
    pub act: Act,
}

/// What is about to happen. The files that it is about come with it as descriptors, opened `O_PATH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Act {
    /// `cd`. With it: the directory.
    Enter {
        /// The directory as it was named.
        name: String,
    },
    /// A redirection. With it: the file, or the directory in which it is going to be made.
    Open {
        /// The redirection, by its place in the command.
        redirection: usize,
        /// What for.
        access: Access,
        /// The file as it was named.
        name: String,
        /// The last component of the name, when there is no such file yet.
        new: Option<String>,
    },
    /// A program. With it: the program and the working directory.
    Execute {
        /// What each word of the command has become.
        fields: Vec<Vec<String>>,
        /// The variables that stand before the command, in order.
        variables: Vec<(String, String)>,
    },
    /// The executor cannot go on as the text says. Nothing comes with it, and there is no answer but a refusal.
    GiveUp(Trouble),
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// `<`.
    Read,
    /// `>`.
    Write,
    /// `>>`.
    Append,
}

/// Why the executor cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Trouble {
    /// A pattern matches a name that begins with `-`, which a program would take for an option.
    OptionLikeName(String),
    /// Unquoted substitutions make so many directories of the one that `cd` takes.
    NotOneDirectory(usize),
    /// A pattern asks for names that begin with a dot.
    DotPattern(String),
    /// A pattern matches more names than the limit.
    TooManyNames(usize),
    /// A pattern matches a name that is not UTF-8; given with replacement characters.
    NameNotText(String),
    /// The output of a substitution is longer than the limit, in bytes.
    OutputTooLong(usize),
    /// The output of a substitution is not UTF-8, or holds the byte zero.
    OutputNotText,
    /// The output of an unquoted substitution holds a character of a pattern.
    OutputPattern(char),
    /// The value of this variable, outside quotes, can split or match names of files.
    ValueSplits(String),
    /// The kernel refused something that always works.
    System(String),
}

/// The server's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The act may happen.
    Go,
    /// It may not, and nothing after it.
    Refused,
}

/// Whoever answers.
pub trait Judge {
    /// Asks, with the files that the question is about. An error is a refusal.
    fn judge(&mut self, question: &Question, files: &[BorrowedFd<'_>]) -> io::Result<Answer>;

    /// Called in a new process before its first question: it shares nothing with the process that forked it.
    fn forked(&mut self);
}
