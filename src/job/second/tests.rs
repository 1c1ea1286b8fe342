//! The second judgement against questions that no executor would ask, and some that it would.

use std::{
    fs::{self, File},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::{
    audit::{Conclusion, verify_file},
    command::{ResolvedCommand, ResolvedProgram, SimpleCommand, Word, canonical, constructs, parse},
    diagnostic::Source,
    model::{
        denial::RuleRef,
        generation::Generation,
        request::{Principal, Via},
    },
    policy::compile,
    script::{Access, Act, Trouble},
};

const POLICY: &str = r#"
version = 1
name = "test"
[workspace]
roots = ["."]
[[rule]]
id = "tools"
decision = "allow"
program = ["ls", "rm", "touch"]
reason = "tests"
[[rule]]
id = "built"
decision = "allow"
program = "./built"
grants = ["any"]
reason = "the script makes it"
[[rule]]
id = "keep"
decision = "deny"
command = 'rm (.* )?keep( .*)?'
reason = "it is kept"
hint = "leave it"
"#;

/// A script that was allowed, and the workspace in which it runs.
struct Scene {
    second: Second,
    root: PathBuf,
    _dir: TempDir,
}

impl Scene {
    fn new(text: &str) -> Self {
        Self::allowed_by(text, &["tools", "built"])
    }

    fn allowed_by(text: &str, rules: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let root = dir.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        let (policy, findings) = compile(&[Source::new("test.toml", POLICY)]);
        let policy = Arc::new(policy.unwrap_or_else(|| panic!("{findings:?}")));
        let rule = |id: &&str| policy.rules().iter().find(|rule| rule.id() == *id).unwrap().place().clone();
        let rules: Vec<RuleRef> = rules.iter().map(rule).collect();
        let script = parse(text).unwrap();
        let commands = script.commands().enumerate().filter(|(_, command)| command.builtin().is_none());
        let commands: Vec<_> = commands.map(|(index, command)| resolved(index, command, &root)).collect();
        let known = commands.iter().filter(|command| !command.program.writable);
        let identity = |path: &PathBuf| (path.clone(), Identity::of(fd(path)).unwrap());
        let programs: BTreeMap<_, _> = known.map(|command| identity(&command.program.real)).collect();
        let workspace = Workspace {
            roots: vec![root.clone()],
            search_path: vec!["/usr/bin".into()],
            read: vec!["/usr".into()],
            write: vec![root.clone()],
            hide: vec![root.join("hidden")],
            protect: vec![root.join("protected")],
            home: "/".into(),
            layers: Vec::new(),
        };
        let script = ResolvedScript {
            constructs: constructs(&script),
            script,
            cwd: root.clone(),
            roots: vec![root.clone()],
            commands,
            files: Vec::new(),
            directories: Vec::new(),
            variables: Vec::new(),
        };
        let grounds = Grounds {
            judged: Judged { script, policy, generation: Generation::FIRST, workspace: Arc::new(workspace) },
            request: request(text),
            rules,
            programs,
        };
        let audit = audit::Writer::open(&dir.path().join("log")).unwrap();
        let exec = grounds.request.id;
        let second = Second { grounds, exec, audit, state: Mutex::default(), refused: watch::Sender::new(None) };
        Self { second, root, _dir: dir }
    }

    async fn ask(&self, command: usize, act: Act, files: &[&Path]) -> Answer {
        let files: Vec<OwnedFd> = files.iter().map(|path| fd(path)).collect();
        self.second.answer(&Question { command, act }, &files).await
    }

    /// Asks to run what the first field names, in the workspace.
    async fn run(&self, command: usize, fields: &[&[&str]]) -> Answer {
        let program = Path::new("/usr/bin").join(fields[0][0]);
        self.ask(command, execute(fields), &[&program, &self.root]).await
    }

    /// Why the script was refused.
    #[track_caller]
    fn refused(&self, code: &str) -> String {
        let reason = self.second.refused.borrow().clone().expect("it was not refused");
        let text = reason.detail().unwrap().to_owned();
        assert_eq!(reason.as_str(), "refused");
        assert!(text.contains(&format!("({code})")), "{text}");
        text
    }

    /// The records of acts, after the log is closed and verified.
    async fn records(self) -> Vec<Value> {
        let stream = self.second.audit.stream_path().to_owned();
        self.second.audit.clone().close(&Reason::Shutdown).await.unwrap();
        assert_eq!(verify_file(&stream).conclusion(), Conclusion::Ok, "{}", stream.display());
        let text = fs::read_to_string(stream).unwrap();
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["kind"] == "exec.judged").collect()
    }
}

