//! `stockade policy`: one file for each tool around policies. Nothing here runs a command.

mod batch;
mod check;
mod codes;
mod diff;
mod fmt;
mod human;
mod json;
mod report;
mod schema;
mod show;
mod test;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;

use crate::{
    model::{
        ids::ExecId,
        request::{Request, Via},
    },
    service::{Options, Verdict, judge, own_principal, prepare},
};

use super::{exit::Exit, output::Printer, run::command_text};

pub(super) use self::json::denial_json;

/// Check and explain policies
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  stockade policy check team.toml
  stockade policy test team.toml
  stockade policy explain --policy developer -- git push --force
  stockade policy explain --policy team.toml --batch commands.jsonl"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(check::Check),
    Test(test::Test),
    Show(show::Show),
    Diff(diff::Diff),
    Codes(codes::Codes),
    Fmt(fmt::Fmt),
    Schema(schema::Schema),
    /// Say whether a command would run, by which rule, and in which sandbox; runs nothing
    ///
    /// Exit code 0 when it would run, 126 when it would be refused, 125 when the policy does not load. Of a batch: 0 when
    /// every line was judged, 1 when one could not be read.
    #[command(after_help = "\
Examples:
  stockade policy explain -- rm -rf /
  stockade policy explain --policy developer -- 'cd src && ls *.rs | wc -l > ../count.txt'
  stockade policy explain --policy developer --json -- cargo build
  printf '{\"command\":\"git status\"}\\n' | stockade policy explain --batch -")]
    Explain(Explain),
}

#[derive(Debug, clap::Args)]
struct Explain {
    /// A shipped policy's name or a file; else STOCKADE_POLICY. Where there is /etc/stockade/policy.toml, it holds above what is
    /// named, and alone when nothing is; elsewhere that is the shipped `default`
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
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

pub(super) fn run(args: Args, printer: &mut Printer) -> Exit {
    match args.command {
        Command::Check(args) => check::run(&args, printer),
        Command::Test(args) => test::run(&args, printer),
        Command::Show(args) => show::run(&args, printer),
        Command::Diff(args) => diff::run(&args, printer),
        Command::Schema(args) => schema::run(&args, printer),
        Command::Fmt(args) => fmt::run(&args, printer),
        Command::Codes(args) => codes::run(&args, printer),
        Command::Explain(args) => explain(args, printer),
    }
}

fn explain(args: Explain, printer: &mut Printer) -> Exit {
    let setup = match prepare(&Options { policy: args.policy.clone() }) {
        Ok(setup) => setup,
        Err(error) => return printer.unprepared(&error),
    };
    if let Some(batch) = &args.batch {
        return batch::explain(&setup, batch, printer);
    }
    let text = command_text(&args.command);
    let judgement = judge(&setup, &request(text.clone(), args.cwd));
    if args.json {
        printer.data(json::judgement(&text, &judgement, true));
    } else {
        for (layer, line) in setup.policy.idle() {
            printer.talk(format_args!("note: {layer} layer: {line}"));
        }
        human::explain(&text, &judgement, printer);
    }
    match judgement.verdict {
        Verdict::Allow(_) => Exit::Success,
        Verdict::Ask(_) | Verdict::Deny(_) => Exit::Refused,
    }
}

fn request(command: String, cwd: Option<PathBuf>) -> Request {
    Request {
        id: ExecId::new(),
        at: Timestamp::now(),
        principal: own_principal(Via::Cli),
        claimed_client: None,
        command,
        cwd,
        env: BTreeMap::new(),
        timeout: None,
        name: None,
        labels: BTreeMap::new(),
    }
}
