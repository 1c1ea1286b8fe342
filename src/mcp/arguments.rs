//! Checks the arguments of a call against the published schema, and says what is wrong in a way that teaches.
//!
//! The schema is the only statement of what a tool takes: what is published is what is enforced. Only the keywords that
//! our own schemas use are known here; a test holds the two together.

use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{diagnostic::Code, model::denial::Denial};

use super::text::shorten;

/// Reads the arguments of a call of `tool`.
pub(super) fn read<T: DeserializeOwned>(tool: &str, schema: &JsonObject, given: JsonObject) -> Result<T, Denial> {
    let mut given = given;
    check_object(schema, "", &mut given).map_err(|problem| problem.denial(tool, schema))?;
    serde_json::from_value(Value::Object(given)).map_err(|error| Problem::new(error.to_string()).denial(tool, schema))
}

/// What is wrong with the arguments.
#[derive(Debug)]
struct Problem {
    text: String,
    hint: Option<&'static str>,
}

impl Problem {
    fn new(text: String) -> Self {
        Self { text, hint: None }
    }

    fn denial(self, tool: &str, schema: &JsonObject) -> Denial {
        let takes = format!("`{tool}` takes {}", list(schema));
        let hint = self.hint.map_or_else(|| takes.clone(), |hint| format!("{hint}; {takes}"));
        Denial::new(Code::BadArgument, self.text).with_hint(hint)
    }
}

fn check_object(schema: &JsonObject, path: &str, given: &mut JsonObject) -> Result<(), Problem> {
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !given.contains_key(name) {
            return Err(Problem::new(format!("`{path}{name}` is missing")));
        }
    }
    if let Some(most) = schema.get("maxProperties").and_then(Value::as_u64)
        && count(given.len()) > most
    {
        return Err(Problem::new(format!("`{}` has more than {most} entries", path.trim_end_matches('.'))));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, value) in given {
        let path = format!("{path}{}", shorten(name, SHOWN));
        if let Some(longest) = number_at(schema, &["propertyNames", "maxLength"])
            && count(name.chars().count()) > longest
        {
            return Err(Problem::new(format!("the name `{path}` is longer than {longest} characters")));
        }
        let own = properties.and_then(|properties| properties.get(name));
        match own.or_else(|| schema.get("additionalProperties")) {
            Some(Value::Object(schema)) => check(schema, &path, value)?,
            Some(Value::Bool(false)) => return Err(Problem::new(format!("`{path}` is not an argument"))),
            Some(Value::Null | Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Array(_)) | None => {}
        }
    }
    Ok(())
}

fn check(schema: &JsonObject, path: &str, given: &mut Value) -> Result<(), Problem> {
    let fits = match schema.get("type").and_then(Value::as_str) {
        Some("string") => given.as_str().is_some_and(|text| string_fits(schema, text)),
        Some("integer") => {
            whole(given);
            given.is_i64() | given.is_u64() && number_fits(schema, given)
        }
        Some("number") => given.is_number() && number_fits(schema, given),
        Some("boolean") => given.is_boolean(),
        Some("object") => match given {
            Value::Object(given) => return check_object(schema, &format!("{path}."), given),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
        },
        Some(_) | None => true,
    };
    if fits {
        return Ok(());
    }
    let hint = match given {
        Value::Null => Some("leave an argument out to use its default"),
        Value::String(text) if text.trim().parse::<f64>().is_ok() && is_numeric(schema) => {
            Some("write the number without quotation marks")
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    };
    Err(Problem { text: format!("`{path}` must be {}, not {}", wanted(schema), shown(given)), hint })
}

fn string_fits(schema: &JsonObject, text: &str) -> bool {
    let length = count(text.chars().count());
    let among = |words: &Vec<Value>| words.iter().any(|word| word == text);
    number_at(schema, &["minLength"]).is_none_or(|least| length >= least)
        && number_at(schema, &["maxLength"]).is_none_or(|most| length <= most)
        && schema.get("enum").and_then(Value::as_array).is_none_or(among)
}

fn number_fits(schema: &JsonObject, given: &Value) -> bool {
    let bound = |name| schema.get(name).and_then(Value::as_f64);
    given.as_f64().is_some_and(|given| {
        bound("minimum").is_none_or(|least| given >= least) && bound("maximum").is_none_or(|most| given <= most)
    })
}

/// JSON Schema (validation, section 6.1.1) counts `5.0` as an integer, and some clients write it so.
fn whole(given: &mut Value) {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if let Some(number) = given.as_f64()
        && given.is_f64()
        && number.fract() == 0.0
        && number.abs() <= EXACT
        && let Ok(number) = format!("{number:.0}").parse::<i64>()
    {
        *given = number.into();
    }
}

fn is_numeric(schema: &JsonObject) -> bool {
    matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number"))
}

/// What a schema wants, in words.
fn wanted(schema: &JsonObject) -> String {
    let number = |name| schema.get(name).map(ToString::to_string);
    let range = match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => format!(" from {} to {}", plain(&least), plain(&most)),
        (Some(least), None) => format!(" of {} or more", plain(&least)),
        (None, Some(most)) => format!(" of {} or less", plain(&most)),
        (None, None) => String::new(),
    };
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => format!("a whole number{range}"),
        Some("number") => format!("a number{range}"),
        Some("boolean") => "true or false".into(),
        Some("object") => "an object".into(),
        _ => wanted_text(schema),
    }
}

fn wanted_text(schema: &JsonObject) -> String {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return format!("one of {}", words.join(", "));
    }
    match (number_at(schema, &["minLength"]), number_at(schema, &["maxLength"])) {
        (None, None) => "a text".into(),
        (Some(least), None) => format!("a text of at least {least} characters"),
        (None, Some(most)) => format!("a text of at most {most} characters"),
        (Some(least), Some(most)) => format!("a text of {least} to {most} characters"),
    }
}

