//! `stockade policy explain`: whether a command would run, why, and in which surroundings.

mod human;
mod json;
mod layers;

use std::path::PathBuf;

use jiff::Timestamp;

use crate::{
    cli::{chosen::Chosen, exit::Exit, output::Printer, run::command_text},
    model::{
        ids::ExecId,
        request::{Request, Via},
    },
    service::{Verdict, judge, outline, own_principal, prepare},
};

use super::batch;

pub(super) use self::json::decision;
pub(in crate::cli) use self::json::denial_json;

/// Say whether a command would run, by which rule, and in which sandbox; runs nothing
///
/// Exit code 0 when it would run, 126 when it would be refused, 125 when the policy does not load. Of a batch: 0 when
/// every line was judged, 1 when one could not be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy explain -- rm -rf /
  stockade policy explain --policy developer -- 'cd src && ls *.rs | wc -l > ../count.txt'
  stockade policy explain --policy developer --json -- cargo build
  printf '{\"command\":\"git status\"}\\n' | stockade policy explain --batch -")]
pub(super) struct Explain {
    #[command(flatten)]
    chosen: Chosen,
    /// The directory that the command would start in
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Judge each `{"command": …}` line of a file, or of standard input for `-`; one JSON decision a line
    #[arg(long, value_name = "FILE.jsonl", conflicts_with = "command", required_unless_present = "command")]
    batch: Option<PathBuf>,
    /// The words of one command, or one word that holds a whole script
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub(super) fn run(args: Explain, printer: &mut Printer) -> Exit {
    let setup = match prepare(&args.chosen.options()) {
        Ok(setup) => setup,
        Err(error) => return printer.unprepared(&error),
    };
    if let Some(batch) = &args.batch {
        return batch::explain(&setup, batch, printer);
    }
    let text = command_text(&args.command);
    let asked = request(text.clone(), args.cwd);
    let judgement = judge(&setup, &asked);
    let surroundings = outline(&setup, &asked);
    if args.json {
        printer.data(json::explanation(&text, &setup.policy, &judgement, &surroundings));
    } else {
        for (layer, line) in setup.policy.idle() {
            printer.talk(format_args!("note: {layer} layer: {line}"));
        }
        human::explain(&text, &setup.policy, &judgement, &surroundings, printer);
    }
    match judgement.verdict {
        Verdict::Allow(_) => Exit::Success,
        Verdict::Ask(_) | Verdict::Deny(_) => Exit::Refused,
    }
}

pub(super) fn request(command: String, cwd: Option<PathBuf>) -> Request {
    Request { cwd, ..Request::new(ExecId::new(), Timestamp::now(), own_principal(Via::Cli), command) }
}
