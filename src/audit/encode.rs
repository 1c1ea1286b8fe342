//! Events as fields: the schema on disk. `docs/audit-format.md` says the same in words; a change of meaning there is a
//! new version of the format.

use std::path::PathBuf;

use crate::model::{
    denial::RuleRef,
    enforcement::{Layer, Level},
    limits::Limits,
    outcome::{Outcome, Reason, StreamTotals},
};

use super::{
    datum::{Datum, Fields},
    event::{Acted, Decided, Event, Exited, Judged, Killed, Opened, Requested, ServerStart, Started, Typed},
    policy::{LayerLoad, PolicyFinding, PolicyLoad, PolicyReload, PolicyReloadFailed},
};

/// The kind of an event and its fields.
pub(super) fn encode(event: &Event) -> (&'static str, Fields) {
    match event {
        Event::ServerStart(event) => ("server.start", server_start(event)),
        Event::PolicyLoad(event) => ("policy.load", policy_load(event)),
        Event::PolicyReload(event) => ("policy.reload", policy_reload(event)),
        Event::PolicyReloadFailed(event) => ("policy.reload_failed", policy_reload_failed(event)),
        Event::Request(event) => ("exec.request", request(event)),
        Event::Decision(event) => decision(event, None),
        Event::Start(event) => ("exec.start", start(event)),
        Event::Act(event) => ("exec.judged", acted(event)),
        Event::Stdin(event) => ("exec.stdin", stdin(event)),
        Event::Kill(event) => ("exec.kill", kill(event)),
        Event::Exit(event) => ("exec.exit", exit(event)),
    }
}

/// A decision; with the digest of a plan it is one that is carried out.
pub(super) fn decision(event: &Decided, plan_digest: Option<&str>) -> (&'static str, Fields) {
    let fields = vec![
        ("decision", event.answer.as_str().into()),
        ("carried_out", plan_digest.is_some().into()),
        ("code", Datum::option(event.code.map(|code| code.as_str()))),
        ("rules", Datum::list(&event.rules)),
        ("reason", Datum::option(event.reason.as_ref())),
        ("commands", Datum::list(&event.commands)),
        ("files", Datum::list(&event.files)),
        ("matched", Datum::List(event.matched.iter().map(matched).collect())),
        ("plan", Datum::option(plan_digest.map(sha256))),
        ("generation", event.policy.generation.number().into()),
        ("policy", sha256(&event.policy.digest)),
    ];
    ("exec.decision", fields)
}

/// The end of the server.
pub(super) fn server_stop(why: &Reason) -> (&'static str, Fields) {
    ("server.stop", reason(why))
}

fn server_start(event: &ServerStart) -> Fields {
    let degraded = event.support.layers.iter().filter(|(_, level)| *level != Level::Full);
    vec![
        ("version", (&event.version).into()),
        ("kernel", (&event.support.kernel).into()),
        ("landlock_abi", event.support.landlock_abi.into()),
        ("support", layers(&event.support.layers)),
        ("degraded", Datum::list(degraded.map(|(layer, _)| layer.as_str()))),
    ]
}

fn policy_load(event: &PolicyLoad) -> Fields {
    let file = |(name, digest): &(String, String)| Datum::Map(vec![("name", name.into()), ("digest", sha256(digest))]);
    vec![
        ("generation", event.id.generation.number().into()),
        ("name", (&event.name).into()),
        ("digest", sha256(&event.id.digest)),
        ("rules", count(event.rules)),
        ("files", Datum::List(event.files.iter().map(file).collect())),
        ("layers", Datum::list(&event.layers)),
    ]
}

fn policy_reload(event: &PolicyReload) -> Fields {
    let mut fields = policy_load(&event.load);
    fields.push(("rules_before", count(event.rules_before)));
    fields.push(("added", Datum::list(&event.added)));
    fields.push(("removed", Datum::list(&event.removed)));
    fields
}

fn policy_reload_failed(event: &PolicyReloadFailed) -> Fields {
    vec![
        ("generation", event.kept.generation.number().into()),
        ("digest", sha256(&event.kept.digest)),
        ("findings", Datum::list(&event.findings)),
    ]
}

fn request(event: &Requested) -> Fields {
    vec![
        ("command", (&event.command).into()),
        ("cwd", event.cwd.as_deref().map_or(Datum::Null, Datum::path)),
        ("env_names", Datum::list(&event.env_names)),
        ("principal", (&event.principal.id).into()),
        ("via", event.principal.via.as_str().into()),
        ("claimed_client", Datum::option(event.claimed_client.as_ref())),
        ("rpc_id", Datum::option(event.rpc_id.as_ref())),
        ("name", Datum::option(event.name.as_ref())),
    ]
}

fn start(event: &Started) -> Fields {
    vec![
        ("job_id", event.job.to_string().into()),
        ("pid", event.pid.into()),
        ("programs", Datum::List(event.programs.iter().map(|program| Datum::path(program)).collect())),
        ("enforcement", layers(&event.enforcement.0)),
        ("limits", limits(&event.limits)),
    ]
}

