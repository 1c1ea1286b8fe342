//! `[[program]]` in the schema.

use serde_json::{Map, Value, json};

use super::{count, list, needs, text};

/// The facts of a program.
pub(super) fn program() -> Value {
    let mut fields = fields();
    fields.insert("source".to_owned(), text("Where the facts come from: a manual page, a release."));
    facts(&["names", "source"], fields)
}

/// The facts of a subcommand, which may have some of its own.
pub(super) fn subcommand() -> Value {
    facts(&["names"], fields())
}

fn facts(required: &[&str], fields: Map<String, Value>) -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": fields })
}

fn fields() -> Map<String, Value> {
    let mut fields = json!({
        "names": list("The names it is called by; a star at the end stands for digits and dots."),
        "syntax": { "enum": ["gnu", "posix", "words", "none"], "description": "How options are written." },
        "options": {
            "type": "array", "items": { "type": "string", "pattern": "^[-+()!,@]" },
            "description": "One option each: `-o --output = write : exec`. What is not listed is unknown, and no rule covers it.",
        },
        "operands": list("The kinds of the operands in order; the last may end in `...`."),
        "keys": {
            "type": "array", "items": { "type": "string", "pattern": "=" },
            "description": "Operands of the form `key=value`: `if = read`.",
        },
        "always": needs(&[], "What every use needs."),
        "bare": needs(&[], "What a use without operands needs."),
        "least": count("`bare` holds with fewer operands than this.", 0),
        "first": { "const": "bundle", "description": "A first argument without a dash is a cluster of short options." },
        "appends": { "type": "boolean", "description": "It adds words that nobody knows before to the command that it runs." },
        "alone": { "type": "boolean", "description": "It has subcommands and is harmless without one." },
        "modules": list("Values of a `modules` option that run the code of the workspace and nothing else."),
        "sub": { "type": "array", "items": { "$ref": "#/$defs/subcommand" }, "description": "Its subcommands." },
    });
    fields.as_object_mut().map(std::mem::take).unwrap_or_default()
}
