//! The command language: text to tree, and tree to canonical text. Pure, without dependencies, bounded, and without
//! panics; what is outside the language is refused by name and never skipped.
//!
//! [`parse`] reads the whole language. What the house can run of it today is one literal command: [`parse_single`] and
//! [`single`] name the first construct beyond that. `docs/command-language.md` lists what is taken and what is refused.

#![forbid(unsafe_code)]

mod ansi;
mod assignment;
mod ast;
mod charset;
mod cursor;
mod dollar;
mod heredoc;
mod later;
mod layout;
mod lexer;
mod limits;
mod names;
mod operator;
mod parser;
mod pattern;
mod print;
mod redirection;
mod refusal;
mod resolved;
mod set;
mod simple;
mod walk;
mod word;

#[cfg(test)]
mod tests;

pub use ast::{
    AndOr, Assignment, Builtin, CharSet, Connector, Glob, HereDocument, Link, List, Node, Piece, Pipeline, Redirect,
    Redirection, Script, SimpleCommand, Subshell, Substitution, Word,
};
pub use later::{parse_single, single};
pub use limits::{MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS};
pub use parser::{SyntaxError, parse, parse_counted};
pub use print::canonical;
pub use refusal::{RefusalNote, refusals};
pub use resolved::{
    Access, AssignedVariable, ResolvedCommand, ResolvedDirectory, ResolvedFile, ResolvedProgram, ResolvedScript,
};
