//! Answers: a structured part that follows the tool's output schema, and a short text that says the same to a reader.

use rmcp::model::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    diagnostic::{Code, Source, Span, visible},
    job::{JobView, Output, StreamSlice},
    model::{
        denial::Denial,
        outcome::{ExitStatus, Reason},
    },
};

use super::text::{After, Before, Text, decode};

/// The structured part of a refusal. Every tool can answer with it; the result is then marked as an error.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Refusal {
    /// Stable name of the kind of refusal
    code: &'static str,
    /// The rule that refused, as `layer/id`
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// Why, in one line
    reason: String,
    /// What to do instead
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The part of the command that is refused, in bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Part>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Part {
    /// First byte
    start: usize,
    /// One past the last byte
    end: usize,
}

impl From<&Denial> for Refusal {
    fn from(denial: &Denial) -> Self {
        Self {
            code: denial.code.as_str(),
            rule: denial.rule.as_ref().map(ToString::to_string),
            reason: denial.reason.clone(),
            hint: denial.hint.clone(),
            span: denial.span.map(|span| Part { start: span.start, end: span.end }),
        }
    }
}

impl Refusal {
    /// What ended a script half-way.
    pub(super) fn of(job: &JobView) -> Option<Self> {
        job.outcome.as_ref().and_then(|outcome| outcome.reason.refusal()).map(Self::from)
    }
}

/// A result.
pub(super) fn answer(structured: &impl Serialize, text: String) -> CallToolResult {
    match serde_json::to_value(structured) {
        Ok(value) => {
            let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
            result.structured_content = Some(value);
            result
        }
        // Our answers are plain structs of texts and numbers; should one not be JSON, its text still is.
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            CallToolResult::error(vec![ContentBlock::text(text)])
        }
    }
}

/// A refusal: a result that is marked as an error, so that the caller reads it and does something else.
pub(super) fn refusal(denial: &Denial) -> CallToolResult {
    refusal_in("", denial)
}

/// The refusal of a command. The text for readers shows the part that is refused.
pub(super) fn refusal_in(command: &str, denial: &Denial) -> CallToolResult {
    let rule = denial.rule.as_ref().map(ToString::to_string);
    let by = rule.as_ref().map_or_else(String::new, |rule| format!(" by rule {rule}"));
    let verb = if is_verdict(denial) { "refused" } else { "failed" };
    let mut text = format!("{verb}{by} [{}]: {}", denial.code, denial.reason);
    if let Some(span) = denial.span.filter(|span| !span.of(command).is_empty()) {
        text.push_str(&place(command, span));
    }
    if let Some(hint) = &denial.hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    let mut result = answer(&Refusal::from(denial), text);
    result.is_error = Some(true);
    result
}

/// The first line of a part of a command, and where it stands.
fn place(command: &str, span: Span) -> String {
    let (line, column) = Source::new("command", command).position(span.start);
    let part = span.of(command);
    let first = part.lines().next().unwrap_or_default();
    let shown: String = first.chars().take(MAX_SHOWN).collect();
    let more = if shown.len() < part.len() { "…" } else { "" };
    format!("\nline {line}, column {column}: `{}{more}`", visible(&shown))
}

/// Characters of a command that a refusal quotes.
const MAX_SHOWN: usize = 100;

/// Whether the policy said no, rather than that a call could not be carried out.
fn is_verdict(denial: &Denial) -> bool {
    let mistakes = [Code::BadArgument, Code::UnknownJob, Code::JobEnded, Code::TooManyCalls, Code::ShuttingDown];
    !mistakes.contains(&denial.code)
}

/// What a job is and how it ended, in a few words: `completed, exit code 0`.
pub(super) fn state(job: &JobView) -> String {
    let mut text = job.status.as_str().to_owned();
    let Some(outcome) = &job.outcome else { return text };
    match outcome.exit {
        Some(ExitStatus::Code(code)) => text.push_str(&format!(", exit code {code}")),
        Some(ExitStatus::Signal(signal)) => text.push_str(&format!(", signal {}", signal_name(signal))),
        None => {}
    }
    if outcome.reason != Reason::Exited {
        text.push_str(&format!(" ({})", outcome.reason.as_str()));
    }
    if let (Some(_), Some(detail)) = (outcome.reason.refusal(), outcome.reason.detail()) {
        text.push_str(&format!(": {detail}"));
    }
    text
}

/// `SIGKILL`, or the number where it has no name.
pub(super) fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or_else(|_| signal.to_string(), |signal| signal.to_string())
}

/// Milliseconds, for a JSON number.
pub(super) fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a part of the output of a running job holds nothing that can be shown yet: no byte, or the beginning of a
/// character alone.
pub(super) fn is_unfinished(part: &Output) -> bool {
    [&part.stdout, &part.stderr]
        .into_iter()
        .all(|slice| decode(&slice.bytes, Before::Known, After::More).held == count(&slice.bytes))
}

