//! SIGHUP: a policy that takes the place of the one in use, or does not.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use rustix::{
    fs::{CWD, Mode, mkfifoat},
    process::{Resource, Rlimit, Signal, prlimit},
};
use serde_json::{Value, json};

use crate::{
    agent::Agent,
    place::{Place, alive, eventually},
};

/// A policy with one allow rule of that name.
fn policy(rule: &str, programs: &str) -> String {
    format!(
        "version = 1\nname = \"team\"\n\
         [sandbox]\nread = [\"/usr\", \"/bin\", \"/lib*\", \"/etc\"]\nwrite = [\"workspace\"]\n\
         [limits]\nrate = \"0\"\n\
         [[rule]]\nid = \"{rule}\"\ndecision = \"allow\"\nprogram = {programs}\ngrants = [\"any\"]\nreason = \"for the test\"\n"
    )
}

/// A server under a policy file.
fn served(text: &str) -> (Place, Agent) {
    let place = Place::new();
    let path = place.policy(text);
    let agent = Agent::start(&place, path.to_str().unwrap());
    (place, agent)
}

/// The records of one kind.
fn records(place: &Place, kind: &str) -> Vec<Value> {
    place.records().into_iter().filter(|record| record["kind"] == kind).collect()
}

#[track_caller]
fn verifies(place: &Place) {
    let verify = place.run(&["audit", "verify"]);
    assert_eq!(verify.code, Some(0), "{verify:?}");
}

// ---- a good one

#[test]
fn a_good_reload_changes_what_may_run_and_is_on_record() {
    let (place, mut agent) = served(&policy("one", "[\"true\", \"echo\"]"));
    let before = agent.policy();
    assert_eq!((&before["name"], &before["generation"], before.get("stale")), (&json!("team"), &json!(1), None));
    assert_eq!(agent.run("echo a")["status"], "completed");
    assert_eq!(agent.run("ls")["code"], "no-rule");
    place.policy(&policy("two", "[\"true\", \"ls\"]"));
    agent.hang_up();
    let after = agent.until_generation(2);
    assert_ne!(before["digest"], after["digest"]);
    assert_eq!(agent.run("echo a")["code"], "no-rule");
    let listed = agent.run("ls");
    assert_eq!(listed["status"], "completed");
    assert_eq!(agent.ask("status", json!({ "job_id": listed["job_id"] }))["generation"], 2);
    eventually("the reload is told", || agent.talk().contains("loaded anew: generation 2, sha256:"));
    assert!(agent.talk().contains("rules 1 (before 1)"), "{}", agent.talk());
    agent.end();
    let (load, reload) = (&records(&place, "policy.load")[0], &records(&place, "policy.reload")[0]);
    let numbers = |record: &Value| ["generation", "rules"].map(|name| record[name].clone());
    assert_eq!((numbers(load), numbers(reload)), ([json!(1), json!(1)], [json!(2), json!(1)]));
    assert_eq!(
        (&reload["added"], &reload["removed"], &reload["rules_before"]),
        (&json!(["two"]), &json!(["one"]), &json!(1))
    );
    assert!(reload["digest"].as_str().unwrap().starts_with(after["digest"].as_str().unwrap()), "{reload}");
    assert!(reload["files"][0]["digest"].as_str().unwrap().starts_with("sha256:"), "{reload}");
    let decided: Vec<_> = records(&place, "exec.decision").iter().map(|record| record["generation"].clone()).collect();
    assert_eq!(decided, [1, 1, 2, 2]);
    verifies(&place);
}

#[test]
fn a_base_that_changes_is_read_anew_by_the_name_that_the_child_gives_it() {
    let place = Place::new();
    let base = place.file("base.toml", &policy("base", "\"true\""));
    let child = place.policy("version = 1\nname = \"child\"\nextends = \"base.toml\"\n");
    let mut agent = Agent::start(&place, child.to_str().unwrap());
    assert_eq!(agent.run("echo")["code"], "no-rule");
    place.file("base.toml", &policy("base", "\"echo\""));
    agent.hang_up();
    assert_eq!(agent.until_generation(2)["name"], "child");
    assert_eq!(agent.run("echo")["status"], "completed");
    // A base that is gone is an error, and never a policy without it.
    fs::remove_file(base).unwrap();
    agent.hang_up();
    assert!(agent.until_stale()["problem"].as_str().unwrap().contains("file-unreadable"));
    assert_eq!(agent.run("echo")["status"], "completed");
    agent.end();
    assert_eq!(records(&place, "policy.reload")[0]["files"].as_array().unwrap().len(), 2);
}

