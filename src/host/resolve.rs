//! A script's names to facts: programs, directories, files.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use crate::{
    command::{
        Access, AssignedVariable, Construct, Redirect, Redirection, ResolvedCommand, ResolvedDirectory, ResolvedFile,
        ResolvedScript, Script, SimpleCommand, Word,
    },
    diagnostic::{Code, Span},
    model::{
        denial::Denial,
        workspace::{Reach, Workspace},
    },
    policy::PolicySet,
};

use super::{
    existing::current,
    locate::{Located, locate},
    named::{named, settled},
    program::Programs,
    start::Start,
    walk::{Cwds, Visit, visits},
};

/// The descriptors that were opened while names were resolved.
#[derive(Debug)]
pub struct Handles {
    /// The programs by their real paths, each opened `O_PATH` once. Of a script of several commands, those that PATH found.
    pub programs: BTreeMap<PathBuf, OwnedFd>,
    /// The working directory, opened `O_PATH | O_DIRECTORY`.
    pub cwd: OwnedFd,
}

/// Finds what a script names: its programs, and as far as that can be told before it runs, the directories that it enters
/// and the files that it opens. The values of variables stand in it already; which constructs were written before that is
/// handed through.
pub fn resolve(
    script: &Script,
    constructs: Vec<(Construct, Span)>,
    workspace: &Workspace,
    start: Start,
    policy: &PolicySet,
) -> Result<(ResolvedScript, Handles), Denial> {
    let workspace = if names_files(script) { Cow::Owned(current(workspace)?) } else { Cow::Borrowed(workspace) };
    let Start { path: cwd, fd } = start;
    let mut directories = Vec::new();
    let visits = visits(script, cwd.clone(), |visit| enter(visit, &workspace, &mut directories));
    let mut programs = Programs::new(&workspace);
    let alone = script.alone().is_some();
    let (mut commands, mut files, mut variables) = (Vec::new(), Vec::new(), Vec::new());
    for visit in &visits {
        if visit.command.builtin().is_none() {
            commands.push(command(visit, alone, &mut programs, &cwd, (&workspace, policy))?);
        }
        files.extend(opens(visit, &workspace));
        let assigned = visit.command.assignments.iter();
        variables.extend(assigned.map(|assignment| AssignedVariable {
            index: visit.index,
            name: assignment.name.clone(),
            span: assignment.span,
        }));
    }
    let programs = programs.opened;
    let roots = workspace.roots.clone();
    let script = script.clone();
    let script = ResolvedScript { script, constructs, cwd, roots, commands, files, directories, variables };
    Ok((script, Handles { programs, cwd: fd }))
}

/// Whether anything but programs may have to be found: every argument can name a file.
fn names_files(script: &Script) -> bool {
    let opens = |redirection: &Redirection| target(redirection).is_some();
    script.commands().any(|command| command.words.len() > 1 || command.redirections.iter().any(opens))
}

fn command(
    visit: &Visit<'_>,
    alone: bool,
    programs: &mut Programs<'_>,
    cwd: &Path,
    (workspace, policy): (&Workspace, &PolicySet),
) -> Result<ResolvedCommand, Denial> {
    let SimpleCommand { words, span, .. } = visit.command;
    let literals: Vec<Option<String>> = words.iter().map(Word::literal).collect();
    let first = words.first().zip(literals.first().and_then(Option::as_deref));
    let (word, name) = first
        .ok_or_else(|| Denial::new(Code::EmptyCommand, "the command's first word is not a program's name").at(*span))?;
    let program = if alone { programs.alone(name, cwd) } else { programs.one_of_many(name, &visit.cwds) };
    let program = program.map_err(|denial| denial.at(word.span))?;
    let unknown: Vec<_> =
        literals.iter().enumerate().filter(|(_, literal)| literal.is_none()).map(|(at, _)| at).collect();
    let argv = literals.into_iter().zip(words).map(|(literal, word)| literal.unwrap_or_else(|| word.canonical()));
    let argv: Vec<_> = argv.collect();
    let cwds: Vec<_> = visit.cwds.paths().cloned().collect();
    let named = named(policy.named_files(&argv, &unknown), &cwds, workspace);
    Ok(ResolvedCommand {
        index: visit.index,
        argv,
        unknown,
        program,
        canonical: visit.command.canonical(),
        cwds,
        // A command by itself has no second judgement that could know more.
        named: if alone { settled(named) } else { named },
        span: *span,
    })
}

