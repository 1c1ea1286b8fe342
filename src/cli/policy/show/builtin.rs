//! The built-in blocklist.

use serde_json::json;

use crate::{
    cli::{exit::Exit, output::Printer},
    config::policy::LoadedPolicy,
    policy::{BLOCKLIST_VERSION, show_blocklist},
};

/// Prints every entry, and which of them the policy switches off.
pub(super) fn all(loaded: &LoadedPolicy, as_json: bool, printer: &mut Printer) -> Exit {
    let entries = show_blocklist(&loaded.set, &loaded.sources);
    let off = entries.iter().filter(|shown| shown.off.is_some()).count();
    if !as_json {
        let switches = if off == 0 { "every entry is on".to_owned() } else { format!("{off} switched off") };
        printer.data(format_args!("# the built-in blocklist, version {BLOCKLIST_VERSION}; {switches}"));
    }
    for shown in entries {
        let entry = shown.entry;
        let refuses: Vec<String> = entry.refuses.iter().map(|argv| canonical(argv)).collect();
        let (reason, at) = shown.off.unzip();
        let at = at.flatten();
        if as_json {
            printer.data(json!({
                "id": entry.id, "reason": entry.reason, "hint": entry.hint, "refuses": refuses, "on": reason.is_none(),
                "off_reason": reason, "off_at": at,
            }));
            continue;
        }
        printer.data(entry.id);
        if let Some(reason) = reason {
            printer.data(format_args!("    OFF at {}: {reason}", at.as_deref().unwrap_or("-")));
        }
        printer.data(format_args!("    {}\n    hint: {}", entry.reason, entry.hint));
        printer.data(format_args!("    refuses `{}`", refuses.join("`, `")));
    }
    Exit::Success
}

fn canonical(argv: &[&str]) -> String {
    crate::command::canonical(&argv.iter().map(ToString::to_string).collect::<Vec<_>>())
}
