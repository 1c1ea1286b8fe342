//! The operators' door: one file for each subcommand. `output.rs` is the only file that prints.

#![forbid(unsafe_code)]

mod audit;
mod chosen;
mod connect;
mod doctor;
mod exit;
mod init;
mod output;
mod policy;
mod replace;
mod run;
mod serve;
mod signals;

use std::{ffi::OsStr, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};

use self::{exit::Exit, output::Printer};

/// Runs the program: argument vector to exit code.
pub fn main() -> ExitCode {
    // The launcher is started once for every job, and by this program alone: it skips everything that it does not need.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new(crate::sandbox::LAUNCH_SUBCOMMAND)) {
        return crate::sandbox::launch();
    }
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new(crate::doctor::HELPER_SUBCOMMAND)) {
        return crate::doctor::help();
    }
    let mut printer = Printer::for_process();
    let exit = match Cli::try_parse() {
        Ok(cli) => cli.command.run(&mut printer),
        Err(error) => printer.usage(&error),
    };
    printer.finish(exit).into()
}

/// Runs other people's commands safely: judged by a policy, recorded in a tamper-evident log, confined by the kernel.
#[derive(Debug, Parser)]
#[command(name = "stockade", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  stockade init                                      a policy for this project, and clients connected to it
  stockade run --policy developer -- cargo test      one job in the foreground
  stockade run -- 'cd src && ls *.rs | wc -l'        a whole script: one quoted word
  stockade policy explain -- git push --force        would it run, and why
  stockade serve --policy developer                  MCP on standard input and output
  stockade audit verify                              is the log whole
  stockade doctor                                    does the sandbox hold on this machine";

// What each one does is said once, beside its arguments.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Serve(serve::Args),
    Run(run::Args),
    Policy(policy::Args),
    Audit(audit::Args),
    Doctor(doctor::Args),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    fn run(self, printer: &mut Printer) -> Exit {
        match self {
            Self::Init(args) => init::run(&args, printer),
            Self::Serve(args) => serve::run(args, printer),
            Self::Run(args) => run::run(args, printer),
            Self::Policy(args) => policy::run(args, printer),
            Self::Audit(args) => audit::run(args, printer),
            Self::Doctor(args) => doctor::run(&args, printer),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "stockade", &mut script);
                printer.bytes(&script);
                Exit::Success
            }
        }
    }
}
