//! The command line, end to end: the real binary, its exit codes, what it prints, and what the log holds afterwards.

#![expect(clippy::unwrap_used, reason = "a test may stop at anything odd")]

mod agent;
mod explain;
mod init;
mod layers;
mod place;
mod reload;
mod scripts;
mod show;
mod tools;

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::Stdio,
    time::Duration,
};

use place::{Answer, Place, Running, alive, eventually, within};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process};

const SMALL: &str = r#"
version = 1
name = "small"
[sandbox]
read = ["/usr", "/bin", "/lib*", "/etc"]
write = ["workspace"]
"#;

fn allow(programs: &str) -> String {
    format!("{SMALL}\n[[rule]]\nid = \"r\"\ndecision = \"allow\"\nprogram = {programs}\ngrants = [\"any\"]\nreason = \"for the test\"\n")
}

// ---- running

#[test]
fn a_command_runs_and_its_output_is_data() {
    Place::new().run(&["run", "--policy", "developer", "--", "echo", "a b", "c"]).is(0, "a b c\n", &[]);
}

#[test]
fn one_word_is_a_whole_command() {
    Place::new().run(&["run", "--policy", "developer", "--", "echo 'a  b' c"]).is(0, "a  b c\n", &[]);
}

#[test]
fn the_exit_code_is_the_commands_own() {
    Place::new().run(&["run", "--policy", "developer", "--", "python3 -c 'raise SystemExit(7)'"]).is(7, "", &[]);
}

#[test]
fn a_signal_is_told_as_shells_tell_it() {
    Place::new().run(&["run", "--policy", "developer", "--", "python3 -c 'import os; os.kill(os.getpid(), 11)'"]).is(
        139,
        "",
        &[],
    );
}

#[test]
fn errors_of_the_command_go_to_standard_error() {
    let answer = Place::new().run(&[
        "run",
        "--policy",
        "developer",
        "--",
        "python3 -c 'import sys; sys.stderr.write(\"oops\")'",
    ]);
    answer.is(0, "", &["oops"]);
}

#[test]
fn a_job_starts_in_the_workspace_and_can_write_it() {
    let place = Place::new();
    place.run(&["run", "--policy", "developer", "--", "touch made"]).is(0, "", &[]);
    assert!(place.workspace().join("made").exists());
}

