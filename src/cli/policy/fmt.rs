//! `stockade policy fmt`: one layout for policy files.

use std::{fs, path::Path};

use crate::{
    cli::{exit::Exit, output::Printer, replace::replace},
    diagnostic::{Code, Diagnostic, Source, Span},
    policy::format,
};

/// Lay policy files out in one way: the order of a rule's keys, blank lines, quotes. Comments stay, and nothing else changes
///
/// Exit code 0; with `--check`, which writes nothing, 1 when a file is not laid out like this; 125 when a file cannot be
/// read, is not valid TOML, or cannot be written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy fmt team.toml
  stockade policy fmt --check policies/*.toml")]
pub(super) struct Fmt {
    /// Write nothing; name the files that would change
    #[arg(long)]
    check: bool,
    /// Policy files
    #[arg(required = true)]
    files: Vec<std::path::PathBuf>,
}

pub(super) fn run(args: &Fmt, printer: &mut Printer) -> Exit {
    let mut exit = Exit::Success;
    for file in &args.files {
        exit = match (one(file, args.check), exit) {
            (Ok(false), exit) => exit,
            (Ok(true), exit) => {
                printer.data(file.display());
                if args.check && exit == Exit::Success { Exit::Findings } else { exit }
            }
            (Err((source, finding)), _) => {
                printer.findings([(&source, &finding)]);
                Exit::Failure
            }
        };
    }
    exit
}

/// Lays one file out. True when it is not in that layout yet.
fn one(file: &Path, check: bool) -> Result<bool, (Source, Diagnostic)> {
    let name = file.display().to_string();
    let io = |what: &str, error: std::io::Error| {
        let finding = Diagnostic::error(Code::FileUnreadable, format!("`{name}` cannot be {what}: {error}"));
        (Source::new(name.clone(), ""), finding)
    };
    let text = fs::read_to_string(file).map_err(|error| io("read", error))?;
    let formatted = format(&text).map_err(|error| {
        let span = error.span().map_or(Span::new(0, 0), Span::from);
        let finding = Diagnostic::error(Code::PolicySyntax, "the file is not valid TOML")
            .at(span, error.message().replace('\n', " "));
        (Source::new(name.clone(), text.clone()), finding)
    })?;
    if formatted == text {
        return Ok(false);
    }
    if !check {
        replace(file, &formatted).map_err(|error| io("written", error))?;
    }
    Ok(true)
}
