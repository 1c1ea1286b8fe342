//! Whole scripts: what `explain` says of them, and how each kind of refusal is shown.

use std::fs;

use serde_json::Value;

use crate::place::Place;

/// A workspace with a directory `src` of two files.
fn furnished() -> Place {
    let place = Place::new();
    fs::create_dir(place.workspace().join("src")).unwrap();
    for name in ["a.rs", "b.rs"] {
        fs::write(place.workspace().join("src").join(name), "").unwrap();
    }
    place
}

/// The lines about commands, without rules, and with `WS` for the workspace.
#[track_caller]
fn explained(place: &Place, text: &str) -> Vec<String> {
    let answer = place.run(&["policy", "explain", "--policy", "developer", "--", text]);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    let workspace = place.workspace().canonicalize().unwrap();
    let shown = answer.stdout.replace(workspace.to_str().unwrap(), "WS");
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some("allow  would run"));
    let about = lines
        .take_while(|line| !line.starts_with("layers "))
        .filter(|line| !line.starts_with("   allow ") && !line.starts_with("   may-allow "));
    // Where a program lies is the machine's business.
    let known = |line: &str| line.split_once("program    /").map_or(line, |_| "   program").to_owned();
    about.map(known).collect()
}

#[test]
fn everyday_scripts_are_explained_command_by_command() {
    let place = furnished();
    for (text, lines) in [
        ("echo a | tr a b", vec![" 1 echo a", "   program", " 2 tr a b", "   program"]),
        ("ls 2>&1 | tail -20", vec![" 1 ls", "   program", " 2 tail -20", "   program"]),
        (
            "cd src && ls *.rs",
            vec![
                " 1 cd src",
                "   enters     WS/src",
                " 2 ls *.rs",
                "   in         WS/src",
                "   later      *.rs  judged again once it is known",
                "   program",
            ],
        ),
        ("cat <<'EOF' > notes.txt\none\ntwo\nEOF\n", vec![" 1 cat", "   program", "   write      WS/notes.txt"]),
        (
            "grep -rn 'a;b|c' src || true",
            vec![" 1 grep -rn 'a;b|c' src", "   program", "   does       reads `src`", " 2 true", "   program"],
        ),
        ("git commit -m 'fix; $(not run)'", vec![" 1 git commit -m 'fix; $(not run)'", "   program"]),
        (
            "cd src; sort < a.rs\ncat \"$(echo 'a\nb')\"",
            vec![
                " 1 cd src",
                "   enters     WS/src",
                " 2 sort",
                "   in         WS or WS/src",
                "   program",
                "   read       not known before its turn, and judged then",
                " 3 echo 'a\\nb'",
                "   in         WS or WS/src",
                "   program",
                " 4 cat \"$( echo 'a\\nb' )\"",
                "   in         WS or WS/src",
                "   later      \"$( echo 'a\\nb' )\"  judged again once it is known",
                "   program",
            ],
        ),
    ] {
        assert_eq!(explained(&place, text), lines, "{text}");
    }
    assert!(!place.workspace().join("notes.txt").exists(), "nothing ran");
    assert!(!place.log().exists());
}

#[test]
fn the_working_directory_is_a_variable_of_every_script() {
    let place = furnished();
    let lines = [" 1 ls WS/src", "   program", "   does       reads `WS/src`"];
    assert_eq!(explained(&place, "ls \"$PWD\"/src"), lines);
    let answer = place.run(&["run", "--policy", "developer", "--env", "PWD=/etc", "--", "ls"]);
    answer.is(126, "", &["env-refused", "`PWD`"]);
}

#[test]
fn a_script_is_explained_as_an_object() {
    let place = furnished();
    let text = "cd src && ls *.rs > list";
    let answer = place.run(&["policy", "explain", "--json", "--policy", "developer", "--", text]);
    let object: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(object["canonical"], "cd src && ls *.rs 1>list");
    let source = place.workspace().canonicalize().unwrap().join("src");
    let source = source.to_str().unwrap();
    let directory = &object["directories"][0];
    assert_eq!(
        (&directory["index"], &directory["path"], &directory["inside"]),
        (&0.into(), &source.into(), &true.into())
    );
    let command = &object["commands"][0];
    assert_eq!(
        (&command["index"], &command["cwds"][0], &command["unknown"][0]),
        (&1.into(), &source.into(), &1.into())
    );
    assert_eq!(command["argv"], serde_json::json!(["ls", "*.rs"]));
    let file = &object["files"][0];
    assert_eq!((&file["access"], &file["path"]), (&"write".into(), &format!("{source}/list").into()));
    assert_eq!(file["span"], serde_json::json!({ "start": 18, "end": 24 }));
}

/// Each kind of refusal: the text, its code, and the part that carets stand under.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("echo a\n  echo $((1)) x", "arithmetic-expansion", "$(("),
    ("echo a | lss -l", "program-not-found", "lss"),
    ("echo a\necho $NOPE b", "variable", "$NOPE"),
    ("ls && curl http://x | cat", "denied-by-rule", "curl http://x"),
    ("cat <<'E' | rm -rf / ; ls\nx\nE\n", "blocklisted", "rm -rf /"),
    ("ls\necho x > /usr/x; ls", "redirection-outside", "> /usr/x"),
    ("ls\n\n(cat a.rs) | cat < /srv/x", "redirection-outside", "< /srv/x"),
    ("cd src && cd /etc && ls", "cwd-outside", "cd /etc"),
    ("ls | BASH_ENV=x cat", "env-refused", "BASH_ENV=x"),
];

