//! `list`: the client's jobs.

use rmcp::model::{CallToolResult, Tool as Definition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    job::JobView,
    model::{
        denial::Denial,
        outcome::{Outcome, Status},
    },
};

use super::{
    super::{
        call::Call,
        reply::{self, millis},
        text::shorten,
    },
    Effect, Facts,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Only jobs of this status
    #[serde(default)]
    status: Option<StatusName>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StatusName {
    Queued,
    Running,
    Completed,
    Failed,
    Killed,
}

impl StatusName {
    fn status(self) -> Status {
        match self {
            Self::Queued => Status::Queued,
            Self::Running => Status::Running,
            Self::Completed => Status::Completed,
            Self::Failed => Status::Failed,
            Self::Killed => Status::Killed,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct Answer {
    /// The jobs, newest first; at most 200
    jobs: Vec<Row>,
    /// Jobs that match, listed or not
    total: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// The job
    job_id: String,
    /// queued, running, completed, failed or killed
    status: &'static str,
    /// The command; its beginning when it is long
    command: String,
    /// The name that `execute` gave it
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// When it was accepted (RFC 3339)
    created: String,
    /// When its command was started (RFC 3339)
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    /// Wall-clock time since the start, or of the whole run
    duration_ms: u64,
    /// Exit code, when it has ended by itself
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
}

/// Jobs in one answer.
const MAX_ROWS: usize = 200;

/// Characters of a command in one row.
const MAX_COMMAND: usize = 300;

pub(super) fn definition(facts: &Facts<'_>) -> Definition {
    let text = format!(
        "Lists your jobs, newest first, at most {MAX_ROWS}; `status` picks those of one state. Finished jobs are listed \
         for {}.",
        facts.retention(),
    );
    facts.define::<Input, Answer>("List jobs", Effect::Reads, text)
}

#[expect(clippy::unnecessary_wraps, reason = "one signature for all tools")]
pub(super) fn run(call: &Call, input: &Input) -> Result<CallToolResult, Denial> {
    Ok(answer(&call.service.list(&call.who), input.status))
}

fn answer(jobs: &[JobView], only: Option<StatusName>) -> CallToolResult {
    let matching = || jobs.iter().filter(|job| only.is_none_or(|only| job.status == only.status()));
    let jobs: Vec<Row> = matching().take(MAX_ROWS).map(row).collect();
    let total = matching().count();
    let mut text = match total {
        0 => "no jobs".to_owned(),
        1 => "1 job".to_owned(),
        total => format!("{total} jobs"),
    };
    for job in &jobs {
        text.push_str(&format!("\n{} {} {}", job.job_id, job.status, one_line(&job.command)));
    }
    reply::answer(&Answer { jobs, total }, text)
}

fn row(job: &JobView) -> Row {
    let exit_code = job.outcome.as_ref().and_then(Outcome::exit_code);
    Row {
        job_id: job.id.to_string(),
        status: job.status.as_str(),
        command: shorten(&job.command, MAX_COMMAND),
        name: job.name.clone(),
        created: job.created.to_string(),
        started: job.started.map(|started| started.to_string()),
        duration_ms: millis(job.elapsed),
        exit_code,
    }
}

/// A command with line breaks shows as one line of the text.
fn one_line(command: &str) -> String {
    command.split(['\n', '\r']).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::model::outcome::ExitStatus;
    use serde_json::json;

    use super::{
        super::{Tool, tests::assert_published},
        *,
    };
    use crate::{
        mcp::reply::tests::{ended, running},
        model::outcome::Reason,
    };

    #[test]
    fn jobs_are_rows_and_a_status_picks_some() {
        let jobs = [running(), ended(Reason::Exited, Some(ExitStatus::Code(0)))];
        let all = answer(&jobs, None);
        assert_published(Tool::List, &all);
        let all = all.structured_content.unwrap();
        assert_eq!((&all["total"], all["jobs"].as_array().unwrap().len()), (&json!(2), 2));
        assert_eq!(
            all["jobs"][1],
            json!({
                "job_id": jobs[1].id.to_string(), "status": "completed", "command": "cargo build",
                "created": "1970-01-01T00:00:00Z", "started": "1970-01-01T00:00:00Z", "duration_ms": 2500,
                "exit_code": 0,
            })
        );
        let some = answer(&jobs, Some(StatusName::Running)).structured_content.unwrap();
        assert_eq!((&some["total"], &some["jobs"][0]["status"]), (&json!(1), &json!("running")));
        let none = answer(&jobs, Some(StatusName::Killed)).structured_content.unwrap();
        assert_eq!(none, json!({ "jobs": [], "total": 0 }));
    }

    #[test]
    fn a_list_is_bounded_whatever_ran() {
        let mut job = running();
        job.command = "x".repeat(60_000);
        let result = answer(&vec![job; 1000], None).structured_content.unwrap();
        assert_eq!((&result["total"], result["jobs"].as_array().unwrap().len()), (&json!(1000), MAX_ROWS));
        assert!(result.to_string().len() < 200_000);
    }

    #[test]
    fn every_status_has_its_name() {
        for name in ["queued", "running", "completed", "failed", "killed"] {
            let status: StatusName = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(status.status().as_str(), name);
        }
    }
}
