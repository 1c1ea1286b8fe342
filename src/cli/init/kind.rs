//! What kind of project a directory holds, and which clients are used there. Both are told by names alone; nothing is opened.

use crate::cli::connect::Client;

/// What a project is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum Kind {
    /// Cargo.toml
    Rust,
    /// package.json
    Node,
    /// pyproject.toml, setup.py, setup.cfg, requirements.txt
    Python,
    /// go.mod
    Go,
    /// A Makefile, or anything else
    Generic,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Rust, Self::Node, Self::Python, Self::Go, Self::Generic];

    /// The name on the command line and in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Node => "node",
            Self::Python => "python",
            Self::Go => "go",
            Self::Generic => "generic",
        }
    }

    /// Names of files, one of which shows the kind.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["Cargo.toml"],
            Self::Node => &["package.json"],
            Self::Python => &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"],
            Self::Go => &["go.mod"],
            Self::Generic => &[],
        }
    }

    /// A command of every day, to try first.
    pub(super) fn everyday(self) -> &'static str {
        match self {
            Self::Rust => "cargo test",
            Self::Node => "npm test",
            Self::Python => "python3 -m pytest",
            Self::Go => "go test ./...",
            Self::Generic => "make test",
        }
    }

    /// The rule of the shipped `developer` that allows it.
    pub(super) fn allowed_by(self) -> &'static str {
        match self {
            Self::Rust => "developer/rust",
            Self::Node => "developer/node",
            Self::Python => "developer/python",
            Self::Go => "developer/go",
            Self::Generic => "developer/native",
        }
    }
}

/// The kinds of a project. `has` says whether a name stands in its directory.
pub(super) fn kinds(has: &dyn Fn(&str) -> bool) -> Vec<Kind> {
    let found: Vec<_> = Kind::ALL.into_iter().filter(|kind| kind.marks().iter().any(|mark| has(mark))).collect();
    if found.is_empty() { vec![Kind::Generic] } else { found }
}

/// The clients that are used in a project; `codex` says whether the user has Codex at all.
pub(super) fn clients(has: &dyn Fn(&str) -> bool, codex: bool) -> Vec<Client> {
    let used = |client: &Client| client.marks().iter().any(|mark| has(mark)) || (codex && *client == Client::Codex);
    Client::ALL.into_iter().filter(used).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_files() {
        for (names, found) in [
            (&[][..], &[Kind::Generic][..]),
            (&["Makefile"], &[Kind::Generic]),
            (&["Cargo.toml", "Makefile"], &[Kind::Rust]),
            (&["package.json"], &[Kind::Node]),
            (&["setup.py"], &[Kind::Python]),
            (&["pyproject.toml", "setup.py", "go.mod"], &[Kind::Python, Kind::Go]),
            (&["go.mod", "package.json"], &[Kind::Node, Kind::Go]),
        ] {
            assert_eq!(kinds(&|name| names.contains(&name)), found, "{names:?}");
        }
    }

    #[test]
    fn clients_are_told_by_what_they_leave() {
        let found = |names: &[&str], codex| clients(&|name| names.contains(&name), codex);
        assert_eq!(found(&[], false), []);
        assert_eq!(found(&[], true), [Client::Codex]);
        assert_eq!(found(&["CLAUDE.md", ".vscode"], false), [Client::ClaudeCode, Client::VsCode]);
        assert_eq!(found(&[".cursor", ".codex"], false), [Client::Cursor, Client::Codex]);
    }
}
