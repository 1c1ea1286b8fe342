//! A whole run as one object.

use serde_json::json;

use crate::{
    job::{JobView, Output},
    model::outcome::Outcome,
};

use super::super::policy::denial_json;

/// A job that has ended, with the output that is kept of it.
pub(super) fn job_json(job: &JobView, output: &Output) -> serde_json::Value {
    let outcome = job.outcome.as_ref();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    json!({
        "decision": "allow",
        "job_id": job.id.to_string(),
        "exec_id": job.exec_id.to_string(),
        "command": job.command,
        "status": job.status.as_str(),
        "reason": outcome.map(|o| o.reason.as_str()),
        "refusal": outcome.and_then(|o| o.reason.refusal()).map(|denial| denial_json(&job.command, denial)),
        "detail": outcome.and_then(|o| o.reason.detail()),
        "exit_code": outcome.and_then(Outcome::exit_code),
        "signal": outcome.and_then(Outcome::signal),
        "started": job.started.map(|at| at.to_string()),
        "ended": outcome.map(|o| o.ended.to_string()),
        "duration_ms": job.elapsed.as_millis(),
        "cpu_ms": outcome.map(|o| o.usage.cpu.as_millis()),
        "peak_memory": outcome.map(|o| o.usage.peak_memory),
        "stragglers": outcome.map(|o| o.stragglers),
        "survivors": outcome.map(|o| o.survivors),
        "stdout": text(&output.stdout.bytes),
        "stderr": text(&output.stderr.bytes),
        "stdout_dropped": job.stdout.dropped,
        "stderr_dropped": job.stderr.dropped,
        "enforcement": job.enforcement.as_ref().map(|e| {
            e.0.iter().map(|(layer, level)| json!({ "layer": layer.as_str(), "level": level.as_str(), "missing": level.missing() })).collect::<Vec<_>>()
        }),
        "rules": job.rules.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
