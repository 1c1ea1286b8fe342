//! Names to opened files.
//!
//! Every name is opened once, and all facts are read from the descriptor: what is judged is what is executed, even when
//! somebody gives the name another meaning in between. Nothing is opened for reading, so a FIFO or a device that stands
//! where a program should stand cannot make the server wait (open(2), `O_PATH`).

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, accessat, fstat, open, readlink},
    io::Errno,
};

use crate::{
    command::{Node, ResolvedCommand, ResolvedProgram, ResolvedScript, Script, SimpleCommand, Word, canonical},
    diagnostic::Code,
    model::{denial::Denial, workspace::Workspace},
};

/// The descriptors that were opened while names were resolved.
#[derive(Debug)]
pub struct Handles {
    /// The programs by their real paths, each opened `O_PATH` once.
    pub programs: BTreeMap<PathBuf, OwnedFd>,
    /// The working directory, opened `O_PATH | O_DIRECTORY`.
    pub cwd: OwnedFd,
}

/// Finds the working directory and the program of a script. A working directory of `None` is the first workspace root;
/// a relative one starts there.
pub fn resolve(
    script: &Script,
    workspace: &Workspace,
    cwd: Option<&Path>,
) -> Result<(ResolvedScript, Handles), Denial> {
    let (cwd, cwd_fd) = working_directory(workspace, cwd)?;
    let command = single(script)?;
    let (resolved, program) = resolve_command(command, workspace, &cwd)?;
    let programs = BTreeMap::from([(resolved.program.real.clone(), program)]);
    let script = ResolvedScript {
        script: script.clone(),
        cwd,
        commands: vec![resolved],
        files: Vec::new(),
        directories: Vec::new(),
        variables: Vec::new(),
    };
    Ok((script, Handles { programs, cwd: cwd_fd }))
}

/// The one literal command that a script consists of.
fn single(script: &Script) -> Result<&SimpleCommand, Denial> {
    only_command(script).ok_or_else(|| {
        Denial::new(Code::NotSupported, "the text is more than one literal command, which is not run yet")
            .with_hint("run each command as a job of its own, with its values written out")
            .at(script.root.span)
    })
}

fn only_command(script: &Script) -> Option<&SimpleCommand> {
    let [item] = script.root.items.as_slice() else { return None };
    let [Node::Simple(command)] = item.first.commands.as_slice() else { return None };
    let alone = item.rest.is_empty() && !item.first.negated;
    let plain = command.assignments.is_empty() && command.redirections.is_empty() && command.builtin().is_none();
    let literal = command.words.iter().all(|word| word.literal().is_some());
    (alone && plain && literal).then_some(command)
}

fn working_directory(workspace: &Workspace, asked: Option<&Path>) -> Result<(PathBuf, OwnedFd), Denial> {
    let first =
        workspace.roots.first().ok_or_else(|| Denial::new(Code::CwdUnusable, "the policy has no workspace root"))?;
    let path = asked.map_or_else(|| first.clone(), |asked| first.join(asked));
    let unusable = |why: &str| {
        Denial::new(Code::CwdUnusable, format!("the working directory `{}` cannot be used: {why}", path.display()))
            .with_hint(format!("name an existing directory inside {}", roots(workspace)))
    };
    let fd = open(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| unusable(&words(errno)))?;
    let real = real_path(&fd)?;
    if !workspace.contains(&real) {
        return Err(Denial::new(
            Code::CwdOutside,
            format!("the working directory `{}` lies outside the workspace", real.display()),
        )
        .with_hint(format!("start inside {}", roots(workspace))));
    }
    may_execute(&fd).map_err(|errno| unusable(&words(errno)))?;
    Ok((real, fd))
}

