//! Commands of which no more is known than their words: examples, and what other programs run.

use std::{collections::BTreeMap, path::Path};

use crate::{
    command::{ResolvedCommand, ResolvedProgram},
    diagnostic::Span,
};

use super::{inside::base_name, words::Words};

/// Where such commands are thought to run.
pub(super) const CWD: &str = "/workspace";

/// What stands for the home directory.
pub(super) const HOME: &str = "/home/user";

/// A command whose program is where its word suggests: found by PATH in a directory that no job can write, or by its path.
pub(super) fn assumed(words: impl Into<Words>) -> ResolvedCommand {
    let words = words.into();
    let word = words.argv.first().map_or("", String::as_str);
    let by_path = word.contains('/');
    let path = Path::new(if by_path { CWD } else { "/usr/bin" }).join(word);
    let program =
        ResolvedProgram { name: base_name(word).to_owned(), by_path, real: path.clone(), path, writable: false };
    ResolvedCommand {
        index: 0,
        canonical: words.canonical(),
        argv: words.argv,
        unknown: words.unknown,
        program,
        cwds: vec![CWD.into()],
        named: BTreeMap::new(),
        span: Span::default(),
    }
}
