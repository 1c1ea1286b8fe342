//! The agents' door from outside: the real program, driven with raw lines over pipes.

#[cfg(test)]
mod driver {
    //! A client that writes JSON-RPC lines and reads answers, with nothing between it and the pipe.

    use std::{
        io::{BufRead, BufReader, Read, Write},
        process::{Child, ChildStdin, ExitStatus, Stdio},
        sync::mpsc::{Receiver, RecvTimeoutError, channel},
        time::{Duration, Instant},
    };

    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    use serde_json::{Value, json};
    use tempfile::TempDir;

    /// Longer than any wait that a test asks the server for; reaching it is a failure.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// A running server with a workspace and a state directory of its own.
    pub(crate) struct Server {
        child: Child,
        input: Option<ChildStdin>,
        answers: Receiver<String>,
        next_id: u32,
        pub(crate) workspace: TempDir,
        _state: TempDir,
    }

    impl Server {
        /// Starts the program. Nothing is said to it yet.
        pub(crate) fn start() -> Self {
            let workspace = tempfile::tempdir().unwrap();
            let state = tempfile::tempdir().unwrap();
            #[expect(clippy::disallowed_methods, reason = "the test is the client that starts the server")]
            let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_stockade"))
                .args(["serve", "--policy", "developer"])
                .current_dir(workspace.path())
                .env("XDG_STATE_HOME", state.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let (sender, answers) = channel();
            let output = BufReader::new(child.stdout.take().unwrap());
            std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
            Self { input: child.stdin.take(), child, answers, next_id: 1, workspace, _state: state }
        }

        /// Starts the program and greets it in the way of the revisions with `initialize`.
        pub(crate) fn legacy(version: &str) -> Self {
            let mut server = Self::start();
            let hello = json!({
                "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "driver", "version": "1" },
            });
            let answer = server.ask("initialize", hello);
            assert_eq!(answer["result"]["protocolVersion"], version, "{answer}");
            server.line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
            server
        }

        /// Sends one line as it is.
        pub(crate) fn line(&mut self, line: &str) {
            let input = self.input.as_mut().unwrap();
            input.write_all(line.as_bytes()).unwrap();
            input.write_all(b"\n").unwrap();
        }

        /// Sends a request without waiting for the answer; gives its id.
        pub(crate) fn send(&mut self, method: &str, params: Value) -> u32 {
            let id = self.next_id;
            self.next_id += 1;
            self.line(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
            id
        }

        /// Sends a request and gives the answer.
        pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
            let id = self.send(method, params);
            let answer = self.answer();
            assert_eq!(answer["id"], id, "{answer}");
            answer
        }

        /// The next answer. Whatever the server writes to standard output must be JSON-RPC.
        pub(crate) fn answer(&self) -> Value {
            let line = self.answers.recv_timeout(PATIENCE).expect("an answer");
            let answer: Value = serde_json::from_str(&line).expect("a line of JSON");
            assert_eq!(answer["jsonrpc"], "2.0", "{line}");
            answer
        }

        /// Calls a tool in the revision of 2026-07-28 and gives the result.
        pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
            let answer = self.ask("tools/call", modern(json!({ "name": tool, "arguments": arguments })));
            assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
            answer["result"].clone()
        }

        /// Calls a tool that must succeed and gives the structured part.
        #[track_caller]
        pub(crate) fn good(&mut self, tool: &str, arguments: Value) -> Value {
            let result = self.call(tool, arguments);
            assert_eq!(result["isError"], false, "{result}");
            result["structuredContent"].clone()
        }

        /// Calls a tool that must refuse and gives the structured part.
        #[track_caller]
        pub(crate) fn bad(&mut self, tool: &str, arguments: Value) -> Value {
            let result = self.call(tool, arguments);
            assert_eq!(result["isError"], true, "{result}");
            let text = result["content"][0]["text"].as_str().unwrap();
            let part = result["structuredContent"].clone();
            for name in ["code", "reason"] {
                assert!(text.contains(part[name].as_str().unwrap()), "{name} of {part} is not in the text: {text}");
            }
            part
        }

