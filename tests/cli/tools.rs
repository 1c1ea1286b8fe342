//! The tools around policies, end to end: exit codes, what is data and what is talk, and the formats.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

use serde_json::Value;

use super::place::{Answer, Place};

const GOOD: &str = r#"version = 1
name = "team"

[[rule]]
id = "look"
decision = "allow"
program = ["ls", "wc"]
reason = "reads"
examples.match = ["ls -la"]

[[test]]
name = "a pipe"
run = "ls | wc -l"
expect = { decision = "allow", rule = "look" }
"#;

const MISTAKES: &str = include_str!("../../src/policy/tests/mistakes.toml");

struct Desk {
    place: Place,
    policy: String,
}

impl Desk {
    fn new(text: &str) -> Self {
        let place = Place::new();
        let policy = place.policy(text).to_str().unwrap().to_owned();
        Self { place, policy }
    }

    fn run(&self, tool: &str, args: &[&str]) -> Answer {
        let mut all = vec!["policy", tool];
        all.extend(args);
        all.push(&self.policy);
        self.place.run(&all)
    }
}

fn objects(answer: &Answer) -> Vec<Value> {
    answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn check_shows_every_mistake_with_its_place() {
    let desk = Desk::new(MISTAKES);
    let answer = desk.run("check", &["--format", "plain"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_eq!(answer.stderr, "");
    let shown: Vec<_> = answer
        .stdout
        .lines()
        .map(|line| line.strip_prefix(&format!("{}:", desk.policy)).unwrap().split("; hint").next().unwrap())
        .collect();
    assert_eq!(
        shown,
        [
            "2:1: error[unknown-key]: unknown key `nmae`",
            "6:12: error[bad-value]: `decision` has the value `alow`",
            "13:16: error[bad-regex]: the pattern of `command` does not compile",
            "18:8: error[bad-value]: `wall` has the value `30 m`",
            "19:8: error[bad-value]: `jobs` has the value `0`",
            "22:9: error[bad-value]: `pass` has the entry `A=B`",
        ]
    );
    let human = desk.run("check", &[]);
    assert_eq!(human.code, Some(1));
    assert!(human.stderr.contains("error[bad-regex]") && human.stderr.contains("^^^"), "{}", human.stderr);
    assert!(human.stdout.ends_with(": 6 errors; not loaded\n"), "{}", human.stdout);
}

#[test]
fn check_speaks_json_and_sarif() {
    let desk = Desk::new(MISTAKES);
    for args in [&["--json"][..], &["--format", "json"]] {
        let rows = objects(&desk.run("check", args));
        assert_eq!(rows.len(), 6);
        assert_eq!((&rows[0]["code"], &rows[0]["span"]["line"]), (&"unknown-key".into(), &2.into()));
    }
    let answer = desk.run("check", &["--format", "sarif"]);
    assert_eq!(answer.code, Some(1));
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    assert_eq!(results[2]["locations"][0]["physicalLocation"]["region"]["startLine"], 13);
}

#[test]
fn a_warning_can_be_left_out_or_made_an_error() {
    let desk = Desk::new(&GOOD.replace("\"wc\"]", "\"wc\", \"env\"]\ngrants = [\"any\"]"));
    let shown = |args: &[&str]| {
        let answer = desk.run("check", &[&["--format", "plain"], args].concat());
        (answer.code, answer.stdout.contains("warning[runs-anything]"), answer.stdout.contains("error[runs-anything]"))
    };
    assert_eq!(shown(&[]), (Some(0), true, false));
    assert_eq!(shown(&["-A", "runs-anything"]), (Some(0), false, false));
    assert_eq!(shown(&["-D", "runs-anything"]), (Some(1), false, true));
    assert_eq!(shown(&["-D", "warnings"]), (Some(1), false, true));
    assert_eq!(shown(&["-D", "warnings", "-A", "runs-anything"]), (Some(0), false, false));
    assert_eq!(desk.run("check", &["-D", "no-such-code"]).code, Some(2));
}

#[test]
fn tests_that_hold_are_counted() {
    let desk = Desk::new(GOOD);
    let conclusion = format!("{}: examples 1, tests 1: all hold; 1 of 1 rules exercised\n", desk.policy);
    desk.run("test", &[]).is(0, &conclusion, &[]);
    let rows = objects(&desk.run("test", &["--json"]));
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[1]["name"], &rows[1]["judged"]["decision"]), (&"a pipe".into(), &"allow".into()));
}

#[test]
fn a_test_that_fails_shows_both_sides() {
    let wrong = GOOD.replace("decision = \"allow\", rule = \"look\"", "decision = \"deny\", rule = \"default\"");
    let desk = Desk::new(&wrong);
    let answer = desk.run("test", &[]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stderr.contains("the test `a pipe` expects deny by `default`"), "{}", answer.stderr);
    assert!(answer.stderr.contains("got allow by `team/look`"), "{}", answer.stderr);
    assert!(answer.stdout.contains("tests 1: 1 FAILED"), "{}", answer.stdout);
    let plain = desk.run("test", &["--format", "plain"]);
    assert!(plain.stdout.contains(":13:7: error[test-fails]: "), "{}", plain.stdout);
    assert_eq!(objects(&desk.run("test", &["--json"]))[1]["holds"], false);
    // Such a policy runs nothing.
    let run = desk.place.run(&["run", "--policy", &desk.policy, "--", "ls"]);
    assert_eq!(run.code, Some(125), "{run:?}");
}

#[test]
fn rules_that_nothing_exercises_are_named_and_strict_refuses_them() {
    let text = GOOD.replace("examples.match = [\"ls -la\"]\n", "").replace("ls | wc -l", "make");
    let desk = Desk::new(&text.replace("\"allow\", rule = \"look\"", "\"deny\", rule = \"default\""));
    let answer = desk.run("test", &[]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stderr.contains("warning[untested-rule]"), "{}", answer.stderr);
    assert!(answer.stdout.ends_with("0 of 1 rules exercised\n"), "{}", answer.stdout);
    assert_eq!(desk.run("test", &["--strict"]).code, Some(1));
}

#[test]
fn a_policy_that_cannot_be_read_is_a_failure_and_not_a_pass() {
    let answer = Desk::new(MISTAKES).run("test", &[]);
    assert_eq!(answer.code, Some(125), "{answer:?}");
    assert!(answer.stdout.ends_with("nothing was tried\n"), "{}", answer.stdout);
    let answer = Place::new().run(&["policy", "test", "absent.toml"]);
    assert_eq!(answer.code, Some(125), "{answer:?}");
}

#[test]
fn diff_tells_by_its_exit_code_which_way_it_goes() {
    let old = Desk::new(GOOD);
    let same = old.run("diff", &[&old.policy]);
    same.is(0, "no difference that jobs could notice\n", &[]);
    for (from, to, code, line) in [
        (
            "[\"ls\", \"wc\"]",
            "[\"ls\", \"wc\", \"cat\"]",
            4,
            "looser     `cat`  deny (no-rule) -> allow by `team/look`",
        ),
        ("reason = \"reads\"", "reason = \"other\"", 0, "no difference"),
        ("[[test]]", "[limits]\njobs = 2\n[[test]]", 3, "tighter    limits.jobs  10 -> 2"),
        ("[[test]]", "[limits]\nwall = \"0\"\n[[test]]", 4, "looser     limits.wall  \"30m\" -> \"0s\""),
    ] {
        let new = Desk::new(&GOOD.replace(from, to));
        let answer = new.run("diff", &[&old.policy]);
        assert_eq!(answer.code, Some(code), "{answer:?}");
        assert!(answer.stdout.contains(line), "{}", answer.stdout);
    }
    let json: Value = serde_json::from_str(&old.run("diff", &["--json", "default"]).stdout).unwrap();
    assert_eq!(json["same"], false);
    assert_eq!(Desk::new(MISTAKES).run("diff", &["default"]).code, Some(125));
}

#[test]
fn show_names_the_file_and_line_of_a_setting() {
    let desk = Desk::new(&format!("{GOOD}[limits]\njobs = 3\n[env]\nset = {{ A = \"b\" }}\n"));
    let show = |key: &str| desk.place.run(&["policy", "show", "--policy", &desk.policy, key]);
    show("limits.jobs").is(0, &format!("limits.jobs = 3  # {}:16:8\n", desk.policy), &[]);
    show("limits.queue").is(0, "limits.queue = 100  # built-in default\n", &[]);
    show("env.set.A").is(0, &format!("env.set.A = \"b\"  # {}:18:13\n", desk.policy), &[]);
    show("nonsense").is(1, "", &["there is no setting `nonsense`"]);
    assert!(show("builtin").stdout.contains("\nremove-system\n"));
    assert!(show("rules").stdout.starts_with("allow  team/look"));
}

#[test]
fn fmt_lays_a_file_out_once_and_keeps_its_mode() {
    let desk = Desk::new("version=1\nname='x'   # ours\n");
    let line = format!("{}\n", desk.policy);
    desk.run("fmt", &["--check"]).is(1, &line, &[]);
    desk.run("fmt", &[]).is(0, &line, &[]);
    assert_eq!(fs::read_to_string(&desk.policy).unwrap(), "version = 1\nname = \"x\" # ours\n");
    assert_eq!(fs::metadata(&desk.policy).unwrap().mode() & 0o777, 0o600);
    desk.run("fmt", &["--check"]).is(0, "", &[]);
    desk.run("fmt", &[]).is(0, "", &[]);
    let broken = Desk::new("version = \n");
    broken.run("fmt", &[]).is(125, "", &["error[policy-syntax]"]);
    assert_eq!(fs::read_to_string(&broken.policy).unwrap(), "version = \n");
}

#[test]
fn a_file_that_cannot_be_replaced_stays_as_it_is() {
    let desk = Desk::new("version=1\n");
    let beside = format!("{}.new", desk.policy);
    fs::write(&beside, "somebody else's").unwrap();
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(desk.run("fmt", &[]).code, Some(125));
    assert_eq!(fs::read_to_string(&desk.policy).unwrap(), "version=1\n");
    assert_eq!(fs::read_to_string(&beside).unwrap(), "somebody else's");
}

#[test]
fn codes_and_schema_are_data() {
    let place = Place::new();
    let answer = place.run(&["policy", "codes", "no-rule"]);
    assert!(answer.code == Some(0) && answer.stdout.starts_with("no-rule\n    No rule"), "{answer:?}");
    place.run(&["policy", "codes", "nonsense"]).is(1, "", &["there is no code `nonsense`"]);
    let schema: Value = serde_json::from_str(&place.run(&["policy", "schema"]).stdout).unwrap();
    assert_eq!(schema["title"], "Stockade policy");
}
