//! `stockade policy`: check a policy file, and explain what it says about a command. Nothing here runs a command.

mod batch;
mod human;
mod json;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;

use crate::{
    config::{
        environment,
        policy::{find, load},
    },
    diagnostic::{self, Severity, summary},
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
  stockade policy explain --policy developer -- git push --force
  stockade policy explain --policy team.toml --batch commands.jsonl"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read policies as the server would, and show every mistake
    ///
    /// Exit code 0 when there is no error, 1 when there is one.
    #[command(after_help = "\
Examples:
  stockade policy check                 the policy that would be used here
  stockade policy check team.toml
  stockade policy check --json developer")]
    Check {
        /// Shipped names or files; the policy that would be used when none is named
        policies: Vec<String>,
        /// One JSON object for each finding
        #[arg(long)]
        json: bool,
    },
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
    /// A shipped policy's name or a file; else STOCKADE_POLICY, /etc/stockade/policy.toml, or the shipped `default`
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
        Command::Check { policies, json } => check(&policies, json, printer),
        Command::Explain(args) => explain(args, printer),
    }
}

fn check(policies: &[String], as_json: bool, printer: &mut Printer) -> Exit {
    let named: Vec<Option<&str>> =
        if policies.is_empty() { vec![None] } else { policies.iter().map(|p| Some(p.as_str())).collect() };
    let mut exit = Exit::Success;
    for name in named {
        let (sources, findings, set) = match load(&find(name, &environment)) {
            Ok(loaded) => (loaded.sources, loaded.warnings, Some(loaded.set)),
            Err(failure) => (failure.sources, failure.findings, None),
        };
        let placed = findings.iter().filter_map(|(index, finding)| Some((sources.get(*index)?, finding)));
        if as_json {
            placed.for_each(|(source, finding)| printer.data(diagnostic::json(source, finding)));
        } else {
            printer.findings(placed);
        }
        if set.is_none() || findings.iter().any(|(_, finding)| finding.severity == Severity::Error) {
            exit = Exit::Findings;
        }
        if !as_json {
            let findings: Vec<_> = findings.into_iter().map(|(_, finding)| finding).collect();
            let what = name.map_or_else(|| find(None, &environment).to_string(), str::to_owned);
            let words = summary(&findings);
            let words = if words.is_empty() { "no errors".to_owned() } else { words };
            match set {
                Some(set) => {
                    printer.data(format_args!("{what}: {words}; {} rules, sha256:{}", set.rules().len(), set.digest))
                }
                None => printer.data(format_args!("{what}: {words}; not loaded")),
            }
        }
    }
    exit
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