        /// Starts a job and gives its id.
        #[track_caller]
        pub(crate) fn job(&mut self, command: &str) -> String {
            self.good("execute", json!({ "command": command }))["job_id"].as_str().unwrap().to_owned()
        }

        /// Asks for something small; its answer shows that the request `before` it has been taken up.
        pub(crate) fn good_after(&mut self, before: u32) {
            let answer = self.ask("tools/list", modern(json!({})));
            assert!(answer["id"].as_u64() > Some(before.into()), "{answer}");
        }

        /// Sends a line without its end.
        pub(crate) fn cut(&mut self, line: &str) {
            self.input.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        }

        /// Sends a signal to the server.
        pub(crate) fn signal(&self, signal: Signal) {
            kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
        }

        /// Closes the server's standard input.
        pub(crate) fn hang_up(&mut self) {
            drop(self.input.take());
        }

        /// Waits for the end; gives the exit status, the answers that were still in the pipe, and standard error.
        pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>, String) {
            let mut rest = Vec::new();
            let deadline = Instant::now() + PATIENCE;
            loop {
                match self.answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                    Ok(line) => rest.push(line),
                    Err(RecvTimeoutError::Disconnected) => break,
                    Err(RecvTimeoutError::Timeout) => panic!("the server does not end"),
                }
            }
            let mut log = String::new();
            self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            (self.child.wait().unwrap(), rest, log)
        }

        /// Closes standard input and expects a good end with nothing left to say.
        #[track_caller]
        pub(crate) fn good_end(mut self) {
            self.hang_up();
            let (status, rest, log) = self.end();
            assert!(status.success(), "{status}: {log}");
            assert!(rest.is_empty(), "{rest:?}");
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // After a failed assertion; a server that has ended is not there to be killed.
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }

    /// Adds what every request of the 2026-07-28 revision carries.
    pub(crate) fn modern(mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "driver", "version": "1" },
        });
        params
    }

    /// Whether any process on this machine has these words on its command line.
    pub(crate) fn is_alive(words: &str) -> bool {
        let pattern = words.replace(' ', "\0");
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).trim_end_matches('\0') == pattern
        })
    }
}

use driver::{Server, is_alive, modern};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

const TOOLS: [&str; 7] = ["execute", "status", "output", "tail", "list", "interact", "kill"];

#[cfg(test)]
mod session {
    //! How a connection begins, ends, and survives.

    use super::*;

    #[test]
    fn input_that_ends_at_once_is_a_good_end() {
        Server::start().good_end();
    }

