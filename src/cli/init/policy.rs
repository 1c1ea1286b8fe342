//! The policy of the project: a new one, or the one that is there. Either has to be one with which the server would start.

use std::path::{Path, PathBuf};

use crate::{
    config::{
        environment, layers, places,
        policy::{LoadFailure, LoadedPolicy, Named, find, load},
        secure, state,
    },
    diagnostic::{Code, Diagnostic, Severity, Source},
    model::workspace::Workspace,
    policy::{PolicySet, compile, extends},
};

use super::{
    Args,
    kind::Kind,
    plan::{Fate, Purpose, Refusal, Step, read, without_text},
    programs,
    scene::Scene,
    starter::{self, Starter, belongs_to, owner_line},
};

/// The policy that a new one extends.
#[derive(Debug)]
pub(super) struct Base {
    /// As it stands in the new policy.
    name: String,
    loaded: LoadedPolicy,
}

impl Base {
    /// Finds and reads it. A file is named by its absolute path, because a policy looks for its base beside itself.
    pub(super) fn find(named: Option<&str>) -> Result<Self, Refusal> {
        let named = match find(Some(named.unwrap_or(FIRST_CHOICE)), &environment) {
            Named::File(path) => Named::File(std::path::absolute(&path).unwrap_or(path)),
            shipped @ Named::Shipped(_) => shipped,
        };
        let loaded = load(&named).map_err(in_text)?;
        Ok(Self { name: named.to_string(), loaded })
    }
}

/// What becomes of the policy's file, and what it says about places.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) step: Step,
    pub(super) base: String,
    pub(super) log: PathBuf,
    pub(super) workspace: Workspace,
    /// What a person has to see to.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Plans the policy. One that is there is kept, whatever has been made of it; only its owner replaces it.
pub(super) fn plan(args: &Args, scene: &Scene, base: &Base, kinds: &[Kind]) -> Result<Planned, Refusal> {
    let directory = scene.policy.parent().unwrap_or(&scene.policy);
    secure::trusts_way(directory).map_err(|insecure| vec![without_text(insecure.into())])?;
    match read(&scene.policy).map_err(|finding| vec![without_text(finding)])? {
        Some(text) => keep(args, scene, base, &text),
        None => create(scene, base, kinds),
    }
}

fn create(scene: &Scene, base: &Base, kinds: &[Kind]) -> Result<Planned, Refusal> {
    let (project, file) = (Scene::text(&scene.project), Scene::text(&scene.policy));
    let mut starter =
        Starter { name: &scene.name, base: &base.name, project: &project, file: &file, kinds, path: None };
    let first = tried(scene, base, &starter)?;
    // The shipped `default` builds nothing, so it need not find what builds.
    let looked_for = if base.name == starter::DEFAULT { &[] } else { kinds };
    let missing = programs::missing(looked_for, &first.workspace, &environment("PATH").unwrap_or_default());
    let planned = if missing.directories.is_empty() {
        first
    } else {
        let known = base.loaded.set.env.set.get("PATH").cloned();
        starter.path = Some(missing.directories.iter().cloned().chain(known).collect::<Vec<_>>().join(":"));
        tried(scene, base, &starter)?
    };
    Ok(Planned { warnings: missing.warnings, ..planned })
}

/// A new policy with which the server would start.
fn tried(scene: &Scene, base: &Base, starter: &Starter<'_>) -> Result<Planned, Refusal> {
    let text = starter.text();
    let mut sources = base.loaded.sources.clone();
    sources.push(Source::new(scene.policy.display().to_string(), text.clone()));
    let (set, findings) = compile(&sources);
    let set = match set {
        Some(set) if findings.iter().all(|(_, finding)| finding.severity == Severity::Warning) => set,
        Some(_) | None => return Err(in_text(LoadFailure { sources, findings })),
    };
    let (log, workspace) = would_start(scene, &set, &base.loaded.files)?;
    let step = step(scene, Fate::Create(text));
    Ok(Planned { step, base: base.name.clone(), log, workspace, warnings: Vec::new() })
}

fn keep(args: &Args, scene: &Scene, asked: &Base, text: &str) -> Result<Planned, Refusal> {
    let (file, project) = (scene.policy.display(), Scene::text(&scene.project));
    if belongs_to(text) != Some(project.as_str()) {
        let message = match belongs_to(text) {
            Some(other) => format!("`{file}` is the policy of another project, `{other}`"),
            None => format!("`{file}` does not say that it is the policy of this project"),
        };
        let hint = format!("choose another name with `--name`, or put the line `{}` into it", owner_line(&project));
        return Err(vec![without_text(Diagnostic::error(Code::NotWritten, message).with_hint(hint))]);
    }
    let base = extends(&Source::new("", text));
    // To keep another base than was asked for could allow more than was asked for.
    if args.policy.is_some() && base.as_ref() != Some(&asked.name) {
        let there = base.map_or_else(|| "nothing".to_owned(), |base| format!("`{base}`"));
        let message = format!("`{file}` is there already, and extends {there} and not `{}`", asked.name);
        let hint = "change `extends` in it, or move it away to have a new one written";
        return Err(vec![without_text(Diagnostic::error(Code::NotWritten, message).with_hint(hint))]);
    }
    let loaded = load(&Named::File(scene.policy.clone())).map_err(in_text)?;
    let (log, workspace) = would_start(scene, &loaded.set, &loaded.files)?;
    let base = base.unwrap_or_else(|| loaded.set.name.clone());
    Ok(Planned { step: step(scene, Fate::Stay), base, log, workspace, warnings: Vec::new() })
}

fn step(scene: &Scene, fate: Fate) -> Step {
    Step { purpose: Purpose::Policy, path: scene.policy.clone(), fate }
}

/// Whether the server would start with a policy in the project, as far as the places go: nothing that decides or records what
/// jobs do may lie where they can write, and neither may this program, which the client starts outside of the sandbox.
/// Gives the directory of the log, and the places.
fn would_start(scene: &Scene, set: &PolicySet, files: &[PathBuf]) -> Result<(PathBuf, Workspace), Refusal> {
    let about = |findings: Vec<Diagnostic>| findings.into_iter().map(without_text).collect::<Refusal>();
    let workspace = places::resolve(set, &scene.project, &scene.home).map_err(about)?;
    // Where the machine has a policy of its own, that one holds above, and says where the log lies.
    let machines = layers::machines().map_err(in_text)?;
    let log = machines.as_ref().map_or(&set.audit_dir, |machines| &machines.set.audit_dir);
    let log = state::log_dir(log.as_deref(), &environment, &scene.home);
    let own = [&scene.policy, &scene.program, &log].map(PathBuf::as_path);
    let kept_out = files.iter().map(PathBuf::as_path).filter(|file| *file != scene.policy);
    let exposed = state::exposed(own.into_iter().chain(kept_out), &workspace);
    if exposed.is_empty() { Ok((log, workspace)) } else { Err(about(exposed)) }
}

fn in_text(failure: LoadFailure) -> Refusal {
    let LoadFailure { sources, findings } = failure;
    findings.into_iter().filter_map(|(index, finding)| Some((sources.get(index)?.clone(), finding))).collect()
}

/// Reads the policy back as the server will, when it is written.
pub(super) fn read_back(file: &Path) -> Result<(), Refusal> {
    load(&Named::File(file.to_owned())).map(drop).map_err(in_text)
}

/// The shipped policy for work on a checkout.
const FIRST_CHOICE: &str = "developer";
