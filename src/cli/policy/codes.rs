//! `stockade policy codes`: every stable code with its paragraph.

use serde_json::json;

use crate::{
    cli::{exit::Exit, output::Printer},
    diagnostic::Code,
};

/// Say what codes of findings and refusals mean
///
/// Exit code 0; 1 when there is no such code.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy codes
  stockade policy codes no-rule")]
pub(super) struct Codes {
    /// One code; all of them when none is named
    code: Option<String>,
    /// One JSON object for each code
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Codes, printer: &mut Printer) -> Exit {
    let asked = |code: &&Code| args.code.as_deref().is_none_or(|name| name == code.as_str());
    let codes: Vec<&Code> = Code::ALL.iter().filter(asked).collect();
    for code in &codes {
        if args.json {
            printer.data(json!({ "code": code.as_str(), "explanation": code.explanation() }));
        } else {
            printer.data(format_args!("{code}\n    {}", code.explanation()));
        }
    }
    match &args.code {
        Some(name) if codes.is_empty() => {
            printer.talk(format_args!("error: there is no code `{}`", name.escape_debug()));
            Exit::Findings
        }
        Some(_) | None => Exit::Success,
    }
}