#[test]
fn a_shipped_policy_is_loaded_anew_by_its_name() {
    let place = Place::new();
    let mut agent = Agent::start(&place, "default");
    let before = agent.policy();
    agent.hang_up();
    let after = agent.until_generation(2);
    assert_eq!((&before["name"], &before["digest"]), (&after["name"], &after["digest"]));
    assert_eq!(agent.run("pwd")["status"], "completed");
    agent.end();
}

#[test]
fn limits_of_all_jobs_together_follow_the_new_policy() {
    let limited = |limits: &str| policy("r", "[\"true\", \"cat\"]").replace("rate = \"0\"", limits);
    let (place, mut agent) = served(&limited("rate = \"0\"\njobs = 1\nqueue = 0\nretention = \"2h\""));
    mkfifoat(CWD, place.workspace().join("gate"), Mode::RWXU).unwrap();
    assert_eq!(agent.ask("execute", json!({ "command": "cat gate" }))["status"], "running");
    assert_eq!(agent.run("true")["code"], "queue-full");
    assert!(agent.description("execute").contains("2 hours"));
    place.policy(&limited("rate = \"0\"\njobs = 2\nqueue = 0\nretention = \"3h\""));
    agent.hang_up();
    agent.until_generation(2);
    assert_eq!(agent.run("true")["status"], "completed");
    assert!(agent.description("execute").contains("3 hours"));
    place.policy(&limited("rate = \"1/h\""));
    agent.hang_up();
    agent.until_generation(3);
    assert_eq!(agent.run("true")["status"], "completed");
    assert_eq!(agent.run("true")["code"], "rate-limited");
    agent.end();
}

// ---- a bad one