fn request(text: &str) -> Request {
    Request::new(ExecId::new(), Timestamp::UNIX_EPOCH, Principal { id: "uid:1".into(), via: Via::Cli }, text)
}

/// As the first judgement knows a command: one of /usr/bin, or one that is made later.
fn resolved(index: usize, command: &SimpleCommand, root: &Path) -> ResolvedCommand {
    let word = |word: &Word| word.literal().unwrap_or_else(|| word.span.of("?").to_owned());
    let argv: Vec<String> = command.words.iter().map(word).collect();
    let unknown = command.words.iter().enumerate().filter(|(_, word)| word.literal().is_none()).map(|(at, _)| at);
    let by_path = argv[0].contains('/');
    let path = if by_path { root.join(argv[0].trim_start_matches("./")) } else { Path::new("/usr/bin").join(&argv[0]) };
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let program = ResolvedProgram { name, by_path, path, real, writable: by_path };
    let (canonical, unknown, span) = (canonical(&argv), unknown.collect(), command.span);
    let (cwds, named) = (vec![root.to_path_buf()], BTreeMap::new());
    ResolvedCommand { index, argv, unknown, program, canonical, cwds, named, span }
}

fn fd(path: &Path) -> OwnedFd {
    use rustix::fs::{Mode, OFlags, open};
    open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn execute(fields: &[&[&str]]) -> Act {
    let texts = |list: &&[&str]| list.iter().map(ToString::to_string).collect();
    Act::Execute { fields: fields.iter().map(texts).collect(), variables: Vec::new() }
}

fn write(name: &str, new: Option<&str>) -> Act {
    Act::Open { redirection: 0, access: Access::Write, name: name.into(), new: new.map(str::to_owned) }
}

#[tokio::test]
async fn what_was_judged_runs_and_is_on_record_in_order() {
    let scene = Scene::new("ls -l; touch a");
    assert_eq!(scene.run(0, &[&["ls"], &["-l"]]).await, Answer::Go);
    assert_eq!(scene.run(1, &[&["touch"], &["a"]]).await, Answer::Go);
    assert!(!scene.second.is_refused());
    let root = scene.root.clone();
    let records = scene.records().await;
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["canonical"], "ls -l");
    assert_eq!(records[0]["program"], Path::new("/usr/bin/ls").canonicalize().unwrap().to_str().unwrap());
    assert_eq!(records[0]["cwd"], root.to_str().unwrap());
    let fixed = [("act", "execute"), ("decision", "allow")];
    assert!(fixed.iter().all(|(field, value)| records[1][field] == *value), "{}", records[1]);
    assert_eq!((&records[1]["command"], &records[1]["rules"][0]["id"]), (&Value::from(1), &Value::from("tools")));
}

#[tokio::test]
async fn a_refusal_names_what_ran_before_and_ends_everything() {
    let scene = Scene::new("touch a; rm *; ls");
    assert_eq!(scene.run(0, &[&["touch"], &["a"]]).await, Answer::Go);
    assert_eq!(scene.run(1, &[&["rm"], &["a", "keep"]]).await, Answer::Refused);
    let text = scene.refused("denied-by-rule");
    assert_eq!(text, "`rm a keep` was refused (denied-by-rule): it is kept; hint: leave it; before it ran: `touch a`");
    assert_eq!(scene.run(2, &[&["ls"]]).await, Answer::Refused);
    assert_eq!(scene.refused("denied-by-rule"), text, "the first refusal stays");
    let records = scene.records().await;
    let told: Vec<_> = records.iter().map(|record| (record["decision"].as_str(), record["code"].as_str())).collect();
    assert_eq!(told, [(Some("allow"), None), (Some("deny"), Some("denied-by-rule"))]);
    assert_eq!(records[1]["argv"], serde_json::json!(["rm", "a", "keep"]));
    assert_eq!(records[1]["rules"][0]["id"], "keep");
}

