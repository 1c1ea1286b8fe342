//! The executor: runs a judged tree. It is what becomes of the launcher's child when a script is more than one literal
//! command, so it runs inside the sandbox, with the job's own rights and no others.
//!
//! It has one thread, forks for each program and each subshell, and asks before every act in the world: before it enters a
//! directory, opens a file, or executes a program it shows the server the opened thing and waits for the word. It never
//! reads the text of a script, never decides anything, and never goes on after a refusal.

#![forbid(unsafe_code)]

mod beside;
mod builtin;
mod exec;
mod expand;
mod file;
mod glob;
mod halt;
mod message;
mod question;
mod redirect;
mod run;
mod shell;
mod signals;
mod simple;
mod split;
mod streams;
mod substitute;
mod tree;

pub use exec::{exec, is_script};
pub use question::{Access, Act, Answer, Judge, Question, Trouble};
pub use run::{STOPPED, run};
pub use tree::Tree;
