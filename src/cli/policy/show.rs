//! `stockade policy show`: what holds in the end, and where it is written.

mod builtin;
mod lines;
mod program;
mod rules;

use serde_json::json;

use crate::{
    cli::{exit::Exit, output::Printer},
    config::{
        environment,
        policy::{LoadedPolicy, find, load},
    },
    policy::{Shown, show},
};

use super::report::{self, Style};

/// Show what a policy says in the end and where it is written: settings, rules, a program's facts, the blocklist
///
/// Without words: every setting. Exit code 0; 1 when nothing has that name; 125 when the policy does not load.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy show
  stockade policy show --policy developer sandbox.write
  stockade policy show limits
  stockade policy show rules
  stockade policy show rule git-read
  stockade policy show program sort
  stockade policy show program git log
  stockade policy show builtin")]
pub(super) struct Show {
    /// A shipped policy's name or a file; else the one that would be used here
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// A setting (`sandbox.read`), a table (`env`), `rules`, `rule ID`, `program NAME [SUBCOMMAND]`, or `builtin`
    #[arg(value_name = "KEY")]
    words: Vec<String>,
    /// One JSON object for each line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Show, printer: &mut Printer) -> Exit {
    let loaded = match load(&find(args.policy.as_deref(), &environment)) {
        Ok(loaded) => loaded,
        Err(failure) => {
            let placed = |(file, finding): (usize, _)| Some((failure.sources.get(file)?.clone(), finding));
            let findings: Vec<_> = failure.findings.into_iter().filter_map(placed).collect();
            report::print(&findings, Style::Human, printer);
            return Exit::Failure;
        }
    };
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["builtin"] => builtin::all(&loaded, args.json, printer),
        ["rules"] => rules::all(&loaded, args.json, printer),
        ["rule", id] => rules::one(&loaded, id, args.json, printer),
        ["program", name, ..] => {
            let subcommand = args.words.get(2..).unwrap_or_default();
            program::one(&loaded, name, subcommand, args.json, printer)
        }
        [] => settings(&loaded, None, args.json, printer),
        [key] => settings(&loaded, Some(key), args.json, printer),
        [first, ..] => {
            missing(&format!("nothing to show is called `{}` with more words", first.escape_debug()), printer)
        }
    }
}

fn settings(loaded: &LoadedPolicy, key: Option<&str>, as_json: bool, printer: &mut Printer) -> Exit {
    let all = show(&loaded.set, &loaded.sources);
    let asked: Vec<&Shown> = all.iter().filter(|shown| is_asked(&shown.name(), key)).collect();
    for shown in &asked {
        let at = shown.at.as_deref();
        if as_json {
            printer.data(json!({ "key": shown.name(), "value": shown.value, "at": at }));
        } else {
            printer.data(format_args!("{} = {}  # {}", shown.name(), shown.value, at.unwrap_or("built-in default")));
        }
    }
    match key {
        Some(key) if asked.is_empty() => missing(&format!("there is no setting `{}`", key.escape_debug()), printer),
        Some(_) | None => Exit::Success,
    }
}

fn is_asked(name: &str, key: Option<&str>) -> bool {
    let Some(key) = key else { return true };
    name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Says that there is no such thing.
fn missing(what: &str, printer: &mut Printer) -> Exit {
    printer.talk(format_args!("error: {what}"));
    Exit::Findings
}