fn acted(event: &Acted) -> Fields {
    let path = |path: &Option<PathBuf>| path.as_deref().map_or(Datum::Null, Datum::path);
    vec![
        ("act", event.act.as_str().into()),
        ("command", count(event.command)),
        ("program", path(&event.program)),
        ("argv", Datum::list(&event.argv)),
        ("canonical", (&event.canonical).into()),
        ("variables", Datum::list(&event.variables)),
        ("cwd", path(&event.cwd)),
        ("path", path(&event.path)),
        ("access", Datum::option(event.access.map(|access| access.as_str()))),
        ("decision", event.answer.as_str().into()),
        ("code", Datum::option(event.code.map(|code| code.as_str()))),
        ("rules", Datum::list(&event.rules)),
        ("reason", Datum::option(event.reason.as_ref())),
    ]
}

fn stdin(event: &Typed) -> Fields {
    vec![
        ("principal", (&event.principal.id).into()),
        ("via", event.principal.via.as_str().into()),
        ("bytes", event.bytes.into()),
        ("digest", event.digest.as_str().into()),
        ("eof", event.eof.into()),
    ]
}

fn kill(event: &Killed) -> Fields {
    let mut fields = reason(&event.reason);
    fields.push(("signals", Datum::list(&event.signals)));
    fields.push(("survivors", event.survivors.into()));
    fields
}

fn exit(event: &Exited) -> Fields {
    let Outcome { reason: why, exit: _, ended: _, duration, usage, stragglers, survivors } = &event.outcome;
    let (code, signal) = (Datum::option(event.outcome.exit_code()), Datum::option(event.outcome.signal()));
    let mut fields = vec![("status", event.outcome.status().as_str().into())];
    fields.extend(reason(why));
    fields.extend([
        ("exit_code", code),
        ("signal", signal),
        ("duration_ms", millis(*duration)),
        ("cpu_ms", millis(usage.cpu)),
        ("peak_memory", usage.peak_memory.into()),
        ("stragglers", (*stragglers).into()),
        ("survivors", (*survivors).into()),
        ("stdout", stream(event.stdout)),
        ("stderr", stream(event.stderr)),
    ]);
    fields
}

fn reason(why: &Reason) -> Fields {
    vec![("reason", why.as_str().into()), ("detail", Datum::option(why.detail()))]
}

fn layers(layers: &[(Layer, Level)]) -> Datum {
    let entry = |(layer, level): &(Layer, Level)| {
        Datum::Map(vec![
            ("layer", layer.as_str().into()),
            ("level", level.as_str().into()),
            ("missing", Datum::option(level.missing())),
        ])
    };
    Datum::List(layers.iter().map(entry).collect())
}

/// The limits that one job feels; those of all jobs together are the policy's.
fn limits(limits: &Limits) -> Datum {
    Datum::Map(vec![
        ("wall_ms", millis(limits.wall)),
        ("idle_ms", millis(limits.idle)),
        ("cpu_ms", millis(limits.cpu)),
        ("memory", limits.memory.0.into()),
        ("processes", limits.processes.into()),
        ("files", limits.files.into()),
        ("file_size", limits.file_size.0.into()),
        ("output", limits.output.0.into()),
        ("stdin", limits.stdin.0.into()),
    ])
}

fn matched((rule, word): &(RuleRef, String)) -> Datum {
    Datum::Map(vec![("rule", rule.into()), ("decision", word.into())])
}

fn stream(count: StreamTotals) -> Datum {
    Datum::Map(vec![("bytes", count.bytes.into()), ("dropped", count.dropped.into())])
}

fn millis(span: std::time::Duration) -> Datum {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).into()
}

fn count(number: usize) -> Datum {
    u64::try_from(number).unwrap_or(u64::MAX).into()
}

fn sha256(hex: &str) -> Datum {
    format!("sha256:{hex}").into()
}

impl From<&RuleRef> for Datum {
    fn from(rule: &RuleRef) -> Self {
        Self::Map(vec![
            ("layer", (&rule.layer).into()),
            ("id", (&rule.id).into()),
            ("at", Self::option(rule.at.as_ref())),
        ])
    }
}

impl From<&LayerLoad> for Datum {
    fn from(load: &LayerLoad) -> Self {
        Self::Map(vec![
            ("layer", load.layer.into()),
            ("name", (&load.name).into()),
            ("digest", sha256(&load.digest)),
            ("rules", count(load.rules)),
            ("files", count(load.files)),
        ])
    }
}

impl From<&PolicyFinding> for Datum {
    fn from(finding: &PolicyFinding) -> Self {
        Self::Map(vec![
            ("at", (&finding.at).into()),
            ("severity", finding.severity.as_str().into()),
            ("code", finding.code.as_str().into()),
            ("message", (&finding.message).into()),
            ("hint", Self::option(finding.hint.as_ref())),
        ])
    }
}

impl From<&Judged> for Datum {
    fn from(command: &Judged) -> Self {
        Self::Map(vec![
            ("program", Self::path(&command.program)),
            ("argv", Self::list(&command.argv)),
            ("canonical", (&command.canonical).into()),
        ])
    }
}

impl From<&Opened> for Datum {
    fn from(file: &Opened) -> Self {
        let path = file.path.as_deref().map_or(Self::Null, Self::path);
        Self::Map(vec![("path", path), ("access", file.access.as_str().into())])
    }
}
