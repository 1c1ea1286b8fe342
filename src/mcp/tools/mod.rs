//! The tools: one file each, with its arguments, its answer, what is said about it, and what it does.

use std::time::Duration;

use rmcp::model::{CallToolResult, JsonObject, Tool as Definition, ToolAnnotations};
use schemars::JsonSchema;

use crate::model::{denial::Denial, limits::Limits, size::ByteSize};

use super::{
    arguments,
    call::{Call, MAX_WAIT_SECONDS},
    policy,
    reply::Refusal,
    schema,
};

mod execute;
mod interact;
mod kill;
mod list;
mod output;
mod status;
mod tail;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// Starts a command as a job.
    Execute,
    /// How a job stands.
    Status,
    /// A job's output after a cursor.
    Output,
    /// The last lines of a job's output.
    Tail,
    /// The client's jobs.
    List,
    /// Writes to a job's standard input.
    Interact,
    /// Ends a job.
    Kill,
}

impl Tool {
    /// All tools, in the order in which they are listed.
    pub(super) const ALL: [Self; 7] =
        [Self::Execute, Self::Status, Self::Output, Self::Tail, Self::List, Self::Interact, Self::Kill];

    /// The name in calls and lists.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Execute => "execute",
            Self::Status => "status",
            Self::Output => "output",
            Self::Tail => "tail",
            Self::List => "list",
            Self::Interact => "interact",
            Self::Kill => "kill",
        }
    }

    /// What clients are told about the tool, under these limits.
    pub(super) fn definition(self, limits: &Limits) -> Definition {
        let facts = Facts { tool: self, limits };
        match self {
            Self::Execute => execute::definition(&facts),
            Self::Status => status::definition(&facts),
            Self::Output => output::definition(&facts),
            Self::Tail => tail::definition(&facts),
            Self::List => list::definition(&facts),
            Self::Interact => interact::definition(&facts),
            Self::Kill => kill::definition(&facts),
        }
    }

    /// Carries out a call.
    pub(super) async fn run(
        self,
        call: &Call,
        schema: &JsonObject,
        given: JsonObject,
    ) -> Result<CallToolResult, Denial> {
        let name = self.name();
        match self {
            Self::Execute => execute::run(call, arguments::read(name, schema, given)?).await,
            Self::Status => status::run(call, arguments::read(name, schema, given)?).await,
            Self::Output => output::run(call, arguments::read(name, schema, given)?).await,
            Self::Tail => tail::run(call, arguments::read(name, schema, given)?).await,
            Self::List => list::run(call, &arguments::read(name, schema, given)?),
            Self::Interact => interact::run(call, arguments::read(name, schema, given)?).await,
            Self::Kill => kill::run(call, &arguments::read(name, schema, given)?).await,
        }
    }
}

/// What a tool does to the world, for its annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It only looks.
    Reads,
    /// It runs or feeds a command, which may do anything that the policy and the sandbox let it do.
    Acts,
    /// It ends something; doing it twice does no more.
    Ends,
}

/// What a description is made from.
struct Facts<'a> {
    tool: Tool,
    limits: &'a Limits,
}

impl Facts<'_> {
    fn define<I: JsonSchema, O: JsonSchema>(&self, title: &str, effect: Effect, text: String) -> Definition {
        let annotations = ToolAnnotations::with_title(title);
        let annotations = match effect {
            Effect::Reads => annotations.read_only(true).destructive(false).idempotent(true).open_world(false),
            Effect::Acts => annotations.read_only(false).destructive(true).idempotent(false).open_world(true),
            Effect::Ends => annotations.read_only(false).destructive(true).idempotent(true).open_world(false),
        };
        let mut output = schema::output::<O, Refusal>();
        policy::declare(&mut output, self.tool);
        Definition::new(self.tool.name(), text, schema::input::<I>())
            .with_title(title)
            .with_raw_output_schema(output.into())
            .with_annotations(annotations)
    }

    /// For how long a finished job is known.
    fn retention(&self) -> String {
        words(self.limits.retention)
    }

    /// How long a job may run.
    fn wall(&self) -> String {
        if self.limits.wall.is_zero() { "no time limit".into() } else { format!("at most {}", words(self.limits.wall)) }
    }

    /// How much output of each stream is kept.
    fn kept(&self) -> ByteSize {
        self.limits.output
    }
}

/// A span of time as people say it.
fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        0 => return "no time".into(),
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Bytes of output in an answer when nothing else is asked for. Clients cut or file away answers from 40 kB on.
const DEFAULT_BYTES: usize = 32 * 1024;

/// Room for one character of each stream, so that every read gets on however little is asked for.
const LEAST_BYTES: usize = 16;

/// Bytes to read for what was asked for.
fn bytes_to_read(asked: Option<usize>) -> usize {
    asked.unwrap_or(DEFAULT_BYTES).max(LEAST_BYTES)
}

#[cfg(test)]
pub(in super::super) mod tests {
    use serde_json::Value;

    use super::*;
    use crate::mcp::reply;

