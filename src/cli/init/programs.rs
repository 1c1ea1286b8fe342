//! Whether the policy finds the programs that the project is built with. Version managers keep them in directories of their
//! own, which no shipped policy knows.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Code, Diagnostic},
    model::workspace::{Reach, Workspace},
};

use super::kind::Kind;

/// What is to be done about programs that jobs would not find, or of which they would find another one than the user.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Directories that can be put before the policy's PATH, as they stand there.
    pub(super) directories: Vec<String>,
    /// What a person has to see to.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Looks for one program of each kind, as the user's own shell does and as jobs will.
pub(super) fn missing(kinds: &[Kind], workspace: &Workspace, user_path: &str) -> Missing {
    let mut missing = Missing::default();
    for kind in kinds {
        missing.look_for(kind.everyday().split(' ').next().unwrap_or_default(), workspace, user_path);
    }
    missing
}

impl Missing {
    /// The first that jobs can use of those that the user's shell finds is the one that the user means.
    fn look_for(&mut self, program: &str, workspace: &Workspace, user_path: &str) {
        let known = first(workspace.search_path.iter().map(PathBuf::as_path), program);
        let known = known.and_then(|path| path.canonicalize().ok());
        let directories = user_path.split(':').map(Path::new).filter(|directory| directory.is_absolute());
        let mut unusable = None;
        for path in directories.map(|directory| directory.join(program)).filter(|path| is_program(path)) {
            if known.is_some() && path.canonicalize().ok() == known {
                return;
            }
            match usable(&path, workspace) {
                Ok(()) => return self.take(path.parent().unwrap_or(&path), workspace),
                Err(why) => drop(unusable.get_or_insert((path, why))),
            }
        }
        match (known, unusable) {
            (Some(_), _) => {}
            (None, Some((path, why))) => self.warnings.push(not_usable(&path, why)),
            (None, None) => self.warnings.push(not_here(program)),
        }
    }

    fn take(&mut self, directory: &Path, workspace: &Workspace) {
        let text = shortened(directory, &workspace.home);
        if !self.directories.contains(&text) {
            self.directories.push(text);
        }
    }
}

fn first<'a>(mut directories: impl Iterator<Item = &'a Path>, program: &str) -> Option<PathBuf> {
    directories.find_map(|directory| Some(directory.join(program)).filter(|path| is_program(path)))
}

/// Whether jobs could run a program if the policy's PATH named its directory.
fn usable(path: &Path, workspace: &Workspace) -> Result<(), &'static str> {
    let (Some(Ok(directory)), Ok(real)) = (path.parent().map(Path::canonicalize), path.canonicalize()) else {
        return Err("it cannot be looked at");
    };
    if directory.to_str().is_none() {
        return Err("its directory has a name that is not valid UTF-8");
    }
    let reach = |place: &PathBuf| if workspace.is_own(place) { Reach::Nothing } else { workspace.reach(place) };
    match (reach(&directory), reach(&real)) {
        (Reach::Write, _) | (_, Reach::Write) => Err("jobs can write where it lies"),
        (Reach::Nothing, _) | (_, Reach::Nothing) => Err("jobs cannot read where it lies"),
        (Reach::Read, Reach::Read) => Ok(()),
    }
}

fn not_usable(path: &Path, why: &str) -> Diagnostic {
    let message = format!("the policy does not find `{}`: {why}", path.display());
    let hint = "name its directory in `[env.set] PATH` of the policy, and what it needs in `[sandbox] read`";
    Diagnostic::warning(Code::ProgramNotFound, message).with_hint(hint)
}

fn not_here(program: &str) -> Diagnostic {
    Diagnostic::warning(Code::ProgramNotFound, format!("there is no program `{program}` on this machine"))
        .with_hint("install it, or name another `--kind`")
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn shortened(directory: &Path, home: &Path) -> String {
    match directory.strip_prefix(home) {
        Ok(rest) => format!("~/{}", rest.display()),
        Err(_) => directory.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(programs: &[&str]) -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            for name in ["home", "work"] {
                fs::create_dir(machine.path(name)).unwrap();
            }
            for program in programs {
                let path = machine.path(program);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, "").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            machine
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(name)
        }

        fn missing(&self, user_path: &[&str]) -> Missing {
            let workspace = Workspace {
                roots: vec![self.path("work")],
                search_path: vec![self.path("usr/bin")],
                read: vec![self.path("usr"), self.path("home/.nvm"), self.path("work")],
                write: vec![self.path("work")],
                hide: vec![],
                protect: vec![],
                home: self.path("home"),
                layers: Vec::new(),
            };
            let path: Vec<_> = user_path.iter().map(|name| self.path(name).display().to_string()).collect();
            missing(&[Kind::Node], &workspace, &path.join(":"))
        }
    }

    #[test]
    fn what_the_policy_finds_is_not_missing() {
        let machine = Machine::new(&["usr/bin/npm", "secret/npm"]);
        for path in [&[][..], &["usr/bin"], &["secret", "usr/bin"], &["secret"]] {
            assert_eq!(machine.missing(path), Missing::default());
        }
    }

    #[test]
    fn what_the_user_finds_comes_before_what_the_policy_finds() {
        let machine = Machine::new(&["usr/bin/npm", "home/.nvm/v22/bin/npm"]);
        assert_eq!(machine.missing(&["home/.nvm/v22/bin", "usr/bin"]).directories, ["~/.nvm/v22/bin"]);
        assert_eq!(machine.missing(&["usr/bin", "home/.nvm/v22/bin"]), Missing::default());
    }

    #[test]
    fn a_directory_that_jobs_can_read_is_named() {
        let machine = Machine::new(&["home/.nvm/v22/bin/npm"]);
        let missing = machine.missing(&["home/bin", "home/.nvm/v22/bin"]);
        assert_eq!(missing.directories, ["~/.nvm/v22/bin"]);
        assert_eq!(missing.warnings, []);
    }

    #[test]
    fn a_directory_that_jobs_cannot_use_is_told() {
        for (program, why) in [
            ("home/.volta/bin/npm", "jobs cannot read where it lies"),
            ("work/node/bin/npm", "jobs can write where it lies"),
        ] {
            let missing = Machine::new(&[program]).missing(&[program.strip_suffix("/npm").unwrap()]);
            assert!(missing.directories.is_empty() && missing.warnings[0].message.contains(why), "{missing:?}");
        }
    }

    #[test]
    fn a_link_into_what_jobs_can_write_is_told() {
        let machine = Machine::new(&["work/npm"]);
        fs::create_dir_all(machine.path("home/.nvm/bin")).unwrap();
        std::os::unix::fs::symlink(machine.path("work/npm"), machine.path("home/.nvm/bin/npm")).unwrap();
        assert!(machine.missing(&["home/.nvm/bin"]).warnings[0].message.contains("jobs can write"));
    }

    #[test]
    fn what_is_nowhere_is_told() {
        let missing = Machine::new(&[]).missing(&["home/bin"]);
        assert!(missing.warnings[0].message.contains("no program `npm`"), "{missing:?}");
    }
}
