//! `stockade policy show`: what holds in the end, and where it is written.

use serde_json::json;

use crate::{
    cli::{exit::Exit, output::Printer},
    config::{
        environment,
        policy::{find, load},
    },
    policy::{BLOCKLIST_VERSION, PolicySet, Shown, blocklist, show},
};

use super::report::{self, Style};

/// Show the value of one setting, or of all, and the file and line that gave it; `builtin` shows the built-in blocklist
///
/// Exit code 0; 1 when nothing has that name; 125 when the policy does not load.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy show
  stockade policy show --policy developer sandbox.write
  stockade policy show limits
  stockade policy show rules
  stockade policy show builtin")]
pub(super) struct Show {
    /// A shipped policy's name or a file; else the one that would be used here
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
    /// A setting (`sandbox.read`), a table (`env`), `rules`, or `builtin`
    key: Option<String>,
    /// One JSON object for each line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Show, printer: &mut Printer) -> Exit {
    if args.key.as_deref() == Some("builtin") {
        builtin(args.json, printer);
        return Exit::Success;
    }
    let loaded = match load(&find(args.policy.as_deref(), &environment)) {
        Ok(loaded) => loaded,
        Err(failure) => {
            let placed = |(file, finding): (usize, _)| Some((failure.sources.get(file)?.clone(), finding));
            let findings: Vec<_> = failure.findings.into_iter().filter_map(placed).collect();
            report::print(&findings, Style::Human, printer);
            return Exit::Failure;
        }
    };
    if args.key.as_deref() == Some("rules") {
        rules(&loaded.set, args.json, printer);
        return Exit::Success;
    }
    let all = show(&loaded.set, &loaded.sources);
    let asked: Vec<&Shown> = all.iter().filter(|shown| is_asked(&shown.name(), args.key.as_deref())).collect();
    for shown in &asked {
        let at = shown.at.as_deref();
        if args.json {
            printer.data(json!({ "key": shown.name(), "value": shown.value, "at": at }));
        } else {
            printer.data(format_args!("{} = {}  # {}", shown.name(), shown.value, at.unwrap_or("built-in default")));
        }
    }
    match &args.key {
        Some(key) if asked.is_empty() => {
            printer.talk(format_args!("error: there is no setting `{}`", key.escape_debug()));
            Exit::Findings
        }
        Some(_) | None => Exit::Success,
    }
}

fn is_asked(name: &str, key: Option<&str>) -> bool {
    let Some(key) = key else { return true };
    name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn rules(set: &PolicySet, as_json: bool, printer: &mut Printer) {
    for rule in set.rules() {
        let (decision, at) = (rule.verdict().as_str(), rule.place().at.as_deref());
        if as_json {
            printer.data(
                json!({ "rule": rule.place().to_string(), "decision": decision, "at": at, "reason": rule.reason() }),
            );
        } else {
            let at = at.unwrap_or("-");
            printer.data(format_args!("{decision:<6} {}  {at}  {}", rule.place(), rule.reason()));
        }
    }
}

fn builtin(as_json: bool, printer: &mut Printer) {
    if !as_json {
        printer.data(format_args!("# the built-in blocklist, version {BLOCKLIST_VERSION}"));
    }
    for entry in blocklist() {
        let refuses: Vec<String> = entry.refuses.iter().map(|argv| canonical(argv)).collect();
        if as_json {
            printer.data(json!({ "id": entry.id, "reason": entry.reason, "hint": entry.hint, "refuses": refuses }));
        } else {
            printer.data(format_args!("{}\n    {}\n    hint: {}", entry.id, entry.reason, entry.hint));
            printer.data(format_args!("    refuses `{}`", refuses.join("`, `")));
        }
    }
}

fn canonical(argv: &[&str]) -> String {
    crate::command::canonical(&argv.iter().map(ToString::to_string).collect::<Vec<_>>())
}
