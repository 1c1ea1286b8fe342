//! `status`: how a job stands, in full.

use std::collections::BTreeMap;

use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{job::JobView, model::denial::Denial};

use super::{
    super::{
        call::{Call, Returned, job_id},
        reply::{self, Refusal, millis, signal_name},
    },
    Effect, Facts, MAX_WAIT_SECONDS,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The job, as `execute` named it
    job_id: String,
    /// Wait so long for the job to end
    #[serde(default)]
    #[schemars(range(min = 0.0, max = MAX_WAIT_SECONDS))]
    wait_seconds: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Answer {
    /// The job
    job_id: String,
    /// queued, running, completed (exit code 0), failed or killed (ended by this server)
    status: &'static str,
    /// The command
    command: String,
    /// Its working directory
    cwd: String,
    /// The name that `execute` gave it
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The labels that `execute` gave it
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    /// When it was accepted (RFC 3339)
    created: String,
    /// When its command was started (RFC 3339)
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    /// Wall-clock time since the start, or of the whole run
    duration_ms: u64,
    #[serde(flatten)]
    end: Option<End>,
    /// Whether `interact` may write to it
    accepts_input: bool,
    /// Bytes that it wrote to standard output
    stdout_bytes: u64,
    /// Bytes that it wrote to standard error
    stderr_bytes: u64,
    /// Bytes of standard output that are no longer kept
    stdout_dropped: u64,
    /// Bytes of standard error that are no longer kept
    stderr_dropped: u64,
    /// What the sandbox really enforces, layer by layer
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enforcement: Vec<LayerReport>,
    /// The rules that allowed it, as `layer/id`
    rules: Vec<String>,
    /// The generation of the policy that it was judged by
    generation: u64,
    /// Joins the job to the audit log
    exec_id: String,
    /// Why a wait came back: exited, timeout or cancelled
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<&'static str>,
}

/// How a job ended.
#[derive(Debug, Serialize, JsonSchema)]
struct End {
    /// Why it ended: exited, signaled, timeout, idle_timeout, cancelled, client_gone, shutdown, audit_failed,
    /// launch_failed, refused (an act of the script, at its turn) or lost
    reason: &'static str,
    /// More about the reason
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What was refused half-way, when the reason is `refused`; what had run before has run
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// Exit code of the command
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Number of the signal that ended the command
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    /// Name of that signal
    #[serde(skip_serializing_if = "Option::is_none")]
    signal_name: Option<String>,
    /// When it ended (RFC 3339)
    ended: String,
    /// Processor time of all its processes
    cpu_ms: u64,
    /// Largest memory of any of its processes, in bytes
    peak_memory: u64,
    /// Processes that were still alive when the command ended, and were killed with it
    stragglers: u32,
    /// Processes that outlived the final kill; always 0 unless something is badly wrong
    survivors: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LayerReport {
    /// The layer
    layer: &'static str,
    /// full, partial or none
    level: &'static str,
    /// What is missing, or why
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
}

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Reports how a job stands: state, exit code or signal, times, resources used, bytes of output, and what the \
         sandbox enforces. With `wait_seconds` it waits for the job to end first. Finished jobs are known for {}.",
        facts.retention(),
    );
    facts.define::<Input, Answer>("Job status", Effect::Reads, text)
}

pub(super) async fn run(call: &Call, input: Input) -> Result<CallToolResult, Denial> {
    let (job, returned) = call.look(job_id(&input.job_id)?, input.wait_seconds).await?;
    Ok(answer(job, returned))
}

fn answer(job: JobView, returned: Option<Returned>) -> CallToolResult {
    let text = format!("job {} {}, after {:.1} s", job.id, reply::state(&job), job.elapsed.as_secs_f64());
    let end = end(&job);
    let answer = Answer {
        job_id: job.id.to_string(),
        status: job.status.as_str(),
        command: job.command,
        cwd: job.cwd.to_string_lossy().into_owned(),
        name: job.name,
        labels: job.labels,
        created: job.created.to_string(),
        started: job.started.map(|started| started.to_string()),
        duration_ms: millis(job.outcome.map_or(job.elapsed, |outcome| outcome.duration)),
        end,
        accepts_input: job.accepts_input,
        stdout_bytes: job.stdout.bytes,
        stderr_bytes: job.stderr.bytes,
        stdout_dropped: job.stdout.dropped,
        stderr_dropped: job.stderr.dropped,
        enforcement: job.enforcement.iter().flat_map(|report| &report.0).map(layer_report).collect(),
        rules: job.rules.iter().map(ToString::to_string).collect(),
        generation: job.generation.number(),
        exec_id: job.exec_id.to_string(),
        returned: returned.map(Returned::as_str),
    };
    reply::answer(&answer, text)
}