    pub(super) fn limits() -> Limits {
        Limits {
            jobs: 10,
            queue: 100,
            rate: None,
            wall: Duration::from_secs(1800),
            idle: Duration::ZERO,
            cpu: Duration::ZERO,
            memory: ByteSize(0),
            processes: 0,
            files: 64,
            file_size: ByteSize(0),
            output: ByteSize(10_000_000),
            stdin: ByteSize(1_000_000),
            grace: Duration::from_secs(5),
            retention: Duration::from_secs(3600),
        }
    }

    /// Checks an answer against the tool's published output schema, as a strict client would.
    #[track_caller]
    pub(in super::super) fn assert_published(tool: Tool, result: &CallToolResult) {
        let definition = tool.definition(&limits());
        let schema = definition.output_schema.as_ref().unwrap();
        let answer = result.structured_content.as_ref().unwrap().as_object().unwrap();
        let properties = schema["properties"].as_object().unwrap();
        for (name, value) in answer {
            let property = properties.get(name).unwrap_or_else(|| panic!("`{name}` is not in the schema"));
            let fits = match property["type"].as_str().unwrap() {
                "string" => value.is_string(),
                "integer" => value.is_i64() || value.is_u64(),
                "boolean" => value.is_boolean(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("`{name}` has type {other}"),
            };
            assert!(fits, "`{name}` is {value}, not {property}");
        }
        let required = |option: &Value| option["required"].as_array().unwrap().clone();
        let fits = schema["anyOf"]
            .as_array()
            .unwrap()
            .iter()
            .any(|option| required(option).iter().all(|name| answer.contains_key(name.as_str().unwrap())));
        assert!(fits, "{answer:?} lacks something of {}", schema["anyOf"]);
    }

    #[test]
    fn a_refusal_fits_the_output_schema_of_every_tool() {
        let result = reply::refusal(&Denial::new(crate::diagnostic::Code::UnknownJob, "no job").with_hint("list"));
        for tool in Tool::ALL {
            assert_published(tool, &result);
        }
    }

    #[test]
    fn schemas_use_only_what_is_enforced_and_every_client_takes() {
        const ENFORCED: [&str; 13] = [
            "type",
            "description",
            "properties",
            "required",
            "additionalProperties",
            "enum",
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "maxProperties",
            "propertyNames",
            "default",
        ];
        fn walk(tool: Tool, schema: &Value) {
            for (key, value) in schema.as_object().unwrap() {
                assert!(ENFORCED.contains(&key.as_str()), "{tool:?}: `{key}` in {schema}");
                match key.as_str() {
                    "properties" => value.as_object().unwrap().values().for_each(|value| walk(tool, value)),
                    "additionalProperties" | "propertyNames" if value.is_object() => walk(tool, value),
                    "type" => assert!(value.is_string(), "{tool:?}: {schema}"),
                    "default" => assert!(!value.is_null(), "{tool:?}: {schema}"),
                    _ => {}
                }
            }
        }
        for tool in Tool::ALL {
            let definition = tool.definition(&limits());
            let schema = Value::Object(definition.input_schema.as_ref().clone());
            walk(tool, &schema);
            assert_eq!(schema["additionalProperties"], false, "{tool:?}");
            let properties = schema["properties"].as_object().unwrap();
            for (name, property) in properties {
                assert!(property["description"].is_string(), "{tool:?} {name}");
            }
            let text = serde_json::to_string(definition.output_schema.as_ref().unwrap()).unwrap();
            for unwanted in ["null", "uint", "int64", "double", "$ref", "$defs"] {
                assert!(!text.contains(unwanted), "{tool:?}: {unwanted} in {text}");
            }
        }
    }

    #[test]
    fn every_tool_has_a_title_a_description_and_annotations() {
        for tool in Tool::ALL {
            let definition = tool.definition(&limits());
            let annotations = definition.annotations.unwrap();
            let looks = !matches!(tool, Tool::Execute | Tool::Interact | Tool::Kill);
            assert_eq!(annotations.read_only_hint, Some(looks), "{tool:?}");
            assert_eq!(annotations.destructive_hint, Some(!looks), "{tool:?}");
            assert_eq!(annotations.open_world_hint, Some(matches!(tool, Tool::Execute | Tool::Interact)), "{tool:?}");
            assert_eq!(annotations.title, definition.title);
            assert!(definition.description.unwrap().len() > 40, "{tool:?}");
        }
    }

    #[test]
    fn the_creating_tool_states_retention_and_limits() {
        let text = Tool::Execute.definition(&limits()).description.unwrap();
        for part in ["1 hour", "at most 30 minutes", "10MB"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn times_in_words() {
        let rows = [(0, "no time"), (1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (7200, "2 hours")];
        for (seconds, text) in rows {
            assert_eq!(words(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn every_read_has_room_for_a_character() {
        assert_eq!(bytes_to_read(Some(1)), LEAST_BYTES);
        assert_eq!(bytes_to_read(Some(100)), 100);
        assert_eq!(bytes_to_read(None), DEFAULT_BYTES);
    }
}
