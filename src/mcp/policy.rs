//! The policy in use, as answers tell it: `status` and `list` always, all others only while its files cannot be loaded.

use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{diagnostic::visible, service::PolicyView};

use super::{schema, text::shorten, tools::Tool};

#[derive(Debug, Serialize, JsonSchema)]
struct InUse {
    /// Its name
    name: String,
    /// Its place among the policies that this server has had, from 1
    generation: u64,
    /// The beginning of its digest
    digest: String,
    /// Present while its files say something else that could not be loaded
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    /// Why that could not be loaded
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl InUse {
    fn new(policy: &PolicyView) -> Self {
        let problem = policy.problem.as_ref().map(|problem| shorten(&visible(problem), MAX_PROBLEM));
        Self {
            name: policy.name.clone(),
            generation: policy.id.generation.number(),
            digest: policy.id.short_digest(),
            stale: problem.is_some(),
            problem,
        }
    }
}

/// Adds the policy in use to an answer, where it belongs. Healthy answers have no text about it.
pub(super) fn tell(result: &mut CallToolResult, tool: Tool, policy: &PolicyView) {
    let policy = InUse::new(policy);
    let asked = tells_always(tool) && result.is_error != Some(true);
    if !asked && !policy.stale {
        return;
    }
    if let Some(problem) = &policy.problem {
        let line = format!(
            "[the policy could not be loaded anew, generation {} stays in use; its operator should know: {problem}]",
            policy.generation
        );
        result.content.push(ContentBlock::text(line));
    }
    if let Some(answer) = result.structured_content.as_mut().and_then(serde_json::Value::as_object_mut) {
        answer.insert(FIELD.to_owned(), json!(policy));
    }
}

/// Adds the policy to a tool's output schema: in full where it is always told.
pub(super) fn declare(output: &mut JsonObject, tool: Tool) {
    let mut property = if tells_always(tool) { schema::part::<InUse>() } else { JsonObject::new() };
    let text =
        if tells_always(tool) { "The policy in use" } else { "The policy in use, while it is stale; see `list`" };
    property.insert("type".to_owned(), "object".into());
    property.insert("description".to_owned(), text.into());
    if let Some(properties) = output.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        properties.insert(FIELD.to_owned(), property.into());
    }
}

fn tells_always(tool: Tool) -> bool {
    match tool {
        Tool::Status | Tool::List => true,
        Tool::Execute | Tool::Output | Tool::Tail | Tool::Interact | Tool::Kill => false,
    }
}

const FIELD: &str = "policy";

/// Characters of a problem in an answer. The log has it all.
const MAX_PROBLEM: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnostic::Code,
        mcp::{reply, tools::tests::assert_published},
        model::{
            denial::Denial,
            generation::{Generation, PolicyId},
        },
    };

    fn policy(problem: Option<&str>) -> PolicyView {
        let id = PolicyId { generation: Generation::FIRST.next(), digest: "0123456789abcdef".into() };
        PolicyView { name: "team".into(), id, problem: problem.map(Into::into) }
    }

    fn told(tool: Tool, policy: &PolicyView) -> CallToolResult {
        let mut result = reply::answer(&json!({ "jobs": [], "total": 0 }), "no jobs".into());
        tell(&mut result, tool, policy);
        result
    }

    fn texts(result: &CallToolResult) -> Vec<String> {
        let content = serde_json::to_value(&result.content).unwrap();
        content.as_array().unwrap().iter().map(|block| block["text"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_healthy_policy_is_told_where_it_is_asked_for_and_costs_no_text() {
        let result = told(Tool::List, &policy(None));
        assert_published(Tool::List, &result);
        assert_eq!(texts(&result), ["no jobs"]);
        let want = json!({ "name": "team", "generation": 2, "digest": "sha256:0123456789ab" });
        assert_eq!(result.structured_content.unwrap()["policy"], want);
        let result = told(Tool::Kill, &policy(None));
        assert_eq!((texts(&result).len(), result.structured_content.unwrap().get("policy")), (1, None));
    }

    #[test]
    fn a_stale_policy_is_told_in_every_answer_and_refusals_too() {
        let stale = policy(Some("team.toml:1:1: error[unknown-key]: unknown key `x\u{1b}`"));
        for tool in Tool::ALL {
            let mut result = reply::refusal(&Denial::new(Code::UnknownJob, "no job"));
            tell(&mut result, tool, &stale);
            assert_published(tool, &result);
            let texts = texts(&result);
            assert!(
                texts[1].contains("generation 2 stays in use") && texts[1].contains("unknown key `x\\u{1b}`"),
                "{texts:?}"
            );
            let policy = &result.structured_content.unwrap()["policy"];
            assert_eq!((&policy["stale"], &policy["generation"]), (&json!(true), &json!(2)), "{tool:?}");
            assert!(policy["problem"].as_str().unwrap().starts_with("team.toml:1:1: error[unknown-key]"), "{policy}");
        }
    }

    #[test]
    fn a_refusal_of_a_healthy_policy_stays_as_it_is() {
        let mut result = reply::refusal(&Denial::new(Code::UnknownJob, "no job"));
        tell(&mut result, Tool::Status, &policy(None));
        assert_eq!(result.structured_content.unwrap(), json!({ "code": "unknown-job", "reason": "no job" }));
    }

    #[test]
    fn a_long_problem_is_cut() {
        let problem = InUse::new(&policy(Some(&"x".repeat(10_000)))).problem.unwrap();
        assert_eq!(problem.chars().count(), MAX_PROBLEM + 1);
    }
}
