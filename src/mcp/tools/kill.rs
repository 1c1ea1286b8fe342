//! `kill`: ends a job and all its processes.

use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    job::JobView,
    model::{
        denial::Denial,
        outcome::{Outcome, Reason},
    },
};

use super::{
    super::{
        call::{Call, job_id},
        reply::{self, millis},
    },
    Effect, Facts, words,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The job, as `execute` named it
    job_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Answer {
    /// The job
    job_id: String,
    /// killed, or already_terminated when it had ended before
    status: &'static str,
    /// The status that `status` reports: completed, failed or killed
    job_status: &'static str,
    /// Exit code of the command
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Number of the signal that ended the command
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    /// Wall-clock time of the whole run
    duration_ms: u64,
    /// Processes that outlived the kill; always 0 unless something is badly wrong
    survivors: u32,
}

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Ends a job: SIGTERM, then after {} SIGKILL to everything that it started. Returns when it has ended. A job that \
         has ended already is left as it is. Its status and output stay readable for {}.",
        words(facts.limits.grace),
        facts.retention(),
    );
    facts.define::<Input, Answer>("Kill a job", Effect::Ends, text)
}

pub(super) async fn run(call: &Call, input: &Input) -> Result<CallToolResult, Denial> {
    let id = job_id(&input.job_id)?;
    let before = call.service.status(&call.who, id)?;
    let after = call.service.kill(&call.who, id).await?;
    Ok(answer(&before, &after))
}

fn answer(before: &JobView, after: &JobView) -> CallToolResult {
    let outcome = after.outcome.as_ref();
    let by_this_call = !before.status.is_final() && outcome.is_some_and(|outcome| outcome.reason == Reason::Cancelled);
    let status = if by_this_call { "killed" } else { "already_terminated" };
    let survivors = outcome.map_or(0, |outcome| outcome.survivors);
    let (exit_code, signal) = (outcome.and_then(Outcome::exit_code), outcome.and_then(Outcome::signal));
    let mut text = if by_this_call {
        format!("job {} {}", after.id, reply::state(after))
    } else {
        format!("job {} had already ended: {}", after.id, reply::state(after))
    };
    if survivors > 0 {
        text.push_str(&format!("; {survivors} of its processes are still alive"));
    }
    let answer = Answer {
        job_id: after.id.to_string(),
        status,
        job_status: after.status.as_str(),
        exit_code,
        signal,
        duration_ms: millis(outcome.map_or(after.elapsed, |outcome| outcome.duration)),
        survivors,
    };
    reply::answer(&answer, text)
}

#[cfg(test)]
mod tests {
    use crate::model::outcome::ExitStatus;

    use serde_json::json;

    use super::{
        super::{Tool, tests::assert_published},
        *,
    };
    use crate::mcp::reply::tests::{ended, running};

    #[test]
    fn a_running_job_is_killed() {
        let after = ended(Reason::Cancelled, Some(ExitStatus::Signal(15)));
        let result = answer(&running(), &after);
        assert_published(Tool::Kill, &result);
        assert_eq!(
            result.structured_content.unwrap(),
            json!({
                "job_id": after.id.to_string(), "status": "killed", "job_status": "killed", "signal": 15,
                "duration_ms": 3000, "survivors": 0,
            })
        );
    }

    #[test]
    fn a_job_that_had_ended_is_left_as_it_is() {
        let word =
            |before: &JobView, after: &JobView| answer(before, after).structured_content.unwrap()["status"].clone();
        let done = ended(Reason::Exited, Some(ExitStatus::Code(0)));
        let killed = ended(Reason::Cancelled, Some(ExitStatus::Signal(9)));
        assert_eq!(word(&done, &done), "already_terminated");
        assert_eq!(word(&killed, &killed), "already_terminated");
        // It ended by itself while the kill was on its way.
        assert_eq!(word(&running(), &done), "already_terminated");
    }

    #[test]
    fn survivors_are_not_kept_quiet() {
        let mut after = ended(Reason::Cancelled, Some(ExitStatus::Signal(9)));
        after.outcome.as_mut().unwrap().survivors = 2;
        let result = answer(&running(), &after);
        assert!(serde_json::to_string(&result.content).unwrap().contains("2 of its processes are still alive"));
        assert_eq!(result.structured_content.unwrap()["survivors"], 2);
    }
}