#[test]
fn standard_input_reaches_a_job_whose_rule_grants_it() {
    let place = Place::new();
    let mut child = place
        .stockade(&["run", "--policy", "developer", "--", "python3 -c 'import sys; print(sys.stdin.read().upper())'"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"quiet").unwrap();
    Answer::of(child.wait_with_output().unwrap()).is(0, "QUIET\n", &[]);
    assert!(place.kinds().contains(&"exec.stdin".to_owned()));
}

#[test]
fn a_timeout_ends_the_command_with_124() {
    let place = Place::new();
    let policy = place.policy(&allow("\"sleep\""));
    let answer = place.run(&["run", "--policy", policy.to_str().unwrap(), "--timeout", "200ms", "--", "sleep", "1000"]);
    answer.is(124, "", &["the command was ended: timeout"]);
}

#[test]
fn an_interrupt_ends_the_job_and_is_recorded() {
    let place = Place::new();
    let child = place
        .stockade(&["run", "--policy", "developer", "--", "sleep", "98123"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the job runs", || alive("sleep 98123").iter().any(|line| !line.contains("stockade")));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert!(answer.stderr.contains("cancelled"), "{answer:?}");
    assert!(place.kinds().contains(&"exec.kill".to_owned()));
    assert_eq!(alive("sleep 98123"), [""; 0]);
}

#[test]
fn the_whole_run_as_json() {
    let place = Place::new();
    let answer = place.run(&["run", "--json", "--policy", "developer", "--", "echo", "hi"]);
    let object: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(
        (&object["stdout"], &object["exit_code"], &object["status"]),
        (&"hi\n".into(), &0.into(), &"completed".into())
    );
    assert_eq!(object["enforcement"][0]["level"], "full", "{object}");
}

#[test]
fn every_step_is_in_the_log_and_the_log_verifies() {
    let place = Place::new();
    place.run(&["run", "--policy", "developer", "--", "true"]).is(0, "", &[]);
    let expected = [
        "log.open",
        "server.start",
        "policy.load",
        "exec.request",
        "exec.decision",
        "exec.start",
        "exec.exit",
        "server.stop",
        "log.close",
    ];
    assert_eq!(place.kinds(), expected);
    let verify = place.run(&["audit", "verify"]);
    assert_eq!(verify.code, Some(0), "{verify:?}");
}

// ---- refusing

#[test]
fn a_refusal_is_126_with_rule_reason_and_hint() {
    let place = Place::new();
    place.run(&["run", "--policy", "developer", "--", "curl", "http://example.com"]).is(
        126,
        "",
        &["denied-by-rule", "developer/", "hint"],
    );
    place.run(&["run", "--policy", "developer", "--", "rm", "-rf", "/"]).is(
        126,
        "",
        &["blocklisted", "builtin/", "hint"],
    );
    let refusals: Vec<_> = place.records().into_iter().filter(|r| r["kind"] == "exec.decision").collect();
    assert_eq!(refusals.len(), 2);
    assert!(refusals.iter().all(|r| r["decision"] == "deny"), "{refusals:?}");
    assert!(!place.kinds().contains(&"exec.start".to_owned()));
}

#[test]
fn what_is_outside_the_language_is_refused_with_a_caret() {
    let answer = Place::new().run(&["run", "--policy", "developer", "--", "echo $((1 + 2))"]);
    answer.is(126, "", &["^", "hint"]);
}

#[test]
fn commands_without_sense_are_refused_by_name() {
    let place = Place::new();
    let long = format!("echo {}", "x".repeat(70_000));
    for (command, code) in [
        ("", "empty-command"),
        ("  ", "empty-command"),
        (long.as_str(), "too-long"),
        ("echo a\u{7}b", "control"),
        ("echo a\r", "carriage-return"),
    ] {
        let answer = place.run(&["run", "--policy", "developer", "--", command]);
        assert_eq!(answer.code, Some(126), "{answer:?}");
        assert!(answer.stderr.contains(code), "`{code}` is not in {}", answer.stderr);
    }
}

#[test]
fn a_working_directory_outside_is_refused() {
    Place::new().run(&["run", "--policy", "developer", "--cwd", "/etc", "--", "ls"]).is(126, "", &["cwd-outside"]);
}

#[test]
fn a_file_of_the_workspace_does_not_run_under_a_name_that_the_policy_allows() {
    let place = Place::new();
    let planted = place.workspace().join("ls");
    fs::write(&planted, "#!/bin/sh\necho planted\n").unwrap();
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o755)).unwrap();
    let answer = place.run(&["run", "--policy", "developer", "--", "./ls"]);
    assert_eq!(answer.code, Some(126), "{answer:?}");
    let answer = place.run(&["run", "--policy", "developer", "--", "ls"]);
    answer.is(0, "ls\n", &[]);
}

// ---- starting

#[test]
fn a_policy_with_mistakes_stops_the_start_and_shows_each() {
    let place = Place::new();
    let policy = place.policy(
        "version = 1\nnmae = \"x\"\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\ncommand = 'a(?=b)'\nreason = \"r\"\n",
    );
    let answer = place.run(&["run", "--policy", policy.to_str().unwrap(), "--", "true"]);
    answer.is(125, "", &["unknown-key", "policy.toml:2", "bad-regex", "^"]);
    assert!(!place.log().exists());
}

#[test]
fn a_policy_that_others_can_write_stops_the_start() {
    let place = Place::new();
    let policy = place.policy(&allow("\"true\""));
    fs::set_permissions(&policy, fs::Permissions::from_mode(0o666)).unwrap();
    place.run(&["run", "--policy", policy.to_str().unwrap(), "--", "true"]).is(125, "", &["file-writable", "chmod"]);
}

#[test]
fn a_log_directory_that_others_can_write_stops_the_start() {
    let place = Place::new();
    fs::create_dir_all(place.log()).unwrap();
    fs::set_permissions(place.log(), fs::Permissions::from_mode(0o777)).unwrap();
    let answer = place.run(&["run", "--policy", "developer", "--", "true"]);
    assert_eq!(answer.code, Some(125), "{answer:?}");
    assert!(answer.stderr.contains("chmod"), "{}", answer.stderr);
}

#[test]
fn a_workspace_that_does_not_exist_stops_the_start() {
    let place = Place::new();
    let policy = place.policy(&allow("\"true\"").replace("[sandbox]", "[workspace]\nroots = [\"absent\"]\n[sandbox]"));
    place.run(&["run", "--policy", policy.to_str().unwrap(), "--", "true"]).is(
        125,
        "",
        &["workspace-missing", "absent"],
    );
}

#[test]
fn a_policy_inside_a_writable_root_stops_the_start() {
    let place = Place::new();
    let policy = place.workspace().join("policy.toml");
    fs::write(&policy, allow("\"true\"")).unwrap();
    fs::set_permissions(&policy, fs::Permissions::from_mode(0o600)).unwrap();
    place.run(&["run", "--policy", policy.to_str().unwrap(), "--", "true"]).is(125, "", &["file-exposed"]);
}

#[test]
fn settings_that_do_not_parse_are_refused_by_name() {
    let place = Place::new();
    let output = place
        .stockade(&["run", "--", "true"])
        .env("MCP_BG_MAX_JOBS", "ten")
        .env("MCP_BG_MAX_OUTPUT_SIZE", "big")
        .output()
        .unwrap();
    Answer::of(output).is(125, "", &["MCP_BG_MAX_JOBS", "`ten`", "MCP_BG_MAX_OUTPUT_SIZE", "`big`"]);
}

#[test]
fn settings_narrow_the_policy() {
    let place = Place::new();
    let output = place
        .stockade(&["run", "--policy", "developer", "--", "echo", "no"])
        .env("MCP_BG_ALLOWED_COMMANDS", "ls( .*)?,true")
        .output()
        .unwrap();
    Answer::of(output).is(126, "", &["narrowed-by-settings"]);
    let output = place
        .stockade(&["run", "--policy", "developer", "--", "curl", "x"])
        .env("MCP_BG_ALLOWED_COMMANDS", "curl.*")
        .output()
        .unwrap();
    Answer::of(output).is(126, "", &["denied-by-rule"]);
}

// ---- failing

#[test]
fn nothing_runs_when_the_log_is_full() {
    let place = Place::new();
    let mut command = place.stockade(&["run", "--policy", "developer", "--", "touch", "made"]);
    // A file of the server's cannot grow past a few records: what a full disk does, without one.
    #[expect(unsafe_code, reason = "the limit has to be set in the child")]
    // SAFETY: setrlimit(2) is async-signal-safe, and nothing else happens between fork and exec.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setrlimit(Resource::Fsize, Rlimit { current: Some(1500), maximum: Some(1500) })?;
            Ok(())
        });
    }
    let answer = Answer::of(command.output().unwrap());
    assert_ne!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stderr.contains("audit log"), "{}", answer.stderr);
    assert!(!place.workspace().join("made").exists());
}

