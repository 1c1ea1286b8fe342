//! JSON schemas of arguments and answers, in the plain form that every client and model provider takes.
//!
//! No union with `null`, no `default: null`, no numeric `format`, no `$ref`; arguments are closed, answers are open. See
//! the specification, server/tools, on input and output schemas.

use rmcp::model::JsonObject;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The schema of a tool's arguments.
pub(super) fn input<T: JsonSchema>() -> JsonObject {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12());
    schema.insert("additionalProperties".into(), Value::Bool(false));
    schema.entry("properties").or_insert_with(|| json!({}));
    schema
}

/// The schema of a tool's structured answers: the result `T`, or a refusal of the shape `E`.
///
/// Some clients check the structured part of an error against this schema too and would hide a refusal that does not
/// fit. So both shapes are open objects under one root, told apart by what they require.
pub(super) fn output<T: JsonSchema, E: JsonSchema>() -> JsonObject {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12().for_serialize());
    let mut error = generate::<E>(SchemaSettings::draft2020_12().for_serialize());
    schema.remove("additionalProperties");
    let required: Vec<Value> =
        [&mut schema, &mut error].into_iter().map(|s| json!({ "required": s.remove("required") })).collect();
    if let (Some(Value::Object(properties)), Some(Value::Object(more))) =
        (schema.get_mut("properties"), error.remove("properties"))
    {
        for (name, property) in more {
            properties.entry(name).or_insert(property);
        }
    }
    schema.insert("anyOf".into(), Value::Array(required));
    schema
}

/// The schema of a part of answers.
pub(super) fn part<T: JsonSchema>() -> JsonObject {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn generate<T: JsonSchema>(mut settings: SchemaSettings) -> JsonObject {
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    match schema {
        Value::Object(mut schema) => {
            schema.remove("title");
            schema.remove("description");
            schema
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::from_iter([("type".to_owned(), "object".into())])
        }
    }
}

/// Rewrites a schema and all schemas in it.
fn plain(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    without_null(schema);
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let numeric = matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number"));
    if numeric {
        schema.remove("format");
    }
    for (key, value) in schema.iter_mut() {
        match key.as_str() {
            // Here the keys are names of the user's, not keywords.
            "properties" => value.as_object_mut().into_iter().flatten().for_each(|(_, property)| plain(property)),
            "items" | "additionalProperties" | "propertyNames" => plain(value),
            "anyOf" | "oneOf" | "allOf" => value.as_array_mut().into_iter().flatten().for_each(plain),
            _ => {}
        }
    }
}

/// `Option<T>` as the schema of `T`: absent is the only way to leave it out.
fn without_null(schema: &mut JsonObject) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".into(), one);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
        options.retain(|option| option.get("type").is_none_or(|one| one != "null"));
        if let [Value::Object(one)] = options.as_slice() {
            let one = one.clone();
            schema.remove("anyOf");
            for (key, value) in one {
                schema.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Two,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        /// Must be there.
        needed: String,
        /// A field with the name of a keyword.
        #[serde(default)]
        #[schemars(range(min = 1, max = 9))]
        format: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        word: Option<Word>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inner: Option<Inner>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Inner {
        depth: f64,
    }

    #[derive(Serialize, JsonSchema)]
    struct Wrong {
        code: String,
    }

    #[test]
    fn arguments_are_plain_and_closed() {
        let schema = Value::Object(input::<Sample>());
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "needed": { "type": "string", "description": "Must be there." },
                    "format": {
                        "type": "integer", "minimum": 1, "maximum": 9,
                        "description": "A field with the name of a keyword.",
                    },
                    "word": { "type": "string", "enum": ["one", "two"] },
                    "inner": {
                        "type": "object", "properties": { "depth": { "type": "number" } }, "required": ["depth"],
                    },
                },
                "required": ["needed"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn answers_allow_a_refusal() {
        let schema = Value::Object(output::<Sample, Wrong>());
        assert_eq!(schema["anyOf"], json!([{ "required": ["needed", "format"] }, { "required": ["code"] }]));
        assert_eq!(schema["properties"]["code"], json!({ "type": "string" }));
        assert_eq!(schema.get("required"), None);
        assert_eq!(schema.get("additionalProperties"), None);
    }
}