    #[test]
    fn a_lone_discover_is_answered() {
        let mut server = Server::start();
        let answer = server.ask("server/discover", modern(json!({})));
        let result = &answer["result"];
        assert!(result["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")), "{result}");
        assert!(result["instructions"].as_str().unwrap().contains("execute"));
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "stockade");
        assert!(result["ttlMs"].as_u64().unwrap() > 0);
        assert_eq!(result["capabilities"], json!({ "tools": {} }));
        server.good_end();
    }

    #[test]
    fn the_end_of_input_ends_a_waiting_call_and_its_job() {
        let mut server = Server::start();
        let job = server.job("sleep 300121");
        server.send(
            "tools/call",
            modern(json!({ "name": "status", "arguments": { "job_id": job, "wait_seconds": 45 } })),
        );
        server.hang_up();
        let (status, _, log) = server.end();
        assert!(status.success(), "{status}: {log}");
        assert!(!is_alive("sleep 300121"));
    }

    #[test]
    fn sigterm_answers_a_waiting_call_and_ends_its_job() {
        let mut server = Server::start();
        let job = server.job("sleep 300122");
        let wait = json!({ "name": "status", "arguments": { "job_id": job, "wait_seconds": 45 } });
        let id = server.send("tools/call", modern(wait));
        // Its answer shows that the wait before it has been taken up.
        server.good_after(id);
        server.signal(Signal::SIGTERM);
        let (status, rest, log) = server.end();
        assert!(status.success(), "{status}: {log}");
        let answer: Value = serde_json::from_str(&rest[0]).unwrap();
        assert_eq!((answer["id"].clone(), rest.len()), (json!(id), 1), "{rest:?}");
        assert!(!is_alive("sleep 300122"));
    }

    #[test]
    fn sigint_is_a_good_end_before_any_request() {
        let mut server = Server::start();
        server.ask("server/discover", modern(json!({})));
        server.signal(Signal::SIGINT);
        let (status, rest, log) = server.end();
        assert!(status.success() && rest.is_empty(), "{status} {rest:?} {log}");
    }

    #[test]
    fn a_line_over_the_limit_is_answered() {
        let mut server = Server::start();
        let long = "a".repeat(1_200_000);
        server.line(&format!(r#"{{"jsonrpc":"2.0","id":"big","method":"tools/list","params":{{"x":"{long}"}}}}"#));
        let answer = server.answer();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("big"), &json!(-32600)), "{answer}");
        server.line(&format!(r#"{{"method":"tools/list","params":{{"x":"{long}"}},"jsonrpc":"2.0","id":77}}"#));
        assert_eq!(server.answer()["id"], 77);
        server.good("list", json!({}));
        server.good_end();
    }

    #[test]
    fn what_is_no_message_is_answered() {
        let mut server = Server::start();
        for (line, code, id) in [
            ("not json", -32700, None),
            (r#"[{"jsonrpc":"2.0","id":9,"method":"ping"}]"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":5,"method":7}"#, -32600, Some(json!(5))),
        ] {
            server.line(line);
            let answer = server.answer();
            assert_eq!((&answer["error"]["code"], answer.get("id")), (&json!(code), id.as_ref()), "{line}");
        }
        server.line("");
        server.good("list", json!({}));
        server.good_end();
    }

    #[test]
    fn an_early_notification_is_survived() {
        let mut server = Server::start();
        server.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#);
        server.line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        server.good("list", json!({}));
        server.good_end();
    }

    #[test]
    fn a_cancelled_wait_is_not_answered_and_its_job_runs_on() {
        let mut server = Server::start();
        let job = server.job("sleep 300123");
        let wait = json!({ "name": "status", "arguments": { "job_id": job, "wait_seconds": 45 } });
        let id = server.send("tools/call", modern(wait));
        let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
        server.line(&cancel.to_string());
        assert_eq!(server.good("status", json!({ "job_id": job }))["status"], "running");
        server.good_end();
    }

    #[test]
    fn one_pipe_serves_both_eras_in_either_order() {
        let mut server = Server::legacy("2025-11-25");
        server.good("list", json!({}));
        server.good_end();

        let mut server = Server::start();
        server.good("list", json!({}));
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" },
        });
        assert_eq!(server.ask("initialize", hello)["result"]["serverInfo"]["name"], "stockade");
        server.good("list", json!({}));
        server.good_end();
    }

    #[test]
    fn a_message_cut_off_by_the_end_is_no_message() {
        let mut server = Server::start();
        server.good("list", json!({}));
        server.cut(r#"{"jsonrpc":"2.0","id":99,"method":"tools/list"}"#);
        server.good_end();
    }

    #[test]
    fn an_id_in_use_is_refused_and_no_answer_is_lost() {
        let mut server = Server::start();
        let job = server.job("sleep 300124");
        let params = modern(json!({ "name": "status", "arguments": { "job_id": job, "wait_seconds": 45 } }));
        let line = json!({ "jsonrpc": "2.0", "id": 1000, "method": "tools/call", "params": params }).to_string();
        server.line(&line);
        server.line(&line);
        let refused = server.answer();
        assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(1000), &json!(-32600)), "{refused}");
        let killed = server.send("tools/call", modern(json!({ "name": "kill", "arguments": { "job_id": job } })));
        let mut ids = [server.answer()["id"].clone(), server.answer()["id"].clone()];
        ids.sort_by_key(|id| id.as_u64());
        assert_eq!(ids, [json!(killed), json!(1000)]);
        server.good_end();
    }

    #[test]
    fn more_calls_than_fit_are_refused_and_a_kill_still_works() {
        let mut server = Server::start();
        let job = server.job("sleep 300125");
        for _ in 0..70 {
            let wait = json!({ "name": "status", "arguments": { "job_id": job, "wait_seconds": 45 } });
            server.send("tools/call", modern(wait));
        }
        for _ in 0..6 {
            assert_eq!(server.answer()["result"]["structuredContent"]["code"], "too-many-calls");
        }
        server.send("tools/call", modern(json!({ "name": "kill", "arguments": { "job_id": job } })));
        let answers: Vec<Value> = (0..65).map(|_| server.answer()["result"]["structuredContent"].clone()).collect();
        assert!(answers.iter().all(|answer| answer["status"] == "killed"), "{answers:?}");
        server.good_end();
    }
}

