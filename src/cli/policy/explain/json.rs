//! Decisions as objects.

use serde_json::{Value, json};

use crate::{
    command::ResolvedScript,
    diagnostic::{Code, Span},
    model::denial::Denial,
    policy::{CommandTrace, PolicySet},
    service::{Judgement, Verdict},
};

use super::layers::{decided, deciding, layers};

/// One decision as the batch prints it.
pub(in crate::cli::policy) fn decision(command: &str, judgement: &Judgement) -> Value {
    let canonical = judgement.script.as_ref().map(|script| script.script.canonical());
    match &judgement.verdict {
        Verdict::Allow(allowed) => {
            let rules: Vec<_> = allowed.0.rules.iter().map(ToString::to_string).collect();
            json!({
                "command": command, "decision": "allow", "rule": rules.join(" "), "code": null, "span": null,
                "reason": null, "hint": null, "canonical": canonical,
            })
        }
        Verdict::Ask(question) => json!({
            "command": command, "decision": "ask", "rule": question.rule.to_string(), "code": Code::AskUnavailable.as_str(),
            "span": null, "reason": question.reason, "hint": null, "canonical": canonical,
        }),
        Verdict::Deny(denial) => {
            let mut answer = denial_json(command, denial);
            put(&mut answer, "canonical", json!(canonical));
            answer
        }
    }
}

/// One decision with everything that it rests on, and what the job would be surrounded by.
pub(super) fn explanation(
    command: &str,
    policy: &PolicySet,
    judgement: &Judgement,
    surroundings: &Result<String, Denial>,
) -> Value {
    let mut answer = decision(command, judgement);
    put(&mut answer, "policy", json!({ "name": policy.name, "digest": policy.digest }));
    let said = layers(policy, judgement);
    let said: Vec<_> =
        said.iter().map(|says| json!({ "layer": says.layer, "says": says.word, "command": says.about })).collect();
    put(&mut answer, "layers", json!(said));
    put(&mut answer, "decided", json!({ "layers": deciding(judgement), "text": decided(judgement) }));
    put(&mut answer, "commands", commands(judgement));
    if let Some(script) = &judgement.script {
        put(&mut answer, "cwd", json!(script.cwd));
        put(&mut answer, "directories", directories(script));
        put(&mut answer, "files", files(script));
        put(&mut answer, "variables", variables(script));
    }
    let lines = |text: &str| json!(text.lines().collect::<Vec<_>>());
    match surroundings {
        Ok(text) => put(&mut answer, "sandbox", lines(text)),
        Err(denial) => put(&mut answer, "sandbox_refused", denial_json(command, denial)),
    }
    if let Verdict::Allow(allowed) = &judgement.verdict {
        let (plan, ..) = &**allowed;
        put(&mut answer, "plan", lines(&plan.describe()));
        put(&mut answer, "plan_digest", json!(plan.digest()));
    }
    answer
}

/// A refusal as every `--json` output tells it.
pub(in crate::cli) fn denial_json(command: &str, denial: &Denial) -> Value {
    json!({
        "command": command,
        "decision": "deny",
        "rule": denial.rule.as_ref().map(ToString::to_string),
        "at": denial.rule.as_ref().and_then(|rule| rule.at.clone()),
        "code": denial.code.as_str(),
        "span": denial.span.map(span),
        "reason": denial.reason,
        "hint": denial.hint,
        "canonical": null,
    })
}

fn commands(judgement: &Judgement) -> Value {
    let commands = judgement.script.iter().flat_map(|script| &script.commands);
    let rows = commands.zip(&judgement.trace.commands).map(|(command, trace)| {
        let mut row = of_trace(trace);
        put(&mut row, "index", json!(command.index));
        put(&mut row, "span", span(command.span));
        put(&mut row, "argv", json!(command.argv));
        put(&mut row, "unknown", json!(command.unknown));
        put(&mut row, "cwds", json!(command.cwds));
        put(&mut row, "program", json!(command.program.real));
        row
    });
    Value::Array(rows.collect())
}

/// What was considered for a command, and for each one that it runs.
fn of_trace(trace: &CommandTrace) -> Value {
    let matched: Vec<_> = trace
        .matched
        .iter()
        .map(|(rule, decision)| json!({ "rule": rule.to_string(), "at": rule.at, "decision": decision }))
        .collect();
    let nearest =
        trace.nearest.as_ref().map(|(rule, why)| json!({ "rule": rule.to_string(), "at": rule.at, "why": why }));
    json!({
        "canonical": trace.canonical, "standing": trace.standing.as_str(), "matched": matched, "nearest": nearest,
        "does": trace.notes, "inside": trace.inside.iter().map(of_trace).collect::<Vec<_>>(),
    })
}

/// The directories that `cd` enters; a path that is not known before its turn is null.
fn directories(script: &ResolvedScript) -> Value {
    let rows = script.directories.iter().map(|directory| {
        let (path, inside) = directory.place.as_ref().map(|(path, inside)| (path, inside)).unzip();
        json!({ "index": directory.index, "span": span(directory.span), "path": path, "inside": inside })
    });
    Value::Array(rows.collect())
}

/// The files that redirections open; a path that is not known before its turn is null.
fn files(script: &ResolvedScript) -> Value {
    let rows = script.files.iter().map(|file| {
        let path = file.place.as_ref().map(|(path, _)| path);
        let reach = file.place.as_ref().map(|(_, reach)| reach.as_str());
        let access = file.access.as_str();
        json!({ "index": file.index, "span": span(file.span), "access": access, "path": path, "reach": reach })
    });
    Value::Array(rows.collect())
}

fn variables(script: &ResolvedScript) -> Value {
    let rows = script
        .variables
        .iter()
        .map(|variable| json!({ "index": variable.index, "span": span(variable.span), "name": variable.name }));
    Value::Array(rows.collect())
}

fn span(span: Span) -> Value {
    json!({ "start": span.start, "end": span.end })
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}
