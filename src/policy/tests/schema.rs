//! The schema says what the reader says.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::*;
use crate::diagnostic::Code;

/// The tables of a policy: how a file opens one, and where the schema describes it.
const TABLES: &[(&str, &str)] = &[
    ("", ""),
    ("[[rule]]\n", "/properties/rule/items"),
    ("[[rule]]\n[rule.args]\n", "/properties/rule/items/properties/args"),
    ("[[rule]]\n[rule.examples]\n", "/properties/rule/items/properties/examples"),
    ("[[program]]\n", "/properties/program/items"),
    ("[[program]]\n[[program.sub]]\n", "/$defs/subcommand"),
    ("[[blocklist]]\n", "/properties/blocklist/items"),
    ("[[test]]\n", "/properties/test/items"),
    ("[[test]]\n[test.expect]\n", "/properties/test/items/properties/expect"),
    ("[workspace]\n", "/properties/workspace"),
    ("[env]\n", "/properties/env"),
    ("[sandbox]\n", "/properties/sandbox"),
    ("[limits]\n", "/properties/limits"),
    ("[shell]\n", "/properties/shell"),
    ("[audit]\n", "/properties/audit"),
];

fn codes_of(text: &str) -> Vec<(Code, String)> {
    let source = Source::new("x.toml", text);
    let (_, findings) = compile(std::slice::from_ref(&source));
    findings.into_iter().map(|(_, finding)| (finding.code, finding.hint.unwrap_or_default())).collect()
}

/// The keys that the reader acts on, as it lists them itself when it is given a key that it does not know.
fn keys_of_reader(opening: &str) -> Option<BTreeSet<String>> {
    let (_, hint) = codes_of(&format!("{opening}qqqqqqqqqqqqqqqqqqqq = 1\n"))
        .into_iter()
        .find(|(code, _)| *code == Code::UnknownKey)?;
    // Before the list stands the name of the table itself.
    let (_, listed) = hint.split_once(" are ")?;
    let keys = listed.split('`').skip(1).step_by(2).map(str::to_owned);
    let acted_on =
        |key: &String| codes_of(&format!("{opening}{key} = 1\n")).iter().all(|(code, _)| *code != Code::NotSupported);
    Some(keys.filter(acted_on).collect())
}

fn keys_of_schema(pointer: &str) -> BTreeSet<String> {
    let schema = schema();
    let table = schema.pointer(pointer).expect(pointer);
    table["properties"].as_object().expect(pointer).keys().cloned().collect()
}

#[test]
fn every_key_that_the_reader_knows_is_in_the_schema_and_none_besides() {
    for (opening, pointer) in TABLES {
        let reader = keys_of_reader(opening).unwrap_or_else(|| panic!("the reader lists no keys of {opening:?}"));
        assert!(!reader.is_empty(), "{opening:?}");
        assert_eq!(keys_of_schema(pointer), reader, "{opening:?}");
    }
}

/// What the schema says about a value: the places that do not fit. Knows every keyword that the schema uses.
fn misfits(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let root = super::schema();
    let referred = schema.get("$ref").and_then(Value::as_str).map(|to| root.pointer(to.trim_start_matches('#')));
    let object = referred.unwrap_or(Some(schema)).and_then(Value::as_object).expect("a schema is an object");
    for (keyword, wanted) in object {
        let fits = match keyword.as_str() {
            "description" | "title" | "$schema" | "$defs" | "x-tombi-toml-version" => true,
            "type" => match wanted.as_str().expect("one type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_u64(),
                "boolean" => value.is_boolean(),
                other => panic!("type {other}"),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().expect("a list").contains(value),
            "pattern" => {
                value.as_str().is_none_or(|text| regex::Regex::new(wanted.as_str().unwrap()).unwrap().is_match(text))
            }
            "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
            "minItems" => value.as_array().is_none_or(|items| !items.is_empty()),
            "minimum" => value.as_u64().is_none_or(|number| number >= wanted.as_u64().unwrap()),
            "required" => value.as_object().is_none_or(|fields| {
                wanted.as_array().unwrap().iter().all(|key| fields.contains_key(key.as_str().unwrap()))
            }),
            "oneOf" | "anyOf" => wanted.as_array().unwrap().iter().any(|one| {
                let mut inner = Vec::new();
                misfits(one, value, path, &mut inner);
                inner.is_empty()
            }),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    misfits(wanted, item, &format!("{path}/{at}"), found);
                }
                true
            }
            "properties" => {
                for (key, inner) in value.as_object().unwrap_or(&Map::new()) {
                    if let Some(known) = wanted.get(key) {
                        misfits(known, inner, &format!("{path}/{key}"), found);
                    }
                }
                true
            }
            "additionalProperties" => value.as_object().is_none_or(|fields| {
                let known = object.get("properties");
                fields.iter().filter(|(key, _)| known.is_none_or(|known| known.get(key).is_none())).all(
                    |(key, inner)| {
                        if wanted.is_object() {
                            misfits(wanted, inner, &format!("{path}/{key}"), found);
                        }
                        wanted.is_object()
                    },
                )
            }),
            other => panic!("the test does not know the keyword {other}"),
        };
        if !fits {
            found.push(format!("{path}: {keyword}"));
        }
    }
}

