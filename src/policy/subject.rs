//! What rules look at: one command with all that is known of it.

use std::path::PathBuf;

use crate::command::{self, NamedPlace, ResolvedCommand};

use super::{
    programs::{NamedFile, Uses},
    rule::Fit,
};

/// One command: of a script, or one that it runs.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) command: &'a ResolvedCommand,
    pub(super) uses: &'a Uses,
    /// The variables that a request or a script sets for it.
    pub(super) variables: &'a [String],
    /// The workspace roots, free of links.
    pub(super) roots: &'a [PathBuf],
    /// The rules of the policy that can be about it, by their places.
    pub(super) about: Vec<usize>,
}

impl Subject<'_> {
    /// A word of the command as people would write it; the program's own name where there is none.
    pub(super) fn word(&self, at: usize) -> String {
        let argv = &self.command.argv;
        let word = argv.get(at).or_else(|| argv.first()).map_or("", String::as_str);
        // Behind a first word every field is written in the same way.
        command::canonical(&[":".to_owned(), word.to_owned()]).trim_start_matches(": ").to_owned()
    }

    /// Where a named file is; nothing when that is not known yet.
    pub(super) fn place(&self, file: &NamedFile) -> Option<&NamedPlace> {
        self.command.named.get(&file.text)?.as_ref()
    }

    /// Whether the command runs in a directory that one of these names: from a workspace root, or absolute.
    pub(super) fn runs_in(&self, patterns: &[globset::GlobMatcher]) -> Fit {
        let is_in = |cwd: &PathBuf| {
            let below = self.roots.iter().filter_map(|root| cwd.strip_prefix(root).ok());
            let below = below.map(|path| if path.as_os_str().is_empty() { std::path::Path::new(".") } else { path });
            below.chain([cwd.as_path()]).any(|path| patterns.iter().any(|pattern| pattern.is_match(path)))
        };
        let cwds = &self.command.cwds;
        match (cwds.iter().any(is_in), cwds.iter().all(is_in)) {
            _ if cwds.is_empty() => Fit::Maybe,
            (_, true) => Fit::Yes,
            (true, false) => Fit::Maybe,
            (false, false) => Fit::No,
        }
    }
}