#[test]
fn a_policy_that_does_not_load_changes_nothing_and_every_answer_says_so_until_it_is_mended() {
    let good = policy("one", "[\"true\", \"cat\"]");
    let (place, mut agent) = served(&good);
    let job = agent.run("true")["job_id"].clone();
    place.policy(&format!("{good}colour = \"red\"\nsize = 1\n"));
    agent.hang_up();
    let stale = agent.until_stale();
    assert_eq!(stale["generation"], 1);
    let problem = stale["problem"].as_str().unwrap();
    assert!(problem.contains("policy.toml:14:1: error[unknown-key]") && problem.ends_with("(and 1 more)"), "{problem}");
    let by_id = json!({ "job_id": job });
    for (tool, arguments) in [
        ("execute", json!({ "command": "true", "wait_seconds": 30 })),
        ("execute", json!({ "command": "ls" })),
        ("status", by_id.clone()),
        ("output", by_id.clone()),
        ("tail", by_id.clone()),
        ("list", json!({})),
        ("interact", json!({ "job_id": job, "input": "x" })),
        ("kill", by_id),
        ("kill", json!({ "job_id": "nobody" })),
        ("status", json!({})),
    ] {
        let result = agent.call(tool, arguments);
        assert_eq!(result["structuredContent"]["policy"], stale, "{tool}: {result}");
        let texts = result["content"].as_array().unwrap();
        let last = texts.last().unwrap()["text"].as_str().unwrap();
        assert!(last.contains("generation 1 stays in use") && last.contains("unknown-key"), "{tool}: {last}");
    }
    eventually("the failure is told", || agent.talk().contains("generation 1 of `team`"));
    assert!(agent.talk().contains("unknown key `colour`"), "{}", agent.talk());
    // Mended, it is told where it is asked for, and nowhere else.
    place.policy(&good);
    agent.hang_up();
    let healthy = agent.until_generation(2);
    assert_eq!((healthy.get("stale"), healthy.get("problem")), (None, None));
    let result = agent.call("execute", json!({ "command": "true" }));
    assert_eq!(result["structuredContent"].get("policy"), None);
    assert_eq!(result["content"].as_array().unwrap().len(), 1, "{result}");
    agent.end();
    let failed = records(&place, "policy.reload_failed");
    assert_eq!((failed.len(), &failed[0]["generation"]), (1, &json!(1)));
    assert_eq!(failed[0]["digest"], records(&place, "policy.load")[0]["digest"]);
    let finding = &failed[0]["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&json!("unknown-key"), &json!("error")));
    assert!(finding["at"].as_str().unwrap().ends_with("policy.toml:14:1"), "{finding}");
    verifies(&place);
}

/// Each of these is refused with its code, and the policy before it stays.
#[test]
fn every_check_of_the_start_is_made_again() {
    let good = policy("one", "\"true\"");
    let (place, mut agent) = served(&good);
    let path = place.policy(&good);
    fs::create_dir(place.beside("other")).unwrap();
    // The base lies where jobs of the first policy could write, whatever the second one says.
    fs::write(place.workspace().join("base.toml"), policy("base", "\"ls\"")).unwrap();
    let moved =
        "version = 1\nname = \"moved\"\nextends = \"workspace/base.toml\"\n[workspace]\nroots = [\"../other\"]\n";
    let exposed = good.replace("[\"workspace\"]", "[\"workspace\", \"DIR\"]");
    let rows = [
        ("file-writable", good.clone(), 0o660),
        ("file-writable", good.clone(), 0o602),
        ("example-fails", format!("{good}examples.match = [\"ls\"]\n"), 0o600),
        ("test-fails", format!("{good}[[test]]\nrun = \"true\"\nexpect = {{ decision = \"deny\" }}\n"), 0o600),
        ("bad-regex", format!("{good}command = '('\n"), 0o600),
        ("workspace-missing", format!("{good}[workspace]\nroots = [\"gone\"]\n"), 0o600),
        ("file-exposed", exposed.replace("DIR", path.parent().unwrap().to_str().unwrap()), 0o600),
        ("file-exposed", moved.to_owned(), 0o600),
        ("needs-restart", format!("{good}[audit]\ndir = \"{}\"\n", place.beside("log").display()), 0o600),
        ("policy-syntax", "version = ".to_owned(), 0o600),
        ("policy-syntax", "\u{0}".to_owned(), 0o600),
    ];
    for (done, (code, text, mode)) in rows.iter().enumerate() {
        place.policy(text);
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        agent.hang_up();
        eventually("the failure is on record", || records(&place, "policy.reload_failed").len() > done);
        let failed = &records(&place, "policy.reload_failed")[done];
        assert_eq!(failed["findings"][0]["code"], *code, "{failed}");
        let stale = agent.until_stale();
        assert!(stale["problem"].as_str().unwrap().contains(code), "{stale}");
        assert_eq!(agent.run("true")["status"], "completed", "{code}");
        assert_eq!(agent.run("ls")["code"], "no-rule", "{code}");
    }
    assert!(!place.beside("log").exists());
    agent.end();
    assert_eq!(records(&place, "policy.reload").len(), 0);
    assert!(records(&place, "exec.decision").iter().all(|decision| decision["generation"] == 1));
    verifies(&place);
}

#[test]
fn a_reload_that_cannot_be_recorded_does_not_happen() {
    let (place, mut agent) = served(&policy("one", "\"true\""));
    assert_eq!(agent.run("true")["status"], "completed");
    prlimit(Some(agent.pid()), Resource::Fsize, Rlimit { current: Some(1), maximum: Some(1) }).unwrap();
    place.policy(&policy("two", "\"ls\""));
    agent.hang_up();
    let stale = agent.until_stale();
    assert_eq!(stale["generation"], 1);
    assert!(stale["problem"].as_str().unwrap().contains("audit-unavailable"), "{stale}");
    assert_eq!(agent.run("ls")["code"], "audit-unavailable");
    assert_eq!(agent.policy(), stale);
}

#[test]
fn nothing_runs_when_the_first_load_fails() {
    let place = Place::new();
    let path = place.policy(&policy("one", "\"true\"").replace("decision", "decison"));
    let answer = place.run(&["serve", "--policy", path.to_str().unwrap()]);
    answer.is(125, "", &["error[unknown-key]"]);
    assert!(!place.log().exists());
}

// ---- under way

#[test]
fn a_running_job_keeps_the_policy_that_judged_it_to_its_last_act() {
    let (place, mut agent) = served(&policy("one", "[\"cat\", \"touch\"]"));
    mkfifoat(CWD, place.workspace().join("gate"), Mode::RWXU).unwrap();
    let job = agent.ask("execute", json!({ "command": "cat gate && touch made > log" }));
    assert_eq!(job["status"], "running", "{job}");
    eventually("the first command runs", || records(&place, "exec.judged").len() == 1);
    place.policy(&policy("two", "\"cat\""));
    agent.hang_up();
    agent.until_generation(2);
    assert_eq!(agent.run("touch refused")["code"], "no-rule");
    drop(fs::OpenOptions::new().write(true).open(place.workspace().join("gate")).unwrap());
    let ended = agent.ask("status", json!({ "job_id": job["job_id"], "wait_seconds": 30 }));
    assert_eq!((&ended["status"], &ended["generation"]), (&json!("completed"), &json!(1)), "{ended}");
    assert!(place.workspace().join("made").exists() && !place.workspace().join("refused").exists());
    agent.end();
    let judged = records(&place, "exec.judged");
    let rules: Vec<_> = judged.iter().map(|act| act["rules"][0]["id"].clone()).collect();
    assert_eq!(judged.len(), 3, "{judged:?}");
    assert!(rules.contains(&json!("one")) && !rules.contains(&json!("two")), "{rules:?}");
}

#[test]
fn each_decision_has_one_generation_while_the_policy_changes_fifty_times() {
    const RELOADS: u64 = 50;
    let texts = [policy("even", "\"true\""), policy("odd", "\"true\"")];
    let (place, mut agent) = served(&texts[1]);
    let mut calls = Vec::new();
    for generation in 2..=RELOADS + 1 {
        calls.extend((0..3).map(|_| agent.send("execute", json!({ "command": "true" }))));
        place.policy(&texts[usize::try_from(generation % 2).unwrap()]);
        agent.hang_up();
        calls.extend((0..5).map(|_| agent.send("execute", json!({ "command": "true" }))));
        agent.until_generation(generation);
    }
    for call in &calls {
        let answer = agent.answer(*call);
        assert_eq!(answer["isError"], false, "{answer}");
    }
    agent.end();
    let records = place.records();
    let (mut known, mut judged) = (BTreeMap::new(), 0);
    for record in &records {
        let generation = record["generation"].as_u64();
        match record["kind"].as_str().unwrap() {
            "policy.load" | "policy.reload" => {
                assert_eq!(generation, Some(known.len() as u64 + 1), "{record}");
                known.insert(generation, record["digest"].clone());
            }
            // A decision comes after the record of its policy, has its digest, and is by its rules.
            "exec.decision" => {
                judged += 1;
                assert_eq!(known.get(&generation), Some(&record["policy"]), "{record}");
                let rule = if generation.unwrap().is_multiple_of(2) { "even" } else { "odd" };
                assert_eq!(record["rules"], json!([record["rules"][0]]), "{record}");
                assert_eq!(
                    (&record["rules"][0]["id"], &record["decision"]),
                    (&json!(rule), &json!("allow")),
                    "{record}"
                );
            }
            _ => {}
        }
    }
    assert_eq!((known.len() as u64, judged), (RELOADS + 1, calls.len()));
    verifies(&place);
}

#[test]
fn calls_are_answered_while_a_policy_is_loaded() {
    let (place, mut agent) = served(&policy("one", "\"true\""));
    let rule = |n| {
        format!(
            "[[rule]]\nid = \"r{n}\"\ndecision = \"allow\"\nreason = \"for the test\"\n\
             command = 'p{n} [a-z]{{1,20}}( .*)?'\nexamples.match = [\"p{n} a\"]\n"
        )
    };
    place.policy(&(policy("two", "\"true\"") + &(0..600).map(rule).collect::<String>()));
    agent.hang_up();
    let answers = (0..).take_while(|_| agent.policy()["generation"] == 1).count();
    assert!(answers > 10, "only {answers} answers under the old policy");
    agent.end();
    let reload = &records(&place, "policy.reload")[0];
    assert_eq!((&reload["rules_before"], &reload["rules"]), (&json!(1), &json!(601)));
}

#[test]
fn a_burst_of_hangups_ends_with_the_last_state_of_the_file_and_few_loads() {
    const BURST: usize = 300;
    let (place, mut agent) = served(&policy("r0", "\"true\""));
    for n in 1..=BURST {
        place.policy(&policy(&format!("r{n}"), "\"true\""));
        agent.hang_up();
    }
    let last = format!("r{BURST}");
    let by_last = |agent: &mut Agent| {
        let job = agent.run("true");
        let rules = agent.ask("status", json!({ "job_id": job["job_id"] }))["rules"].clone();
        rules == json!([format!("team/{last}")])
    };
    let start = std::time::Instant::now();
    while !by_last(&mut agent) {
        assert!(start.elapsed().as_secs() < 60, "the last state of the file is never in use");
    }
    assert_eq!(agent.policy().get("stale"), None);
    agent.end();
    let loads = records(&place, "policy.reload").len();
    assert!((1..BURST).contains(&loads), "{loads} loads");
    verifies(&place);
}

#[test]
fn a_hangup_while_the_server_stops_does_nothing() {
    // It says that it was told to end, and goes on.
    const DEAF: &str = "python3 -c 'import signal,time; signal.signal(15, lambda *_: open(\"told\", \"w\")); \
                        print(\"ready\", flush=True); [time.sleep(98124) for _ in iter(int, 1)]'";
    let (place, mut agent) = served(&policy("one", "\"python3\"").replace("rate = \"0\"", "grace = \"1h\""));
    let job = agent.ask("execute", json!({ "command": DEAF }))["job_id"].clone();
    assert_eq!(agent.ask("output", json!({ "job_id": job, "wait_seconds": 30 }))["stdout"], "ready\n");
    agent.signal(Signal::TERM);
    eventually("the end has begun", || place.workspace().join("told").exists());
    for _ in 0..3 {
        agent.hang_up();
    }
    assert!(!alive("sleep(98124)").is_empty(), "a hangup takes no grace away");
    agent.signal(Signal::TERM);
    agent.end();
    let kinds = place.kinds();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("policy.")).count(), 1, "{kinds:?}");
    assert_eq!(kinds.last().unwrap(), "log.close");
    verifies(&place);
}
