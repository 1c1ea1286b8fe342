//! Commands that defeat naive checks, and commands that naive checks refuse, judged by the program as a person would ask it:
//! `policy explain --batch`. Nothing of the data is ever executed: every program is a file that cannot run anything.
//!
//! Of each row `tests/data/verdicts.jsonl` says what has to come out: `benign` with the programs in `[allow=…]` of its `why`;
//! `deny-if-only-allow:PROGRAM` with one rule that names that program; `deny-default` with a rule that names all programs
//! that any benign row names, and with the shipped `default`. `[policy-choice]` and `[shell-only]` rows may come out either way.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test may stop at anything odd"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

struct Row {
    id: String,
    command: String,
    class: String,
    why: String,
    expect: String,
}

/// A machine of files: `project` is the workspace, `home` the home directory, `bin` all programs.
struct Stage {
    dir: TempDir,
}

impl Stage {
    fn new(rows: &[Row]) -> Self {
        let stage = Self { dir: TempDir::new().expect("a directory") };
        for path in [
            "project/src",
            "project/docs",
            "project/.git/hooks",
            "project/.vscode",
            "project/.claude",
            "home/.ssh",
            "bin",
            "outside",
            "state",
        ] {
            fs::create_dir_all(stage.path(path)).expect(path);
        }
        fs::write(stage.path("project/.git/config"), "").expect("a file");
        fs::write(stage.path("project/notes.txt"), "").expect("a file");
        symlink(stage.path("home/.ssh"), stage.path("project/link")).expect("a link");
        for program in rows.iter().flat_map(names).collect::<BTreeSet<_>>() {
            let path = stage.path("bin").join(program);
            fs::write(&path, "").expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("a path").join(name)
    }

    /// A command of the data, with the places of this stage.
    fn placed(&self, command: &str) -> String {
        let text = |name: &str| self.path(name).display().to_string();
        command
            .replace("/work/project-evil", &text("project-evil"))
            .replace("/work/project", &text("project"))
            .replace("/home/dev", &text("home"))
    }

    /// The answers to commands under a policy with these rules.
    fn judge(&self, rules: &str, commands: &[String]) -> Vec<Value> {
        let policy = self.path("policy.toml");
        let text = format!(
            "version = 1\nname = 'verdicts'\n{rules}\n[workspace]\nroots = ['{}']\nprotect = ['.git/hooks', '.git/config', '.vscode', '.claude']\n\
             [env]\npass = ['HOME']\nset = {{ PATH = '{}' }}\n[sandbox]\nread = ['/usr', 'workspace']\nwrite = ['workspace']\nrequire = []\n",
            self.path("project").display(),
            self.path("bin").display(),
        );
        fs::write(&policy, text).expect("a policy");
        self.explain(policy.to_str().expect("text"), commands)
    }

    fn explain(&self, policy: &str, commands: &[String]) -> Vec<Value> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stockade"))
            .args(["policy", "explain", "--policy", policy, "--batch", "-"])
            .current_dir(self.path("project"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("an input");
        let lines: String =
            commands.iter().map(|command| format!("{}\n", serde_json::json!({ "command": command }))).collect();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output().expect("an end");
        writer.join().expect("a writer").expect("it reads all lines");
        assert!(output.status.success(), "{policy}: {}", String::from_utf8_lossy(&output.stderr));
        let answers: Vec<Value> = output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("an answer"))
            .collect();
        assert_eq!(answers.len(), commands.len());
        answers
    }
}

/// The words of a row that may name programs, so that each can be found.
fn names(row: &Row) -> Vec<String> {
    let plain = |word: &&str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'['))
    };
    let words = row.command.split(|c: char| {
        c.is_whitespace() || matches!(c, ';' | '|' | '&' | '(' | ')' | '\'' | '"' | '`' | '$' | '<' | '>' | '=')
    });
    words.filter(plain).filter(|word| !word.starts_with(['-', '.'])).map(str::to_owned).chain(allowed(row)).collect()
}

