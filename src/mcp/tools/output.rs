//! `output`: what a job wrote, from a cursor on.

use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    diagnostic::Code,
    job::{Cursor, JobView, Output},
    model::{denial::Denial, ids::JobId},
};

use super::{
    super::{
        call::{Call, Returned, job_id, wait_time},
        reply::{self, Streams, is_unfinished},
        text::Before,
    },
    Effect, Facts, LEAST_BYTES, MAX_WAIT_SECONDS, bytes_to_read,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The job, as `execute` named it
    job_id: String,
    /// Read on from here: the `next` of an earlier answer; the beginning when left out
    #[serde(default)]
    since: Option<String>,
    /// Bytes of both streams together; 32768 when left out
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_048_576))]
    max_bytes: Option<usize>,
    /// Wait so long for new output or the job's end
    #[serde(default)]
    #[schemars(range(min = 0.0, max = MAX_WAIT_SECONDS))]
    wait_seconds: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Answer {
    /// The job
    job_id: String,
    /// queued, running, completed, failed or killed
    status: &'static str,
    #[serde(flatten)]
    streams: Streams,
    /// Why a wait came back: output, exited, timeout or cancelled
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<&'static str>,
}

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Reads a job's output from a cursor on, in pages: give the `next` of one answer as `since` of the next call. With \
         `wait_seconds` it waits for new output. The last {} of each stream are kept, and what was dropped before them \
         is counted; the output of a finished job is kept for {}.",
        facts.kept(),
        facts.retention(),
    );
    facts.define::<Input, Answer>("Job output", Effect::Reads, text)
}

pub(super) async fn run(call: &Call, input: Input) -> Result<CallToolResult, Denial> {
    let id = job_id(&input.job_id)?;
    let since = input.since.as_deref().map_or(Ok(Cursor::default()), cursor)?;
    let max = bytes_to_read(input.max_bytes);
    if let Some(seconds) = input.wait_seconds {
        wait(call, id, since, Instant::now() + wait_time(seconds)).await?;
    }
    let output = call.service.output(&call.who, id, since, max)?;
    let job = call.service.status(&call.who, id)?;
    let returned = input.wait_seconds.map(|_| why(call, &job, &output));
    Ok(answer(&job, &output, Before::Known, returned))
}

/// Waits until there is a whole character after the cursor, the job has ended, or the time is over.
async fn wait(call: &Call, id: JobId, since: Cursor, deadline: Instant) -> Result<(), Denial> {
    let mut seen = since;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        call.wait_for_output(id, seen, left).await?;
        let part = call.service.output(&call.who, id, since, LEAST_BYTES)?;
        let over = Instant::now() >= deadline || call.gone.is_cancelled();
        if over || !is_unfinished(&part) || call.service.status(&call.who, id)?.status.is_final() {
            return Ok(());
        }
        seen = part.next;
    }
}

fn cursor(text: &str) -> Result<Cursor, Denial> {
    text.parse().map_err(|error| {
        Denial::new(Code::BadArgument, format!("`since` is {error}"))
            .with_hint("leave `since` out to read from the beginning")
    })
}

fn why(call: &Call, job: &JobView, output: &Output) -> Returned {
    if !is_unfinished(output) {
        Returned::Output
    } else if job.status.is_final() {
        Returned::Exited
    } else if call.gone.is_cancelled() {
        Returned::Cancelled
    } else {
        Returned::Timeout
    }
}

/// The answer of this tool and its like.
pub(super) fn answer(job: &JobView, part: &Output, before: Before, returned: Option<Returned>) -> CallToolResult {
    let streams = Streams::new(job, part, before);
    let text = streams.text(&format!("job {} {}", job.id, reply::state(job)));
    let answer = Answer {
        job_id: job.id.to_string(),
        status: job.status.as_str(),
        streams,
        returned: returned.map(Returned::as_str),
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
    use crate::mcp::reply::tests::{part, running};

    #[test]
    fn a_page_carries_text_cursor_and_counts() {
        let job = running();
        let result = answer(&job, &part(5, b"a\xff\n", 2), Before::Known, Some(Returned::Output));
        assert_published(Tool::Output, &result);
        assert_eq!(
            result.structured_content.unwrap(),
            json!({
                "job_id": job.id.to_string(), "status": "running", "stdout": "a\u{fffd}\n", "stderr": "",
                "next": "8.0", "more": false, "stdout_dropped": 2, "stderr_dropped": 0, "stdout_invalid": 1,
                "stderr_invalid": 0, "returned": "output",
            })
        );
    }

    #[test]
    fn a_bad_cursor_says_what_to_do() {
        let denial = cursor("12").unwrap_err();
        assert_eq!(denial.code, Code::BadArgument);
        assert_eq!(denial.reason, "`since` is not a cursor; give back the `next` of an earlier answer");
        assert!(denial.hint.is_some());
    }
}
