//! `stockade init`: a policy for a project, and clients that use it.

mod kind;
mod plan;
mod policy;
mod programs;
mod report;
mod scene;
mod starter;
mod write;

use std::path::PathBuf;

use super::{connect::Client, exit::Exit, output::Printer};

use self::{
    kind::Kind,
    plan::{Fate, Plan, Refusal},
    report::Mode,
    scene::Scene,
};

/// Write a policy for a project, and connect clients to a server that uses it
///
/// The policy extends a shipped one and has a first rule of its own for the kind of project. It lies outside of the project,
/// where no job can change it: in stockade/NAME.toml below XDG_CONFIG_HOME or ~/.config. A policy that is there is kept.
///
/// The configuration of clients gets one entry, `stockade`, and keeps all else; a file that cannot be changed like that, such
/// as JSON with comments, is left as it is, and the entry is printed. Without --client, the clients are those that are used in
/// the project.
///
/// Exit code 0 when everything is as it should be; 1 when something is refused, and then nothing is written, or when a file is
/// left to be changed by hand; 125 when a file cannot be written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade init                                    the project in this directory, the clients that are used in it
  stockade init --dry-run                          show what would be written
  stockade init --client claude-code --client codex
  stockade init --policy default --no-client ./vendor/tool
  stockade init --kind node --name shop-frontend ./shop/frontend")]
pub(super) struct Args {
    /// The directory of the project
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// The policy to extend: a shipped policy's name or a file; else the shipped `developer`
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// What the project is built with; else told by its files. Can be given more than once
    #[arg(long, value_enum)]
    kind: Vec<Kind>,
    /// A client to connect. Can be given more than once
    #[arg(long, value_enum)]
    client: Vec<Client>,
    /// Write the policy alone
    #[arg(long, conflicts_with = "client")]
    no_client: bool,
    /// The name of the policy and its file; else that of the directory
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Replace an entry `stockade` of a client that starts another program or policy
    #[arg(long)]
    force: bool,
    /// Write nothing; show what would be written
    #[arg(long)]
    dry_run: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
}

fn name(text: &str) -> Result<String, String> {
    if starter::is_taken(text) {
        Err("the name means another layer in answers".to_owned())
    } else if starter::policy_name(text) == text {
        Ok(text.to_owned())
    } else {
        Err("a name holds letters, digits, `-`, `_` and `.`".to_owned())
    }
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> Exit {
    let scene = match Scene::look(&args.directory, args.name.as_deref()) {
        Ok(scene) => scene,
        Err(finding) => return refused(&vec![plan::without_text(finding)], Exit::Findings, printer),
    };
    let plan = match plan::plan(args, &scene) {
        Ok(plan) => plan,
        Err(refusal) => return refused(&refusal, Exit::Findings, printer),
    };
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Done };
    if let Err(refusal) = carry_out(&plan, mode, args.json, printer) {
        return refused(&refusal, Exit::Failure, printer);
    }
    if args.json {
        printer.data(report::object(&plan, &scene, mode));
    } else if mode == Mode::DryRun {
        printer.bytes(report::contents(&plan).as_bytes());
    }
    report::talk(&plan, &scene, mode, printer);
    let by_hand = plan.steps.iter().any(|step| matches!(step.fate, Fate::ByHand(_)));
    if by_hand { Exit::Findings } else { Exit::Success }
}

/// Does every step, and says of each what was done as soon as it is.
fn carry_out(plan: &Plan, mode: Mode, quiet: bool, printer: &mut Printer) -> Result<(), Refusal> {
    for step in &plan.steps {
        if mode == Mode::Done {
            write::write(step)?;
        }
        if !quiet {
            printer.data(report::line(step, mode));
        }
    }
    Ok(())
}

fn refused(refusal: &Refusal, exit: Exit, printer: &mut Printer) -> Exit {
    printer.findings(refusal.iter().map(|(source, finding)| (source, finding)));
    exit
}