#[test]
fn each_kind_of_refusal_points_at_its_part_and_says_what_to_do() {
    let place = furnished();
    for (text, code, part) in REFUSALS {
        refused(&place, "developer", text, code, part);
    }
}

#[test]
fn a_refusal_half_way_points_at_its_part_and_says_what_had_run() {
    let place = furnished();
    let text = "touch ./-x; ls *; touch after";
    let answer = place.run(&["run", "--policy", "developer", "--", text]);
    let told = [
        "error[option-like-name]: refused: ",
        "1 | touch ./-x; ls *; touch after\n  |             ^^^^\n",
        "= hint: write `./` before the pattern",
        "stockade: the script was ended half-way; before it ran: `touch ./-x`",
    ];
    answer.is(126, "", &told);
    assert!(!place.workspace().join("after").exists());
    let answer = place.run(&["run", "--json", "--policy", "developer", "--", text]);
    assert_eq!(answer.code, Some(126), "{answer:?}");
    let object: Value = serde_json::from_str(&answer.stdout).unwrap();
    let seen = ["status", "reason", "exit_code"].map(|name| object[name].clone());
    assert_eq!(seen, ["failed".into(), "refused".into(), Value::Null], "{object}");
    assert_eq!(object["refusal"]["code"], "option-like-name", "{object}");
    assert_eq!(object["refusal"]["span"], serde_json::json!({ "start": 12, "end": 16 }), "{object}");
}

#[test]
fn a_construct_that_the_policy_leaves_out_is_refused_where_it_stands() {
    let place = furnished();
    let shell = "[shell]\nallow = [\"pipe\", \"glob\"]\nunknown = \"deny\"\n";
    let rule = "[[rule]]\nid = \"r\"\ndecision = \"allow\"\nprogram = [\"ls\", \"cat\"]\nreason = \"for the test\"\n";
    let policy = place.policy(&format!("version = 1\nname = \"small\"\n{shell}{rule}"));
    let policy = policy.to_str().unwrap();
    refused(&place, policy, "ls | cat\nls && cat", "construct-denied", "ls && cat");
    refused(&place, policy, "ls | cat && ls", "construct-denied", "&&");
    let answer = place.run(&["policy", "explain", "--policy", policy, "--", "ls | cat"]);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
}

/// A refusal by every way that the command line tells it.
#[track_caller]
fn refused(place: &Place, policy: &str, text: &str, code: &str, part: &str) {
    let start = text.find(part).unwrap();
    let (line, shown) = text.lines().enumerate().find(|(_, line)| line.contains(part)).unwrap();
    let (line, column) = (line + 1, shown.find(part).unwrap());
    let caret = format!("{line} | {shown}\n  | {}{}\n", " ".repeat(column), "^".repeat(part.len()));
    let head = format!("error[{code}]: refused: ");
    let arrow = format!("--> command:{line}:{}\n", column + 1);
    for door in [["run"].as_slice(), &["policy", "explain"]] {
        let answer = place.run(&[door, &["--policy", policy, "--", text]].concat());
        answer.is(126, if door == ["run"] { "" } else { &answer.stdout }, &[&head, &caret, &arrow, "= hint: "]);
        let answer = place.run(&[door, &["--json", "--policy", policy, "--", text]].concat());
        let object: Value = serde_json::from_str(&answer.stdout).unwrap();
        let field = |name| object.get(name).cloned().unwrap_or_default();
        assert_eq!((field("decision"), field("code")), ("deny".into(), code.into()), "{object}");
        assert_eq!(field("span"), serde_json::json!({ "start": start, "end": start + part.len() }), "{text}");
        assert!(field("reason").is_string() && field("hint").is_string(), "{object}");
    }
}

#[test]
fn the_log_holds_the_commands_and_files_of_a_refused_script() {
    let place = furnished();
    place.run(&["run", "--policy", "developer", "--", "ls < src/a.rs > out; curl x > \"$(echo f)\""]);
    let records = place.records();
    let decision = records.iter().find(|record| record["kind"] == "exec.decision").unwrap();
    let canonical: Vec<_> =
        decision["commands"].as_array().unwrap().iter().map(|command| &command["canonical"]).collect();
    assert_eq!(canonical, ["ls", "echo f", "curl x"]);
    let workspace = place.workspace().canonicalize().unwrap();
    let path = |name: &str| Value::from(workspace.join(name).to_str().unwrap());
    let files: Vec<_> =
        decision["files"].as_array().unwrap().iter().map(|file| (&file["access"], &file["path"])).collect();
    let (read, write) = (Value::from("read"), Value::from("write"));
    assert_eq!(files, [(&read, &path("src/a.rs")), (&write, &path("out")), (&write, &Value::Null)]);
}
