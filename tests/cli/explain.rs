//! `policy explain`: every command with what it does and each command inside it, the layers, the surroundings.

use serde_json::Value;

use super::place::{Answer, Place};

const POLICY: &str = r#"version = 1
name = "team"

[[rule]]
id = "look"
decision = "allow"
program = ["grep", "head", "wc"]
reason = "reads"

[[rule]]
id = "wrap"
decision = "allow"
program = ["timeout", "nice"]
reason = "runs what is allowed by itself"

[[rule]]
id = "free"
decision = "allow"
program = "env"
grants = ["exec"]
reason = "runs anything"
examples.match = ["env ls"]

[[rule]]
id = "git"
decision = "allow"
program = "git"
args.subcommand = "log"
reason = "reads"

[[rule]]
id = "careful"
decision = "ask"
program = "touch"
reason = "a person looks first"

[[rule]]
id = "no-dd"
decision = "deny"
program = "dd"
reason = "not here"
hint = "use `head -c`"

[sandbox]
write = ["workspace"]
"#;

struct Explained {
    answer: Answer,
    /// What is on standard output, with `WS` for the workspace, `POLICY` for the file, and no directories of programs.
    lines: Vec<String>,
}

#[track_caller]
fn explained(text: &str, code: i32) -> Explained {
    let place = Place::new();
    let policy = place.policy(POLICY);
    let policy = policy.to_str().unwrap();
    let answer = place.run(&["policy", "explain", "--policy", policy, "--", text]);
    assert_eq!(answer.code, Some(code), "{answer:?}");
    let workspace = place.workspace().canonicalize().unwrap();
    let shown = answer.stdout.replace(workspace.to_str().unwrap(), "WS").replace(policy, "POLICY");
    let lines = shown.lines().map(|line| line.split_once("program    /").map_or(line, |_| "   program").to_owned());
    let lines = lines.collect();
    Explained { answer, lines }
}

fn until_sandbox(explained: &Explained) -> Vec<&str> {
    let lines = explained.lines.iter().map(String::as_str);
    lines.take_while(|line| !line.starts_with("policy ")).collect()
}

#[test]
fn a_command_inside_a_wrapper_has_its_own_rules_and_its_own_nearest_miss() {
    let explained = explained("timeout 5 git -c core.pager=sh log | head", 126);
    assert_eq!(
        until_sandbox(&explained),
        [
            "deny   would not run",
            " 1 timeout 5 git -c core.pager=sh log",
            "   program",
            "   allow      team/wrap  POLICY:10:1",
            "   1.1 git -c core.pager=sh log",
            "       does       `core.pager=sh` loads or changes configuration, plugins or libraries (config)",
            "       nearest    team/git  POLICY:24:1  `core.pager=sh` loads or changes configuration, plugins or libraries; \
             the rule would have to grant `config`",
            "       no rule    allows it",
            " 2 head",
            "   program",
            "   allow      team/look  POLICY:4:1",
            "layers     builtin none · team none (1.1)",
            "decided    deny by default: what no rule allows is refused",
        ]
    );
    assert!(explained.lines.iter().any(|line| line == "sandbox if it ran"), "{:?}", explained.lines);
    assert!(explained.lines.contains(&"   write      WS".to_owned()), "{:?}", explained.lines);
    assert!(explained.lines.iter().any(|line| line.starts_with("policy     team  sha256:")));
    assert!(explained.answer.stderr.contains("rule `git` comes near"), "{}", explained.answer.stderr);
}

