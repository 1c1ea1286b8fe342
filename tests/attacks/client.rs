//! A client of the real server, for attacks on what lies between them: the program, its policy and log in a place of their
//! own, and lines over pipes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};
use stockade::command::canonical;

use crate::{everybody::stockade, jail::ISOLATED};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A workspace with a policy beside it.
#[derive(Debug)]
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    /// `limits` are more lines of that section.
    pub(crate) fn new(limits: &str) -> Self {
        let ground = tempfile::Builder::new().prefix("stockade-attack-").tempdir().unwrap();
        fs::create_dir(ground.path().join("ws")).unwrap();
        let policy = ground.path().join("policy.toml");
        fs::write(&policy, format!("{POLICY}{limits}\n")).unwrap();
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o600)).unwrap();
        Self(ground)
    }

    /// Adds keys to the policy's section of the sandbox.
    pub(crate) fn with_sandbox(self, keys: &str) -> Self {
        let policy = self.beside("policy.toml");
        let text = fs::read_to_string(&policy).unwrap();
        fs::write(policy, text.replace("[sandbox]\n", &format!("[sandbox]\n{keys}\n"))).unwrap();
        self
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.beside("ws")
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// Has a program run here. `to_start` starts the program that follows it, for whoever wants to be in between.
    pub(crate) fn stockade(&self, to_start: &[&str], args: &[&str]) -> Command {
        let mut words = to_start.iter().map(PathBuf::from).chain([stockade()]);
        let mut program = Command::new(words.next().unwrap());
        program.args(words).args(args).args(["--policy"]).arg(self.beside("policy.toml"));
        program.current_dir(self.workspace()).env("HOME", self.0.path());
        program.env("XDG_STATE_HOME", self.beside("state")).stdin(Stdio::null());
        program
    }

    /// One command by `stockade run`.
    pub(crate) fn run(&self, to_start: &[&str], command: &str) -> Output {
        self.stockade(to_start, &["run"]).args(["--", command]).output().unwrap()
    }
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) place: Place,
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    asked: u64,
}

impl Server {
    pub(crate) fn start(limits: &str) -> Self {
        Self::started_by(&[], limits, &[])
    }

    pub(crate) fn started_by(to_start: &[&str], limits: &str, env: &[(&str, &str)]) -> Self {
        let place = Place::new(limits);
        let mut serve = place.stockade(to_start, &["serve"]);
        serve.envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = serve.spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let input = child.stdin.take().unwrap();
        Self { place, child, input, lines, asked: 0 }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Asks for a tool without waiting for the answer.
    pub(crate) fn ask(&mut self, tool: &str, arguments: Value) -> u64 {
        self.asked += 1;
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        let call = json!({ "jsonrpc": "2.0", "id": self.asked, "method": "tools/call", "params": params });
        writeln!(self.input, "{call}").unwrap();
        self.asked
    }

    /// The next line that the server, or whoever speaks for it, sends.
    pub(crate) fn heard(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("the server does not answer");
        serde_json::from_str(&line).expect("a line of JSON")
    }

    /// Whether nothing comes any more.
    pub(crate) fn is_silent(&self) -> bool {
        self.lines.recv_timeout(Duration::from_millis(200)).is_err()
    }

    /// Calls a tool. Whatever comes next must be its answer.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.ask(tool, arguments);
        let answer = self.heard();
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].clone()
    }

    /// Runs a command to its end; what came of it.
    #[track_caller]
    pub(crate) fn run(&mut self, command: &str) -> Value {
        let result = self.call("execute", json!({ "command": command, "wait_seconds": 45 }));
        assert_eq!(result["isError"], false, "{result}");
        result["structuredContent"].clone()
    }

    /// The most memory that the server has had, in kilobytes (proc_pid_status(5)).
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that runs a script in Python.
pub(crate) fn python(script: &str, args: &[&str]) -> String {
    let words = ["python3", ISOLATED, script].iter().chain(args).map(ToString::to_string).collect::<Vec<_>>();
    canonical(&words)
}

/// Lets everything run that is needed here: what is allowed is not what is tried.
const POLICY: &str = r#"
version = 1
name = "attacks"
[sandbox]
read = ["/usr", "/bin", "/lib*", "/etc"]
write = ["workspace"]
[env]
client = ["NOTE"]
[[rule]]
id = "all"
decision = "allow"
program = ["cat", "echo", "env", "head", "mkdir", "python3", "sh", "sleep", "touch", "true", "./fifo", "./socket", "./null"]
grants = ["any"]
reason = "the sandbox is what is tried"
[limits]
rate = "60000/min"
"#;
