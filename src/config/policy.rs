//! Which policy holds, and its files.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Code, Diagnostic, Severity, Source},
    policy::{self, PolicySet},
};

use super::secure;

/// Where a policy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A policy that the program carries.
    Shipped(String),
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A policy that may be used.
#[derive(Clone, Debug)]
pub struct LoadedPolicy {
    /// Where it comes from.
    pub named: Named,
    /// The compiled rules.
    pub set: PolicySet,
    /// The texts, base first.
    pub sources: Vec<Source>,
    /// The files among them, which no job may be able to write.
    pub files: Vec<PathBuf>,
    /// What is worth a look, with the index of the text.
    pub warnings: Vec<(usize, Diagnostic)>,
}

/// Why a policy may not be used.
#[derive(Clone, Debug)]
pub struct LoadFailure {
    /// The texts that were read, base first. Findings about a file that could not be read have an empty text.
    pub sources: Vec<Source>,
    /// Everything that is wrong, with the index of the text.
    pub findings: Vec<(usize, Diagnostic)>,
}

/// Finds the one policy that is meant: the one that was named, else `STOCKADE_POLICY`, else the machine's, else the shipped
/// `default`. A text with a slash or with the ending `.toml` names a file. What is there but broken is not passed over:
/// loading it says what is wrong. Jobs are judged by [`super::layers::Layers`]: the machine's policy and the one that is named.
pub fn find(named: Option<&str>, environment: &dyn Fn(&str) -> Option<String>) -> Named {
    find_with(named, environment, Path::new(SYSTEM))
}

fn find_with(named: Option<&str>, environment: &dyn Fn(&str) -> Option<String>, system: &Path) -> Named {
    match asked(named, environment) {
        Some(named) => named,
        None if is_absent(system) => Named::Shipped(FALLBACK.to_owned()),
        None => Named::File(system.to_owned()),
    }
}

/// The policy that somebody asks for.
pub(super) fn asked(named: Option<&str>, environment: &dyn Fn(&str) -> Option<String>) -> Option<Named> {
    let text = named.map(str::to_owned).or_else(|| environment(VARIABLE).filter(|value| !value.is_empty()));
    text.map(|text| read_name(&text))
}

/// Whether nothing has that name. A file that may not even be looked at is not absent: it could hold the rules that the
/// fallback lacks.
pub(super) fn is_absent(path: &Path) -> bool {
    let missing = |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    path.symlink_metadata().is_err_and(missing)
}

/// Reads a policy's texts, base first, without compiling them.
pub fn sources(named: &Named) -> Result<Vec<Source>, LoadFailure> {
    Chain::read(named).map(|chain| chain.sources)
}

/// Reads and compiles a policy with everything that it extends.
pub fn load(named: &Named) -> Result<LoadedPolicy, LoadFailure> {
    let chain = Chain::read(named)?;
    let (set, findings) = policy::compile(&chain.sources);
    match set {
        Some(set) if findings.iter().all(|(_, finding)| finding.severity == Severity::Warning) => Ok(LoadedPolicy {
            named: named.clone(),
            set,
            sources: chain.sources,
            files: chain.files,
            warnings: findings,
        }),
        Some(_) | None => Err(LoadFailure { sources: chain.sources, findings }),
    }
}

fn read_name(text: &str) -> Named {
    if text.contains('/') || text.ends_with(".toml") {
        Named::File(text.into())
    } else {
        Named::Shipped(text.to_owned())
    }
}

/// A policy's texts, base first.
#[derive(Default)]
struct Chain {
    sources: Vec<Source>,
    files: Vec<PathBuf>,
    seen: Vec<Named>,
}

impl Chain {
    fn read(named: &Named) -> Result<Self, LoadFailure> {
        let mut chain = Self::default();
        let mut next = Some(named.clone());
        while let Some(named) = next {
            let (source, directory) = chain.open(named)?;
            next = policy::extends(&source).map(|base| match (read_name(&base), &directory) {
                // A file names its base as it sees it, not as the server's working directory does.
                (Named::File(path), Some(directory)) => Named::File(directory.join(path)),
                (named, _) => named,
            });
            chain.sources.insert(0, source);
        }
        Ok(chain)
    }

    fn open(&mut self, named: Named) -> Result<(Source, Option<PathBuf>), LoadFailure> {
        if self.seen.contains(&named) || self.seen.len() >= MAX_CHAIN {
            let message = format!("`{named}` is extended in a circle, or over more than {MAX_CHAIN} steps");
            return Err(self.failure(
                &named,
                Diagnostic::error(Code::UnknownBase, message)
                    .with_hint("a base may not extend the policy that extends it"),
            ));
        }
        self.seen.push(named.clone());
        match &named {
            Named::Shipped(name) => match policy::shipped(name) {
                Some(source) => Ok((source, None)),
                None => {
                    let known = policy::shipped_names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    let finding = Diagnostic::error(Code::UnknownBase, format!("there is no shipped policy `{name}`"))
                        .with_hint(format!(
                            "shipped are {known}; a file is named with a slash or with `.toml` at its end"
                        ));
                    Err(self.failure(&named, finding))
                }
            },
            Named::File(path) => match secure::read(path) {
                Ok(file) => {
                    self.files.push(file.path.clone());
                    Ok((Source::new(path.display().to_string(), file.text), file.path.parent().map(Path::to_path_buf)))
                }
                Err(insecure) => Err(self.failure(&named, insecure.into())),
            },
        }
    }