#[cfg(test)]
mod protocol {
    //! Methods, lists and protocol errors.

    use super::*;

    fn names(answer: &Value) -> Vec<&str> {
        answer["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn seven_tools_are_listed_in_the_same_order_in_every_era() {
        for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            let mut server = Server::legacy(version);
            let answer = server.ask("tools/list", json!({}));
            assert_eq!(names(&answer), TOOLS, "{version}");
            assert_eq!(answer["result"].get("ttlMs"), None);
            server.good_end();
        }
        let mut server = Server::start();
        let answer = server.ask("tools/list", modern(json!({})));
        assert_eq!(names(&answer), TOOLS);
        assert!(answer["result"]["ttlMs"].as_u64().unwrap() > 0);
        assert_eq!(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "stockade");
        for tool in answer["result"]["tools"].as_array().unwrap() {
            assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
            assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
            assert!(tool["title"].is_string() && tool["annotations"]["readOnlyHint"].is_boolean(), "{tool}");
        }
        server.good_end();
    }

    #[test]
    fn a_version_that_nobody_knows_is_answered_with_the_newest_handshake() {
        let mut server = Server::start();
        let hello = json!({
            "protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" },
        });
        assert_eq!(server.ask("initialize", hello)["result"]["protocolVersion"], "2025-11-25");
        server.good_end();
    }

    #[test]
    fn what_is_not_offered_is_an_unknown_method() {
        let mut server = Server::start();
        server.good("list", json!({}));
        let completion =
            json!({ "ref": { "type": "ref/prompt", "name": "x" }, "argument": { "name": "a", "value": "b" } });
        for (method, params) in [
            ("prompts/list", json!({})),
            ("prompts/get", json!({ "name": "x" })),
            ("resources/list", json!({})),
            ("resources/templates/list", json!({})),
            ("resources/read", json!({ "uri": "file:///etc/passwd" })),
            ("completion/complete", completion),
            ("subscriptions/listen", json!({ "notifications": {} })),
            ("tasks/get", json!({ "taskId": "x" })),
            ("no/such/method", json!({})),
        ] {
            let answer = server.ask(method, modern(params));
            assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
        }
        server.good_end();
    }

    #[test]
    fn protocol_faults_are_protocol_errors() {
        let mut server = Server::start();
        for (method, params) in [
            ("tools/call", json!({ "name": "nosuchtool", "arguments": {} })),
            ("tools/call", json!({ "arguments": {} })),
            ("tools/call", json!({ "name": "list", "arguments": "x" })),
            ("tools/list", json!({ "cursor": "x" })),
        ] {
            let answer = server.ask(method, modern(params.clone()));
            assert_eq!(answer["error"]["code"], -32602, "{method} {params}: {answer}");
        }
        let mut other = modern(json!({ "name": "list" }));
        other["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2031-01-01");
        assert_eq!(server.ask("tools/call", other)["error"]["code"], -32022);
        assert_eq!(server.ask("tools/call", json!({ "name": "list" }))["error"]["code"], -32602);
        server.good_end();
    }

    #[test]
    fn the_longer_names_work_in_calls() {
        let mut server = Server::start();
        let job = server.good("execute_command", json!({ "command": "echo alias", "wait_seconds": 30 }));
        assert_eq!(job["stdout"], "alias\n");
        let job = json!({ "job_id": job["job_id"] });
        assert_eq!(server.good("get_job_status", job.clone())["status"], "completed");
        assert_eq!(server.good("get_job_output", job.clone())["stdout"], "alias\n");
        assert_eq!(server.good("tail_job_output", job.clone())["stdout"], "alias\n");
        assert_eq!(server.good("list_jobs", json!({}))["total"], 1);
        assert_eq!(server.good("kill_job", job.clone())["status"], "already_terminated");
        let input = json!({ "job_id": job["job_id"], "input": "x" });
        assert_eq!(server.bad("interact_with_job", input)["code"], "job-ended");
        server.good_end();
    }

    #[test]
    fn a_legacy_call_has_the_legacy_shape() {
        let mut server = Server::legacy("2025-06-18");
        let call = json!({ "name": "execute", "arguments": { "command": "echo hello", "wait_seconds": 30 } });
        let result = server.ask("tools/call", call)["result"].clone();
        assert_eq!(result["structuredContent"]["stdout"], "hello\n", "{result}");
        assert_eq!((result.get("resultType"), result.get("_meta")), (None, None), "{result}");
        server.good_end();
    }
}