#[test]
fn a_grant_covers_what_is_inside_and_a_deny_rule_does_not_care() {
    assert_eq!(
        until_sandbox(&explained("env nice head -n 1 x", 0)),
        [
            "allow  would run",
            " 1 env nice head -n 1 x",
            "   program",
            "   allow      team/free  POLICY:16:1",
            "   1.1 nice head -n 1 x",
            "       allow      team/wrap  POLICY:10:1",
            "       covered    the rule that allows the command around it grants `exec`",
            "       1.1.1 head -n 1 x",
            "             does       reads `x`",
            "             allow      team/look  POLICY:4:1",
            "             covered    the rule that allows the command around it grants `exec`",
            "layers     builtin none · team allow",
            "decided    allow by team/free",
        ]
    );
    let denied = explained("env dd of=x", 126);
    let lines = until_sandbox(&denied);
    assert!(lines.contains(&"   deny       team/no-dd  POLICY:37:1"), "{lines:?}");
    assert!(
        lines.ends_with(&["layers     builtin none · team deny (1)", "decided    deny by team/no-dd  POLICY:37:1"]),
        "{lines:?}"
    );
    assert!(denied.answer.stderr.contains("use `head -c`"));
}

#[test]
fn the_layer_that_decides_is_named() {
    for (text, code, layers, decided) in [
        ("rm -rf /", 126, "layers     builtin deny (1) · team none (1)", "decided    deny by builtin/remove-system"),
        ("touch x", 126, "layers     builtin none · team ask (1)", "decided    ask by team/careful  POLICY:31:1"),
        (
            "grep x y > /etc/x",
            126,
            "layers     builtin none · team allow · sandbox deny",
            "decided    deny by sandbox/write",
        ),
        ("head x", 0, "layers     builtin none · team allow", "decided    allow by team/look"),
        ("cd .", 0, "layers     builtin none · team none", "decided    allow: it runs no program"),
    ] {
        let explained = explained(text, code);
        let lines = until_sandbox(&explained);
        assert!(lines.ends_with(&[layers, decided]), "{text}: {lines:?}");
    }
    let nothing = explained("head &", 126);
    assert_eq!(
        until_sandbox(&nothing),
        ["deny   would not run", "decided    deny before any rule was asked: background"]
    );
    assert!(explained("touch x", 126).answer.stderr.contains("a person has to approve this"));
}

#[test]
fn who_names_many_files_is_told_of_a_few() {
    let names: Vec<String> = (0..30).map(|number| format!("f{number}")).collect();
    let explained = explained(&format!("wc -l {}", names.join(" ")), 0);
    let lines = until_sandbox(&explained);
    assert!(lines.contains(&"   does       reads `f0`") && lines.contains(&"              and 18 more"), "{lines:?}");
}

#[test]
fn an_explanation_is_an_object_as_well() {
    let place = Place::new();
    let policy = place.policy(POLICY);
    let explain = |text: &str| {
        let answer = place.run(&["policy", "explain", "--json", "--policy", policy.to_str().unwrap(), "--", text]);
        serde_json::from_str::<Value>(&answer.stdout).unwrap()
    };
    let object = explain("timeout 5 git -c core.pager=sh log | head");
    let inner = &object["commands"][0]["inside"][0];
    assert_eq!(inner["canonical"], "git -c core.pager=sh log");
    assert_eq!((&inner["standing"], &inner["nearest"]["rule"]), (&"own".into(), &"team/git".into()));
    assert!(inner["does"][0].as_str().unwrap().contains("(config)"), "{inner}");
    assert_eq!(object["policy"]["name"], "team");
    assert_eq!(object["policy"]["digest"].as_str().unwrap().len(), 64);
    let said = &object["layers"][1];
    assert_eq!((&said["layer"], &said["says"], &said["command"]), (&"team".into(), &"none".into(), &"1.1".into()));
    assert_eq!(object["decided"]["layers"].as_array().unwrap().len(), 0);
    assert!(object["sandbox"].as_array().unwrap().iter().any(|line| line == "network    none"), "{object}");
    assert_eq!(object["plan"], Value::Null, "there is no plan without a permit");
    let object = explain("head x");
    assert_eq!(object["decided"]["layers"][0], "team");
    let (sandbox, plan) = (object["sandbox"].as_array().unwrap(), object["plan"].as_array().unwrap());
    assert!(sandbox.iter().all(|line| plan.contains(line)), "the surroundings are those of the plan: {object}");
}
