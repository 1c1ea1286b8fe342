//! The JSON Schema of policy files, for editors. It says which keys there are and what their values look like; what only
//! loading can know (patterns that compile, examples that hold) it leaves to `check`. A test holds it to the reader.

mod program;
mod rule;

use serde_json::{Value, json};

use crate::{command::Construct, diagnostic::Code, model::enforcement::Layer};

use super::{args::Scope, blocklist::blocklist, programs::Need};

/// The schema, as JSON Schema draft 2020-12.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stockade policy",
        "description": "Which commands may run, what environment they get, and what surrounds them.",
        "x-tombi-toml-version": "v1.1.0",
        "type": "object",
        "additionalProperties": false,
        "required": ["version"],
        "properties": {
            "version": { "const": 1, "description": "The version of the policy language." },
            "name": {
                "type": "string", "pattern": "^[A-Za-z0-9._-]+$",
                "description": "The policy's name; without one, its file's name up to the first dot.",
            },
            "extends": text("A base that this policy adds to: a shipped name, or a file seen from this one."),
            "rule": { "type": "array", "items": rule::rule(), "description": "Statements about commands. Deny beats ask, ask beats allow; order never matters." },
            "program": { "type": "array", "items": program::program(), "description": "Facts about programs of which nothing is built in: what they can do with their arguments." },
            "blocklist": { "type": "array", "items": switch(), "description": "Entries of the built-in blocklist that are switched off. Only the outermost file can do this." },
            "test": { "type": "array", "items": test(), "description": "Scripts and the answers that the policy has to give; judged whenever it is loaded." },
            "workspace": table("Where jobs may work.", json!({
                "roots": list("Directories in which a job may start; relative ones start at the server's working directory."),
                "protect": list("Names inside the roots that stay read-only."),
            })),
            "env": table("The environment of a job, made from nothing.", json!({
                "pass": names("Names of the server's own variables that jobs get."),
                "set": { "type": "object", "additionalProperties": { "type": "string" }, "description": "Variables with fixed values." },
                "client": names("Names that a request may set."),
                "deny": names("Names that never get in; beats the other three."),
            })),
            "sandbox": sandbox(),
            "limits": limits(),
            "shell": shell(),
            "audit": table("The audit log.", json!({ "dir": text("Where the log lies; outside of all that jobs can write.") })),
        },
        "$defs": { "subcommand": program::subcommand() },
    })
}

fn switch() -> Value {
    let ids: Vec<&str> = blocklist().map(|entry| entry.id).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["off", "reason"],
        "properties": {
            "off": { "enum": ids, "description": "The entry that is switched off, by its id." },
            "reason": text("Why it has to be off."),
        },
    })
}

fn test() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["run", "expect"],
        "properties": {
            "name": text("For people."),
            "run": text("The script that is judged."),
            "cwd": text("The directory that it starts in, seen from the workspace."),
            "env": { "type": "object", "additionalProperties": { "type": "string" }, "description": "Variables that the request sets." },
            "expect": {
                "type": "object",
                "additionalProperties": false,
                "required": ["decision"],
                "description": "The answer; what is not named may be anything.",
                "properties": {
                    "decision": decision(),
                    "rule": text("A rule that has to be among those that gave the answer: `id`, `layer/id`, or `default` for no rule."),
                    "code": { "enum": codes, "description": "The code of the refusal." },
                },
            },
        },
    })
}

fn sandbox() -> Value {
    table(
        "What surrounds a job.",
        json!({
            "read": list("What jobs may read and execute; `workspace` stands for the workspace roots."),
            "write": list("What jobs may write as well; `workspace` stands for the workspace roots."),
            "hide": list("What jobs must not see."),
            "exec": { "enum": ["any"], "description": "Which files jobs may execute." },
            "network": { "enum": ["none"], "description": "What jobs may reach." },
            "require": {
                "type": "array", "items": { "enum": Layer::ALL.map(Layer::as_str) },
                "description": "Layers without which nothing starts.",
            },
            "tmp": size("Size of the private /tmp."),
        }),
    )
}

fn limits() -> Value {
    table(
        "What jobs may use.",
        json!({
            "jobs": count("Jobs that run at the same time.", 1),
            "queue": count("Jobs that wait for a place.", 0),
            "rate": { "type": "string", "pattern": "^(0|[0-9]+/.+)$", "description": "Requests of one client in a time: `60/min`; `0` for no limit." },
            "wall": span("Time that a job may take; `0` for no limit."),
            "idle": span("Time without output or input; `0` for no limit."),
            "cpu": span("Processor time of one process; `0` for no limit."),
            "memory": size("Data segment of one process; `0B` for no limit."),
            "processes": count("Processes of the user; 0 for no limit.", 0),
            "files": count("Open files of one process.", 16),
            "file_size": size("Size of one file; `0B` for no limit."),
            "output": size("Output kept of each stream."),
            "stdin": size("Input that a job may receive in all."),
            "grace": span("Time between SIGTERM and SIGKILL."),
            "retention": span("Time for which a finished job can be asked about."),
        }),
    )
}

fn shell() -> Value {
    let constructs: Vec<&str> = Construct::ALL.iter().map(|construct| construct.as_str()).collect();
    table(
        "Which constructs a script may use.",
        json!({
            "allow": { "type": "array", "items": { "enum": constructs }, "description": "The constructs that a script may use." },
            "unknown": {
                "enum": ["deny", "at_exec"],
                "description": "What the first judgement does with what is not known before the command's turn.",
            },
            "paths": scope("Where the files of redirections may lie."),
        }),
    )
}

fn decision() -> Value {
    json!({ "enum": ["allow", "ask", "deny"], "description": "Deny beats ask, ask beats allow." })
}

fn scope(description: &str) -> Value {
    let scopes = [Scope::Workspace, Scope::Sandbox, Scope::Any].map(Scope::as_str);
    json!({ "enum": scopes, "description": description })
}

/// A list of needs, and of what else may stand among them.
fn needs(more: &[&str], description: &str) -> Value {
    let words: Vec<&str> = Need::ALL.iter().map(|need| need.as_str()).chain(more.iter().copied()).collect();
    json!({ "type": "array", "items": { "enum": words }, "description": description })
}

fn table(description: &str, properties: Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "description": description })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// A text, or a list of texts.
fn one_or_more(description: &str) -> Value {
    json!({
        "description": description,
        "oneOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } },
        ],
    })
}

fn list(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string", "minLength": 1 }, "description": description })
}

fn names(description: &str) -> Value {
    json!({
        "type": "array", "items": { "type": "string", "pattern": "^[A-Za-z0-9_*]+$" },
        "description": format!("{description} `*` stands for any text."),
    })
}

fn count(description: &str, least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "description": description })
}

fn size(description: &str) -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+ ?[A-Za-z]*$", "description": format!("{description} Such as `256MiB`.") })
}

fn span(description: &str) -> Value {
    json!({ "type": "string", "pattern": "^(0|([0-9]+[a-z]+)+)$", "description": format!("{description} Such as `90s` or `1h30m`.") })
}