#[cfg(test)]
mod tools {
    //! What each tool does.

    use super::*;

    #[test]
    fn execute_returns_at_once_or_waits() {
        let mut server = Server::start();
        let job = server.good("execute", json!({ "command": "sleep 300126" }));
        assert!(["queued", "running"].contains(&job["status"].as_str().unwrap()), "{job}");
        assert_eq!(job.get("stdout"), None);

        let done = server.good("execute", json!({ "command": "echo one", "wait_seconds": 30 }));
        let seen = ["status", "stdout", "stderr", "returned", "exit_code"].map(|name| done[name].clone());
        assert_eq!(seen, [json!("completed"), json!("one\n"), json!(""), json!("exited"), json!(0)], "{done}");

        let late = server.good("execute", json!({ "command": "sleep 300127", "wait_seconds": 0.1 }));
        assert_eq!((&late["status"], &late["returned"]), (&json!("running"), &json!("timeout")));
        server.good_end();
    }

    #[test]
    fn execute_takes_a_directory_in_the_workspace_and_none_outside() {
        let mut server = Server::start();
        std::fs::create_dir(server.workspace.path().join("sub")).unwrap();
        let done = server.good("execute", json!({ "command": "pwd", "cwd": "sub", "wait_seconds": 30 }));
        assert!(done["stdout"].as_str().unwrap().ends_with("/sub\n"), "{done}");
        assert_eq!(server.bad("execute", json!({ "command": "pwd", "cwd": "/" }))["code"], "cwd-outside");
        assert_eq!(server.bad("execute", json!({ "command": "pwd", "cwd": "nowhere" }))["code"], "cwd-unusable");
        server.good_end();
    }

    #[test]
    fn execute_ends_a_job_at_its_timeout() {
        let mut server = Server::start();
        let call = json!({ "command": "sleep 300128", "timeout_seconds": 0.2, "wait_seconds": 40 });
        let done = server.good("execute", call);
        assert_eq!((&done["status"], &done["returned"]), (&json!("killed"), &json!("exited")), "{done}");
        let status = server.good("status", json!({ "job_id": done["job_id"] }));
        assert_eq!(status["reason"], "timeout", "{status}");
        server.good_end();
    }

