//! The reference is true: its examples compile, its tables agree with the code, and it names every key.

use serde_json::Value;

use super::*;
use crate::diagnostic::Severity;
use inside::inside;
use programs::{Need, Programs};
use words::Words;

const REFERENCE: &str = include_str!("../../../docs/policy.md");

/// The blocks of TOML, each as a whole policy.
fn blocks() -> Vec<String> {
    let blocks = REFERENCE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let whole = |text: &str| if text.starts_with("version") { text.to_owned() } else { format!("version = 1\n{text}") };
    blocks.map(whole).collect()
}

/// The part of a heading.
#[track_caller]
fn section(heading: &str) -> &'static str {
    let rest = REFERENCE.split(&format!("{heading}\n")).nth(1).unwrap_or_else(|| panic!("there is no {heading}"));
    rest.split("\n## ").next().expect("a section")
}

#[test]
fn the_example_of_the_reference_compiles() {
    let example = blocks().swap_remove(0);
    assert_eq!(findings(&example), Vec::<String>::new());
    let source = Source::new("my-project.toml", example);
    let found: Vec<_> =
        lint(std::slice::from_ref(&source)).iter().map(|(_, finding)| shown(&source, finding)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_other_example_compiles_and_holds() {
    assert!(blocks().len() > 7);
    for block in blocks() {
        let source = Source::new("x.toml", block);
        let (set, found) = compile(std::slice::from_ref(&source));
        let errors: Vec<_> = found.iter().filter(|(_, finding)| finding.severity == Severity::Error).collect();
        assert!(set.is_some() && errors.is_empty(), "{}\n{errors:#?}", source.text);
    }
}

#[test]
fn the_reference_lists_the_whole_blocklist() {
    for entry in blocklist() {
        assert!(REFERENCE.contains(&format!("| `{}` |", entry.id)), "{}", entry.id);
    }
}

#[test]
fn the_reference_names_every_construct() {
    let section = section("## `[shell]`");
    for construct in command::Construct::ALL {
        assert!(section.contains(&format!("`{}`", construct.as_str())), "{}", construct.as_str());
    }
}

#[test]
fn the_reference_gives_the_defaults() {
    let limits = crate::model::limits::Limits::default();
    for (key, value) in [
        ("jobs", limits.jobs.to_string()),
        ("queue", limits.queue.to_string()),
        ("memory", format!("`{}`", limits.memory)),
        ("processes", limits.processes.to_string()),
        ("files", limits.files.to_string()),
        ("output", format!("`{}`", limits.output)),
        ("stdin", format!("`{}`", limits.stdin)),
    ] {
        assert!(REFERENCE.contains(&format!("| `{key}` | {value} |")), "{key}");
    }
    for shipped in shipped_names() {
        assert!(REFERENCE.contains(&format!("| `{shipped}` |")), "{shipped}");
    }
    let set = policy("");
    let list = |names: Vec<&str>| reader::list(&names);
    let row = format!("| `client` | {} |", list(set.env.client_patterns().collect()));
    assert!(REFERENCE.contains(&row), "{row}");
    let row = format!("| `hide` | {} |", list(set.sandbox.hide.iter().map(String::as_str).collect()));
    assert!(REFERENCE.contains(&row), "{row}");
    let row = format!("| `protect` | {} |", list(set.places.protect.iter().map(String::as_str).collect()));
    assert!(REFERENCE.contains(&row), "{row}");
    assert!(REFERENCE.contains(&format!("| `paths` | `{}` |", set.shell.paths.as_str())));
}

/// Every key of the schema, with the keys of the tables inside.
fn keys(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                found.extend(properties.keys().cloned());
            }
            fields.values().for_each(|value| keys(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_reference_names_every_key() {
    let mut found = Vec::new();
    keys(&schema(), &mut found);
    assert!(found.len() > 60);
    for key in found {
        let named =
            [format!("`{key}`"), format!("`{key}."), format!(".{key}`"), format!("[{key}]"), format!(".{key}]]")];
        assert!(named.iter().any(|named| REFERENCE.contains(named)), "{key}");
    }
}

#[test]
fn the_examples_of_needs_have_them() {
    let section = section("### What an allow rule covers");
    for need in Need::ALL {
        let start = format!("| `{need}` |");
        let row = section.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row of {need}"));
        assert!(row.contains(need.does()), "{row}");
        let examples = row.split(" | ").nth(2).expect(row).split('`').skip(1).step_by(2);
        let mut count = 0;
        for example in examples {
            let script = command::parse(example).expect(example);
            let words = Words::of(script.commands().next().expect(example), &script);
            let parts = inside(&Programs::default(), &words).parts;
            let needs: Vec<Need> = parts.iter().flat_map(|part| &part.uses.needs).map(|(need, _)| *need).collect();
            assert!(needs.contains(&need), "`{example}` needs {needs:?}");
            count += 1;
        }
        assert!(count > 0, "{row}");
    }
}

#[test]
fn the_reference_names_every_setting_that_keeps_git_quiet() {
    let section = section("### Git's environment");
    let mut env = BTreeMap::new();
    git::quiet(&mut env);
    for (name, value) in env.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG_KEY_")) {
        assert!(section.contains(&format!("| `{value}` |")), "{name} {value}");
    }
    for (name, value) in env.iter().filter(|(name, _)| !name.starts_with("GIT_CONFIG_")) {
        assert!(section.contains(&format!("`{name}={value}`")), "{name}");
    }
}

#[test]
fn findings_read_well() {
    let text = include_str!("mistakes.toml");
    let source = Source::new("team.toml", text);
    let (set, findings) = compile(std::slice::from_ref(&source));
    assert!(set.is_none());
    let format = crate::diagnostic::Format::Human { color: false };
    let shown: Vec<_> =
        findings.iter().map(|(_, finding)| crate::diagnostic::render(&source, finding, format)).collect();
    insta::assert_snapshot!(shown.join("\n"));
}
