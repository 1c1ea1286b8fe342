//! `[[test]]`: read, judged when a policy is loaded, and counted.

use super::*;

const BASE: &str = r#"version = 1
name = "small"
[env]
client = ["RUST_LOG"]
[[rule]]
id = "look"
decision = "allow"
program = ["ls", "wc"]
reason = "r"
[[rule]]
id = "no-curl"
decision = "deny"
program = "curl"
reason = "r"
[[rule]]
id = "push"
decision = "ask"
command = "git push"
reason = "r"
"#;

#[track_caller]
fn tested(tests: &str) -> Vec<String> {
    let text = format!("{BASE}{tests}");
    let source = Source::new("test.toml", text.clone());
    let (_, found) = compile(std::slice::from_ref(&source));
    let label = |finding: &Diagnostic| finding.primary.as_ref().map_or(String::new(), |label| label.text.clone());
    let findings = findings_of(std::slice::from_ref(&source));
    findings.iter().zip(&found).map(|(shown, (_, finding))| format!("{shown}; {}", label(finding))).collect()
}

fn case(run: &str, expect: &str) -> String {
    format!("[[test]]\nrun = {run:?}\nexpect = {{ {expect} }}\n")
}

#[test]
fn tests_that_hold_say_nothing() {
    for (run, expect) in [
        ("ls -la", r#"decision = "allow""#),
        ("ls -la", r#"decision = "allow", rule = "look""#),
        ("ls | wc -l", r#"decision = "allow", rule = "small/look""#),
        ("curl x", r#"decision = "deny", rule = "no-curl", code = "denied-by-rule""#),
        ("ls | curl x", r#"decision = "deny", rule = "no-curl""#),
        ("make", r#"decision = "deny", rule = "default""#),
        ("make", r#"decision = "deny", code = "no-rule""#),
        ("rm -rf /", r#"decision = "deny", rule = "builtin/remove-system", code = "blocklisted""#),
        ("git push", r#"decision = "ask", rule = "push""#),
        ("ls $((1))", r#"decision = "deny", code = "arithmetic-expansion""#),
    ] {
        assert_eq!(tested(&case(run, expect)), [""; 0], "{run}");
    }
}

#[test]
fn a_test_that_fails_rejects_the_set_and_shows_both_sides() {
    for (run, expect, finding) in [
        ("ls", r#"decision = "deny""#, r#"test-fails at "\"ls\"": the test expects deny; got allow by `small/look`"#),
        (
            "ls | wc",
            r#"decision = "deny", rule = "default""#,
            r#"test-fails at "\"ls | wc\"": the test expects deny by `default`; got allow by `small/look`"#,
        ),
        (
            "make",
            r#"decision = "allow", rule = "look""#,
            r#"test-fails at "\"make\"": the test expects allow by `look`; got deny (no-rule)"#,
        ),
        (
            "curl x",
            r#"decision = "deny", code = "no-rule""#,
            r#"test-fails at "\"curl x\"": the test expects deny (no-rule); got deny (denied-by-rule) by `small/no-curl`"#,
        ),
        (
            "rm -rf /",
            r#"decision = "deny", rule = "default""#,
            r#"test-fails at "\"rm -rf /\"": the test expects deny by `default`; got deny (blocklisted) by `builtin/remove-system`"#,
        ),
    ] {
        assert_eq!(tested(&case(run, expect)), [finding], "{run}");
    }
}

#[test]
fn a_failure_reads_well() {
    let text = format!("{BASE}{}", case("ls | curl x", r#"decision = "allow", rule = "look""#));
    let source = Source::new("team.toml", text);
    let (_, findings) = compile(std::slice::from_ref(&source));
    let format = crate::diagnostic::Format::Human { color: false };
    let shown = findings.iter().map(|(_, finding)| crate::diagnostic::render(&source, finding, format));
    insta::assert_snapshot!(shown.collect::<String>());
}

#[test]
fn a_test_names_its_directory_and_its_variables() {
    let with = |more: &str, expect: &str| format!("[[test]]\nrun = \"ls\"\n{more}\nexpect = {{ {expect} }}\n");
    for (more, expect) in [
        ("cwd = \"src\"", r#"decision = "allow""#),
        ("cwd = \"..\"", r#"decision = "deny", code = "cwd-outside""#),
        ("cwd = \"src/../../x\"", r#"decision = "deny", code = "cwd-outside""#),
        ("cwd = \"/etc\"", r#"decision = "deny", code = "cwd-outside""#),
        ("env = { RUST_LOG = \"debug\" }", r#"decision = "allow""#),
        ("env = { LD_PRELOAD = \"x\" }", r#"decision = "deny", code = "env-refused""#),
    ] {
        assert_eq!(tested(&with(more, expect)), [""; 0], "{more}");
    }
}

#[test]
fn what_is_wrong_with_a_test_has_its_place() {
    for (test, finding) in [
        (
            "[[test]]\nexpect = { decision = \"deny\" }",
            "missing-key at \"[[test]]\": a test has no `run`; a test needs",
        ),
        ("[[test]]\nrun = \"ls\"", "missing-key at \"[[test]]\": a test has no `expect`; a test needs"),
        ("[[test]]\nrun = \"ls\"\nexpect = {}", "missing-key at \"{}\": `expect` has no `decision`; write"),
        (
            "[[test]]\nrun = \"ls\"\nexpect = { decision = \"maybe\" }",
            "bad-value at \"\\\"maybe\\\"\": `decision` has the value `maybe`; a decision is",
        ),
        (
            "[[test]]\nrun = \"ls\"\nexpect = { decision = \"deny\", code = \"nope\" }",
            "bad-value at \"\\\"nope\\\"\": `code` has the value `nope`; no code has this name",
        ),
        (
            "[[test]]\nrun = \"ls\"\nexpect = { decision = \"allow\", code = \"no-rule\" }",
            "bad-value at \"\\\"no-rule\\\"\": `code` has the value `no-rule`; what is allowed has no code",
        ),
        (
            "[[test]]\nrun = \"ls\"\nas = \"ci\"\nexpect = { decision = \"allow\" }",
            "unknown-key at \"as\": unknown key `as`; not a key of a test",
        ),
    ] {
        let found = tested(test);
        assert!(found.len() == 1 && found[0].starts_with(finding), "{test}: {found:?}");
    }
}

#[test]
fn the_tests_of_a_base_are_judged_by_what_the_base_says() {
    let base = Source::new("base.toml", format!("{BASE}{}", case("ls", r#"decision = "allow""#)));
    let child = "version = 1\nname = \"child\"\nextends = \"base.toml\"\n\
        [[rule]]\nid = \"no-ls\"\ndecision = \"deny\"\nprogram = \"ls\"\nreason = \"r\"\n";
    let tight = Source::new("child.toml", format!("{child}{}", case("ls", r#"decision = "deny", rule = "no-ls""#)));
    assert_eq!(findings_of(&[base.clone(), tight]), [""; 0]);
    let wrong = Source::new("child.toml", format!("{child}{}", case("ls", r#"decision = "allow""#)));
    assert_eq!(findings_of(&[base, wrong]).len(), 1);
}

#[test]
fn an_exercise_counts_what_holds_and_names_what_nothing_exercises() {
    let tests = [
        case("ls | wc", r#"decision = "allow""#),
        case("env curl x", r#"decision = "deny", rule = "no-curl""#),
        case("ls", r#"decision = "deny""#),
    ];
    let source = Source::new("test.toml", format!("{BASE}{}", tests.concat()));
    let done = exercise(std::slice::from_ref(&source));
    assert!(done.complete);
    assert_eq!(done.tried.iter().map(|tried| tried.holds).collect::<Vec<_>>(), [true, true, false]);
    let shown_findings: Vec<_> = done.findings.iter().map(|(_, finding)| shown(&source, finding)).collect();
    assert_eq!(
        shown_findings,
        [
            r#"untested-rule at "\"push\"": no example and no test exercises the rule `push`"#,
            r#"test-fails at "\"ls\"": the test expects deny"#,
        ]
    );
}

#[test]
fn nothing_is_tried_of_a_policy_that_cannot_be_read() {
    let source = Source::new("test.toml", format!("{BASE}nonsense = 1\n{}", case("ls", r#"decision = "deny""#)));
    let done = exercise(std::slice::from_ref(&source));
    assert!(!done.complete && done.tried.is_empty());
    assert_eq!(done.findings.len(), 1);
}

#[test]
fn every_rule_of_the_shipped_policies_is_exercised() {
    for name in shipped_names() {
        let done = exercise(&[shipped(name).expect(name)]);
        assert!(done.complete && done.findings.is_empty(), "{name}: {:?}", done.findings);
    }
}
