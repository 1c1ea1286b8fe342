//! A policy's paths on this machine: `~`, globs and links resolved.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};

use crate::{
    diagnostic::{Code, Diagnostic},
    model::workspace::Workspace,
    policy::PolicySet,
};

/// Resolves the paths of a policy. Relative workspace roots start at `start`, `~` is `home`.
///
/// What jobs may read need not exist; what they may write, and where they work, has to. What they must not see or change
/// is kept by name, because it may come into being while the server runs; `host::existing` looks for it before each job.
pub fn resolve(policy: &PolicySet, start: &Path, home: &Path) -> Result<Workspace, Vec<Diagnostic>> {
    let mut resolver = Resolver { home, findings: Vec::new() };
    let roots: Vec<_> = policy.places.roots.iter().filter_map(|root| resolver.root(root, start)).collect();
    let sandbox = &policy.sandbox;
    let write = sandbox.write.iter().flat_map(|entry| resolver.writable(entry, &roots)).collect();
    let workspace = Workspace {
        search_path: resolver.search_path(policy.env.set.get("PATH").map_or("", String::as_str)),
        read: sandbox.read.iter().flat_map(|entry| resolver.readable(entry, &roots)).collect(),
        write: tidy(write),
        hide: sandbox.hide.iter().flat_map(|entry| resolver.hidden(entry)).collect(),
        protect: roots.iter().flat_map(|root| policy.places.protect.iter().map(|name| root.join(name))).collect(),
        home: home.to_path_buf(),
        layers: Vec::new(),
        roots,
    };
    if resolver.findings.is_empty() {
        Ok(Workspace { read: tidy(workspace.read.clone()), ..workspace })
    } else {
        Err(resolver.findings)
    }
}

struct Resolver<'a> {
    home: &'a Path,
    findings: Vec<Diagnostic>,
}

impl Resolver<'_> {
    fn root(&mut self, text: &str, start: &Path) -> Option<PathBuf> {
        let path = start.join(self.at_home(text));
        match path.canonicalize() {
            Ok(real) if real.is_dir() => Some(real),
            Ok(_) => self.missing(&path, "is not a directory"),
            Err(error) => self.missing(&path, &format!("cannot be used: {}", error.kind())),
        }
    }

    fn missing(&mut self, path: &Path, why: &str) -> Option<PathBuf> {
        let message = format!("the workspace root `{}` {why}", path.display());
        self.findings.push(
            Diagnostic::error(Code::WorkspaceMissing, message)
                .with_hint("make the directory, or change `[workspace] roots`"),
        );
        None
    }

    fn writable(&mut self, text: &str, roots: &[PathBuf]) -> Vec<PathBuf> {
        if text == WORKSPACE {
            return roots.to_vec();
        }
        let found = self.existing(text);
        if found.is_empty() {
            let message = format!("the writable path `{text}` does not exist");
            self.findings.push(
                Diagnostic::error(Code::FileUnreadable, message)
                    .with_hint("make it, or take it out of `[sandbox] write`"),
            );
        }
        found
    }

    fn readable(&mut self, text: &str, roots: &[PathBuf]) -> Vec<PathBuf> {
        if text == WORKSPACE { roots.to_vec() } else { self.existing(text) }
    }

    /// What cannot be hidden must not be left visible without a word.
    fn hidden(&mut self, text: &str) -> Vec<PathBuf> {
        if text == WORKSPACE {
            let message = "`hide` has the entry `workspace`, which is where jobs work";
            self.findings.push(Diagnostic::error(Code::BadValue, message).with_hint("take it out of `[sandbox] hide`"));
            return Vec::new();
        }
        let found = self.expanded(text);
        for path in found.iter().filter(|path| path.to_str().is_none()) {
            let message = format!("`{}`, which `{text}` would hide, is not valid UTF-8", path.display());
            self.findings
                .push(Diagnostic::error(Code::PathNotText, message).with_hint("rename it, or hide its directory"));
        }
        found
    }

    /// The existing paths that an entry names, links resolved. Those that are not text are not granted.
    fn existing(&mut self, text: &str) -> Vec<PathBuf> {
        let found = self.expanded(text).into_iter().filter_map(|path| path.canonicalize().ok());
        found.filter(|path| path.to_str().is_some()).collect()
    }

    fn expanded(&mut self, text: &str) -> Vec<PathBuf> {
        expand(&self.at_home(text)).unwrap_or_else(|error| {
            let message = format!("`{text}` is not a glob: {}", error.kind());
            self.findings.push(Diagnostic::error(Code::BadValue, message).with_hint("a literal `[` is written `[[]`"));
            Vec::new()
        })
    }

    fn at_home(&self, text: &str) -> PathBuf {
        match text.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None if text == "~" => self.home.to_path_buf(),
            None => PathBuf::from(text),
        }
    }

    /// The directories of PATH that exist, in order, links resolved.
    fn search_path(&mut self, text: &str) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        for entry in text.split(':').filter(|entry| !entry.is_empty()) {
            let path = self.at_home(entry);
            if !path.is_absolute() {
                let message = format!(
                    "the PATH of the policy has the entry `{entry}`, which would depend on the working directory"
                );
                self.findings.push(
                    Diagnostic::error(Code::BadValue, message)
                        .with_hint("write absolute directories, or ones that start with `~/`"),
                );
            }
            found.extend(path.canonicalize().ok().filter(|real| real.is_dir() && !found.contains(real)));
        }
        found
    }
}