fn resolve_command(
    command: &SimpleCommand,
    workspace: &Workspace,
    cwd: &Path,
) -> Result<(ResolvedCommand, OwnedFd), Denial> {
    let argv: Option<Vec<String>> = command.words.iter().map(Word::literal).collect();
    let argv = argv.unwrap_or_default();
    let first = command.words.first().zip(argv.first());
    let (word, name) = first.ok_or_else(|| Denial::new(Code::EmptyCommand, "the command holds no word"))?;
    let (program, fd) = find_program(name, workspace, cwd).map_err(|denial| denial.at(word.span))?;
    let canonical = canonical(&argv);
    let cwds = vec![cwd.to_path_buf()];
    Ok((ResolvedCommand { index: 0, argv, unknown: Vec::new(), program, canonical, cwds, span: command.span }, fd))
}

fn find_program(word: &str, workspace: &Workspace, cwd: &Path) -> Result<(ResolvedProgram, OwnedFd), Denial> {
    if word.contains('/') {
        let path = cwd.join(word);
        let fd = open_program(&path).map_err(|problem| problem.denial(word, workspace))?;
        return describe(word, true, path, fd, workspace);
    }
    let mut refused = Problem::Absent;
    for directory in &workspace.search_path {
        let path = directory.join(word);
        match open_program(&path) {
            Ok(fd) => return describe(word, false, path, fd, workspace),
            Err(problem @ Problem::Unusable(_)) => refused = problem,
            Err(Problem::Absent) => {}
        }
    }
    Err(refused.denial(word, workspace))
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
    path: PathBuf,
    fd: OwnedFd,
    workspace: &Workspace,
) -> Result<(ResolvedProgram, OwnedFd), Denial> {
    let real = real_path(&fd)?;
    let name = Path::new(word).file_name().and_then(OsStr::to_str).unwrap_or(word).to_owned();
    let path = tidy(&path);
    // The link counts as well as its target: who can write the link decides what it names.
    let holder = path.parent().and_then(|parent| parent.canonicalize().ok());
    let writable = workspace.is_writable(&real) || holder.is_none_or(|parent| workspace.is_writable(&parent));
    Ok((ResolvedProgram { name, by_path, path, real, writable }, fd))
}

/// Whether this user may execute the file, or enter the directory, behind a descriptor.
fn may_execute(fd: &OwnedFd) -> Result<(), Errno> {
    accessat(CWD, own_link(fd), Access::EXEC_OK, AtFlags::EACCESS)
}

/// The name under which the kernel shows one of our own descriptors (proc_pid_fd(5)).
fn own_link(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// The path behind a descriptor, links resolved.
fn real_path(fd: &OwnedFd) -> Result<PathBuf, Denial> {
    let link = own_link(fd);
    let target = readlink(&link, Vec::new()).map_err(|errno| {
        Denial::new(Code::FileUnreadable, format!("`{link}` cannot be read: {}", words(errno))).with_hint("mount /proc")
    })?;
    let path = PathBuf::from(OsStr::from_bytes(target.as_bytes()));
    if path.to_str().is_none() {
        return Err(Denial::new(Code::PathNotText, format!("the path `{}` is not valid UTF-8", path.display()))
            .with_hint("rename the file or directory"));
    }
    // The kernel appends " (deleted)" to the path of a removed file; such a path names nothing, or something else.
    let same = rustix::fs::statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW).ok().zip(fstat(fd).ok());
    match same {
        Some((named, opened)) if (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino) => Ok(path),
        Some(_) | None => {
            Err(Denial::new(Code::FileUnreadable, format!("`{}` changed while it was looked up", path.display()))
                .with_hint("try again"))
        }
    }
}

/// Takes `.` components out of a path. `..` stays: it cannot be taken out without asking the file system.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

fn roots(workspace: &Workspace) -> String {
    workspace.roots.iter().map(|root| format!("`{}`", root.display())).collect::<Vec<_>>().join(" or ")
}

