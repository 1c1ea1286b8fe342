//! Commands of which no more is known than their words: examples, and what other programs run.

use std::path::Path;

use crate::{
    command::{self, ResolvedCommand, ResolvedProgram},
    diagnostic::Span,
};

use super::wrappers::base_name;

/// Where such commands are thought to run.
const CWD: &str = "/workspace";

/// A command whose program is where its word suggests: found by PATH in a directory that no job can write, or by its path.
pub(super) fn assumed(argv: Vec<String>) -> ResolvedCommand {
    let word = argv.first().map_or("", String::as_str);
    let by_path = word.contains('/');
    let path = Path::new(if by_path { CWD } else { "/usr/bin" }).join(word);
    let program =
        ResolvedProgram { name: base_name(word).to_owned(), by_path, real: path.clone(), path, writable: false };
    ResolvedCommand {
        index: 0,
        canonical: command::canonical(&argv),
        argv,
        unknown: Vec::new(),
        program,
        cwds: vec![CWD.into()],
        span: Span::default(),
    }
}