fn end(job: &JobView) -> Option<End> {
    let outcome = job.outcome.as_ref()?;
    let (exit_code, signal) = (outcome.exit_code(), outcome.signal());
    Some(End {
        reason: outcome.reason.as_str(),
        detail: outcome.reason.detail().map(str::to_owned),
        refusal: Refusal::of(job),
        exit_code,
        signal,
        signal_name: signal.map(signal_name),
        ended: outcome.ended.to_string(),
        cpu_ms: millis(outcome.usage.cpu),
        peak_memory: outcome.usage.peak_memory,
        stragglers: outcome.stragglers,
        survivors: outcome.survivors,
    })
}

fn layer_report((layer, level): &(crate::model::enforcement::Layer, crate::model::enforcement::Level)) -> LayerReport {
    LayerReport { layer: layer.as_str(), level: level.as_str(), missing: level.missing().map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{Tool, tests::assert_published},
        *,
    };
    use crate::diagnostic::{Code, Span};
    use crate::mcp::reply::tests::{ended, running};
    use crate::model::outcome::{ExitStatus, Reason, RefusedAct};

    #[test]
    fn a_running_job_has_no_end() {
        let result = answer(running(), None);
        assert_published(Tool::Status, &result);
        let answer = result.structured_content.unwrap();
        assert_eq!(answer["status"], "running");
        assert_eq!(answer["started"], "1970-01-01T00:00:00Z");
        assert_eq!(answer["duration_ms"], 2500);
        for absent in ["reason", "exit_code", "signal", "ended", "returned", "name", "labels"] {
            assert_eq!(answer.get(absent), None, "{absent}");
        }
        assert_eq!(
            answer["enforcement"],
            json!([
                { "layer": "landlock", "level": "full" },
                { "layer": "network", "level": "partial", "missing": "no namespace" },
            ])
        );
        assert_eq!(answer["rules"], json!(["developer/cargo"]));
        assert_eq!(answer["generation"], 1);
    }

    #[test]
    fn an_ended_job_tells_all_about_its_end() {
        let result = answer(ended(Reason::Signaled, Some(ExitStatus::Signal(11))), Some(Returned::Exited));
        assert_published(Tool::Status, &result);
        let answer = result.structured_content.unwrap();
        let seen = ["status", "reason", "signal", "signal_name", "duration_ms", "cpu_ms", "peak_memory", "stragglers"]
            .map(|name| answer[name].clone());
        let want = [
            json!("failed"),
            json!("signaled"),
            json!(11),
            json!("SIGSEGV"),
            json!(3000),
            json!(1250),
            json!(4096),
            json!(1),
        ];
        assert_eq!(seen, want);
        assert_eq!(answer["returned"], "exited");
        assert_eq!(answer.get("exit_code"), None);
    }

    #[test]
    fn a_script_that_was_refused_half_way_has_the_refusal_in_full() {
        let denial =
            Denial::new(Code::OptionLikeName, "it matches `-x`").with_hint("write `./`").at(Span { start: 5, end: 9 });
        let text = "`ls *` was refused".to_owned();
        let act = RefusedAct { denial, before: "nothing ran before it".into(), text: text.clone() };
        let result = answer(ended(Reason::Refused(Box::new(act)), None), None);
        assert_published(Tool::Status, &result);
        let content = serde_json::to_value(&result.content).unwrap();
        assert!(content[0]["text"].as_str().unwrap().contains("failed (refused): `ls *` was refused"), "{content}");
        let answer = result.structured_content.unwrap();
        assert_eq!((&answer["reason"], &answer["detail"]), (&json!("refused"), &json!(text)));
        let span = json!({ "start": 5, "end": 9 });
        let refusal = json!({
            "code": "option-like-name", "reason": "it matches `-x`", "hint": "write `./`", "span": span,
        });
        assert_eq!(answer["refusal"], refusal);
    }

    #[test]
    fn a_failed_launch_names_the_step() {
        let answer =
            answer(ended(Reason::LaunchFailed("mounts: EPERM".into()), None), None).structured_content.unwrap();
        assert_eq!((&answer["reason"], &answer["detail"]), (&json!("launch_failed"), &json!("mounts: EPERM")));
    }
}
