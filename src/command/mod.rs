//! The command language: text to tree, and tree to canonical text. Pure, without dependencies, bounded, and without
//! panics; what is outside the language is refused by name and never skipped.
//!
//! [`parse`] is the one way in. [`fill()`] puts known values into its tree, and [`constructs()`] says which constructs it
//! holds. `docs/command-language.md` lists what is taken and what is refused.

#![forbid(unsafe_code)]

mod ansi;
mod assignment;
mod ast;
mod brace;
mod charset;
mod constructs;
mod cursor;
mod dollar;
mod fields;
mod fill;
mod hazards;
mod heredoc;
mod layout;
mod lexer;
mod limits;
mod names;
mod operands;
mod operator;
mod parser;
mod pattern;
mod print;
mod redirection;
mod refusal;
mod resolved;
mod sequence;
mod set;
mod simple;
mod substitution;
mod walk;
mod word;

#[cfg(test)]
mod tests;

pub use ast::{
    AndOr, Assignment, Builtin, CharSet, Connector, Direction, Glob, HereDocument, Link, List, Node, Piece, Pipeline,
    Process, Redirect, Redirection, Script, SimpleCommand, Subshell, Substitution, Word,
};
pub use constructs::{Construct, constructs};
pub use fill::{fill, is_one_field};
pub use limits::{MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS};
pub use parser::{SyntaxError, parse, parse_counted};
pub use print::canonical;
pub use refusal::{RefusalNote, refusals};
pub use resolved::{
    Access, AssignedVariable, NamedPlace, ResolvedCommand, ResolvedDirectory, ResolvedFile, ResolvedProgram,
    ResolvedScript,
};
