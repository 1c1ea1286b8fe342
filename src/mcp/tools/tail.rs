//! `tail`: the last lines of what a job wrote.

use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::denial::Denial;

use super::{
    super::{
        call::{Call, job_id},
        text::Before,
    },
    Effect, Facts, MAX_WAIT_SECONDS, bytes_to_read, output,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The job, as `execute` named it
    job_id: String,
    /// Lines of each stream; 50 when left out
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    lines: Option<usize>,
    /// Bytes of both streams together; 32768 when left out
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_048_576))]
    max_bytes: Option<usize>,
    /// Wait so long for the job to end
    #[serde(default)]
    #[schemars(range(min = 0.0, max = MAX_WAIT_SECONDS))]
    wait_seconds: Option<f64>,
}

const DEFAULT_LINES: usize = 50;

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Reads the last lines of a job's output; `next` of the answer lets `output` read on from there. With \
         `wait_seconds` it waits for the job to end first, and answers with what there is when the time is over. The \
         output of a finished job is kept for {}.",
        facts.retention(),
    );
    facts.define::<Input, output::Answer>("Tail of job output", Effect::Reads, text)
}

pub(super) async fn run(call: &Call, input: Input) -> Result<CallToolResult, Denial> {
    let id = job_id(&input.job_id)?;
    let (_, returned) = call.look(id, input.wait_seconds).await?;
    let lines = input.lines.unwrap_or(DEFAULT_LINES);
    let part = call.service.tail(&call.who, id, lines, bytes_to_read(input.max_bytes))?;
    let job = call.service.status(&call.who, id)?;
    Ok(output::answer(&job, &part, Before::Missing, returned))
}