fn count(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A part of a job's output as text. Flattened into the answers of several tools.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Streams {
    /// Standard output as UTF-8 text
    pub(super) stdout: String,
    /// Standard error as UTF-8 text
    pub(super) stderr: String,
    /// Give it as `since` to read on from here
    pub(super) next: String,
    /// Whether there is more to read right now
    pub(super) more: bool,
    /// Bytes of standard output before this part that are no longer kept
    stdout_dropped: u64,
    /// Bytes of standard error before this part that are no longer kept
    stderr_dropped: u64,
    /// Bytes of standard output that were not UTF-8 and are shown as U+FFFD
    stdout_invalid: u64,
    /// Bytes of standard error that were not UTF-8 and are shown as U+FFFD
    stderr_invalid: u64,
}

impl Streams {
    /// The text of a part that was read before `job` was looked at. `before` says what a part may start inside of.
    pub(super) fn new(job: &JobView, part: &Output, before: Before) -> Self {
        let text = |slice: &StreamSlice, total: u64| -> Text {
            let end = slice.start.saturating_add(count(&slice.bytes));
            let after = if job.status.is_final() && end >= total { After::End } else { After::More };
            let before = if slice.dropped > 0 { Before::Missing } else { before };
            decode(&slice.bytes, before, after)
        };
        let (stdout, stderr) = (text(&part.stdout, job.stdout.bytes), text(&part.stderr, job.stderr.bytes));
        let mut next = part.next;
        next.stdout = next.stdout.saturating_sub(stdout.held);
        next.stderr = next.stderr.saturating_sub(stderr.held);
        Self {
            stdout_dropped: part.stdout.dropped.saturating_add(stdout.skipped),
            stderr_dropped: part.stderr.dropped.saturating_add(stderr.skipped),
            stdout_invalid: stdout.invalid,
            stderr_invalid: stderr.invalid,
            stdout: stdout.text,
            stderr: stderr.text,
            next: next.to_string(),
            more: part.more,
        }
    }

