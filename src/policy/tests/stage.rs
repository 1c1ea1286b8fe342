//! Whole scripts with their facts, as the host would find them on a machine that the tests make up.

use std::path::Path;

use super::*;
use crate::{
    command::{
        Access, AssignedVariable, Builtin, Redirect, ResolvedDirectory, ResolvedFile, Script, SimpleCommand, Word,
    },
    model::workspace::Workspace,
    policy::words::Words,
};

pub(super) const ROOT: &str = "/builds/project";

pub(super) fn workspace() -> Workspace {
    let paths = |texts: &[&str]| texts.iter().map(PathBuf::from).collect();
    Workspace {
        roots: paths(&[ROOT]),
        search_path: paths(&["/usr/bin"]),
        read: paths(&["/usr", "/etc", ROOT]),
        write: paths(&[ROOT]),
        hide: paths(&["/etc/shadow"]),
        protect: paths(&["/builds/project/.git/config", "/builds/project/.git/hooks"]),
        home: "/home/dev".into(),
        layers: Vec::new(),
    }
}

/// A script with all its facts. Only sequences of `cd` change the directory; that of an unknown one is not known.
#[track_caller]
pub(super) fn whole(text: &str) -> ResolvedScript {
    let tree = command::parse(text).expect(text);
    let mut resolved = ResolvedScript {
        script: tree.clone(),
        constructs: command::constructs(&tree),
        cwd: ROOT.into(),
        roots: vec![ROOT.into()],
        commands: vec![],
        files: vec![],
        directories: vec![],
        variables: vec![],
    };
    let mut cwd = Some(PathBuf::from(ROOT));
    for (index, command) in tree.commands().enumerate() {
        let variables = command.assignments.iter();
        resolved.variables.extend(variables.map(|assignment| AssignedVariable {
            index,
            name: assignment.name.clone(),
            span: assignment.span,
        }));
        resolved.files.extend(files(command, index, cwd.as_deref()));
        match command.builtin() {
            Some(Builtin::Cd) => {
                let place = place(&command.words[1], cwd.as_deref());
                let place = place.map(|path| (path.clone(), workspace().contains(&path)));
                cwd = place.as_ref().map(|(path, _)| path.clone());
                resolved.directories.push(ResolvedDirectory { index, place, span: command.span });
            }
            Some(Builtin::Exit | Builtin::Null) => {}
            None => resolved.commands.push(program(command, &tree, index, cwd.as_ref())),
        }
    }
    resolved
}

pub(super) fn program(command: &SimpleCommand, tree: &Script, index: usize, cwd: Option<&PathBuf>) -> ResolvedCommand {
    let words = Words::of(command, tree);
    let cwds: Vec<_> = cwd.into_iter().cloned().collect();
    let named = places::named(programs::Programs::default().files(&words), &cwds, &workspace());
    ResolvedCommand { index, cwds, named, span: command.span, ..assumed::assumed(words) }
}

fn files(command: &SimpleCommand, index: usize, cwd: Option<&Path>) -> Vec<ResolvedFile> {
    let mut files = Vec::new();
    for (redirection, written) in command.redirections.iter().enumerate() {
        let (access, word) = match &written.to {
            Redirect::Read(word) => (Access::Read, word),
            Redirect::Write(word) => (Access::Write, word),
            Redirect::Append(word) => (Access::Append, word),
            Redirect::Copy(_) | Redirect::Close | Redirect::HereDocument(_) | Redirect::HereString(_) => continue,
        };
        let place = place(word, cwd).map(|path| (path.clone(), workspace().reach(&path)));
        files.push(ResolvedFile { index, redirection, access, place, span: written.span });
    }
    files
}

/// A path without its dots. There are no links on this machine.
fn place(word: &Word, cwd: Option<&Path>) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in &cwd?.join(word.literal()?) {
        if part == ".." {
            path.pop();
        } else {
            path.push(part);
        }
    }
    Some(path)
}

/// The acts of a script one by one, as the second judgement sees them.
pub(super) fn acts(script: &ResolvedScript) -> Vec<ResolvedScript> {
    let none =
        ResolvedScript { commands: vec![], files: vec![], directories: vec![], variables: vec![], ..script.clone() };
    let commands = script.commands.iter().map(|one| ResolvedScript { commands: vec![one.clone()], ..none.clone() });
    let files = script.files.iter().map(|one| ResolvedScript { files: vec![one.clone()], ..none.clone() });
    let directories = script.directories.iter();
    let directories = directories.map(|one| ResolvedScript { directories: vec![one.clone()], ..none.clone() });
    commands.chain(files).chain(directories).collect()
}

/// The answer to a script in short: `allow IDS`, `ask ID`, or `deny CODE LAYER/ID "TEXT"` with the text that is meant.
#[track_caller]
pub(super) fn tell(policy: &Arc<PolicySet>, script: &ResolvedScript) -> String {
    match decide(policy, &request(), script).0 {
        Decision::Allow(permit) => {
            let ids: Vec<_> = permit.rules().iter().map(|rule| rule.id.as_str()).collect();
            format!("allow {}", ids.join(" ")).trim_end().to_owned()
        }
        Decision::Ask(question) => format!("ask {}", question.rule.id),
        Decision::Deny(denial) => {
            let rule = denial.rule.map(|rule| format!(" {rule}")).unwrap_or_default();
            let text = denial.span.map(|span| format!(" `{}`", span.of(&script.script.text))).unwrap_or_default();
            format!("deny {}{rule}{text}", denial.code)
        }
    }
}
