//! `stockade policy`: one file for each tool around policies. Nothing here runs a command.

mod batch;
mod check;
mod codes;
mod diff;
mod explain;
mod fmt;
mod report;
mod schema;
mod show;
mod test;

use super::{exit::Exit, output::Printer};

pub(super) use self::explain::denial_json;

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
    Explain(explain::Explain),
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
        Command::Explain(args) => explain::run(args, printer),
    }
}
