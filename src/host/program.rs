//! The files behind programs' names.
//!
//! What PATH finds is opened once, and all facts are read from the descriptor: what is judged is what is executed, even when
//! somebody gives the name another meaning in between. Nothing is opened for reading, so a FIFO or a device that stands
//! where a program should stand cannot make the server wait (open(2), `O_PATH`).

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    os::fd::OwnedFd,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{FileType, Mode, OFlags, fstat, open},
    io::Errno,
};

use crate::{
    command::ResolvedProgram,
    diagnostic::Code,
    model::{denial::Denial, workspace::Workspace},
};

use super::{
    locate::{Located, locate},
    opened::{may_execute, real_path, words},
    walk::Cwds,
};

/// Finds programs and keeps them open.
pub(super) struct Programs<'w> {
    workspace: &'w Workspace,
    /// By the name that was looked up in PATH.
    named: BTreeMap<String, ResolvedProgram>,
    /// By real path.
    pub(super) opened: BTreeMap<PathBuf, OwnedFd>,
}

impl<'w> Programs<'w> {
    pub(super) fn new(workspace: &'w Workspace) -> Self {
        Self { workspace, named: BTreeMap::new(), opened: BTreeMap::new() }
    }

    /// The program of a script that is nothing else: it has to be there, and is opened.
    pub(super) fn alone(&mut self, word: &str, cwd: &Path) -> Result<ResolvedProgram, Denial> {
        if !word.contains('/') {
            return self.by_name(word);
        }
        let absent = matches!(locate(cwd, word, self.workspace), Located::Absent(path) if self.workspace.is_own(&path));
        let path = cwd.join(word);
        let found = if absent { Err(Problem::Absent) } else { open_program(&path) };
        let fd = found.map_err(|problem| problem.denial(word, self.workspace))?;
        let program = describe(word, true, &path, &fd, self.workspace)?;
        self.opened.insert(program.real.clone(), fd);
        Ok(program)
    }

    /// The program of one command of many. What is named by a path may come into being, or change, until its turn comes, so
    /// it need not be there and is not kept open.
    pub(super) fn one_of_many(&mut self, word: &str, cwds: &Cwds) -> Result<ResolvedProgram, Denial> {
        if !word.contains('/') {
            return self.by_name(word);
        }
        let mut bases = cwds.paths();
        let base = match (bases.next(), bases.next()) {
            _ if word.starts_with('/') => Some(Path::new("/")),
            (Some(only), None) => Some(only.as_path()),
            (None | Some(_), _) => None,
        };
        let Some(base) = base else { return Ok(unknown(word, Path::new(word))) };
        let path = base.join(word);
        let there = match locate(base, word, self.workspace) {
            Located::Present(_) => open_program(&path).ok(),
            Located::Absent(_) | Located::Unknown => None,
        };
        match there {
            Some(fd) => describe(word, true, &path, &fd, self.workspace),
            None => Ok(unknown(word, &path)),
        }
    }

    fn by_name(&mut self, word: &str) -> Result<ResolvedProgram, Denial> {
        if let Some(program) = self.named.get(word) {
            return Ok(program.clone());
        }
        let (path, fd) = self.search(word).map_err(|problem| problem.denial(word, self.workspace))?;
        let program = describe(word, false, &path, &fd, self.workspace)?;
        self.opened.entry(program.real.clone()).or_insert(fd);
        self.named.insert(word.to_owned(), program.clone());
        Ok(program)
    }

    fn search(&self, word: &str) -> Result<(PathBuf, OwnedFd), Problem> {
        let mut refused = Problem::Absent;
        for directory in &self.workspace.search_path {
            let path = directory.join(word);
            match open_program(&path) {
                Ok(fd) => return Ok((path, fd)),
                Err(problem @ Problem::Unusable(_)) => refused = problem,
                Err(Problem::Absent) => {}
            }
        }
        Err(refused)
    }
}

/// Why a path is not a program.
enum Problem {
    Absent,
    Unusable(String),
}

impl Problem {
    fn denial(self, word: &str, workspace: &Workspace) -> Denial {
        let searched = workspace.search_path.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(":");
        match self {
            Self::Absent if word.contains('/') => {
                Denial::new(Code::ProgramNotFound, format!("there is no file `{word}`"))
                    .with_hint("a path with a slash starts at the working directory")
            }
            Self::Absent => Denial::new(Code::ProgramNotFound, format!("there is no program `{word}`"))
                .with_hint(format!("programs are looked up in the policy's PATH: {searched}")),
            Self::Unusable(why) => {
                Denial::new(Code::ProgramNotExecutable, format!("`{word}` is not a program that can run: {why}"))
                    .with_hint("a program is a regular file that this user may execute")
            }
        }
    }
}

fn open_program(path: &Path) -> Result<OwnedFd, Problem> {
    let fd = match open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT | Errno::NOTDIR) => return Err(Problem::Absent),
        Err(errno) => return Err(Problem::Unusable(words(errno))),
    };
    let kind = fstat(&fd).map_err(|errno| Problem::Unusable(words(errno)))?;
    if FileType::from_raw_mode(kind.st_mode) != FileType::RegularFile {
        return Err(Problem::Unusable("it is not a regular file".into()));
    }
    may_execute(&fd).map_err(|errno| Problem::Unusable(words(errno)))?;
    Ok(fd)
}

fn describe(
    word: &str,
    by_path: bool,
    path: &Path,
    fd: &OwnedFd,
    workspace: &Workspace,
) -> Result<ResolvedProgram, Denial> {
    let real = real_path(fd)?;
    let path = tidy(path);
    // The link counts as well as its target: who can write the link decides what it names.
    let holder = path.parent().and_then(|parent| parent.canonicalize().ok());
    let writable = workspace.is_writable(&real) || holder.is_none_or(|parent| workspace.is_writable(&parent));
    Ok(ResolvedProgram { name: name(word), by_path, path, real, writable })
}

/// A program that nobody can look at before its turn.
fn unknown(word: &str, path: &Path) -> ResolvedProgram {
    let path = tidy(path);
    ResolvedProgram { name: name(word), by_path: true, real: path.clone(), path, writable: true }
}

fn name(word: &str) -> String {
    Path::new(word).file_name().and_then(OsStr::to_str).unwrap_or(word).to_owned()
}

/// Takes `.` components out of a path. `..` stays: it cannot be taken out without asking the file system.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}