#[tokio::test]
async fn a_pattern_that_gives_something_harmless_is_allowed() {
    let scene = Scene::new("rm *");
    assert_eq!(scene.run(0, &[&["rm"], &["a", "b"]]).await, Answer::Go);
}

#[tokio::test]
async fn what_the_tree_does_not_say_is_refused() {
    for fields in [&[&["ls"][..], &["-a"]][..], &[&["ls"]], &[&["rm"], &["-l"]]] {
        let scene = Scene::new("ls -l");
        assert_eq!(scene.run(0, fields).await, Answer::Refused, "{fields:?}");
        scene.refused("act-mismatch");
        assert_eq!(scene.records().await[0]["act"], "unknown");
    }
    let scene = Scene::new("ls -l");
    let act = execute(&[&["ls"], &["-l"]]);
    assert_eq!(scene.ask(0, act, &[Path::new("/usr/bin/ls")]).await, Answer::Refused);
    scene.refused("act-mismatch");
}

#[tokio::test]
async fn nothing_runs_twice() {
    let scene = Scene::new("ls");
    assert_eq!(scene.run(0, &[&["ls"]]).await, Answer::Go);
    assert_eq!(scene.run(0, &[&["ls"]]).await, Answer::Refused);
    scene.refused("act-mismatch");
}

#[tokio::test]
async fn a_program_that_is_not_the_one_that_was_judged_is_refused() {
    let scene = Scene::new("ls");
    let act = execute(&[&["ls"]]);
    assert_eq!(scene.ask(0, act, &[Path::new("/usr/bin/rm"), &scene.root]).await, Answer::Refused);
    scene.refused("program-changed");
}

#[tokio::test]
async fn a_directory_outside_the_workspace_is_no_place_to_run_in() {
    let scene = Scene::new("ls");
    let act = execute(&[&["ls"]]);
    assert_eq!(scene.ask(0, act, &[Path::new("/usr/bin/ls"), Path::new("/usr")]).await, Answer::Refused);
    scene.refused("cwd-outside");
    let scene = Scene::new("ls");
    let gone = scene.root.join("gone");
    fs::create_dir(&gone).unwrap();
    let files = [fd(Path::new("/usr/bin/ls")), fd(&gone)];
    fs::remove_dir(&gone).unwrap();
    let question = Question { command: 0, act: execute(&[&["ls"]]) };
    assert_eq!(scene.second.answer(&question, &files).await, Answer::Refused);
    scene.refused("file-removed");
}

#[tokio::test]
async fn a_known_command_that_is_judged_differently_is_refused_by_a_code_of_its_own() {
    let scene = Scene::allowed_by("ls", &["built"]);
    assert_eq!(scene.run(0, &[&["ls"]]).await, Answer::Refused);
    scene.refused("judgement-differs");
}

#[tokio::test]
async fn a_program_that_the_script_makes_needs_a_rule_that_names_its_path() {
    for (name, answer) in [("built", Answer::Go), ("other", Answer::Refused)] {
        let scene = Scene::new(&format!("./{name}"));
        let program = scene.root.join(name);
        fs::write(&program, "#!/bin/sh\n").unwrap();
        let word = format!("./{name}");
        assert_eq!(scene.ask(0, execute(&[&[&word]]), &[&program, &scene.root]).await, answer, "{name}");
        assert_eq!(scene.records().await[0]["program"], program.to_str().unwrap());
    }
    let scene = Scene::new("./built");
    assert_eq!(scene.ask(0, execute(&[&["./built"]]), &[&scene.root, &scene.root]).await, Answer::Refused);
    scene.refused("program-not-executable");
}

#[tokio::test]
async fn files_are_opened_where_the_job_may_write_and_nowhere_else() {
    let scene = Scene::new("ls > f");
    assert_eq!(scene.ask(0, write("f", Some("f")), &[&scene.root]).await, Answer::Go);
    let root = scene.root.clone();
    let records = scene.records().await;
    assert_eq!(records[0]["path"], root.join("f").to_str().unwrap());
    assert_eq!((&records[0]["act"], &records[0]["access"]), (&Value::from("open"), &Value::from("write")));
    for place in ["/usr", "/etc", "/"] {
        let scene = Scene::new("ls > f");
        assert_eq!(scene.ask(0, write("f", Some("f")), &[Path::new(place)]).await, Answer::Refused, "{place}");
    }
    for (name, answer) in [("hidden", Answer::Refused), ("protected", Answer::Refused), ("plain", Answer::Go)] {
        let scene = Scene::new("ls > f");
        fs::create_dir(scene.root.join(name)).unwrap();
        assert_eq!(scene.ask(0, write("f", Some("f")), &[&scene.root.join(name)]).await, answer, "{name}");
    }
}

