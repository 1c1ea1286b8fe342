//! A server and the client at the other end of its pipes.

#![expect(clippy::indexing_slicing, clippy::expect_used, reason = "a test may stop at anything odd")]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::place::{Place, Running};

/// Longer than anything here takes; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Agent {
    server: Running,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Answers that came before somebody wanted them.
    early: BTreeMap<u64, Value>,
    next: u64,
    talk: Arc<Mutex<String>>,
}

impl Agent {
    /// Starts `stockade serve` with a policy, by file or by name. It serves when this returns.
    pub(crate) fn start(place: &Place, policy: &str) -> Self {
        let mut serve = place.stockade(&["serve", "--policy", policy]);
        serve.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = serve.spawn().unwrap();
        let (sender, answers) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let (talk, errors) = (Arc::<Mutex<String>>::default(), BufReader::new(child.stderr.take().unwrap()));
        let heard = Arc::clone(&talk);
        thread::spawn(move || {
            errors.lines().map_while(Result::ok).for_each(|line| heard.lock().unwrap().push_str(&(line + "\n")));
        });
        let input = child.stdin.take();
        let mut agent = Self { input, server: Running(child), answers, early: BTreeMap::new(), next: 1, talk };
        agent.policy();
        agent
    }

    /// Sends a call without waiting for its answer.
    pub(crate) fn send(&mut self, tool: &str, arguments: Value) -> u64 {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The answer to a call, the whole result.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return answer["result"].clone();
            }
            let line = self.answers.recv_timeout(PATIENCE).expect("an answer");
            let answer: Value = serde_json::from_str(&line).unwrap();
            self.early.insert(answer["id"].as_u64().unwrap(), answer);
        }
    }

    /// Calls a tool; the whole result.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.send(tool, arguments);
        self.answer(id)
    }

    /// Calls a tool; the structured part of its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, tool: &str, arguments: Value) -> Value {
        self.call(tool, arguments)["structuredContent"].clone()
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&mut self, command: &str) -> Value {
        self.ask("execute", json!({ "command": command, "wait_seconds": 30 }))
    }

    /// What is said about a tool.
    #[track_caller]
    pub(crate) fn description(&mut self, tool: &str) -> String {
        let id = self.request("tools/list", json!({}));
        let tools = self.answer(id)["tools"].clone();
        let found = tools.as_array().unwrap().iter().find(|definition| definition["name"] == tool).unwrap();
        found["description"].as_str().unwrap().to_owned()
    }

    /// The policy in use.
    #[track_caller]
    pub(crate) fn policy(&mut self) -> Value {
        self.ask("list", json!({}))["policy"].clone()
    }

    /// Asks for the policy until it is as wanted; gives it then.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let policy = self.policy();
            if holds(&policy) {
                return policy;
            }
            assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}; {policy}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until a generation is in use.
    #[track_caller]
    pub(crate) fn until_generation(&mut self, number: u64) -> Value {
        self.until("the generation", |policy| policy["generation"].as_u64() >= Some(number))
    }

    /// Waits until a reload has failed; gives the policy in use with the reason.
    #[track_caller]
    pub(crate) fn until_stale(&mut self) -> Value {
        self.until("a reload that fails", |policy| policy["stale"] == true)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Asks for a reload.
    pub(crate) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.server.0)
    }

    /// What the server has said on standard error.
    pub(crate) fn talk(&self) -> String {
        self.talk.lock().unwrap().clone()
    }

    /// Closes the server's input and waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        let closed = |error| assert_eq!(error, RecvTimeoutError::Disconnected, "the server does not end");
        while self.answers.recv_timeout(PATIENCE).map_err(closed).is_ok() {}
        assert_eq!(self.server.0.wait().unwrap().code(), Some(0), "{}", self.talk());
    }

    fn request(&mut self, method: &str, mut params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        });
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(self.input.as_mut().unwrap(), "{request}").unwrap();
        id
    }
}
