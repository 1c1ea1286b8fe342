//! The reference is true: its example compiles, and its tables agree with the code.

use super::*;

const REFERENCE: &str = include_str!("../../../docs/policy.md");

#[test]
fn the_example_of_the_reference_compiles() {
    let example = REFERENCE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(findings(example), Vec::<String>::new());
}

#[test]
fn the_reference_lists_the_whole_blocklist() {
    for entry in blocklist() {
        assert!(REFERENCE.contains(&format!("| `{}` |", entry.id)), "{}", entry.id);
    }
}

#[test]
fn the_reference_names_every_construct() {
    let section =
        REFERENCE.split("## `[shell]`").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section");
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