/// All paths that match, component by component. A wildcard never matches a leading dot, nor more than one component.
fn expand(path: &Path) -> Result<Vec<PathBuf>, globset::Error> {
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        let name = component.as_os_str();
        found = match (component, name.to_str().filter(|text| text.contains(['*', '?', '[']))) {
            (Component::Normal(_), Some(pattern)) => {
                let glob = GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher();
                found.iter().flat_map(|base| matches(base, pattern, &glob)).collect()
            }
            _ => found.into_iter().map(|base| base.join(name)).collect(),
        };
    }
    Ok(found)
}

fn matches(base: &Path, pattern: &str, matcher: &GlobMatcher) -> Vec<PathBuf> {
    let wants_dot = pattern.starts_with('.');
    let fits =
        |name: &OsStr| (wants_dot || !name.as_encoded_bytes().starts_with(b".")) && matcher.is_match(Path::new(name));
    let entries = base.read_dir().into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).filter(|name| fits(name)).collect();
    names.sort();
    names.into_iter().map(|name| base.join(name)).collect()
}

/// Each path once, and none that lies inside another.
fn tidy(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let sorted: BTreeSet<PathBuf> = paths.into_iter().collect();
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in sorted {
        // A parent sorts before everything inside it.
        if !kept.iter().any(|other| path.starts_with(other)) {
            kept.push(path);
        }
    }
    kept
}

/// The word that stands for the workspace roots.
const WORKSPACE: &str = "workspace";

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::{ffi::OsStrExt as _, fs::symlink},
    };

    use tempfile::TempDir;

    use super::*;
    use crate::{diagnostic::Source, policy::compile};

    fn base() -> (TempDir, PathBuf) {
        let dir = TempDir::new().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for name in ["work", "home/bin", "lib", "lib64", "other"] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        (dir, base)
    }

    fn places(base: &Path, body: &str) -> Result<Workspace, Vec<Diagnostic>> {
        let text = format!("version = 1\nname = \"t\"\n{}", body.replace("BASE", base.to_str().unwrap()));
        let (set, findings) = compile(&[Source::new("t", text)]);
        resolve(&set.unwrap_or_else(|| panic!("{findings:?}")), &base.join("work"), &base.join("home"))
    }

    #[test]
    fn roots_start_at_the_start_and_lose_their_links() {
        let (_dir, base) = base();
        symlink(base.join("other"), base.join("work/link")).unwrap();
        let workspace =
            places(&base, "[workspace]\nroots = [\".\", \"link\"]\n[sandbox]\nwrite = [\"workspace\"]").unwrap();
        assert_eq!(workspace.roots, [base.join("work"), base.join("other")]);
        assert_eq!(workspace.write, [base.join("other"), base.join("work")]);
    }

    #[test]
    fn a_missing_root_is_named() {
        let (_dir, base) = base();
        let findings = places(&base, "[workspace]\nroots = [\"absent\"]").unwrap_err();
        assert_eq!(findings[0].code, Code::WorkspaceMissing);
        assert!(findings[0].message.contains("absent"));
    }

    #[test]
    fn globs_and_home_are_expanded_and_what_is_not_there_is_left_out() {
        let (_dir, base) = base();
        fs::write(base.join("home/.netrc"), "").unwrap();
        let workspace =
            places(&base, "[sandbox]\nread = [\"BASE/lib*\", \"BASE/absent\"]\nhide = [\"~/.netrc\", \"~/.ssh\"]")
                .unwrap();
        assert_eq!(workspace.read, [base.join("lib"), base.join("lib64")]);
        assert_eq!(workspace.hide, [base.join("home/.netrc"), base.join("home/.ssh")]);
    }

    #[test]
    fn a_glob_that_is_none_is_an_error() {
        let (_dir, base) = base();
        for list in ["read", "hide", "write"] {
            let findings = places(&base, &format!("[sandbox]\n{list} = [\"BASE/[a\"]")).unwrap_err();
            assert_eq!(findings[0].code, Code::BadValue, "{list}");
        }
    }

    #[test]
    fn what_cannot_be_hidden_is_an_error() {
        let (_dir, base) = base();
        assert_eq!(places(&base, "[sandbox]\nhide = [\"workspace\"]").unwrap_err()[0].code, Code::BadValue);
        fs::write(base.join("home").join(OsStr::from_bytes(b"key\xff")), "").unwrap();
        assert_eq!(places(&base, "[sandbox]\nhide = [\"~/key*\"]").unwrap_err()[0].code, Code::PathNotText);
        assert!(places(&base, "[sandbox]\nread = [\"~/key*\"]").unwrap().read.is_empty());
    }

    #[test]
    fn a_writable_path_that_is_not_there_is_an_error() {
        let (_dir, base) = base();
        assert_eq!(places(&base, "[sandbox]\nwrite = [\"BASE/absent\"]").unwrap_err()[0].code, Code::FileUnreadable);
    }

    #[test]
    fn path_entries_may_start_at_home_and_not_at_the_working_directory() {
        let (_dir, base) = base();
        let workspace = places(&base, "[env]\nset = { PATH = \"~/bin:BASE/absent:BASE/lib\" }").unwrap();
        assert_eq!(workspace.search_path, [base.join("home/bin"), base.join("lib")]);
        assert_eq!(places(&base, "[env]\nset = { PATH = \"bin\" }").unwrap_err()[0].code, Code::BadValue);
    }
}
