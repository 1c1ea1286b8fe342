//! Writable places that hold what jobs must not change: programs, and the audit log.

use std::path::Path;

use crate::diagnostic::Code;

use super::{
    super::{findings::Findings, path::WORKSPACE, rule::Verdict},
    Subject, warn,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let written = subject.set.sandbox.write.iter().filter(|path| *path != WORKSPACE);
    let path = subject.set.env.set.get("PATH").map_or("", String::as_str);
    for directory in written {
        let Some(place) = subject.located.entry("sandbox.write", directory) else { continue };
        if let Some(inside) = path.split(':').find(|entry| lies_in(entry, directory)) {
            let message = format!("jobs can write `{inside}`, in which programs are looked up");
            let label = format!("`{directory}` covers a directory of PATH");
            let hint = "what a job puts there is refused unless a rule names its path; keep the two apart".to_owned();
            warn(findings, Code::WritablePrograms, &place, [message, label, hint]);
        }
        for raw in subject.rules.iter().filter(|raw| raw.rule.verdict() == Verdict::Allow) {
            let Some(program) = raw.rule.programs().find(|name| name.starts_with('/') && lies_in(name, directory))
            else {
                continue;
            };
            let message = format!("jobs can write `{program}`, for which the rule `{}` vouches", raw.rule.id());
            let label = format!("`{directory}` is in `[sandbox] write`");
            let hint = "keep programs that rules name by their path where no job can write".to_owned();
            warn(findings, Code::WritablePrograms, &subject.entry(raw, "program", program), [message, label, hint]);
        }
        if let Some(log) = subject.set.audit_dir.as_deref().filter(|log| lies_in(log, directory)) {
            let message = format!("jobs can write `{log}`, where the audit log lies");
            let label = format!("`{directory}` covers it");
            let hint =
                "the server refuses to start like this; keep the log outside of all that jobs can write".to_owned();
            warn(findings, Code::WritableLog, &place, [message, label, hint]);
        }
    }
}

/// Whether a path lies in a directory, by component; both may start with `~`.
fn lies_in(path: &str, directory: &str) -> bool {
    !path.is_empty() && Path::new(path).starts_with(Path::new(directory))
}
