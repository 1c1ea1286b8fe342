//! Execute-to-completed for `true`, over MCP with everything on, beside a bare fork and exec of the same program.
//!
//! Both are measured in one run, in turn, so that their ratio holds when the machine's speed drifts:
//!
//! ```text
//! cargo bench --bench execute
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reports to a person and may stop at anything odd"
)]
#![expect(clippy::indexing_slicing, reason = "the sample is never empty")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

const ROUNDS: usize = 300;
const WARM_UP: usize = 20;
const PROGRAM: &str = "/usr/bin/true";

fn main() {
    // `cargo test --benches` passes no `--bench`: then a few rounds show that the benchmark still works.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 5 };
    let state = tempfile::TempDir::new().unwrap();
    let mut server = Server::start(&state);
    let (mut bare, mut executed, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds + WARM_UP {
        let one = time(|| assert!(Command::new(PROGRAM).status().unwrap().success()));
        let other = time(|| server.execute());
        if round >= WARM_UP {
            bare.push(one);
            executed.push(other);
            ratios.push(other.as_secs_f64() / one.as_secs_f64());
        }
    }
    server.stop();
    println!("bare fork and exec of {PROGRAM}: {}", spread(bare));
    println!("execute to completed over MCP:   {}", spread(executed));
    ratios.sort_by(f64::total_cmp);
    println!(
        "ratio, pair by pair:             median {:.2}, p90 {:.2}, {rounds} pairs",
        ratios[ratios.len() / 2],
        ratios[ratios.len() * 9 / 10]
    );
}

fn time(mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn spread(mut sample: Vec<Duration>) -> String {
    sample.sort();
    let at = |share: usize| sample[(sample.len() - 1) * share / 100].as_secs_f64() * 1e3;
    format!("median {:.3} ms, p10 {:.3}, p90 {:.3}", at(50), at(10), at(90))
}

struct Server {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    id: u64,
}

impl Server {
    fn start(state: &tempfile::TempDir) -> Self {
        let workspace = state.path().join("workspace");
        fs::create_dir(&workspace).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_stockade"))
            .args(["serve", "--policy", "developer"])
            .current_dir(workspace)
            .env("XDG_STATE_HOME", state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, requests, answers, id: 0 }
    }

    fn execute(&mut self) {
        let answer = self.call("execute", &json!({ "command": "true", "wait_seconds": 10 }));
        assert_eq!(answer["result"]["structuredContent"]["status"], "completed", "{answer}");
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.id += 1;
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        writeln!(
            self.requests,
            "{}",
            json!({ "jsonrpc": "2.0", "id": self.id, "method": "tools/call", "params": params })
        )
        .unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn stop(mut self) {
        drop(self.requests);
        assert!(self.child.wait().unwrap().success());
    }
}
