//! Decisions as objects.

use serde_json::{Value, json};

use crate::{
    diagnostic::Code,
    model::denial::Denial,
    service::{Judgement, Verdict},
};

/// One decision as the batch prints it; in full, it also holds the trace and the plan.
pub(super) fn judgement(command: &str, judgement: &Judgement, full: bool) -> Value {
    let canonical = judgement
        .script
        .as_ref()
        .map(|s| s.commands.iter().map(|c| c.canonical.as_str()).collect::<Vec<_>>().join("; "));
    let mut answer = match &judgement.verdict {
        Verdict::Allow(allowed) => {
            let rules: Vec<_> = allowed.0.rules.iter().map(ToString::to_string).collect();
            json!({ "command": command, "decision": "allow", "rule": rules.join(" "), "code": null, "span": null, "reason": null, "canonical": canonical })
        }
        Verdict::Ask(question) => json!({
            "command": command, "decision": "ask", "rule": question.rule.to_string(), "code": Code::AskUnavailable.as_str(),
            "span": null, "reason": question.reason, "canonical": canonical,
        }),
        Verdict::Deny(denial) => {
            let mut answer = denial_json(command, denial);
            put(&mut answer, "canonical", json!(canonical));
            answer
        }
    };
    if full {
        put(&mut answer, "commands", trace_json(judgement));
        if let Verdict::Allow(allowed) = &judgement.verdict {
            let (plan, _) = &**allowed;
            put(&mut answer, "plan", json!(plan.describe().lines().collect::<Vec<_>>()));
            put(&mut answer, "plan_digest", json!(plan.digest()));
        }
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
        "span": denial.span.map(|span| json!({ "start": span.start, "end": span.end })),
        "reason": denial.reason,
        "hint": denial.hint,
        "canonical": null,
    })
}

fn trace_json(judgement: &Judgement) -> Value {
    let commands = judgement.script.iter().flat_map(|script| &script.commands);
    let rows = commands.zip(&judgement.trace.commands).map(|(command, trace)| {
        let matched: Vec<_> = trace
            .matched
            .iter()
            .map(|(rule, decision)| json!({ "rule": rule.to_string(), "at": rule.at, "decision": decision }))
            .collect();
        let nearest =
            trace.nearest.as_ref().map(|(rule, why)| json!({ "rule": rule.to_string(), "at": rule.at, "why": why }));
        json!({
            "argv": command.argv, "canonical": trace.canonical, "program": command.program.real.display().to_string(),
            "matched": matched, "nearest": nearest,
        })
    });
    Value::Array(rows.collect())
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}
