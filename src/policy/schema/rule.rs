//! `[[rule]]` in the schema.

use serde_json::{Value, json};

use super::{count, decision, list, names, needs, one_or_more, scope, table, text};

pub(super) fn rule() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "decision"],
        "anyOf": [{ "required": ["program"] }, { "required": ["command"] }, { "required": ["needs"] }],
        "properties": {
            "id": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "description": "Names the rule in answers and in the log." },
            "decision": decision(),
            "program": one_or_more("A program by its name, as PATH finds it, or by its path; or a list of them."),
            "command": { "type": "string", "minLength": 1, "description": "A pattern over the canonical text of one command; always anchored at both ends." },
            "args": args(),
            "cwd": one_or_more("Directories in which the rule holds, as patterns seen from a workspace root; `*` stands for one name, `**` for any."),
            "env": names("Of an allow rule: the only variables that may be set for the command. Of the others: variables of which one is set."),
            "grants": needs(
                &["unlisted", "any"],
                "Uses that an allow rule covers beside the harmless ones: `unlisted` is what the facts do not list, `any` is everything.",
            ),
            "needs": needs(&[], "Uses that a deny or ask rule is about."),
            "stdin": text("What a job may receive as input: `none` (the default), `any`, or a pattern for each line."),
            "reason": text("Why the rule is there. Required in a deny rule."),
            "hint": text("What to do instead; shown to whoever is refused."),
            "examples": table("Commands that the rule has to match, and must not.", json!({
                "match": list("Commands that the rule has to match."),
                "no_match": list("Commands that the rule must not match."),
            })),
        },
    })
}

fn args() -> Value {
    table(
        "Conditions on the arguments, as the program reads them.",
        json!({
            "subcommand": one_or_more("Subcommands, of which the command has to have one: `log`, or `stash list`."),
            "options": options("Of an allow rule: the only options that the command may have."),
            "any_option": options("Options of which the command has to have one."),
            "operands": one_or_more("Patterns of which each operand has to match one."),
            "any_operand": one_or_more("Patterns of which some operand has to match one."),
            "min_operands": count("The least number of operands.", 0),
            "max_operands": count("The greatest number of operands.", 0),
            "paths": scope("Of an allow rule: where the files that the command names may lie. The default is `workspace`."),
        }),
    )
}

fn options(description: &str) -> Value {
    json!({
        "type": "array",
        "items": { "type": "string", "pattern": "^[-+][^ =]+(=.+)?$" },
        "description": format!("{description} `-x`, `--name`, or `--name=REGEX` for the value."),
    })
}