fn words(errno: Errno) -> String {
    std::io::Error::from(errno).kind().to_string()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use tempfile::TempDir;

    use super::*;
    use crate::command::parse;

    /// A workspace `root` beside a directory `bin` with the programs of PATH, and `outside`.
    struct Place {
        dir: TempDir,
        workspace: Workspace,
    }

    impl Place {
        fn new() -> Self {
            let dir = TempDir::new().unwrap();
            let base = dir.path().canonicalize().unwrap();
            for name in ["root/sub", "bin", "outside"] {
                fs::create_dir_all(base.join(name)).unwrap();
            }
            let workspace = Workspace {
                roots: vec![base.join("root")],
                search_path: vec![base.join("bin")],
                read: vec![],
                write: vec![base.join("root")],
                hide: vec![],
                protect: vec![],
                home: base.clone(),
            };
            Self { dir, workspace }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().canonicalize().unwrap().join(name)
        }

        fn program(&self, name: &str, mode: u32) {
            fs::write(self.path(name), "#!/bin/sh\n").unwrap();
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }

        fn resolve(&self, word: &str, cwd: Option<&str>) -> Result<ResolvedScript, Denial> {
            let script = parse(word).unwrap();
            resolve(&script, &self.workspace, cwd.map(Path::new)).map(|(script, _)| script)
        }

        #[track_caller]
        fn refused(&self, word: &str, cwd: Option<&str>, code: Code) {
            let denial = self.resolve(word, cwd).unwrap_err();
            assert_eq!(denial.code, code, "{}", denial.reason);
            assert!(denial.hint.is_some());
        }
    }

    #[test]
    fn a_name_is_looked_up_in_the_policys_path_alone() {
        let place = Place::new();
        place.program("bin/tool", 0o755);
        place.program("root/planted", 0o755);
        let script = place.resolve("tool", None).unwrap();
        assert_eq!(script.commands[0].program.real, place.path("bin/tool"));
        assert!(!script.commands[0].program.writable);
        assert_eq!(script.cwd, place.path("root"));
        place.refused("planted", None, Code::ProgramNotFound);
    }

    #[test]
    fn a_file_of_the_workspace_is_known_as_writable_by_every_road_to_it() {
        let place = Place::new();
        place.program("root/script", 0o755);
        symlink(place.path("root/script"), place.path("bin/linked")).unwrap();
        symlink(place.path("bin"), place.path("root/door")).unwrap();
        place.program("bin/tool", 0o755);
        symlink(place.path("bin/tool"), place.path("root/alias")).unwrap();
        for word in ["./script", "sub/../script", "linked", "./alias"] {
            assert!(place.resolve(word, None).unwrap().commands[0].program.writable, "{word}");
        }
        assert!(
            !place.resolve("door/tool", None).unwrap().commands[0].program.writable,
            "the file itself lies outside"
        );
    }

    #[test]
    fn what_cannot_run_is_no_program() {
        let place = Place::new();
        place.program("bin/plain", 0o644);
        fs::create_dir(place.path("bin/folder")).unwrap();
        rustix::fs::mkfifoat(CWD, place.path("bin/fifo"), Mode::from(0o755)).unwrap();
        for word in ["plain", "folder", "fifo"] {
            place.refused(word, None, Code::ProgramNotExecutable);
        }
        place.refused("./absent", None, Code::ProgramNotFound);
        place.refused("absent", None, Code::ProgramNotFound);
    }

    #[test]
    fn the_working_directory_stays_inside_after_links_are_resolved() {
        let place = Place::new();
        place.program("bin/tool", 0o755);
        symlink(place.path("outside"), place.path("root/exit")).unwrap();
        symlink(place.path("root/sub"), place.path("outside/back")).unwrap();
        assert_eq!(place.resolve("tool", Some("sub")).unwrap().cwd, place.path("root/sub"));
        let back = place.path("outside/back");
        assert_eq!(place.resolve("tool", back.to_str()).unwrap().cwd, place.path("root/sub"));
        for outside in ["exit", "..", "sub/../..", "/"] {
            place.refused("tool", Some(outside), Code::CwdOutside);
        }
        let beside = place.path("root-evil");
        fs::create_dir(&beside).unwrap();
        place.refused("tool", beside.to_str(), Code::CwdOutside);
        fs::write(place.path("root/file"), "").unwrap();
        for unusable in ["absent", "file"] {
            place.refused("tool", Some(unusable), Code::CwdUnusable);
        }
    }
}