#[tokio::test]
async fn a_link_that_was_put_in_a_files_place_is_judged_by_where_it_leads() {
    let scene = Scene::new("ls > f");
    std::os::unix::fs::symlink("/etc/hostname", scene.root.join("f")).unwrap();
    assert_eq!(scene.ask(0, write("f", None), &[&scene.root.join("f")]).await, Answer::Refused);
    let text = scene.second.refused.borrow().clone().unwrap();
    assert!(text.detail().unwrap().contains("> f"), "{text:?}");
    assert_eq!(scene.records().await[0]["path"], "/etc/hostname");
}

#[tokio::test]
async fn what_has_no_path_is_opened_by_the_names_of_streams_alone() {
    for (name, answer) in [("/dev/stdout", Answer::Go), ("/proc/self/fd/1", Answer::Refused)] {
        let scene = Scene::new(&format!("ls > {name}"));
        let (_reader, writer) = rustix::pipe::pipe().unwrap();
        let question = Question { command: 0, act: write(name, None) };
        assert_eq!(scene.second.answer(&question, &[writer]).await, answer, "{name}");
    }
}

#[tokio::test]
async fn directories_are_entered_inside_the_workspace_alone() {
    let scene = Scene::new("cd d; ls");
    fs::create_dir(scene.root.join("d")).unwrap();
    let enter = || Act::Enter { name: "d".into() };
    assert_eq!(scene.ask(0, enter(), &[&scene.root.join("d")]).await, Answer::Go);
    let scene = Scene::new("cd d; ls");
    assert_eq!(scene.ask(0, enter(), &[Path::new("/usr")]).await, Answer::Refused);
    assert!(scene.second.is_refused());
    let scene = Scene::new("cd d; ls");
    let file = scene.root.join("file");
    File::create(&file).unwrap();
    assert_eq!(scene.ask(0, enter(), &[&file]).await, Answer::Refused);
    scene.refused("act-mismatch");
}

#[tokio::test]
async fn a_script_that_cannot_go_on_says_why() {
    let troubles = [
        (Trouble::OptionLikeName("-rf".into()), "option-like-name"),
        (Trouble::DotPattern(".*".into()), "dot-pattern"),
        (Trouble::TooManyNames(10_000), "too-many-names"),
        (Trouble::NameNotText("\u{fffd}".into()), "path-not-text"),
        (Trouble::OutputTooLong(1), "output-too-long"),
        (Trouble::OutputNotText, "output-not-text"),
        (Trouble::OutputPattern('*'), "output-pattern"),
        (Trouble::ValueSplits("PWD".into()), "variable"),
        (Trouble::System("fork: EAGAIN".into()), "script-failed"),
    ];
    for (trouble, code) in troubles {
        let scene = Scene::new("rm *");
        assert_eq!(scene.ask(0, Act::GiveUp(trouble), &[]).await, Answer::Refused);
        let text = scene.refused(code);
        assert!(text.starts_with("`rm *` was refused") && text.contains("hint: "), "{text}");
        assert_eq!(scene.records().await[0]["act"], "give_up");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen() {
    let scene = Scene::new("ls");
    scene.second.audit.clone().close(&Reason::Shutdown).await.unwrap();
    assert_eq!(scene.run(0, &[&["ls"]]).await, Answer::Refused);
    scene.refused("audit-unavailable");
}

#[tokio::test]
async fn ten_thousand_names_fit_into_a_question_and_a_record() {
    let scene = Scene::new("rm *");
    let names: Vec<String> = (0..10_000).map(|n| format!("{n:0>250}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(scene.run(0, &[&["rm"], &names]).await, Answer::Go);
    let records = scene.records().await;
    assert_eq!(records[0]["argv"]["len"], 10_001);
    assert_eq!(records[0]["argv"]["head"][0], "rm");
}