/// The directories that a `cd` may lead to, each noted once, and where the script is afterwards. One that is not there yet
/// may be anything by then.
fn enter(visit: &Visit<'_>, workspace: &Workspace, found: &mut Vec<ResolvedDirectory>) -> Cwds {
    let located = visit.command.words.get(1).and_then(Word::literal).map(|name| targets(&visit.cwds, &name, workspace));
    let mut places = BTreeSet::new();
    for located in located.unwrap_or_else(|| vec![Located::Unknown]) {
        places.insert(match located {
            Located::Present(path) if path.is_dir() => {
                let inside = workspace.may_work_in(&path);
                Some((path, inside))
            }
            // What is a job's own is outside whatever it holds.
            Located::Absent(path) if workspace.is_own(&path) => Some((path, false)),
            Located::Present(_) | Located::Absent(_) | Located::Unknown => None,
        });
    }
    let known: Option<BTreeSet<PathBuf>> = places.iter().map(|place| place.clone().map(|(path, _)| path)).collect();
    let span = visit.command.span;
    found.extend(places.into_iter().map(|place| ResolvedDirectory { index: visit.index, place, span }));
    known.map_or(Cwds::Unknown, Cwds::Known)
}

/// Where a name leads from each of the directories. An absolute one leads to the same place from all of them.
fn targets(cwds: &Cwds, name: &str, workspace: &Workspace) -> Vec<Located> {
    if name.starts_with('/') {
        return vec![locate(Path::new("/"), name, workspace)];
    }
    match cwds {
        Cwds::Known(paths) => paths.iter().map(|cwd| locate(cwd, name, workspace)).collect(),
        Cwds::Unknown => vec![Located::Unknown],
    }
}

/// The files that a command's redirections open.
fn opens(visit: &Visit<'_>, workspace: &Workspace) -> Vec<ResolvedFile> {
    let redirections = visit.command.redirections.iter().enumerate();
    let opened = redirections.filter_map(|(at, redirection)| Some((at, redirection, target(redirection)?)));
    opened
        .map(|(at, redirection, (access, word))| ResolvedFile {
            index: visit.index,
            redirection: at,
            access,
            place: file(&visit.cwds, word, workspace),
            span: redirection.span,
        })
        .collect()
}

fn target(redirection: &Redirection) -> Option<(Access, &Word)> {
    match &redirection.to {
        Redirect::Read(word) => Some((Access::Read, word)),
        Redirect::Write(word) => Some((Access::Write, word)),
        Redirect::Append(word) => Some((Access::Append, word)),
        Redirect::Copy(_) | Redirect::Close | Redirect::HereDocument(_) | Redirect::HereString(_) => None,
    }
}

