//! The tree as it travels to the executor: what `command` parsed, without its places and its text, and with the file of
//! each program.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::command::Script;

/// A script that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    programs: Vec<Option<PathBuf>>,
}

impl Tree {
    /// The tree of a script. `programs` holds for each simple command, in the order of [`Script::commands`], the file to
    /// execute: none for what needs no program, and for a program that is named by a path and looked up when its turn
    /// comes, because it or its directory need not exist before.
    pub fn new(_script: &Script, programs: &[Option<PathBuf>]) -> Self {
        Self { programs: programs.to_vec() }
    }
}