    fn failure(&self, named: &Named, finding: Diagnostic) -> LoadFailure {
        let mut sources = vec![Source::new(named.to_string(), "")];
        sources.extend(self.sources.iter().cloned());
        LoadFailure { sources, findings: vec![(0, finding)] }
    }
}

const VARIABLE: &str = "STOCKADE_POLICY";
pub(super) const SYSTEM: &str = "/etc/stockade/policy.toml";
pub(super) const FALLBACK: &str = "default";

/// Files that one policy may be made of. More is a mistake, or somebody who wants the server to read for ever.
const MAX_CHAIN: usize = 8;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use tempfile::TempDir;

    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn write(dir: &TempDir, name: &str, text: &str) -> PathBuf {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    #[test]
    fn a_name_without_slash_or_ending_is_shipped() {
        assert_eq!(find(Some("developer"), &none), Named::Shipped("developer".into()));
        assert_eq!(find(Some("team.toml"), &none), Named::File("team.toml".into()));
        assert_eq!(find(Some("./team"), &none), Named::File("./team".into()));
    }

    #[test]
    fn the_variable_holds_when_nothing_is_named() {
        let environment = |name: &str| (name == "STOCKADE_POLICY").then(|| "developer".to_owned());
        assert_eq!(find(None, &environment), Named::Shipped("developer".into()));
        assert_eq!(find(Some("x.toml"), &environment), Named::File("x.toml".into()));
    }

    #[test]
    fn the_file_of_the_machine_comes_before_the_default_even_when_it_is_broken() {
        let dir = TempDir::new().unwrap();
        let system = dir.path().join("policy.toml");
        assert_eq!(find_with(None, &none, &system), Named::Shipped("default".into()));
        assert_eq!(find_with(None, &none, Path::new("/dev/null/policy.toml")), Named::Shipped("default".into()));
        symlink("/nonexistent", &system).unwrap();
        assert_eq!(find_with(None, &none, &system), Named::File(system.clone()));
        // A name that cannot be looked up at all, as behind a directory that may not be entered.
        let unseen = dir.path().join("x".repeat(300));
        assert_eq!(find_with(None, &none, &unseen), Named::File(unseen.clone()));
    }

    #[test]
    fn a_long_chain_is_refused() {
        let dir = TempDir::new().unwrap();
        for n in 0..9 {
            let base = format!("extends = \"{}.toml\"", n + 1);
            write(&dir, &format!("{n}.toml"), &format!("version = 1\nname = \"n{n}\"\n{base}\n"));
        }
        write(&dir, "9.toml", "version = 1\nname = \"n9\"\n");
        let failure = load(&Named::File(dir.path().join("0.toml"))).unwrap_err();
        assert_eq!(failure.findings[0].1.code, Code::UnknownBase);
        assert_eq!(load(&Named::File(dir.path().join("2.toml"))).unwrap().files.len(), 8);
    }

    #[test]
    fn a_file_that_others_can_write_is_no_policy() {
        let dir = TempDir::new().unwrap();
        let path = write(&dir, "a.toml", "version = 1\nname = \"a\"\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(load(&Named::File(path)).unwrap_err().findings[0].1.code, Code::FileWritable);
    }

    #[test]
    fn a_base_is_looked_up_beside_the_file_that_names_it() {
        let dir = TempDir::new().unwrap();
        write(&dir, "base.toml", "version = 1\nname = \"base\"\n");
        let child = write(&dir, "child.toml", "version = 1\nname = \"child\"\nextends = \"base.toml\"\n");
        let loaded = load(&Named::File(child)).unwrap();
        assert_eq!(loaded.set.name, "child");
        assert_eq!(loaded.files.len(), 2);
        assert_eq!(loaded.sources[0].text, "version = 1\nname = \"base\"\n");
    }

    #[test]
    fn a_circle_is_refused() {
        let dir = TempDir::new().unwrap();
        let a = write(&dir, "a.toml", "version = 1\nname = \"a\"\nextends = \"b.toml\"\n");
        write(&dir, "b.toml", "version = 1\nname = \"b\"\nextends = \"a.toml\"\n");
        let failure = load(&Named::File(a)).unwrap_err();
        assert_eq!(failure.findings[0].1.code, Code::UnknownBase);
    }

    #[test]
    fn a_policy_that_is_not_there_is_an_error_and_never_another_policy() {
        assert_eq!(load(&Named::Shipped("absent".into())).unwrap_err().findings[0].1.code, Code::UnknownBase);
        assert_eq!(load(&Named::File("/absent/x.toml".into())).unwrap_err().findings[0].1.code, Code::FileUnreadable);
    }
}
