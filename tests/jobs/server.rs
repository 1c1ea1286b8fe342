//! `stockade serve` at its end: signals, and a log that fails.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::{Value, json};

use crate::{DEAF, foreground::Place, house::PATIENCE};

struct Server {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    place: Place,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "the test starts the program under test")]
    fn start(limits: &str) -> Self {
        let place = Place::new(limits);
        let mut serve = Command::new(env!("CARGO_BIN_EXE_stockade"));
        serve.args(["serve", "--policy"]).arg(place.policy());
        place.within(&mut serve);
        let mut child = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, answers) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { input: child.stdin.take().unwrap(), child, answers, place }
    }

    /// Calls a tool; its structured answer.
    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        writeln!(self.input, "{call}").unwrap();
        let answer: Value = serde_json::from_str(&self.answers.recv_timeout(PATIENCE).unwrap()).unwrap();
        answer["result"]["structuredContent"].clone()
    }

    /// Starts a job that ignores SIGTERM and sees that it does.
    fn deaf_job(&mut self) -> String {
        let id = self.call("execute", json!({ "command": DEAF }))["job_id"].as_str().unwrap().to_owned();
        let tail = self.call("output", json!({ "job_id": id, "wait_seconds": 30 }));
        assert_eq!(tail["stdout"], "ready\n", "{tail}");
        id
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a failed assertion; one that has ended is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_signal_ends_the_server_with_its_jobs_and_closes_the_log() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start("grace = \"50ms\"");
        server.deaf_job();
        kill_process(server.pid(), signal).unwrap();
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{signal:?}");
        let kinds = server.place.kinds();
        assert_eq!(kinds[kinds.len() - 4..], ["exec.kill", "exec.exit", "server.stop", "log.close"], "{signal:?}");
    }
}

#[test]
fn a_second_signal_takes_the_grace_away() {
    let mut server = Server::start("grace = \"1h\"");
    server.deaf_job();
    kill_process(server.pid(), Signal::INT).unwrap();
    kill_process(server.pid(), Signal::TERM).unwrap();
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    assert_eq!(server.place.kinds().last().unwrap(), "log.close");
}

#[test]
fn a_log_that_cannot_grow_ends_the_jobs_and_the_client_is_told() {
    let mut server = Server::start("grace = \"50ms\"");
    let id = server.deaf_job();
    prlimit(Some(server.pid()), Resource::Fsize, Rlimit { current: Some(1), maximum: Some(1) }).unwrap();
    for _ in 0..2 {
        assert_eq!(server.call("execute", json!({ "command": "touch made" }))["code"], "audit-unavailable");
    }
    let ended = server.call("status", json!({ "job_id": id, "wait_seconds": 30 }));
    assert_eq!((&ended["status"], &ended["reason"]), (&"killed".into(), &"audit_failed".into()), "{ended}");
    assert!(!server.place.workspace().join("made").exists());
}
