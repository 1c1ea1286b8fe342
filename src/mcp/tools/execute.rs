//! `execute`: starts a command as a job.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    job::{Cursor, JobView, Output},
    model::{denial::Denial, ids::ExecId, outcome::Outcome, request::Request},
};

use super::{
    super::{
        call::{Call, Returned},
        reply::{self, Refusal, Streams},
        text::Before,
    },
    DEFAULT_BYTES, Effect, Facts, MAX_WAIT_SECONDS,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// A command, or a script of several; at most 64 KiB
    command: String,
    /// Directory to start in; a relative one starts at the workspace root, which is also the default
    #[serde(default)]
    #[schemars(length(min = 1, max = 4096))]
    cwd: Option<String>,
    /// Environment variables to set; the policy says which ones may be set
    #[serde(default)]
    #[schemars(schema_with = "variables")]
    env: Option<BTreeMap<String, String>>,
    /// End the job after so many seconds, if the policy's own limit is not shorter
    #[serde(default)]
    #[schemars(range(min = 0.1, max = 604_800.0))]
    timeout_seconds: Option<f64>,
    /// Wait so long for the job to end, and answer with its first output
    #[serde(default)]
    #[schemars(range(min = 0.0, max = MAX_WAIT_SECONDS))]
    wait_seconds: Option<f64>,
    /// A name for the job, for people
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    name: Option<String>,
    /// Labels for the job, for people
    #[serde(default)]
    #[schemars(schema_with = "labels")]
    labels: Option<BTreeMap<String, String>>,
}

fn variables(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object", "maxProperties": 100, "propertyNames": { "maxLength": 256 },
        "additionalProperties": { "type": "string", "maxLength": 32768 },
    })
}

fn labels(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object", "maxProperties": 32, "propertyNames": { "maxLength": 64 },
        "additionalProperties": { "type": "string", "maxLength": 256 },
    })
}

#[derive(Debug, Serialize, JsonSchema)]
struct Answer {
    /// Names the job in all other tools
    job_id: String,
    /// queued, running, completed, failed or killed
    status: &'static str,
    /// Exit code, when the command ended by itself
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Number of the signal that ended the command
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    /// Why the job ended; `exited` when the command ended by itself
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// More about the reason
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What was refused half-way, when the reason is `refused`; what had run before has run
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// How much of each layer of the sandbox is really on: full, partial or none; `status` says what is missing
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    enforcement: BTreeMap<&'static str, &'static str>,
    /// Why a wait came back: exited, timeout or cancelled
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<&'static str>,
    #[serde(flatten)]
    streams: Option<Streams>,
}

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Runs a command as a background job in a sandbox and returns its `job_id` at once, or after `wait_seconds` with \
         its first output. Takes shell syntax, run without a shell: pipes, && || ; and lines, redirections, <<'EOF', \
         ( ), globs, $NAME, $( ), cd, NAME=value before a command. Refused: loops, if, functions, variables of the \
         script, export, set, $?, &. Every command is judged by the server's policy before anything runs, and again at \
         its turn; a refusal says which rule refused and what to do instead. Each job has {}; the last {} of each output stream are kept; a finished job can be \
         asked about for {}. Jobs end when this server does.",
        facts.wall(),
        facts.kept(),
        facts.retention(),
    );
    facts.define::<Input, Answer>("Run a command", Effect::Acts, text)
}

pub(super) async fn run(call: &Call, input: Input) -> Result<CallToolResult, Denial> {
    let wait = input.wait_seconds;
    let command = input.command.clone();
    let job = match call.service.execute(request(call, input)).await {
        Ok(job) => job,
        Err(denial) => return Ok(reply::refusal_in(&command, &denial)),
    };
    let Some(seconds) = wait else { return Ok(answer(&job, None)) };
    let (_, returned) = call.wait_for_end(job.id, seconds).await?;
    // The output first: a job that is seen to have ended after it has no more than what its totals say.
    let output = call.service.output(&call.who, job.id, Cursor::default(), DEFAULT_BYTES)?;
    let job = call.service.status(&call.who, job.id)?;
    Ok(answer(&job, Some((returned, &output))))
}