fn misfits_of(text: &str) -> Vec<String> {
    let value: Value = toml::from_str::<Value>(text).expect("valid TOML");
    let mut found = Vec::new();
    misfits(&schema(), &value, "", &mut found);
    found
}

#[test]
fn every_shipped_policy_and_the_example_of_the_reference_fit_the_schema() {
    for name in shipped_names() {
        assert_eq!(misfits_of(&shipped(name).expect(name).text), [""; 0], "{name}");
    }
    let reference = include_str!("../../../docs/policy.md");
    let example = reference.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(misfits_of(example), [""; 0]);
}

#[test]
fn what_is_wrong_does_not_fit_the_schema() {
    for (text, misfit) in [
        ("name = \"x\"", ": required"),
        ("version = 2", "/version: const"),
        ("version = 1\nnmae = 1", ": additionalProperties"),
        ("version = 1\n[[rule]]\nid = \"a b\"\ndecision = \"allow\"\nprogram = \"x\"", "/rule/0/id: pattern"),
        ("version = 1\n[[rule]]\nid = \"a\"\ndecision = \"maybe\"\nprogram = \"x\"", "/rule/0/decision: enum"),
        ("version = 1\n[[rule]]\nid = \"a\"\ndecision = \"deny\"", "/rule/0: anyOf"),
        ("version = 1\n[[rule]]\nid = \"a\"\ndecision = \"deny\"\nneeds = [\"any\"]", "/rule/0/needs/0: enum"),
        (
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\nprogram = \"x\"\ngrants = [\"all\"]",
            "/rule/0/grants/0: enum",
        ),
        (
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\nprogram = \"x\"\nargs.options = [\"stat\"]",
            "/rule/0/args/options/0: pattern",
        ),
        (
            "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\nprogram = \"x\"\nargs.paths = \"home\"",
            "/rule/0/args/paths: enum",
        ),
        ("version = 1\n[[blocklist]]\noff = \"fire\"\nreason = \"r\"", "/blocklist/0/off: enum"),
        ("version = 1\n[[program]]\nnames = [\"x\"]", "/program/0: required"),
        (
            "version = 1\n[[program]]\nnames = [\"x\"]\nsource = \"x(1)\"\n[[program.sub]]\nnames = [\"y\"]\nalways = [\"net\"]",
            "/program/0/sub/0/always/0: enum",
        ),
        ("version = 1\n[shell]\npaths = \"home\"", "/shell/paths: enum"),
        ("version = 1\n[limits]\njobs = 0", "/limits/jobs: minimum"),
        ("version = 1\n[env]\npass = [\"A=B\"]", "/env/pass/0: pattern"),
        ("version = 1\n[env]\nset = { A = 1 }", "/env/set/A: type"),
        ("version = 1\n[sandbox]\nrequire = [\"magic\"]", "/sandbox/require/0: enum"),
        (
            "version = 1\n[[test]]\nrun = \"ls\"\nexpect = { decision = \"deny\", code = \"x\" }",
            "/test/0/expect/code: enum",
        ),
    ] {
        assert_eq!(misfits_of(text), [misfit], "{text}");
    }
    assert_eq!(schema()["properties"]["version"]["const"], json!(1));
}
