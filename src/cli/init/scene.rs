//! Where `init` runs: the project, this program, and the directories of the user. Looked at once, changed by nobody.

use std::path::{Path, PathBuf};

use crate::{
    config::{environment, state},
    diagnostic::{Code, Diagnostic, is_hidden},
    service::home,
};

use super::starter;

/// What is known before anything is planned. Paths are absolute, and are text that can stand in a configuration.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// The project's directory, links resolved.
    pub(super) project: PathBuf,
    /// The home directory of the user.
    pub(super) home: PathBuf,
    /// This program.
    pub(super) program: PathBuf,
    /// How this program was called, for commands that people copy.
    pub(super) called: String,
    /// The name of the policy.
    pub(super) name: String,
    /// Where the policy lies, or will lie.
    pub(super) policy: PathBuf,
    /// The directory of Codex's configuration of the user.
    pub(super) codex: PathBuf,
    /// `XDG_STATE_HOME`, where it is set and counts.
    pub(super) state: Option<String>,
}

impl Scene {
    /// Looks around; `name` is the policy's, if it was asked for.
    pub(super) fn look(directory: &Path, name: Option<&str>) -> Result<Self, Diagnostic> {
        let project = project(directory)?;
        let home = home()?;
        let program = program()?;
        let name = name.map_or_else(|| named_after(&project), str::to_owned);
        let policy = state::policy_dir(&environment, &home).join(format!("{name}.toml"));
        let codex = environment("CODEX_HOME").filter(|value| !value.is_empty());
        let scene = Self {
            codex: codex.and_then(|value| std::path::absolute(value).ok()).unwrap_or_else(|| home.join(".codex")),
            state: environment("XDG_STATE_HOME").filter(|value| Path::new(value).is_absolute()),
            called: called(&program),
            project,
            home,
            program,
            name,
            policy,
        };
        for path in [&scene.project, &scene.program, &scene.policy, &scene.codex] {
            writable_as_text(path)?;
        }
        Ok(scene)
    }

    /// Whether a name stands in the project's directory.
    pub(super) fn has(&self, name: &str) -> bool {
        self.project.join(name).symlink_metadata().is_ok()
    }

    /// A path of the scene as text, which it was found to be.
    pub(super) fn text(path: &Path) -> String {
        path.display().to_string()
    }
}

fn project(directory: &Path) -> Result<PathBuf, Diagnostic> {
    let unusable = |why: String| {
        let message = format!("the project's directory `{}` {why}", directory.display());
        Diagnostic::error(Code::CwdUnusable, message).with_hint("name the directory of the project")
    };
    if !directory.exists() {
        return Err(unusable("does not exist".to_owned()));
    }
    let real = directory.canonicalize().map_err(|error| unusable(format!("cannot be used: {}", error.kind())))?;
    if real.is_dir() { Ok(real) } else { Err(unusable("is not a directory".to_owned())) }
}

/// The file of this program. While it runs, its file may have been replaced by another build.
fn program() -> Result<PathBuf, Diagnostic> {
    let gone = |why: &str| {
        Diagnostic::error(Code::FileUnreadable, format!("the file of this program cannot be named: {why}"))
            .with_hint("install the program, and run `init` with what is installed")
    };
    let program = std::env::current_exe().map_err(|error| gone(&error.to_string()))?;
    if program.is_file() { Ok(program) } else { Err(gone(&format!("`{}` is not there", program.display()))) }
}

/// A bare name means that a shell finds the program by it.
fn called(program: &Path) -> String {
    let by_name = std::env::args_os().next().is_some_and(|name| Path::new(&name).components().count() == 1);
    if by_name { "stockade".to_owned() } else { Scene::text(program) }
}

fn named_after(project: &Path) -> String {
    starter::policy_name(&project.file_name().unwrap_or_default().to_string_lossy())
}

/// Clients read configuration as text, and replace `${…}` in it.
fn writable_as_text(path: &Path) -> Result<(), Diagnostic> {
    let why = match path.to_str() {
        None => "is not valid UTF-8",
        Some(text) if text.contains(is_hidden) => "holds a character that cannot be seen",
        Some(text) if text.contains("${") => "holds `${`, which clients replace by something else",
        Some(_) => return Ok(()),
    };
    let message = format!("the path `{}` {why}", crate::diagnostic::visible(&path.to_string_lossy()));
    Err(Diagnostic::error(Code::PathNotText, message).with_hint("rename the file or the directory"))
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    use super::*;

    #[test]
    fn paths_that_would_be_read_as_others_are_refused() {
        for bad in ["/a\nb", "/a/${HOME}", "/a\u{202e}b"] {
            assert_eq!(writable_as_text(Path::new(bad)).unwrap_err().code, Code::PathNotText, "{bad:?}");
        }
        assert!(writable_as_text(Path::new(OsStr::from_bytes(b"/a\xff"))).is_err());
        assert_eq!(writable_as_text(Path::new("/home/ü/it's $5 {x}")), Ok(()));
    }

    #[test]
    fn a_project_is_a_directory_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(project(&dir.path().join("absent")).unwrap_err().code, Code::CwdUnusable);
        assert_eq!(project(&dir.path().join("file")).unwrap_err().code, Code::CwdUnusable);
        assert_eq!(project(dir.path()).unwrap(), dir.path().canonicalize().unwrap());
    }
}
