//! The tree that is judged and run. What the text says in several ways, such as `>f 2>&1` and `&>f`, the tree says in one.

use crate::diagnostic::Span;

/// A parsed script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The text that was parsed; every span points into it.
    pub text: String,
    /// The tree.
    pub root: List,
}

/// Pipelines that run one after the other, whatever the one before gave: `a; b`, or one to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Never empty.
    pub items: Vec<AndOr>,
    /// From the first item to the last.
    pub span: Span,
}

/// Pipelines that run or not by the status of what ran before: `a && b || c`, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AndOr {
    /// Runs in any case.
    pub first: Pipeline,
    /// Each runs by its connector.
    pub rest: Vec<Link>,
    /// From the first pipeline to the last.
    pub span: Span,
}

/// A pipeline that runs by the status of what ran before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// When it runs.
    pub connector: Connector,
    /// The operator.
    pub span: Span,
    /// What runs.
    pub pipeline: Pipeline,
}

/// When the pipeline after it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// `&&`: after success.
    And,
    /// `||`: after failure.
    Or,
}

/// Commands that run at the same time, each one's output being the next one's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Whether `!` turns the status around.
    pub negated: bool,
    /// Never empty.
    pub commands: Vec<Node>,
    /// From the `!` or the first command to the last.
    pub span: Span,
}

/// One member of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One program with its arguments.
    Simple(SimpleCommand),
    /// `( … )`: a list with a working directory of its own.
    Subshell(Subshell),
}

/// A list with a working directory of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subshell {
    /// What runs inside.
    pub list: List,
    /// From parenthesis to parenthesis.
    pub span: Span,
}

/// One program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimpleCommand {
    /// Variables of this command's environment, in order; a later one of the same name wins.
    pub assignments: Vec<Assignment>,
    /// The program's word, which is literal, then its arguments. Never empty.
    pub words: Vec<Word>,
    /// What happens to the command's streams, in order.
    pub redirections: Vec<Redirection>,
    /// From the first of all these to the last, without the bodies of here-documents.
    pub span: Span,
}

/// What a script does itself, without a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `cd`: changes the working directory of the list it stands in.
    Cd,
    /// `exit`: ends the list it stands in.
    Exit,
    /// `:`: nothing, with success.
    Null,
}

/// `NAME=value` before a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// A letter or `_`, then letters, digits and `_`.
    pub name: String,
    /// The value. Patterns mean nothing in it, and it is never split.
    pub value: Word,
    /// Name, sign and value.
    pub span: Span,
}

/// One thing that happens to a command's streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// The descriptor that changes, 0 to 9.
    pub fd: u8,
    /// What it becomes.
    pub to: Redirect,
    /// Operator and target. `&>f` makes two redirections of one span.
    pub span: Span,
}

/// What a descriptor becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// `<`: the file, for reading.
    Read(Word),
    /// `>` and `>|`: the file, made or emptied.
    Write(Word),
    /// `>>`: the end of the file, which is made where it is not there.
    Append(Word),
    /// `>&n` and `<&n`: what this descriptor is at that moment.
    Copy(u8),
    /// `>&-` and `<&-`: nothing.
    Close,
    /// `<<`: a text, which is literal.
    HereDocument(HereDocument),
    /// `<<<`: the word and a newline. Patterns mean nothing in it, and it is never split.
    HereString(Word),
}

/// The text of a here-document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HereDocument {
    /// The lines, each with its newline; tabs that `<<-` takes away are gone.
    pub body: String,
    /// The lines as they stand in the text, without the closing one.
    pub span: Span,
}

/// One field: what becomes one element of the argument vector, or several where a pattern matches several files. A word
/// with braces that expand is several of these, of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Parts in order; no two [`Piece::Known`] touch and none is empty. Without any for the empty field `''`.
    pub pieces: Vec<Piece>,
    /// The word as it stands in the text, quotes included.
    pub span: Span,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text, after quotes are removed.
    Known(String),
    /// `$NAME` or `${NAME}`.
    Variable {
        /// The variable.
        name: String,
        /// Whether it stands in double quotes. One that does not may only have a value that cannot split or match.
        quoted: bool,
        /// The dollar sign, the name, and the braces.
        span: Span,
    },
    /// A part of a file name pattern.
    Glob {
        /// What it matches.
        glob: Glob,
        /// The character or the set.
        span: Span,
    },
    /// `~` alone or before a slash at the start of the word: the home directory.
    Tilde {
        /// The tilde.
        span: Span,
    },
    /// `$( … )`, or the same between backticks.
    Substitution(Substitution),
    /// `<( … )` or `>( … )`: the only piece of its word.
    Process(Process),
}

/// What a list writes to its standard output, without the newlines at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// What runs, in a subshell.
    pub list: List,
    /// Whether it stands in double quotes: then it is a part of its field even where it is empty. The text of one that
    /// does not is split at blanks, tabs and newlines, but not in a value and in a here-string.
    pub quoted: bool,
    /// From the dollar sign to the parenthesis, or from backtick to backtick.
    pub span: Span,
}

/// A list that runs beside the command, and the name of a pipe between the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// What runs, in a subshell.
    pub list: List,
    /// Which end of the pipe the command gets.
    pub direction: Direction,
    /// From the arrow to the parenthesis.
    pub span: Span,
}

/// An end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `<( … )`: the command reads what the list writes.
    Read,
    /// `>( … )`: the list reads what the command writes.
    Write,
}

/// A part of a file name pattern. None of them matches a slash, or a dot at the start of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glob {
    /// `*`: any text, the empty one too.
    Any,
    /// `?`: one character.
    One,
    /// `[…]`: one character of a set.
    OneOf(CharSet),
}

/// The set of a file name pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharSet {
    /// Whether it matches what is not in it: `[!…]`.
    pub negated: bool,
    /// First and last character of each range; a character alone is both. ASCII, never empty; a `-` stands first or last.
    pub ranges: Vec<(char, char)>,
}

impl SimpleCommand {
    /// What the command does without a program, if it is of that kind.
    pub fn builtin(&self) -> Option<Builtin> {
        Builtin::named(&self.words.first()?.literal()?)
    }
}

impl Builtin {
    /// The one of that name. Quotes around a name change nothing, as in a shell.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "cd" => Some(Self::Cd),
            "exit" => Some(Self::Exit),
            ":" => Some(Self::Null),
            _ => None,
        }
    }
}

impl Word {
    /// The text of the word when every piece of it is known before anything runs.
    pub fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Known(part) => text.push_str(part),
                Piece::Variable { .. }
                | Piece::Glob { .. }
                | Piece::Tilde { .. }
                | Piece::Substitution(_)
                | Piece::Process(_) => return None,
            }
        }
        Some(text)
    }
}

impl CharSet {
    /// Whether the set matches the character.
    pub fn matches(&self, c: char) -> bool {
        self.negated != self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
    }
}
