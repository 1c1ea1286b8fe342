//! `[workspace]`: where jobs may work.

use crate::diagnostic::Code;

use super::{
    findings::{Spanned, over},
    path::{check_inside, check_plain},
    reader::Reader,
};

/// `[workspace]` as written; `config` resolves it on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Workspace roots; relative ones start at the server's working directory.
    pub roots: Vec<String>,
    /// Read-only names inside the roots.
    pub protect: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RawWorkspace {
    roots: Option<Vec<Spanned<String>>>,
    protect: Option<Vec<Spanned<String>>>,
}

/// Files that programs outside the sandbox trust and run: Git's hooks and settings, and those of editors and agents.
const PROTECT: &[&str] = &[".git/hooks", ".git/config", ".vscode", ".claude", ".mcp.json", ".envrc"];

impl RawWorkspace {
    pub(super) fn read(mut table: Reader<'_, '_>) -> Self {
        let raw = Self { roots: table.texts("roots"), protect: table.texts("protect") };
        let place = table.place_of("roots");
        let findings = table.findings();
        if raw.roots.as_ref().is_some_and(Vec::is_empty) {
            findings.error(Code::BadValue, &place, "`roots` is empty", "a job has to start somewhere");
        }
        for root in raw.roots.iter().flatten() {
            check_plain("roots", root, findings);
        }
        check_inside("protect", raw.protect.as_deref().unwrap_or_default(), findings);
        table.finish();
        raw
    }

    pub(super) fn over(self, base: Self) -> Self {
        Self { roots: over(self.roots, base.roots), protect: over(self.protect, base.protect) }
    }

    pub(super) fn finish(self) -> Places {
        Places { roots: texts(self.roots, &["."]), protect: texts(self.protect, PROTECT) }
    }
}

/// The values of a list, or a default.
pub(super) fn texts(written: Option<Vec<Spanned<String>>>, default: &[&str]) -> Vec<String> {
    match written {
        Some(list) => list.into_iter().map(|item| item.value).collect(),
        None => default.iter().map(ToString::to_string).collect(),
    }
}
