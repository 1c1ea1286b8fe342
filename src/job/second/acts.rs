//! One act, judged by what its descriptors say and by the policy, and set beside what was judged before anything ran.

use std::{
    collections::BTreeMap,
    io,
    os::fd::OwnedFd,
    path::{Component, Path, PathBuf},
};

use rustix::fs::FileType;

use crate::{
    audit::{self, Acted},
    command::{
        Access, AssignedVariable, NamedPlace, ResolvedCommand, ResolvedDirectory, ResolvedFile, ResolvedProgram,
        ResolvedScript, SimpleCommand, canonical,
    },
    diagnostic::Code,
    host::{self, Identity, Opened, Place, look_at},
    model::{
        denial::{Denial, RuleRef},
        request::Request,
        workspace::Reach,
    },
    policy::{self, Decision},
    script::{self, Act, Question},
};

use super::{Judged, trouble};

/// What acts are judged by. Nothing in it changes while the script runs.
#[derive(Debug)]
pub(super) struct Grounds {
    pub(super) judged: Judged,
    pub(super) request: Request,
    /// The rules that allowed the script.
    pub(super) rules: Vec<RuleRef>,
    /// The files of the programs that were found before anything ran.
    pub(super) programs: BTreeMap<PathBuf, Identity>,
}

/// The rules that allow an act.
type Verdict = Result<Vec<RuleRef>, Denial>;

impl Grounds {
    /// Judges an act that fits the tree.
    pub(super) fn judge(&self, question: &Question, files: &[OwnedFd]) -> (Acted, Verdict) {
        let index = question.command;
        let Some(command) = self.judged.script.script.commands().nth(index) else {
            return (unknown(index), Err(odd("there is no such command")));
        };
        match (&question.act, files) {
            (Act::Enter { name }, [directory]) => self.enter(index, command, name, directory),
            (Act::Open { redirection, access, name, new }, [file]) => {
                let asked = Asked { redirection: *redirection, access: access_of(*access), name, new: new.as_deref() };
                self.open(index, command, &asked, file)
            }
            (Act::Execute { fields, .. }, [program, cwd]) => self.execute(index, command, fields, [program, cwd]),
            (Act::GiveUp(why), []) => {
                let text = command.span.of(&self.judged.script.script.text).to_owned();
                let acted = Acted { act: audit::Act::GiveUp, canonical: text, ..unknown(index) };
                (acted, Err(trouble::denial(why, command.span)))
            }
            _ => (unknown(index), Err(odd("not the files that it is about"))),
        }
    }

    fn enter(&self, index: usize, command: &SimpleCommand, name: &str, directory: &OwnedFd) -> (Acted, Verdict) {
        let text = canonical(&["cd".to_owned(), name.to_owned()]);
        let acted = Acted { act: audit::Act::Enter, canonical: text, ..unknown(index) };
        let path = match self.directory(directory, name) {
            Ok(path) => path,
            Err(denial) => return (acted, Err(denial.at(command.span))),
        };
        let inside = self.judged.workspace.may_work_in(&path);
        let place = Some((path.clone(), inside));
        let before = &self.judged.script.directories;
        let known = before.iter().any(|first| first.index == index && first.place == place);
        let directories = vec![ResolvedDirectory { index, place, span: command.span }];
        let verdict = self.decide(ResolvedScript { directories, ..self.nothing() }, known);
        (Acted { path: Some(path), ..acted }, verdict)
    }

    fn open(&self, index: usize, command: &SimpleCommand, asked: &Asked<'_>, file: &OwnedFd) -> (Acted, Verdict) {
        let Asked { redirection, access, name, new } = *asked;
        let span = command.redirections.get(redirection).map_or(command.span, |redirection| redirection.span);
        let acted = Acted {
            act: audit::Act::Open,
            canonical: format!("{} {}", operator(access), canonical(&[name.to_owned()])),
            access: Some(access),
            ..unknown(index)
        };
        let place = match self.file(file, name, new) {
            Ok(place) => place,
            Err(denial) => return (acted, Err(denial.at(span))),
        };
        let acted = Acted { path: Some(place.0.clone()), ..acted };
        let now = ResolvedFile { index, redirection, access, place: Some(place), span };
        let known = self.judged.script.files.contains(&now);
        (acted, self.decide(ResolvedScript { files: vec![now], ..self.nothing() }, known))
    }

