//! What a script does beside running programs: files that it opens, directories that it enters, variables that it sets.

use crate::{
    command::{AssignedVariable, Piece, Redirection, ResolvedDirectory, ResolvedFile, ResolvedScript},
    diagnostic::Code,
    model::{
        denial::{Denial, RuleRef},
        workspace::Reach,
    },
};

use super::{
    PolicySet,
    args::Scope,
    blocklist,
    cover::HARMLESS,
    judge::{blocklisted, unknown_at_start},
    path::WORKSPACE,
    reader::few,
    shell::{ShellRules, Unknown},
};

/// The refusals of all that a script does beside running programs, each with its command's place.
pub(super) fn refusals(policy: &PolicySet, script: &ResolvedScript) -> Vec<(usize, Denial)> {
    let variables = script.variables.iter().map(|variable| (variable.index, assigned(policy, variable)));
    let directories = script.directories.iter().map(|directory| (directory.index, entered(policy, script, directory)));
    let files = script.files.iter().map(|file| (file.index, opened(policy, script, file)));
    let all = variables.chain(directories).chain(files);
    all.filter_map(|(index, refusal)| Some((index, refusal.err()?))).collect()
}

/// A variable before a command is one that the client sets.
fn assigned(policy: &PolicySet, variable: &AssignedVariable) -> Result<(), Denial> {
    if policy.env.client_may_set(&variable.name) {
        return Ok(());
    }
    Err(by(section("env", "client"), policy.env.refusal(&variable.name).at(variable.span)))
}

fn entered(policy: &PolicySet, script: &ResolvedScript, directory: &ResolvedDirectory) -> Result<(), Denial> {
    match &directory.place {
        Some((_, true)) => Ok(()),
        Some((path, false)) => {
            let reason = format!("the directory `{}` lies outside the workspace", path.display());
            let inside = |other: &ResolvedDirectory| other.place.as_ref().is_some_and(|(_, inside)| *inside);
            let hint = if script.directories.iter().any(|other| other.index == directory.index && inside(other)) {
                "that is where it leads when a `cd` before it fails: join them all by `&&`, or put them into `( … )`"
                    .into()
            } else {
                format!("a script can enter {}", roots(policy))
            };
            let denial = Denial::new(Code::CwdOutside, reason).with_hint(hint).at(directory.span);
            Err(by(section("workspace", "roots"), denial))
        }
        None => match policy.shell.unknown {
            Unknown::AtExec => Ok(()),
            Unknown::Deny => Err(unknown_at_start("the directory of `cd` is not known yet".to_owned(), directory.span)),
        },
    }
}

fn opened(policy: &PolicySet, script: &ResolvedScript, file: &ResolvedFile) -> Result<(), Denial> {
    let writes = file.access.writes();
    let known = file.place.as_ref().map(|(path, _)| path.display().to_string());
    let named = known.or_else(|| as_written(script, file));
    if let Some(entry) = named.filter(|_| writes).and_then(|path| blocklist::written(policy, &path, &script.cwd)) {
        return Err(blocklisted(entry, file.span));
    }
    if let Some((path, reach)) = &file.place
        && strays(policy, script, path)
        && (*reach == Reach::Write || *reach == Reach::Read && !writes)
    {
        return Err(by(ShellRules::paths_place(), stray(policy, file, path)));
    }
    match &file.place {
        Some((_, Reach::Write)) => Ok(()),
        Some((_, Reach::Read)) if !writes => Ok(()),
        Some((path, Reach::Read | Reach::Nothing)) => {
            let (verb, key) = if writes { ("write", "write") } else { ("read", "read") };
            let protected = policy.places.protect.iter().find(|name| writes && lies_in(path, name));
            let (place, reason, hint) = match protected {
                Some(name) => (
                    section("workspace", "protect"),
                    format!("jobs cannot write `{}`: the policy protects `{name}`", path.display()),
                    "programs outside the sandbox trust and run it; a person has to change it".to_owned(),
                ),
                None => (
                    section("sandbox", key),
                    format!("jobs cannot {verb} `{}`", path.display()),
                    format!("jobs can {verb} {}", reachable(policy, writes)),
                ),
            };
            Err(by(place, Denial::new(Code::RedirectionOutside, reason).with_hint(hint).at(file.span)))
        }
        None => match policy.shell.unknown {
            Unknown::AtExec => Ok(()),
            Unknown::Deny => {
                let text = file.span.of(&script.script.text);
                Err(unknown_at_start(format!("the file of `{text}` is not known yet"), file.span))
            }
        },
    }
}

/// Whether a file lies where the sandbox lets a job reach and the policy does not let scripts name files.
fn strays(policy: &PolicySet, script: &ResolvedScript, path: &std::path::Path) -> bool {
    let harmless = HARMLESS.iter().any(|device| std::path::Path::new(device) == path);
    let inside = script.roots.iter().any(|root| path.starts_with(root));
    policy.shell.paths == Scope::Workspace && !harmless && !inside
}

fn stray(policy: &PolicySet, file: &ResolvedFile, path: &std::path::Path) -> Denial {
    let verb = if file.access.writes() { "write" } else { "read" };
    let reason = format!("scripts cannot {verb} `{}`: it lies outside the workspace", path.display());
    let hint = format!("use a file in {}; `[shell] paths = \"sandbox\"` of a policy would allow more", roots(policy));
    Denial::new(Code::RedirectionOutside, reason).with_hint(hint).at(file.span)
}

/// The name of a file that is not known yet, as far as it is, with a star for each part that is not.
fn as_written(script: &ResolvedScript, file: &ResolvedFile) -> Option<String> {
    let command = script.script.commands().nth(file.index)?;
    let word = command.redirections.get(file.redirection).and_then(Redirection::word)?;
    let shown = word.pieces.iter().map(|piece| match piece {
        Piece::Known(text) => text.as_str(),
        Piece::Variable { .. }
        | Piece::Glob { .. }
        | Piece::Tilde { .. }
        | Piece::Substitution(_)
        | Piece::Process(_) => "*",
    });
    Some(shown.collect())
}

/// Whether a path holds a name of `protect` as whole components.
fn lies_in(path: &std::path::Path, name: &str) -> bool {
    path.ancestors().any(|part| part.ends_with(name))
}

fn reachable(policy: &PolicySet, writes: bool) -> String {
    let places = if writes { &policy.sandbox.write } else { &policy.sandbox.read };
    let places = places.iter().map(String::as_str).chain(["/tmp"]);
    let (workspace, named): (Vec<_>, Vec<_>) = places.partition(|place| *place == WORKSPACE);
    let workspace = workspace.first().map(|_| roots(policy));
    workspace.into_iter().chain([few(&named)]).collect::<Vec<_>>().join(", ")
}

/// The workspace as people know it.
fn roots(policy: &PolicySet) -> String {
    format!("the workspace ({})", few(&policy.places.roots))
}

fn section(section: &str, key: &str) -> RuleRef {
    RuleRef { layer: section.into(), id: key.into(), at: None }
}

fn by(place: RuleRef, denial: Denial) -> Denial {
    Denial { rule: Some(place), ..denial }
}