    #[test]
    fn refusals_say_which_rule_why_and_what_to_do() {
        let mut server = Server::start();
        for command in ["curl http://example.com", "rm -rf /"] {
            let refusal = server.bad("execute", json!({ "command": command }));
            for name in ["code", "rule", "reason", "hint"] {
                assert!(refusal[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {refusal}");
            }
        }
        assert_eq!(server.bad("execute", json!({ "command": "" }))["code"], "empty-command");
        let refusal = server.bad("execute", json!({ "command": "echo 'unclosed" }));
        assert!(refusal["span"]["start"].is_u64(), "{refusal}");
        assert_eq!(server.good("list", json!({}))["total"], 0, "a refusal makes no job");
        server.good_end();
    }

    #[test]
    fn a_refused_script_shows_which_part_of_it() {
        let mut server = Server::start();
        for (command, code, rule, line, column, part) in [
            ("echo a\n  echo $((1)) x", "arithmetic-expansion", None, 2, 8, "$(("),
            ("echo a\n  no-such-program-here | cat", "program-not-found", None, 2, 3, "no-such-program-here"),
            ("ls | cat \"$NOPE\"", "variable", None, 1, 11, "$NOPE"),
            ("ls; curl x && ls", "denied-by-rule", Some("developer/no-network"), 1, 5, "curl x"),
            ("ls\nls > /usr/x", "redirection-outside", Some("sandbox/write"), 2, 4, "> /usr/x"),
            ("cd /etc && ls", "cwd-outside", Some("workspace/roots"), 1, 1, "cd /etc"),
        ] {
            let result = server.call("execute", json!({ "command": command }));
            let refusal = &result["structuredContent"];
            assert_eq!((&refusal["code"], refusal["rule"].as_str()), (&json!(code), rule), "{refusal}");
            let start = command.find(part).unwrap();
            assert_eq!(refusal["span"], json!({ "start": start, "end": start + part.len() }), "{refusal}");
            let text = result["content"][0]["text"].as_str().unwrap();
            let shown =
                format!("\nline {line}, column {column}: `{part}`\nhint: {}", refusal["hint"].as_str().unwrap());
            assert!(text.ends_with(&shown), "{text}");
        }
        server.good_end();
    }

    #[test]
    fn bad_arguments_are_told_in_words() {
        let mut server = Server::start();
        let job = server.job("echo x");
        for (tool, arguments, words) in [
            ("execute", json!({}), "`command` is missing"),
            ("execute", json!({ "command": ["ls"] }), "`command` must be a text, not a list"),
            ("execute", json!({ "command": "ls", "shell": true }), "`shell` is not an argument"),
            (
                "execute",
                json!({ "command": "ls", "wait_seconds": 46 }),
                "`wait_seconds` must be a number from 0 to 45, not 46",
            ),
            (
                "tail",
                json!({ "job_id": job, "lines": "5" }),
                "`lines` must be a whole number from 1 to 1000, not the text `5`",
            ),
            ("tail", json!({ "job_id": job, "lines": 0 }), "`lines` must be a whole number from 1 to 1000, not 0"),
            (
                "tail",
                json!({ "job_id": job, "lines": 1001 }),
                "`lines` must be a whole number from 1 to 1000, not 1001",
            ),
            (
                "output",
                json!({ "job_id": job, "since": "x" }),
                "`since` is not a cursor; give back the `next` of an earlier answer",
            ),
            ("list", json!({ "status": "done" }), "`status` must be one of"),
        ] {
            let refusal = server.bad(tool, arguments);
            assert_eq!(refusal["code"], "bad-argument");
            assert!(refusal["reason"].as_str().unwrap().starts_with(words), "{refusal}");
            assert!(refusal["hint"].is_string(), "{refusal}");
        }
        server.good_end();
    }

    #[test]
    fn an_unknown_job_is_unknown_to_every_tool() {
        let mut server = Server::start();
        for id in ["nope", "", "1e65c96b-0000-4000-8000-000000000000"] {
            for tool in ["status", "output", "tail", "kill"] {
                assert_eq!(server.bad(tool, json!({ "job_id": id }))["code"], "unknown-job", "{tool} {id:?}");
            }
            assert_eq!(server.bad("interact", json!({ "job_id": id, "input": "x" }))["code"], "unknown-job");
        }
        server.good_end();
    }

    #[test]
    fn status_tells_the_whole_story() {
        let mut server = Server::start();
        let job = server.good(
            "execute",
            json!({
                "command": "echo hello", "wait_seconds": 30, "name": "greeting", "labels": { "team": "a" },
            }),
        );
        let status = server.good("status", json!({ "job_id": job["job_id"] }));
        let seen = ["status", "reason", "exit_code", "command", "name", "stdout_bytes", "stderr_bytes", "survivors"]
            .map(|name| status[name].clone());
        let want = [
            json!("completed"),
            json!("exited"),
            json!(0),
            json!("echo hello"),
            json!("greeting"),
            json!(6),
            json!(0),
            json!(0),
        ];
        assert_eq!(seen, want, "{status}");
        assert_eq!(status["labels"], json!({ "team": "a" }));
        let layers: Vec<&str> =
            status["enforcement"].as_array().unwrap().iter().map(|one| one["layer"].as_str().unwrap()).collect();
        assert_eq!(layers, ["namespaces", "network", "landlock", "seccomp", "privileges", "rlimits"]);
        for time in ["created", "started", "ended"] {
            assert!(status[time].as_str().unwrap().ends_with('Z'), "{time}: {status}");
        }
        assert!(!status["rules"].as_array().unwrap().is_empty());
        server.good_end();
    }

    #[test]
    fn status_waits_for_the_end_and_reports_a_failure() {
        let mut server = Server::start();
        let job = server.job("false");
        let status = server.good("status", json!({ "job_id": job, "wait_seconds": 30 }));
        assert_eq!((&status["status"], &status["exit_code"]), (&json!("failed"), &json!(1)), "{status}");
        assert_eq!(status["returned"], "exited");
        server.good_end();
    }

    #[test]
    fn status_tells_what_was_refused_half_way_and_what_ran_before() {
        let mut server = Server::start();
        std::fs::write(server.workspace.path().join("-rf"), "").unwrap();
        let job = server.job("echo one; ls *; echo two");
        let status = server.good("status", json!({ "job_id": job, "wait_seconds": 30 }));
        assert_eq!(
            (&status["status"], &status["reason"], &status["exit_code"]),
            (&json!("failed"), &json!("refused"), &Value::Null),
            "{status}"
        );
        let detail = status["detail"].as_str().unwrap();
        assert!(detail.contains("(option-like-name)") && detail.contains("`-rf`"), "{detail}");
        assert!(detail.ends_with("before it ran: `echo one`"), "{detail}");
        assert_eq!(server.good("output", json!({ "job_id": job }))["stdout"], "one\n");
        server.good_end();
    }

    #[test]
    fn output_is_read_in_pages_without_loss() {
        let mut server = Server::start();
        let job = server.good("execute", json!({ "command": "seq 1 5000", "wait_seconds": 30 }))["job_id"].clone();
        let (mut text, mut since, mut pages) = (String::new(), json!("0.0"), 0);
        loop {
            let page = server.good("output", json!({ "job_id": job, "since": since, "max_bytes": 1000 }));
            let part = page["stdout"].as_str().unwrap();
            assert!(part.len() <= 1000, "{}", part.len());
            text.push_str(part);
            pages += 1;
            since = page["next"].clone();
            if page["more"] == false {
                assert_eq!(page["status"], "completed");
                break;
            }
        }
        let want: String = (1..=5000).map(|n| format!("{n}\n")).collect();
        assert_eq!(text, want);
        assert!(pages >= 20, "{pages}");
        server.good_end();
    }

    #[test]
    fn output_cuts_no_character_and_counts_what_is_not_text() {
        let mut server = Server::start();
        let job = server.good("execute", json!({ "command": "printf 'a€€€€€€€€\\377b'", "wait_seconds": 30 }));
        assert_eq!(job["stdout"], "a€€€€€€€€\u{fffd}b");
        assert_eq!(job["stdout_invalid"], 1);
        let (mut text, mut since) = (String::new(), json!("0.0"));
        for _ in 0..10 {
            let page = server.good("output", json!({ "job_id": job["job_id"], "since": since, "max_bytes": 1 }));
            text.push_str(page["stdout"].as_str().unwrap());
            since = page["next"].clone();
        }
        assert_eq!(text, "a€€€€€€€€\u{fffd}b");
        server.good_end();
    }

    #[test]
    fn output_waits_for_what_is_new() {
        let mut server = Server::start();
        let job = server.job("cat");
        let wait = json!({ "name": "output", "arguments": { "job_id": job, "wait_seconds": 45 } });
        let id = server.send("tools/call", modern(wait));
        let write = json!({ "name": "interact", "arguments": { "job_id": job, "input": "news\n" } });
        server.send("tools/call", modern(write));
        let answers = [server.answer(), server.answer()];
        let woken = answers.iter().find(|answer| answer["id"] == id).unwrap();
        let seen = &woken["result"]["structuredContent"];
        assert_eq!((&seen["stdout"], &seen["returned"]), (&json!("news\n"), &json!("output")), "{seen}");
        server.good_end();
    }

    #[test]
    fn tail_gives_the_last_lines() {
        let mut server = Server::start();
        let job = server.good("execute", json!({ "command": "seq 1 500", "wait_seconds": 30 }))["job_id"].clone();
        let tail = server.good("tail", json!({ "job_id": job, "lines": 3 }));
        assert_eq!(tail["stdout"], "498\n499\n500\n");
        let all = server.good("tail", json!({ "job_id": job }));
        assert_eq!(all["stdout"].as_str().unwrap().lines().count(), 50);
        let rest = server.good("output", json!({ "job_id": job, "since": tail["next"] }));
        assert_eq!((&rest["stdout"], &rest["more"]), (&json!(""), &json!(false)));
        server.good_end();
    }

    #[test]
    fn list_shows_the_newest_first_and_picks_by_status() {
        let mut server = Server::start();
        server.good("execute", json!({ "command": "echo first", "wait_seconds": 30 }));
        server.good("execute", json!({ "command": "false", "wait_seconds": 30 }));
        server.job("sleep 300129");
        let list = server.good("list", json!({}));
        let commands: Vec<&str> =
            list["jobs"].as_array().unwrap().iter().map(|job| job["command"].as_str().unwrap()).collect();
        assert_eq!(commands, ["sleep 300129", "false", "echo first"]);
        for (status, command) in [("running", "sleep 300129"), ("failed", "false"), ("completed", "echo first")] {
            let some = server.good("list", json!({ "status": status }));
            assert_eq!((&some["total"], &some["jobs"][0]["command"]), (&json!(1), &json!(command)), "{some}");
        }
        server.good_end();
    }

    #[test]
    fn interact_writes_reads_and_closes() {
        let mut server = Server::start();
        let job = server.job("cat");
        let said = server.good("interact", json!({ "job_id": job, "input": "one\n", "wait_seconds": 30 }));
        assert_eq!((&said["stdout"], &said["status"]), (&json!("one\n"), &json!("running")), "{said}");
        let said =
            server.good("interact", json!({ "job_id": job, "input": "two", "newline": true, "wait_seconds": 30 }));
        assert_eq!(said["stdout"], "two\n", "only what is new: {said}");
        server.good("interact", json!({ "job_id": job, "input": "", "eof": true }));
        let status = server.good("status", json!({ "job_id": job, "wait_seconds": 30 }));
        assert_eq!((&status["status"], &status["exit_code"]), (&json!("completed"), &json!(0)), "{status}");
        assert_eq!(server.bad("interact", json!({ "job_id": job, "input": "x" }))["code"], "job-ended");
        server.good_end();
    }

    #[test]
    fn interact_is_refused_where_no_rule_grants_input() {
        let mut server = Server::start();
        let job = server.job("sleep 300130");
        assert_eq!(server.bad("interact", json!({ "job_id": job, "input": "x" }))["code"], "stdin-refused");
        server.good_end();
    }

    #[test]
    fn kill_ends_a_job_once() {
        let mut server = Server::start();
        let job = server.job("sleep 300131");
        let killed = server.good("kill", json!({ "job_id": job }));
        assert_eq!((&killed["status"], &killed["survivors"]), (&json!("killed"), &json!(0)), "{killed}");
        assert!(!is_alive("sleep 300131"));
        assert_eq!(server.good("kill", json!({ "job_id": job }))["status"], "already_terminated");
        let status = server.good("status", json!({ "job_id": job }));
        assert_eq!((&status["status"], &status["reason"]), (&json!("killed"), &json!("cancelled")), "{status}");
        server.good_end();
    }
}