/// The one file that a word names from everywhere.
fn file(cwds: &Cwds, word: &Word, workspace: &Workspace) -> Option<(PathBuf, Reach)> {
    let found = targets(cwds, &word.literal()?, workspace);
    let paths: Option<BTreeSet<PathBuf>> = found.into_iter().map(Located::path).collect();
    let mut paths = paths?.into_iter();
    let only = paths.next().filter(|_| paths.next().is_none())?;
    let reach = workspace.reach(&only);
    Some((only, reach))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use rustix::fs::{CWD, Mode};
    use tempfile::TempDir;

    use super::{super::start, *};
    use crate::{command::parse, diagnostic::Source, policy::compile};

    /// A workspace `root` beside a directory `bin` with the programs of PATH, and `outside`.
    struct Place {
        dir: TempDir,
        workspace: Workspace,
    }

    fn policy() -> PolicySet {
        let source = Source { name: "test.toml".into(), text: "version = 1\n".into() };
        compile(&[source]).0.unwrap()
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
                read: vec![base.join("bin"), base.join("outside")],
                write: vec![base.join("root")],
                hide: vec![],
                protect: vec![],
                home: base.clone(),
                layers: Vec::new(),
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
            let start = start(&self.workspace, cwd.map(Path::new))?;
            resolve(&script, Vec::new(), &self.workspace, start, &policy()).map(|(script, _)| script)
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

    /// `index access path` of each file and directory, and `index program` of each program, relative to the place.
    fn facts(place: &Place, text: &str) -> Vec<String> {
        let script = place.resolve(text, None).unwrap_or_else(|denial| panic!("{text}: {}", denial.reason));
        let base = place.path("");
        let short = |path: &Path| path.strip_prefix(&base).unwrap_or(path).display().to_string();
        let files = script.files.iter().map(|file| {
            let to = file.place.as_ref().map_or("?".to_owned(), |(path, reach)| format!("{} {reach:?}", short(path)));
            format!("{} {} {to}", file.index, file.access.as_str())
        });
        let directories = script.directories.iter().map(|directory| {
            let to =
                directory.place.as_ref().map_or("?".to_owned(), |(path, inside)| format!("{} {inside}", short(path)));
            format!("{} enter {to}", directory.index)
        });
        let programs = script.commands.iter().filter(|command| command.program.by_path).map(|command| {
            let kind = if command.program.writable { "writable" } else { "fixed" };
            format!("{} run {} {kind}", command.index, short(&command.program.real))
        });
        files.chain(directories).chain(programs).collect()
    }

    fn furnished() -> Place {
        let mut place = Place::new();
        place.program("bin/tool", 0o755);
        place.program("root/own", 0o755);
        place.program("root/sub/own", 0o755);
        fs::create_dir_all(place.path("root/real-git/hooks")).unwrap();
        fs::create_dir_all(place.path("root/secret")).unwrap();
        for (target, link) in
            [("../outside/new", "dangling"), ("../outside", "exit"), ("real-git", ".git"), ("/dev/null", "null")]
        {
            symlink(target, place.path("root").join(link)).unwrap();
        }
        place.workspace.protect.push(place.path("root/.git/hooks"));
        place.workspace.hide.push(place.path("root/secret"));
        place
    }

    #[test]
    fn files_are_found_from_where_their_command_may_run() {
        let place = furnished();
        for (text, expected) in [
            ("tool > out", vec!["0 write root/out Write"]),
            ("tool >> own < sub/own", vec!["0 append root/own Write", "0 read root/sub/own Write"]),
            ("tool &> 'build/log'", vec!["0 write root/build/log Write"]),
            ("tool > dangling", vec!["0 write outside/new Read"]),
            ("tool > exit/x 2> ../beside", vec!["0 write outside/x Read", "0 write beside Write"]),
            ("tool > /etc/passwd", vec!["0 write /etc/passwd Nothing"]),
            ("tool > null 2> /dev/stdout", vec!["0 write /dev/null Write", "0 write /dev/stdout Write"]),
            ("tool < /dev/fd/3 > /tmp/x", vec!["0 read /dev/fd/3 Write", "0 write /tmp/x Write"]),
            ("tool > real-git/hooks/pre-commit", vec!["0 write root/real-git/hooks/pre-commit Read"]),
            ("tool > .git/hooks/pre-commit", vec!["0 write root/real-git/hooks/pre-commit Read"]),
            ("tool < secret/key", vec!["0 read root/secret/key Nothing"]),
            ("cd sub && tool > f", vec!["1 write root/sub/f Write", "0 enter root/sub true"]),
            ("cd sub; tool > f", vec!["1 write ?", "0 enter root/sub true"]),
            ("cd sub; tool > \"$(tool)\"", vec!["2 write ?", "0 enter root/sub true"]),
            ("cd new && tool > f > /etc/x", vec!["1 write ?", "1 write /etc/x Nothing", "0 enter ?"]),
            ("tool 2>&1 <<< x", vec![]),
        ] {
            assert_eq!(facts(&place, text), expected, "{text}");
        }
    }

    #[test]
    fn directories_are_told_with_whether_they_lie_inside() {
        let place = furnished();
        for (text, expected) in [
            ("cd sub && cd ..", vec!["0 enter root/sub true", "1 enter root true"]),
            ("cd ..", vec!["0 enter  false"]),
            ("cd exit && tool > x", vec!["1 write outside/x Read", "0 enter outside false"]),
            ("cd secret", vec!["0 enter root/secret false"]),
            ("cd /tmp/anything", vec!["0 enter /tmp/anything false"]),
            ("cd /", vec!["0 enter / false"]),
            ("cd own; cd \"$(tool)\"", vec!["0 enter ?", "2 enter ?"]),
            ("cd sub; cd ..", vec!["0 enter root/sub true", "1 enter  false", "1 enter root true"]),
            ("cd sub; cd sub", vec!["0 enter root/sub true", "1 enter ?", "1 enter root/sub true"]),
        ] {
            assert_eq!(facts(&place, text), expected, "{text}");
        }
    }

    #[test]
    fn programs_by_path_need_not_be_there_before_their_turn() {
        let place = furnished();
        for (text, expected) in [
            ("./own", vec!["0 run root/own writable"]),
            ("tool && ./own", vec!["1 run root/own writable"]),
            ("cd sub && ./own", vec!["0 enter root/sub true", "1 run root/sub/own writable"]),
            ("cd sub; ./own", vec!["0 enter root/sub true", "1 run own writable"]),
            ("tool; ./built -x", vec!["1 run root/built writable"]),
            ("cd new && ./../built", vec!["0 enter ?", "1 run ../built writable"]),
            ("cd new && BIN/tool", vec!["0 enter ?", "1 run bin/tool fixed"]),
            ("tool | /tmp/made", vec!["1 run /tmp/made writable"]),
        ] {
            let text = text.replace("BIN", place.path("bin").to_str().unwrap());
            assert_eq!(facts(&place, &text), expected, "{text}");
        }
        place.refused("/tmp/made", None, Code::ProgramNotFound);
        place.refused("tool; absent", None, Code::ProgramNotFound);
    }

    #[test]
    fn only_what_path_found_is_kept_open_once() {
        let place = furnished();
        let script = parse("tool a; ./own; (tool b | tool c)").unwrap();
        let (script, handles) =
            resolve(&script, Vec::new(), &place.workspace, start(&place.workspace, None).unwrap(), &policy()).unwrap();
        assert_eq!(script.commands.len(), 4);
        assert_eq!(handles.programs.into_keys().collect::<Vec<_>>(), [place.path("bin/tool")]);
        let alone = parse("./own").unwrap();
        let (_, handles) =
            resolve(&alone, Vec::new(), &place.workspace, start(&place.workspace, None).unwrap(), &policy()).unwrap();
        assert_eq!(handles.programs.into_keys().collect::<Vec<_>>(), [place.path("root/own")]);
    }

    #[test]
    fn commands_carry_what_is_known_of_them() {
        let place = furnished();
        let script = place.resolve("cd sub; A=1 tool 'a b' x*.rs \"$(tool 1)\" > f && tool", None).unwrap();
        let [inner, outer, last] = script.commands.as_slice() else { panic!("{:?}", script.commands) };
        assert_eq!((inner.index, outer.index, last.index), (1, 2, 3));
        assert_eq!(outer.argv, ["tool", "a b", "x*.rs", "\"$( tool 1 )\""]);
        assert_eq!(outer.unknown, [2, 3]);
        assert_eq!(outer.canonical, "tool 'a b' x*.rs \"$( tool 1 )\"");
        assert_eq!(outer.cwds, [place.path("root"), place.path("root/sub")]);
        assert_eq!(inner.cwds, outer.cwds);
        assert!(inner.is_exact() && !outer.is_exact());
        let [variable] = script.variables.as_slice() else { panic!("{:?}", script.variables) };
        assert_eq!((variable.index, variable.name.as_str()), (2, "A"));
        assert_eq!(variable.span.of(&script.script.text), "A=1");
        assert_eq!(script.files[0].span.of(&script.script.text), "> f");
        assert!(script.commands.iter().all(|command| command.canonical.starts_with("tool")));
    }

    #[test]
    fn a_refusal_points_at_the_word() {
        let place = furnished();
        let denial = place.resolve("tool x\ntool $(absent 1)", None).unwrap_err();
        assert_eq!((denial.code, denial.span), (Code::ProgramNotFound, Some(crate::diagnostic::Span::new(14, 20))));
    }
}
