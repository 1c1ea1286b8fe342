//! Whole scripts of which no more is known than their text: what `host` would find if every program were where PATH says,
//! every file were there, and the workspace were `/workspace`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    command::{
        self, Access, AssignedVariable, Builtin, Redirect, Redirection, ResolvedCommand, ResolvedDirectory,
        ResolvedFile, ResolvedScript, SimpleCommand, SyntaxError, Word,
    },
    diagnostic::Code,
    model::{denial::Denial, workspace::Workspace},
};

use super::super::{
    PolicySet,
    assumed::{CWD, HOME, assumed},
    places::{assumed_workspace, named, tidy},
    words::Words,
};

/// So many directories are followed through the `cd`s of one script; with more, the directory counts as unknown.
const CWDS_MAX: usize = 16;

/// Resolves a text by assumption, in the order of the service. A directory of `None` is the workspace.
pub(super) fn resolve(
    text: &str,
    policy: &PolicySet,
    cwd: Option<&str>,
    client: &BTreeMap<String, String>,
) -> Result<ResolvedScript, Denial> {
    let outside = |error: SyntaxError| Denial::new(error.code, error.message);
    let script = command::parse(text).map_err(outside)?;
    let workspace = assumed_workspace(&policy.places, &policy.sandbox);
    let cwd = tidy(&Path::new(CWD).join(cwd.unwrap_or(".")));
    if !workspace.contains(&cwd) {
        let reason = format!("the working directory `{}` lies outside the workspace", cwd.display());
        return Err(Denial::new(Code::CwdOutside, reason));
    }
    let own = BTreeMap::from([("HOME".to_owned(), HOME.to_owned())]);
    let mut env = policy.env.build(&own, client)?;
    env.insert("PWD".to_owned(), cwd.display().to_string());
    let constructs = command::constructs(&script);
    let script = command::fill(&script, &env).map_err(outside)?;
    let roots = workspace.roots.clone();
    let found = ResolvedScript {
        roots,
        script: script.clone(),
        constructs,
        cwd: cwd.clone(),
        commands: vec![],
        files: vec![],
        directories: vec![],
        variables: vec![],
    };
    let mut walk = Walk { policy, workspace: &workspace, cwds: vec![cwd], found };
    for (index, command) in script.commands().enumerate() {
        walk.command(index, command);
    }
    Ok(walk.found)
}

struct Walk<'a> {
    policy: &'a PolicySet,
    workspace: &'a Workspace,
    /// Where the next command may run; empty when that is not known.
    cwds: Vec<PathBuf>,
    found: ResolvedScript,
}

impl Walk<'_> {
    fn command(&mut self, index: usize, command: &SimpleCommand) {
        let span = command.span;
        for assignment in &command.assignments {
            let variable = AssignedVariable { index, name: assignment.name.clone(), span: assignment.span };
            self.found.variables.push(variable);
        }
        for (at, redirection) in command.redirections.iter().enumerate() {
            self.redirection(index, at, redirection);
        }
        match command.builtin() {
            Some(Builtin::Cd) => {
                let place = self.enter(command.words.get(1).and_then(Word::literal).as_deref());
                self.found.directories.push(ResolvedDirectory { index, place, span });
            }
            Some(_) => {}
            None => {
                let resolved = self.program(index, command);
                self.found.commands.push(resolved);
            }
        }
    }

    fn program(&self, index: usize, command: &SimpleCommand) -> ResolvedCommand {
        let words = Words::of(command, &self.found.script);
        let texts = self.policy.programs.files(&words);
        let named = named(texts, &self.cwds, self.workspace);
        ResolvedCommand { index, cwds: self.cwds.clone(), named, span: command.span, ..assumed(words) }
    }

    fn redirection(&mut self, index: usize, redirection: usize, written: &Redirection) {
        let (access, word) = match &written.to {
            Redirect::Read(word) => (Access::Read, word),
            Redirect::Write(word) => (Access::Write, word),
            Redirect::Append(word) => (Access::Append, word),
            Redirect::HereString(_) | Redirect::HereDocument(_) | Redirect::Copy(_) | Redirect::Close => return,
        };
        let path = word.literal().zip(self.only_cwd()).map(|(text, cwd)| tidy(&cwd.join(text)));
        let place = path.map(|path| {
            let reach = self.workspace.reach(&path);
            (path, reach)
        });
        self.found.files.push(ResolvedFile { index, redirection, access, place, span: written.span });
    }

    /// The directory in which the next command runs, when only one is possible.
    fn only_cwd(&self) -> Option<PathBuf> {
        match self.cwds.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// Goes to a directory. The one before stays possible, since a list may skip the `cd`.
    fn enter(&mut self, target: Option<&str>) -> Option<(PathBuf, bool)> {
        let Some(target) = target.filter(|target| !target.starts_with('-')) else {
            self.cwds.clear();
            return None;
        };
        let place = self.only_cwd().map(|cwd| tidy(&cwd.join(target)));
        let entered: Vec<_> = self.cwds.iter().map(|cwd| tidy(&cwd.join(target))).collect();
        self.cwds.extend(entered);
        self.cwds.sort();
        self.cwds.dedup();
        if self.cwds.len() > CWDS_MAX {
            self.cwds.clear();
        }
        place.map(|place| {
            let inside = self.workspace.contains(&place);
            (place, inside)
        })
    }
}