/// What was given, in words.
fn shown(given: &Value) -> String {
    match given {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text `{}`", shorten(text, SHOWN).escape_debug()),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

/// The arguments of a tool, the needed ones marked.
fn list(schema: &JsonObject) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|required| required.iter().any(|one| one == name));
    let names = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(JsonObject::keys);
    let words: Vec<String> =
        names.map(|name| format!("`{name}`{}", if is_required(name) { " (required)" } else { "" })).collect();
    if words.is_empty() { "no arguments".into() } else { words.join(", ") }
}

fn number_at(schema: &JsonObject, path: &[&str]) -> Option<u64> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(schema.get(*first)?, |value, key| value.get(key))?.as_u64()
}

/// `45.0` as people write it.
fn plain(number: &str) -> &str {
    number.strip_suffix(".0").unwrap_or(number)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Characters of the client's own text that an error repeats.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> JsonObject {
        let schema = json!({
            "type": "object",
            "required": ["job_id"],
            "additionalProperties": false,
            "properties": {
                "job_id": { "type": "string", "minLength": 1, "maxLength": 10 },
                "lines": { "type": "integer", "minimum": 1, "maximum": 1000 },
                "wait": { "type": "number", "minimum": 0.0, "maximum": 45.0 },
                "eof": { "type": "boolean" },
                "status": { "type": "string", "enum": ["running", "killed"] },
                "env": {
                    "type": "object", "maxProperties": 2, "propertyNames": { "maxLength": 3 },
                    "additionalProperties": { "type": "string" },
                },
            },
        });
        schema.as_object().unwrap().clone()
    }

    fn problem(mut given: Value) -> String {
        given.as_object_mut().unwrap().entry("job_id").or_insert(json!("j"));
        check_object(&schema(), "", given.as_object_mut().unwrap()).map_err(|problem| problem.text).unwrap_err()
    }

    macro_rules! refuses {
        ($($name:ident: $given:tt => $text:expr;)*) => {$(
            #[test]
            fn $name() {
                assert_eq!(problem(json!($given)), $text);
            }
        )*};
    }

    refuses! {
        a_number_in_quotes: {"lines": "5"} => "`lines` must be a whole number from 1 to 1000, not the text `5`";
        a_number_that_is_too_small: {"lines": 0} => "`lines` must be a whole number from 1 to 1000, not 0";
        a_number_that_is_too_big: {"lines": 1001} => "`lines` must be a whole number from 1 to 1000, not 1001";
        a_negative_number: {"lines": -1} => "`lines` must be a whole number from 1 to 1000, not -1";
        a_fraction: {"lines": 1.5} => "`lines` must be a whole number from 1 to 1000, not 1.5";
        a_wait_over_the_cap: {"wait": 45.1} => "`wait` must be a number from 0 to 45, not 45.1";
        a_null: {"wait": null} => "`wait` must be a number from 0 to 45, not null";
        a_word_for_a_truth: {"eof": "yes"} => "`eof` must be true or false, not the text `yes`";
        an_unknown_word: {"status": "done"} => "`status` must be one of `running`, `killed`, not the text `done`";
        an_unknown_argument: {"job": "j"} => "`job` is not an argument";
        an_empty_text: {"job_id": ""} => "`job_id` must be a text of 1 to 10 characters, not the text ``";
        a_list_for_a_text: {"job_id": ["j"]} => "`job_id` must be a text of 1 to 10 characters, not a list";
        a_text_for_an_object: {"env": "A=1"} => "`env` must be an object, not the text `A=1`";
        a_number_in_a_map: {"env": {"A": 1}} => "`env.A` must be a text, not 1";
        too_many_entries: {"env": {"A": "1", "B": "2", "C": "3"}} => "`env` has more than 2 entries";
        a_name_that_is_too_long: {"env": {"ABCD": "1"}} => "the name `env.ABCD` is longer than 3 characters";
    }

    #[test]
    fn a_missing_argument_is_named_and_the_hint_lists_all() {
        let denial = read::<Value>("tail", &schema(), JsonObject::new()).unwrap_err();
        assert_eq!(denial.code, Code::BadArgument);
        assert_eq!(denial.reason, "`job_id` is missing");
        assert_eq!(denial.hint.unwrap(), "`tail` takes `env`, `eof`, `job_id` (required), `lines`, `status`, `wait`");
    }

    #[test]
    fn quotes_and_nulls_get_a_hint_of_their_own() {
        let hint = |given: Value| {
            read::<Value>("tail", &schema(), given.as_object().unwrap().clone()).unwrap_err().hint.unwrap()
        };
        assert!(hint(json!({ "job_id": "j", "lines": "5" })).starts_with("write the number without quotation marks"));
        assert!(hint(json!({ "job_id": "j", "wait": null })).starts_with("leave an argument out"));
    }

    #[test]
    fn good_arguments_pass_and_a_whole_fraction_becomes_a_number() {
        let given =
            json!({ "job_id": "j", "lines": 5.0, "wait": 1, "eof": true, "status": "killed", "env": { "A": "" } });
        let read: Value = read("tail", &schema(), given.as_object().unwrap().clone()).unwrap();
        assert_eq!(read["lines"], json!(5));
    }

    #[test]
    fn a_long_text_is_not_repeated() {
        assert!(problem(json!({ "eof": "x".repeat(5000) })).len() < 100);
        assert!(problem(json!({ "x".repeat(5000): 1 })).len() < 100);
    }
}