#[test]
fn a_killed_server_leaves_no_job_and_a_log_that_verifies() {
    let place = Place::new();
    let script = "python3 -c 'import os,time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: os.execvp(\"sleep\", [\"sleep\", \"97531\"])\n os._exit(0)\ntime.sleep(97531)'";
    let mut server = Running(place.stockade(&["run", "--policy", "developer", "--", script]).spawn().unwrap());
    eventually("the daemon runs", || !alive("sleep 97531").is_empty());
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    within(Duration::from_secs(1), "every process of the job is gone", || alive("97531").is_empty());
    let verify = place.run(&["audit", "verify", "--json"]);
    assert_eq!(verify.code, Some(2), "unclosed, so incomplete, and not changed: {verify:?}");
}

// ---- explaining

#[test]
fn explain_runs_nothing_and_says_why() {
    let place = Place::new();
    let answer = place.run(&["policy", "explain", "--policy", "developer", "--", "touch", "made"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stdout.starts_with("allow  would run\n") && answer.stdout.contains("/touch"), "{}", answer.stdout);
    assert!(!place.workspace().join("made").exists());
    assert!(!place.log().exists());
    let answer = place.run(&["policy", "explain", "--policy", "developer", "--", "curl", "x"]);
    assert_eq!(answer.code, Some(126), "{answer:?}");
}

#[test]
fn a_batch_answers_line_by_line() {
    let place = Place::new();
    let rows = place.workspace().join("rows.jsonl");
    fs::write(
        &rows,
        "{\"command\":\"echo 'a'\"}\nnot json\n{\"command\":\"rm -rf /\"}\n{\"command\":\"echo $((1))\"}\n",
    )
    .unwrap();
    let answer = place.run(&["policy", "explain", "--policy", "developer", "--batch", rows.to_str().unwrap()]);
    assert_eq!(answer.code, Some(1), "a line that cannot be read is told");
    let answers: Vec<serde_json::Value> =
        answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["decision"], &answers[0]["canonical"]), (&"allow".into(), &"echo a".into()));
    assert_eq!(answers[1]["code"], "bad-argument");
    assert_eq!((&answers[2]["decision"], &answers[2]["code"]), (&"deny".into(), &"blocklisted".into()));
    assert_eq!(answers[3]["decision"], "deny");
    assert!(answers[3]["span"]["start"].is_u64(), "{}", answers[3]);
}

#[test]
fn the_shipped_policies_have_no_errors() {
    let answer = Place::new().run(&["policy", "check", "default", "developer"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(answer.stderr, "");
}

#[test]
fn the_readme_shows_a_policy_that_loads() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let place = Place::new();
    let policy = place.policy(example);
    let answer = place.run(&["policy", "explain", "--policy", policy.to_str().unwrap(), "--", "git", "tag", "v1"]);
    assert_eq!(answer.code, Some(126), "{answer:?}");
    assert!(answer.stdout.contains("team/no-tags"), "{answer:?}");
}

#[test]
fn help_has_examples() {
    for args in [
        vec!["--help"],
        vec!["init", "--help"],
        vec!["run", "--help"],
        vec!["serve", "--help"],
        vec!["policy", "explain", "--help"],
        vec!["audit", "verify", "--help"],
    ] {
        let answer = Place::new().run(&args);
        assert_eq!(answer.code, Some(0));
        assert!(answer.stdout.contains("Examples:"), "{args:?}");
    }
}