    fn execute(
        &self,
        index: usize,
        command: &SimpleCommand,
        fields: &[Vec<String>],
        [program, cwd]: [&OwnedFd; 2],
    ) -> (Acted, Verdict) {
        let argv: Vec<String> = fields.iter().flatten().cloned().collect();
        let variables = command.assignments.iter().map(|assignment| assignment.name.clone()).collect();
        let text = canonical(&argv);
        let acted = Acted {
            act: audit::Act::Execute,
            argv: argv.clone(),
            canonical: text.clone(),
            variables,
            ..unknown(index)
        };
        let first = self.judged.script.commands.iter().find(|first| first.index == index);
        let found = first.ok_or_else(|| odd("the command was not judged before")).and_then(|first| {
            let cwd = self.directory(cwd, ".")?;
            Ok((first, self.program(&first.program, argv.first(), &cwd, program)?, cwd))
        });
        let (first, program, cwd) = match found {
            Ok(found) => found,
            Err(denial) => return (acted, Err(denial.at(command.span))),
        };
        let acted = Acted { program: Some(program.real.clone()), cwd: Some(cwd.clone()), ..acted };
        if !self.judged.workspace.may_work_in(&cwd) {
            return (acted, Err(outside(&cwd).at(command.span)));
        }
        let exact = first.is_exact() && !program.writable && program == first.program && first.cwds.contains(&cwd);
        let span = command.span;
        let cwds = vec![cwd.clone()];
        let named = self.named(command, fields, &argv, &cwds);
        let now = ResolvedCommand { index, argv, unknown: Vec::new(), program, canonical: text, cwds, named, span };
        // Files may have come and gone in between; where they are now is judged anew.
        if exact && now != (ResolvedCommand { cwds: now.cwds.clone(), named: now.named.clone(), ..first.clone() }) {
            return (acted, Err(differs(&now.canonical, "the facts differ").at(span)));
        }
        let variables = self.judged.script.variables.iter().filter(|variable| variable.index == index);
        let variables: Vec<AssignedVariable> = variables.cloned().collect();
        let verdict = self.decide(ResolvedScript { cwd, commands: vec![now], variables, ..self.nothing() }, exact);
        (acted, verdict)
    }

    /// The policy's word on a script that holds one act alone. With `known`, all of it was judged before.
    fn decide(&self, script: ResolvedScript, known: bool) -> Verdict {
        let text = script.commands.first().map(|command| command.canonical.clone());
        let differs = |why: &str| Err(differs(text.as_deref().unwrap_or("the redirection"), why));
        let (decision, _) = policy::decide(&self.judged.policy, &self.request, &script);
        match decision {
            Decision::Allow(permit) => {
                let rules = permit.rules().to_vec();
                let same = rules.iter().all(|rule| self.rules.contains(rule));
                if known && !same { differs("another rule allows it now") } else { Ok(rules) }
            }
            Decision::Ask(_) if known => differs("it was allowed, and now a person has to be asked"),
            Decision::Deny(denial) if known => differs(&denial.reason),
            Decision::Ask(question) => Err(question.unanswered()),
            Decision::Deny(denial) => Err(denial),
        }
    }

