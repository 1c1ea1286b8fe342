//! `interact`: writes to a job's standard input and answers with what it says.

use std::time::Duration;

use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::{
    job::{Cursor, Output},
    model::{denial::Denial, ids::JobId},
};

use super::{
    super::{
        call::{Call, Returned, job_id, wait_time},
        text::Before,
    },
    DEFAULT_BYTES, Effect, Facts, MAX_WAIT_SECONDS, output,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The job, as `execute` named it
    job_id: String,
    /// The text to write; nothing is added to it unless `newline` is true
    input: String,
    /// Write a newline after the text
    #[serde(default)]
    newline: bool,
    /// Close standard input after the text
    #[serde(default)]
    eof: bool,
    /// Wait so long for the first output; 1 when left out
    #[serde(default)]
    #[schemars(range(min = 0.0, max = MAX_WAIT_SECONDS))]
    wait_seconds: Option<f64>,
}

/// How long an answer is waited for when nothing is said.
const DEFAULT_WAIT_SECONDS: f64 = 1.0;

/// A job that has answered and then says nothing for so long has said what it wanted to. A REPL writes its answer and its
/// prompt in separate writes, microseconds apart.
const QUIET: Duration = Duration::from_millis(20);

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Writes text to the standard input of a running job and returns the output that is new since then. The text is \
         written as it is: end a line with \\n or set `newline`. `eof` closes the input. Works for jobs whose rule grants \
         standard input; a job takes at most {} in all. What is written is recorded.",
        facts.limits.stdin,
    );
    facts.define::<Input, output::Answer>("Write to a job", Effect::Acts, text)
}

pub(super) async fn run(call: &Call, input: Input) -> Result<CallToolResult, Denial> {
    let id = job_id(&input.job_id)?;
    let before = call.service.status(&call.who, id)?;
    let since = Cursor { stdout: before.stdout.bytes, stderr: before.stderr.bytes };
    let mut bytes = input.input.into_bytes();
    if input.newline {
        bytes.push(b'\n');
    }
    call.service.interact(&call.who, id, bytes, input.eof).await?;
    let limit = wait_time(input.wait_seconds.unwrap_or(DEFAULT_WAIT_SECONDS));
    let (part, quiet) = settle(call, id, since, Instant::now() + limit).await?;
    let job = call.service.status(&call.who, id)?;
    let returned = if job.status.is_final() {
        Returned::Exited
    } else if call.gone.is_cancelled() {
        Returned::Cancelled
    } else if quiet {
        Returned::Idle
    } else {
        Returned::Timeout
    };
    Ok(output::answer(&job, &part, Before::Known, Some(returned)))
}

/// Waits for output and then for a moment without any. Tells whether there was such a moment before the deadline.
async fn settle(call: &Call, id: JobId, since: Cursor, deadline: Instant) -> Result<(Output, bool), Denial> {
    let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
    call.wait_for_output(id, since, left(deadline)).await?;
    loop {
        let part = call.service.output(&call.who, id, since, DEFAULT_BYTES)?;
        let ended = call.service.status(&call.who, id)?.status.is_final();
        if part.next == since || part.more || ended || call.gone.is_cancelled() {
            return Ok((part, false));
        }
        let pause = QUIET.min(left(deadline));
        // The service's own limit is the pause; the outer one holds should it return late.
        let wait = call.wait_for_output(id, part.next, pause);
        if let Ok(waited) = timeout_at(Instant::now() + 2 * QUIET, wait).await {
            waited?;
        }
        let now = call.service.output(&call.who, id, part.next, 1)?;
        if now.next == part.next {
            return Ok((part, pause == QUIET));
        }
        if left(deadline).is_zero() {
            return Ok((call.service.output(&call.who, id, since, DEFAULT_BYTES)?, false));
        }
    }
}