fn request(call: &Call, input: Input) -> Request {
    Request {
        id: ExecId::new(),
        at: Timestamp::now(),
        principal: call.who.clone(),
        claimed_client: call.client.clone(),
        command: input.command,
        cwd: input.cwd.map(Into::into),
        env: input.env.unwrap_or_default(),
        timeout: input.timeout_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        name: input.name,
        labels: input.labels.unwrap_or_default(),
    }
}

fn answer(job: &JobView, waited: Option<(Returned, &Output)>) -> CallToolResult {
    let streams = waited.map(|(_, output)| Streams::new(job, output, Before::Known));
    let head = format!("job {} {}", job.id, reply::state(job));
    let text = match &streams {
        Some(streams) => streams.text(&head),
        None => head,
    };
    let outcome = job.outcome.as_ref();
    let (exit_code, signal) = (outcome.and_then(Outcome::exit_code), outcome.and_then(Outcome::signal));
    let layers = job.enforcement.iter().flat_map(|report| &report.0);
    let answer = Answer {
        job_id: job.id.to_string(),
        status: job.status.as_str(),
        exit_code,
        signal,
        reason: outcome.map(|outcome| outcome.reason.as_str()),
        detail: outcome.and_then(|outcome| outcome.reason.detail().map(str::to_owned)),
        refusal: Refusal::of(job),
        enforcement: layers.map(|(layer, level)| (layer.as_str(), level.as_str())).collect(),
        returned: waited.map(|(returned, _)| returned.as_str()),
        streams,
    };
    reply::answer(&answer, text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{Tool, tests::assert_published},
        *,
    };
    use crate::{
        mcp::reply::tests::{ended, part, running},
        model::outcome::{ExitStatus, Reason},
    };

    #[test]
    fn a_job_that_nobody_waits_for_is_named_with_what_surrounds_it() {
        let job = running();
        let result = answer(&job, None);
        assert_published(Tool::Execute, &result);
        let levels: BTreeMap<_, _> = job
            .enforcement
            .iter()
            .flat_map(|report| &report.0)
            .map(|(layer, level)| (layer.as_str(), level.as_str()))
            .collect();
        assert!(levels.values().any(|level| *level != "full"), "the sample shows that levels are told as they are");
        let expected = json!({ "job_id": job.id.to_string(), "status": "running", "enforcement": levels });
        assert_eq!(result.structured_content.unwrap(), expected);
        assert_eq!(result.is_error, Some(false));
    }

    #[test]
    fn a_failed_launch_says_which_step() {
        let result = answer(&ended(Reason::LaunchFailed("step `mount /proc`: denied".into()), None), None);
        assert_published(Tool::Execute, &result);
        let answer = result.structured_content.unwrap();
        assert_eq!(
            (&answer["reason"], &answer["detail"]),
            (&json!("launch_failed"), &json!("step `mount /proc`: denied"))
        );
    }

    #[test]
    fn a_wait_adds_output_and_why_it_came_back() {
        let mut job = ended(Reason::Exited, Some(ExitStatus::Code(0)));
        job.stdout.bytes = 3;
        let result = answer(&job, Some((Returned::Exited, &part(0, b"hi\n", 0))));
        assert_published(Tool::Execute, &result);
        let text = serde_json::to_value(&result.content).unwrap();
        assert_eq!(text[0]["text"], format!("job {} completed, exit code 0\n--- stdout ---\nhi", job.id));
        let answer = result.structured_content.unwrap();
        let seen = ["status", "exit_code", "returned", "stdout", "next", "more"].map(|name| answer[name].clone());
        assert_eq!(seen, [json!("completed"), json!(0), json!("exited"), json!("hi\n"), json!("3.0"), json!(false)]);
    }
}