    /// The script without anything in it that is judged.
    fn nothing(&self) -> ResolvedScript {
        ResolvedScript {
            script: self.judged.script.script.clone(),
            constructs: self.judged.script.constructs.clone(),
            cwd: self.judged.script.cwd.clone(),
            roots: self.judged.script.roots.clone(),
            commands: Vec::new(),
            files: Vec::new(),
            directories: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// Where the files are that the arguments name. The pipe of a command that runs beside this one is its own.
    fn named(
        &self,
        command: &SimpleCommand,
        fields: &[Vec<String>],
        argv: &[String],
        cwds: &[PathBuf],
    ) -> BTreeMap<String, Option<NamedPlace>> {
        let texts = self.judged.policy.named_files(argv, &[]);
        let mut named = host::settled(host::named(texts, cwds, &self.judged.workspace));
        let beside = command.words.iter().zip(fields).filter(|(word, _)| word.process().is_some());
        for text in beside.flat_map(|(_, fields)| fields) {
            let place = NamedPlace { path: PathBuf::from(text), reach: Reach::Write, inside: true };
            named.insert(text.clone(), Some(place));
        }
        named
    }

    fn directory(&self, directory: &OwnedFd, name: &str) -> Result<PathBuf, Denial> {
        let Opened { place, kind, .. } = look(directory, name)?;
        match (place, kind) {
            (Place::Path(path), FileType::Directory) => text(path),
            (Place::Removed(path), FileType::Directory) => Err(removed(&path)),
            _ => Err(odd("a directory that is none")),
        }
    }

    /// Where a redirection's file is, and how far jobs reach there.
    fn file(&self, file: &OwnedFd, name: &str, new: Option<&str>) -> Result<(PathBuf, Reach), Denial> {
        let path = match (new, look(file, name)?) {
            (Some(new), Opened { kind: FileType::Directory, place: Place::Path(path), .. }) => path.join(new),
            (Some(_), Opened { kind: FileType::Directory, place: Place::Removed(path), .. })
            | (None, Opened { place: Place::Removed(path), .. }) => return Err(removed(&path)),
            (None, Opened { place: Place::Nameless(_), .. }) => nameless(name)?,
            (None, Opened { kind, place: Place::Path(path), .. }) if kind != FileType::Symlink => path,
            (Some(_) | None, _) => return Err(odd("a file of a kind that is never opened")),
        };
        let path = text(path)?;
        let reach = self.judged.workspace.reach(&path);
        Ok((path, reach))
    }

    /// The program: the very file that PATH gave before, or, where a path names it, the one that is there now.
    fn program(
        &self,
        first: &ResolvedProgram,
        word: Option<&String>,
        cwd: &Path,
        program: &OwnedFd,
    ) -> Result<ResolvedProgram, Denial> {
        let word = word.ok_or_else(|| odd("a command without words"))?;
        let Opened { place, kind, identity } = look(program, word)?;
        if !first.by_path {
            return if self.programs.get(&first.real) == Some(&identity) {
                Ok(first.clone())
            } else {
                Err(Denial::new(Code::ProgramChanged, format!("the program `{word}` is not the file that was judged"))
                    .with_hint("try again"))
            };
        }
        let real = match (place, kind) {
            (Place::Path(path), FileType::RegularFile) => text(path)?,
            (Place::Removed(path), _) => return Err(removed(&path)),
            _ => {
                return Err(Denial::new(Code::ProgramNotExecutable, format!("`{word}` is not a regular file"))
                    .with_hint("a program is a regular file that this user may execute"));
            }
        };
        let path = cwd.join(word).components().filter(|part| *part != Component::CurDir).collect();
        // Where a job could write, the file or the way to it, when the script began, it could since. What was safe then is
        // safe now when it is still the same.
        let safe = !first.writable && real == first.real && self.judged.workspace.reach(&real) == Reach::Read;
        Ok(ResolvedProgram { path, real, writable: !safe, ..first.clone() })
    }
}

/// What is asked about a redirection.
struct Asked<'a> {
    redirection: usize,
    access: Access,
    name: &'a str,
    new: Option<&'a str>,
}

/// An act of which nothing is known.
pub(super) fn unknown(command: usize) -> Acted {
    Acted {
        act: audit::Act::Unknown,
        command,
        program: None,
        argv: Vec::new(),
        canonical: String::new(),
        variables: Vec::new(),
        cwd: None,
        path: None,
        access: None,
        answer: audit::Answer::Deny,
        code: None,
        rules: Vec::new(),
        reason: None,
    }
}

/// The refusal of what the script does not say.
pub(super) fn odd(what: &str) -> Denial {
    Denial::new(Code::ActMismatch, format!("the script asked for something that it does not say: {what}"))
        .with_hint("report this: it does not happen by itself")
}

fn differs(what: &str, why: &str) -> Denial {
    Denial::new(Code::JudgementDiffers, format!("`{what}` was judged before and is judged differently now: {why}"))
        .with_hint("report this: it does not happen by itself")
}

fn outside(cwd: &Path) -> Denial {
    Denial::new(Code::CwdOutside, format!("the directory `{}` lies outside the workspace", cwd.display()))
        .with_hint("stay inside the workspace")
}

fn removed(path: &Path) -> Denial {
    Denial::new(Code::FileRemoved, format!("`{}` was removed while it was looked at", path.display()))
        .with_hint("try again")
}

/// The path of a pipe, a socket or a file in memory: the job's own standard streams have one in every job.
fn nameless(name: &str) -> Result<PathBuf, Denial> {
    let number = name.strip_prefix("/dev/fd/").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    if number || STREAMS.contains(&name) {
        return Ok(name.into());
    }
    Err(Denial::new(Code::FileNameless, format!("`{name}` is no file that has a path"))
        .with_hint("name a file, or join streams with `>&`"))
}

fn look(fd: &OwnedFd, name: &str) -> Result<Opened, Denial> {
    look_at(fd).map_err(|error: io::Error| {
        Denial::new(Code::FileUnreadable, format!("`{name}` cannot be looked at: {}", error.kind()))
            .with_hint("try again")
    })
}

fn text(path: PathBuf) -> Result<PathBuf, Denial> {
    if path.to_str().is_some() {
        return Ok(path);
    }
    Err(Denial::new(Code::PathNotText, format!("the path `{}` is not valid UTF-8", path.display()))
        .with_hint("rename the file or directory"))
}

fn access_of(access: script::Access) -> Access {
    match access {
        script::Access::Read => Access::Read,
        script::Access::Write => Access::Write,
        script::Access::Append => Access::Append,
    }
}

fn operator(access: Access) -> &'static str {
    match access {
        Access::Read => "<",
        Access::Write => ">",
        Access::Append => ">>",
    }
}

const STREAMS: [&str; 3] = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