    /// The output below a first line.
    pub(super) fn text(&self, head: &str) -> String {
        let mut text = head.to_owned();
        for (name, dropped, body) in
            [("stdout", self.stdout_dropped, &self.stdout), ("stderr", self.stderr_dropped, &self.stderr)]
        {
            if dropped > 0 {
                text.push_str(&format!("\n[{dropped} bytes of {name} are no longer kept]"));
            }
            if !body.is_empty() {
                text.push_str(&format!("\n--- {name} ---\n{}", body.strip_suffix('\n').unwrap_or(body)));
            }
        }
        if self.more {
            text.push_str(&format!("\n[more: call `output` with since `{}`]", self.next));
        }
        text
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{
        job::Cursor,
        model::{
            denial::RuleRef,
            enforcement::{Enforcement, Layer, Level},
            generation::Generation,
            ids::{ExecId, JobId},
            outcome::{Outcome, Status, Usage},
        },
    };

    /// A job that has run for two seconds and a half.
    pub(in super::super) fn running() -> JobView {
        JobView {
            id: JobId::new(),
            exec_id: ExecId::new(),
            command: "cargo build".into(),
            cwd: "/w".into(),
            name: None,
            labels: BTreeMap::new(),
            status: Status::Running,
            created: Timestamp::UNIX_EPOCH,
            started: Some(Timestamp::UNIX_EPOCH),
            elapsed: Duration::from_millis(2500),
            outcome: None,
            enforcement: Some(Enforcement(vec![
                (Layer::Landlock, Level::Full),
                (Layer::Network, Level::Partial("no namespace".into())),
            ])),
            rules: vec![RuleRef { layer: "developer".into(), id: "cargo".into(), at: Some("p.toml:1:1".into()) }],
            generation: Generation::FIRST,
            accepts_input: false,
            stdout: Default::default(),
            stderr: Default::default(),
        }
    }

    /// The same job after its end.
    pub(in super::super) fn ended(reason: Reason, exit: Option<ExitStatus>) -> JobView {
        let outcome = Outcome {
            reason,
            exit,
            ended: Timestamp::UNIX_EPOCH,
            duration: Duration::from_millis(3000),
            usage: Usage { cpu: Duration::from_millis(1250), peak_memory: 4096 },
            stragglers: 1,
            survivors: 0,
        };
        JobView { status: outcome.status(), outcome: Some(outcome), ..running() }
    }

    /// A part of the output of standard output alone.
    pub(in super::super) fn part(start: u64, bytes: &[u8], dropped: u64) -> Output {
        let stdout = StreamSlice { start, bytes: bytes.to_vec(), dropped };
        let next = Cursor { stdout: start + u64::try_from(bytes.len()).unwrap(), stderr: 0 };
        Output { stdout, stderr: StreamSlice::default(), next, more: false }
    }

    #[test]
    fn a_refusal_carries_everything_in_both_forms() {
        let mut denial = Denial::new(Code::DeniedByRule, "history is immutable").with_hint("open a review");
        denial.rule = Some(RuleRef { layer: "developer".into(), id: "no-force-push".into(), at: None });
        let result = refusal(&denial.at(Span::new(4, 8)));
        assert_eq!(result.is_error, Some(true));
        assert_eq!(
            result.structured_content.unwrap(),
            json!({
                "code": "denied-by-rule", "rule": "developer/no-force-push", "reason": "history is immutable",
                "hint": "open a review", "span": { "start": 4, "end": 8 },
            })
        );
        let text = serde_json::to_value(&result.content).unwrap();
        assert_eq!(
            text[0]["text"],
            "refused by rule developer/no-force-push [denied-by-rule]: history is immutable\nhint: open a review"
        );
    }

    #[test]
    fn a_refused_part_of_a_command_is_shown_with_its_place() {
        let denial = Denial::new(Code::ProgramNotFound, "there is no program `lss`").with_hint("look");
        let text = |command: &str, start, end| {
            let result = refusal_in(command, &denial.clone().at(Span::new(start, end)));
            assert_eq!(result.structured_content.unwrap()["span"], json!({ "start": start, "end": end }));
            let content = serde_json::to_value(&result.content).unwrap();
            let text = content[0]["text"].as_str().unwrap();
            let text = text.strip_prefix("refused [program-not-found]: there is no program `lss`").unwrap();
            text.strip_suffix("\nhint: look").unwrap().to_owned()
        };
        assert_eq!(text("echo é\n  lss -l", 10, 13), "\nline 2, column 3: `lss`");
        assert_eq!(text("cat \u{1b} x\ny", 0, 9), "\nline 1, column 1: `cat \\u{1b} x…`");
        assert_eq!(text(&"x".repeat(500), 0, 500), format!("\nline 1, column 1: `{}…`", "x".repeat(100)));
        assert_eq!(text("ls", 2, 2), "");
        assert_eq!(text("ls", 7, 9), "");
    }

    #[test]
    fn a_mistake_is_not_called_a_refusal_and_has_no_empty_fields() {
        let result = refusal(&Denial::new(Code::UnknownJob, "no job `x`"));
        assert_eq!(result.structured_content.unwrap(), json!({ "code": "unknown-job", "reason": "no job `x`" }));
        assert_eq!(serde_json::to_value(&result.content).unwrap()[0]["text"], "failed [unknown-job]: no job `x`");
    }

    #[test]
    fn states_in_words() {
        let rows = [
            (running(), "running"),
            (ended(Reason::Exited, Some(ExitStatus::Code(0))), "completed, exit code 0"),
            (ended(Reason::Exited, Some(ExitStatus::Code(3))), "failed, exit code 3"),
            (ended(Reason::Signaled, Some(ExitStatus::Signal(11))), "failed, signal SIGSEGV (signaled)"),
            (ended(Reason::Timeout, Some(ExitStatus::Signal(9))), "killed, signal SIGKILL (timeout)"),
            (ended(Reason::LaunchFailed("x".into()), None), "failed (launch_failed)"),
        ];
        for (job, text) in rows {
            assert_eq!(state(&job), text);
        }
        assert_eq!(signal_name(40), "40");
    }

    #[test]
    fn a_running_job_keeps_half_a_character_for_the_next_read() {
        let job = running();
        let streams = Streams::new(&job, &part(0, b"ok \xe2\x82", 0), Before::Known);
        assert_eq!((streams.stdout.as_str(), streams.next.as_str(), streams.stdout_invalid), ("ok ", "3.0", 0));
    }

    #[test]
    fn at_the_end_of_a_stream_half_a_character_is_shown() {
        let mut job = ended(Reason::Exited, Some(ExitStatus::Code(0)));
        job.stdout.bytes = 5;
        let streams = Streams::new(&job, &part(0, b"ok \xe2\x82", 0), Before::Known);
        assert_eq!((streams.stdout.as_str(), streams.next.as_str(), streams.stdout_invalid), ("ok \u{fffd}", "5.0", 2));
        // The job has ended, but this part does not reach the end of its output.
        job.stdout.bytes = 6;
        let streams = Streams::new(&job, &part(0, b"ok \xe2\x82", 0), Before::Known);
        assert_eq!((streams.stdout.as_str(), streams.next.as_str()), ("ok ", "3.0"));
    }

    #[test]
    fn the_beginning_of_a_character_is_nothing_to_show() {
        for (bytes, unfinished) in [(&b""[..], true), (b"\xe2\x82", true), (b"a\xe2\x82", false), (b"\xff", false)] {
            assert_eq!(is_unfinished(&part(0, bytes, 0)), unfinished, "{bytes:?}");
        }
    }

    #[test]
    fn loss_is_told_in_both_forms() {
        let streams = Streams::new(&running(), &part(100, b"\x82\xacx\n", 40), Before::Known);
        assert_eq!((streams.stdout.as_str(), streams.stdout_dropped), ("x\n", 42));
        assert_eq!(streams.text("head"), "head\n[42 bytes of stdout are no longer kept]\n--- stdout ---\nx");
    }

    #[test]
    fn more_is_told_with_the_cursor() {
        let mut output = part(0, b"x\n", 0);
        output.more = true;
        let streams = Streams::new(&running(), &output, Before::Known);
        assert_eq!(streams.text("head"), "head\n--- stdout ---\nx\n[more: call `output` with since `2.0`]");
    }
}
