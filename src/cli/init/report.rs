//! What `init` says: the files on standard output, and what to do next on standard error.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    cli::{
        connect::{Client, quoted},
        output::Printer,
    },
    diagnostic::{Code, Diagnostic},
};

use super::{
    kind::Kind,
    plan::{Fate, Plan, Purpose, Step},
    scene::Scene,
};

/// Whether it is done or shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Done,
    DryRun,
}

/// The line about one file.
pub(super) fn line(step: &Step, mode: Mode) -> String {
    let word = match (&step.fate, mode) {
        (Fate::Create(_), Mode::Done) => "created",
        (Fate::Create(_), Mode::DryRun) => "would create",
        (Fate::Change(_), Mode::Done) => "changed",
        (Fate::Change(_), Mode::DryRun) => "would change",
        (Fate::Stay, _) => "unchanged",
        (Fate::ByHand(_), _) => "skipped",
    };
    let width = if mode == Mode::Done { 9 } else { 12 };
    format!("{word:width$}  {}", step.path.display())
}

/// What would be written, file by file. Of a file that somebody else keeps, the entry alone: the rest may hold secrets.
pub(super) fn contents(plan: &Plan) -> String {
    // What is to be done by hand is talked about.
    let steps = plan.steps.iter().filter(|step| !matches!(step.fate, Fate::ByHand(_)));
    let shown = steps.filter_map(|step| Some((step, written(step, plan)?)));
    shown.map(|(step, text)| format!("\n==> {} <==\n{text}", step.path.display())).collect()
}

fn written(step: &Step, plan: &Plan) -> Option<String> {
    match (&step.fate, step.purpose) {
        (Fate::Create(text), _) => Some(text.clone()),
        (Fate::Change(_) | Fate::ByHand(_), Purpose::Client(client)) => Some(plan.connection.snippet(client)),
        (Fate::Change(_) | Fate::ByHand(_), Purpose::Policy) | (Fate::Stay, _) => None,
    }
}

/// All of it as one object.
pub(super) fn object(plan: &Plan, scene: &Scene, mode: Mode) -> Value {
    let files = plan.steps.iter().map(|step| {
        let (status, why) = match &step.fate {
            Fate::Create(_) => ("created", None),
            Fate::Change(_) => ("changed", None),
            Fate::Stay => ("unchanged", None),
            Fate::ByHand(why) => ("skipped", Some(why)),
        };
        let text = written(step, plan).filter(|_| mode == Mode::DryRun || why.is_some());
        json!({ "path": step.path, "for": purpose(step.purpose), "status": status, "why": why, "text": text })
    });
    json!({
        "project": scene.project,
        "kinds": plan.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "name": scene.name,
        "extends": plan.base,
        "policy": scene.policy,
        "log": plan.log,
        "dry_run": mode == Mode::DryRun,
        "files": files.collect::<Vec<_>>(),
    })
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Policy => "policy",
        Purpose::Client(client) => client.name(),
    }
}

/// What is left to a person, and what to do next.
pub(super) fn talk(plan: &Plan, scene: &Scene, mode: Mode, printer: &mut Printer) {
    plan.warnings.iter().for_each(|warning| printer.finding(warning));
    for step in &plan.steps {
        if let (Fate::ByHand(why), Purpose::Client(client)) = (&step.fate, step.purpose) {
            by_hand(step, why, client, plan, printer);
        }
    }
    if mode == Mode::DryRun {
        return printer.talk("nothing was written");
    }
    printer.talk_text(&next_steps(plan, scene));
}

fn by_hand(step: &Step, why: &str, client: Client, plan: &Plan, printer: &mut Printer) {
    let message = format!("`{}` is left as it is: {why}", step.path.display());
    let finding = Diagnostic::warning(Code::NotWritten, message).with_hint("put this into it by hand:");
    printer.finding(&finding);
    printer.talk_text(&plan.connection.snippet(client));
}

fn next_steps(plan: &Plan, scene: &Scene) -> String {
    let (stockade, file) = (quoted(&scene.called), quoted(&Scene::text(&scene.policy)));
    let kinds = plan.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    let everyday = plan.kinds.first().map_or("ls", |kind: &Kind| kind.everyday());
    let kept = plan.steps.iter().any(|step| step.purpose == Purpose::Policy && step.fate == Fate::Stay);
    let which = if kept { "was there already and is kept".to_owned() } else { format!("is made for {kinds}") };
    let (name, base, project, log) = (&scene.name, &plan.base, scene.project.display(), plan.log.display());
    format!(
        "\n\
         The policy `{name}` extends `{base}`, and {which}. In {project}:\n\n\
         check it, after every change   {stockade} policy check {file}\n\
         would a command run, and why   {stockade} policy explain --policy {file} -- {everyday}\n\
         run it as an agent would       {stockade} run --policy {file} -- {everyday}\n\
         is the log whole               {stockade} audit verify\n\
         the log lies in                {log}\n\
         {}",
        clients(plan, scene)
    )
}

/// What to do in each client, or how to connect one.
fn clients(plan: &Plan, scene: &Scene) -> String {
    let connected: Vec<_> = plan.steps.iter().filter_map(connected).collect();
    let mut text = "\n".to_owned();
    if plan.steps.iter().all(|step| step.purpose == Purpose::Policy) {
        text += &format!(
            "No client is connected. `{} init --client NAME` connects `claude-code`, `cursor`, `vscode` or `codex`; by hand:\n\n{}",
            quoted(&scene.called),
            plan.connection.how_to()
        );
        return text;
    }
    for (client, _) in &connected {
        text += &format!("{:<31}{}\n", client.label(), client.next());
    }
    let inside = |(_, path): &(Client, &Path)| path.starts_with(&scene.project);
    if connected.iter().any(inside) {
        text += "\nThe files in the project name paths of this machine: share them with nobody, and let everybody run `init`.\n";
    }
    if let Some((_, path)) = connected.iter().find(|entry| entry.0 == Client::Codex && !inside(entry)) {
        let (path, project) = (path.display(), scene.project.display());
        text += &format!("\nCodex reads {path} in every project, and its entry works in {project} alone.\n");
    }
    text
}

fn connected(step: &Step) -> Option<(Client, &Path)> {
    match (step.purpose, &step.fate) {
        (Purpose::Client(client), Fate::Create(_) | Fate::Change(_) | Fate::Stay) => Some((client, &step.path)),
        (Purpose::Client(_), Fate::ByHand(_)) | (Purpose::Policy, _) => None,
    }
}