/// The programs of `[allow=…]`.
fn allowed(row: &Row) -> Vec<String> {
    let Some((_, rest)) = row.why.split_once("[allow=") else { return Vec::new() };
    // `[` is a program as well.
    let end = rest.find("] ").unwrap_or(rest.len().saturating_sub(1));
    rest[..end].split(',').map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts.jsonl");
    let text = fs::read_to_string(&path).expect("the data");
    let rows = text.lines().map(|line| {
        let row: Value = serde_json::from_str(line).expect("a row");
        let text = |key: &str| row[key].as_str().expect(key).to_owned();
        Row { id: text("id"), command: text("command"), class: text("class"), why: text("why"), expect: text("expect") }
    });
    rows.collect()
}

fn rule(programs: &BTreeSet<String>) -> String {
    let names: Vec<_> = programs.iter().map(|name| format!("'{name}'")).collect();
    format!("[[rule]]\nid = 'one'\ndecision = 'allow'\nprogram = [{}]\nreason = 'r'\n", names.join(", "))
}

fn may_be_either(row: &Row) -> bool {
    row.why.contains("[policy-choice]") || row.why.contains("[shell-only]")
}

/// Judges rows in groups that share a policy, and gives those whose decision is not the wanted one.
fn wrong<'r>(stage: &Stage, rows: impl Iterator<Item = (&'r Row, BTreeSet<String>)>, wanted: &str) -> Vec<String> {
    let mut groups: BTreeMap<BTreeSet<String>, Vec<&Row>> = BTreeMap::new();
    for (row, programs) in rows {
        groups.entry(programs).or_default().push(row);
    }
    let mut wrong = Vec::new();
    for (programs, rows) in groups {
        let commands: Vec<_> = rows.iter().map(|row| stage.placed(&row.command)).collect();
        let answers = stage.judge(&rule(&programs), &commands);
        for (row, answer) in rows.iter().zip(answers) {
            if answer["decision"] != wanted {
                let names: Vec<_> = programs.iter().take(4).cloned().collect();
                wrong.push(format!(
                    "{} [{}] {:?}: {} {} {}",
                    row.id,
                    names.join(","),
                    row.command,
                    answer["decision"],
                    answer["code"],
                    answer["reason"]
                ));
            }
        }
    }
    wrong
}

#[test]
fn what_is_benign_is_allowed() {
    let rows = rows();
    let stage = Stage::new(&rows);
    let benign = rows.iter().filter(|row| row.expect == "benign");
    let outside_the_language = ["time cargo build", "true && { echo ok; }"];
    let benign: Vec<_> = benign.filter(|row| !outside_the_language.contains(&row.command.as_str())).collect();
    assert!(benign.len() > 150);
    let judged = benign.iter().map(|row| (*row, allowed(row).into_iter().collect()));
    let wrong = wrong(&stage, judged, "allow");
    assert!(wrong.is_empty(), "{} benign rows are refused:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_abuses_an_allowed_program_is_denied() {
    let rows = rows();
    let stage = Stage::new(&rows);
    let abusing = rows.iter().filter_map(|row| Some((row, row.expect.strip_prefix("deny-if-only-allow:")?)));
    let judged: Vec<_> = abusing
        .filter(|(row, _)| !may_be_either(row))
        .map(|(row, name)| (row, BTreeSet::from([name.to_owned()])))
        .collect();
    assert!(judged.len() > 350);
    let wrong = wrong(&stage, judged.into_iter(), "deny");
    assert!(wrong.is_empty(), "{} rows are allowed:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_nobody_asked_for_is_denied() {
    let rows = rows();
    let stage = Stage::new(&rows);
    // Whoever allows what has no end allows that as well.
    let usual = rows.iter().filter(|row| row.expect == "benign" && row.class != "benign-lifecycle");
    let usual: BTreeSet<String> = usual.flat_map(allowed).collect();
    let denied: Vec<_> = rows.iter().filter(|row| row.expect == "deny-default" && !may_be_either(row)).collect();
    assert!(denied.len() > 180);
    let wrong = wrong(&stage, denied.iter().map(|row| (*row, usual.clone())), "deny");
    assert!(wrong.is_empty(), "{} rows are allowed:\n{}", wrong.len(), wrong.join("\n"));
    let commands: Vec<_> = denied.iter().map(|row| stage.placed(&row.command)).collect();
    for (row, answer) in denied.iter().zip(stage.explain("default", &commands)) {
        assert_eq!(answer["decision"], "deny", "{}: {}", row.id, row.command);
    }
}
