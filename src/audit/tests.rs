//! Tests of the whole room. A disk that can be watched and broken stands in for the file where time and faults matter.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    command::Access,
    diagnostic::{Code, Diagnostic, Source, Span},
    model::{
        denial::{Denial, RuleRef},
        enforcement::{Enforcement, Layer, Level},
        generation::{Generation, PolicyId},
        ids::{ExecId, JobId},
        limits::Limits,
        outcome::{ExitStatus, Outcome, Reason, StreamTotals, Usage},
        request::{Principal, Via},
        size::ByteSize,
        support::Support,
    },
    policy::Trace,
};

use super::{
    chain::Head,
    storage::{Room, Storage},
    *,
};

/// A disk in memory.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    written: Vec<u8>,
    synced: usize,
    syncs: usize,
    /// The hash of each durable line.
    lines: Vec<Hash>,
    /// Syncs wait while this holds.
    held: bool,
    fail_check: bool,
    fail_append: bool,
    fail_sync: bool,
    full: bool,
}

impl Disk {
    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    fn get<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.0.lock().unwrap())
    }

    /// What a crash now would leave.
    fn durable(&self) -> Vec<u8> {
        self.get(|state| state.written[..state.synced].to_vec())
    }
}

impl Storage for Disk {
    fn check(&mut self) -> io::Result<()> {
        if self.get(|state| state.fail_check) { Err(io::Error::other("the log's file was removed")) } else { Ok(()) }
    }

    fn reserve(&mut self, _bytes: usize) -> Room {
        if self.get(|state| state.full) { Room::Low } else { Room::Ample }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.0.lock().unwrap();
        if state.fail_append {
            // As a full disk does: a part arrives.
            let part = bytes.len() / 2;
            state.written.extend_from_slice(&bytes[..part]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.written.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.0.1.wait_while(self.0.0.lock().unwrap(), |state| state.held).unwrap();
        state.syncs += 1;
        if state.fail_sync {
            return Err(io::Error::from_raw_os_error(5));
        }
        let (from, to) = (state.synced, state.written.len());
        let new: Vec<Hash> = state.written[from..to].split_inclusive(|byte| *byte == b'\n').map(unended).collect();
        state.lines.extend(new);
        state.synced = to;
        Ok(())
    }
}

/// The hash of a line without its line feed.
fn unended(line: &[u8]) -> Hash {
    Hash::of(line.strip_suffix(b"\n").unwrap())
}

const STREAM: Uuid = Uuid::from_u128(0x0197_a3c4_0000_7000_8000_0000_0000_0000);

fn writer() -> (Writer, Disk) {
    let disk = Disk::default();
    (Writer::start(disk.clone(), STREAM, "/log".into()).unwrap(), disk)
}

/// The records of a stream, after each of them was taken by the chain.
#[track_caller]
fn records(bytes: &[u8]) -> Vec<Value> {
    let mut head = Head::start(STREAM);
    let lines = bytes.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
    lines
        .map(|line| {
            head.accept(line).unwrap();
            serde_json::from_slice(line).unwrap()
        })
        .collect()
}

fn kinds(bytes: &[u8]) -> Vec<String> {
    records(bytes).iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect()
}

fn request(command: &str) -> Event {
    Event::Request(Requested {
        command: command.into(),
        cwd: Some("/srv/app".into()),
        env_names: vec!["RUST_LOG".into()],
        principal: principal(),
        claimed_client: Some("acme/3.1".into()),
        rpc_id: Some("42".into()),
        name: None,
    })
}

fn principal() -> Principal {
    Principal { id: "uid:1000".into(), via: Via::Stdio }
}

fn policy() -> PolicyId {
    PolicyId { generation: Generation::FIRST, digest: "00".repeat(32) }
}

fn allowed() -> Decided {
    Decided {
        answer: Answer::Allow,
        code: None,
        rules: vec![RuleRef { layer: "default".into(), id: "ls".into(), at: Some("default.toml:3:1".into()) }],
        reason: None,
        commands: vec![Judged { program: "/usr/bin/ls".into(), argv: vec!["ls".into()], canonical: "ls".into() }],
        files: vec![Opened { path: Some("/w/out".into()), access: Access::Append }],
        matched: Vec::new(),
        policy: policy(),
    }
}

fn killed() -> Event {
    Event::Kill(Killed { reason: Reason::Timeout, signals: vec!["TERM".into(), "KILL".into()], survivors: 0 })
}

fn exited() -> Event {
    Event::Exit(Exited {
        outcome: Outcome {
            reason: Reason::Timeout,
            exit: Some(ExitStatus::Signal(9)),
            ended: Timestamp::UNIX_EPOCH,
            duration: Duration::from_millis(1500),
            usage: Usage { cpu: Duration::from_millis(20), peak_memory: 4096 },
            stragglers: 2,
            survivors: 0,
        },
        stdout: StreamTotals { bytes: 10, dropped: 3 },
        stderr: StreamTotals::default(),
    })
}

fn limits() -> Limits {
    Limits {
        jobs: 1,
        queue: 1,
        rate: None,
        wall: Duration::from_secs(60),
        idle: Duration::ZERO,
        cpu: Duration::from_secs(5),
        memory: ByteSize(1 << 30),
        processes: 64,
        files: 256,
        file_size: ByteSize(1 << 20),
        output: ByteSize(1 << 20),
        stdin: ByteSize(0),
        grace: Duration::from_secs(2),
        retention: Duration::from_secs(60),
    }
}

#[tokio::test]
async fn a_record_is_durable_when_it_returns() {
    let (writer, disk) = writer();
    writer.record(None, request("ls")).await.unwrap();
    assert_eq!(kinds(&disk.durable()), ["log.open", "exec.request"]);
}

#[tokio::test]
async fn what_is_queued_is_covered_by_the_next_record() {
    let (writer, disk) = writer();
    for n in 0..5 {
        writer.queue(None, request(&n.to_string())).unwrap();
    }
    writer.record(None, killed()).await.unwrap();
    let records = records(&disk.durable());
    let commands: Vec<_> = records[1..6].iter().map(|record| record["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["0", "1", "2", "3", "4"]);
    assert_eq!(records[6]["kind"], "exec.kill");
}

#[tokio::test]
async fn nobody_is_told_before_the_sync() {
    let (writer, disk) = writer();
    disk.set(|state| state.held = true);
    let mut waiting = Box::pin(writer.record(None, request("ls")));
    let told = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
    assert!(told.is_err(), "the sync has not happened");
    assert_eq!(kinds(&disk.durable()), ["log.open"]);
    disk.set(|state| state.held = false);
    waiting.await.unwrap();
    assert_eq!(kinds(&disk.durable()), ["log.open", "exec.request"]);
}

#[tokio::test]
async fn what_gathers_during_a_sync_is_one_batch() {
    let (writer, disk) = writer();
    disk.set(|state| state.held = true);
    for n in 0..100 {
        writer.queue(None, request(&n.to_string())).unwrap();
    }
    let last = tokio::spawn({
        let writer = writer.clone();
        async move { writer.record(None, killed()).await }
    });
    disk.set(|state| state.held = false);
    last.await.unwrap().unwrap();
    assert_eq!(records(&disk.durable()).len(), 102);
    assert!(disk.get(|state| state.syncs) <= 4, "the first commit, the one that was held, and at most two more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_leave_no_gap_and_are_told_after_their_sync() {
    const TASKS: usize = 64;
    const EACH: usize = 200;
    let (writer, disk) = writer();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (writer, disk) = (writer.clone(), disk.clone());
            tokio::spawn(async move {
                for n in 0..EACH {
                    let receipt = writer.begin_digest(ExecId::new(), &allowed(), format!("{task}:{n}")).await.unwrap();
                    let durable = disk.get(|state| state.lines.get(usize::try_from(receipt.seq()).unwrap()).copied());
                    assert_eq!(durable, Some(receipt.hash()));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let records = records(&disk.durable());
    assert_eq!(records.len(), TASKS * EACH + 1);
    let plans: BTreeSet<_> = records[1..].iter().map(|record| record["plan"].as_str().unwrap()).collect();
    assert_eq!(plans.len(), TASKS * EACH, "every decision is there, and once");
}

#[tokio::test]
async fn a_receipt_names_the_record() {
    let (writer, disk) = writer();
    let exec = ExecId::new();
    let receipt = writer.begin_digest(exec, &allowed(), "ab".into()).await.unwrap();
    assert_eq!((receipt.exec(), receipt.seq(), receipt.plan_digest()), (exec, 1, "ab"));
    let record = &records(&disk.durable())[1];
    assert_eq!(record["exec_id"], exec.to_string());
    assert_eq!(record["decision"], "allow");
    assert_eq!(record["carried_out"], true);
    assert_eq!(record["plan"], "sha256:ab");
    assert_eq!(record["commands"][0]["argv"][0], "ls");
    assert_eq!(record["rules"][0]["id"], "ls");
}

#[tokio::test]
async fn a_refusal_is_recorded_as_not_carried_out() {
    let (writer, disk) = writer();
    let denial = Denial::new(Code::NoRule, "no rule allows `curl`");
    let decided = Decided::deny(&denial, None, &Trace::default(), &policy());
    writer.record(Some(ExecId::new()), Event::Decision(decided)).await.unwrap();
    let record = &records(&disk.durable())[1];
    assert_eq!(record["decision"], "deny");
    assert_eq!(record["carried_out"], false);
    assert_eq!(record["code"], "no-rule");
    assert_eq!(record["plan"], Value::Null);
    assert_eq!((&record["generation"], &record["policy"]), (&1.into(), &format!("sha256:{}", "00".repeat(32)).into()));
}

#[tokio::test]
async fn every_kind_has_its_fields() {
    let (writer, disk) = writer();
    let support = Support {
        layers: vec![(Layer::Landlock, Level::Full), (Layer::Network, Level::None("no namespaces".into()))],
        ..Support::full()
    };
    let digest = writer.keyed_digest(b"hunter2\n");
    writer.queue(None, Event::ServerStart(ServerStart { version: "0.1.0".into(), support })).unwrap();
    let files = vec![("default.toml".into(), "cd".into())];
    let layer = LayerLoad { layer: "system", name: "machine".into(), digest: "ef".into(), rules: 1, files: 1 };
    let load = PolicyLoad { id: policy(), name: "default".into(), rules: 3, files, layers: vec![layer] };
    writer.queue(None, Event::PolicyLoad(load.clone())).unwrap();
    let id = PolicyId { generation: Generation::FIRST.next(), digest: "ab".into() };
    let load = PolicyLoad { id, rules: 2, ..load };
    let reload = PolicyReload { load, rules_before: 3, added: vec![], removed: vec!["ls".into()] };
    writer.queue(None, Event::PolicyReload(reload)).unwrap();
    let finding = PolicyFinding::new(
        &Source::new("p.toml", "a\nbad"),
        &Diagnostic::error(Code::UnknownKey, "unknown key `bad`").at(Span::new(2, 5), "").with_hint("leave it out"),
    );
    let failed = PolicyReloadFailed { kept: policy(), findings: vec![finding] };
    writer.queue(None, Event::PolicyReloadFailed(failed)).unwrap();
    writer
        .queue(
            None,
            Event::Start(Started {
                job: JobId::new(),
                pid: 4711,
                programs: vec!["/usr/bin/ls".into()],
                enforcement: Enforcement(vec![(Layer::Seccomp, Level::Partial("x".into()))]),
                limits: limits(),
            }),
        )
        .unwrap();
    let typed = Typed { principal: principal(), bytes: 8, digest: digest.clone(), eof: true };
    writer.queue(None, Event::Stdin(typed)).unwrap();
    writer.queue(None, killed()).unwrap();
    writer.queue(None, exited()).unwrap();
    writer.close(&Reason::Shutdown).await.unwrap();
    let records = records(&disk.durable());
    let expected = [
        ("log.open", "format", Value::from(1)),
        ("server.start", "degraded", serde_json::json!(["network"])),
        ("policy.load", "files", serde_json::json!([{ "name": "default.toml", "digest": "sha256:cd" }])),
        ("policy.reload", "removed", serde_json::json!(["ls"])),
        (
            "policy.reload_failed",
            "findings",
            serde_json::json!([{
                "at": "p.toml:2:1", "severity": "error", "code": "unknown-key", "message": "unknown key `bad`",
                "hint": "leave it out",
            }]),
        ),
        ("exec.start", "enforcement", serde_json::json!([{ "layer": "seccomp", "level": "partial", "missing": "x" }])),
        ("exec.stdin", "digest", digest.as_str().into()),
        ("exec.kill", "signals", serde_json::json!(["TERM", "KILL"])),
        ("exec.exit", "signal", 9.into()),
        ("server.stop", "reason", "shutdown".into()),
        ("log.close", "kind", "log.close".into()),
    ];
    assert_eq!(records.len(), expected.len());
    for (record, (kind, name, value)) in records.iter().zip(expected) {
        assert_eq!((&record["kind"], &record[name]), (&kind.into(), &value));
    }
    assert_eq!((&records[2]["generation"], &records[2]["rules"]), (&1.into(), &3.into()));
    let reload = ["generation", "rules_before", "rules", "added"].map(|name| records[3][name].clone());
    assert_eq!(reload, [2.into(), 3.into(), 2.into(), serde_json::json!([])]);
    let layer =
        serde_json::json!([{ "layer": "system", "name": "machine", "digest": "sha256:ef", "rules": 1, "files": 1 }]);
    assert_eq!((&records[2]["layers"], &records[3]["layers"]), (&layer, &layer));
    assert_eq!(records[4]["generation"], 1, "the one that stays");
    assert_eq!(records[5]["limits"]["wall_ms"], 60_000);
    assert_eq!(records[8]["stdout"], serde_json::json!({ "bytes": 10, "dropped": 3 }));
    assert_eq!(records[8]["status"], "killed");
}

/// The whole of a record, as readers of the log have come to rely on it.
#[tokio::test]
async fn an_act_of_a_script_is_told_in_full() {
    let (writer, disk) = writer();
    let refused = Acted {
        act: Act::Execute,
        command: 2,
        program: Some("/usr/bin/rm".into()),
        argv: vec!["rm".into(), "a b".into()],
        canonical: "rm 'a b'".into(),
        variables: vec!["LANG".into()],
        cwd: Some("/srv/app".into()),
        path: None,
        access: None,
        answer: Answer::Deny,
        code: Some(Code::DeniedByRule),
        rules: vec![RuleRef { layer: "local".into(), id: "keep".into(), at: None }],
        reason: Some("it is kept".into()),
    };
    let opened = Acted {
        act: Act::Open,
        command: 0,
        program: None,
        argv: vec![],
        canonical: "> out".into(),
        variables: vec![],
        cwd: None,
        path: Some("/srv/app/out".into()),
        access: Some(Access::Write),
        answer: Answer::Allow,
        code: None,
        rules: vec![],
        reason: None,
    };
    for acted in [refused, opened] {
        writer.queue(None, Event::Act(acted)).unwrap();
    }
    writer.close(&Reason::Shutdown).await.unwrap();
    let bytes = disk.durable();
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(String::from_utf8_lossy).collect();
    // The order of the fields as well; around them stands what every record has.
    let told = |line: &str| Some(line.split_once(r#","act":"#)?.1.split_once(r#","prev":"#)?.0.to_owned());
    assert!(lines[1].contains(r#""kind":"exec.judged","seq":1,"#), "{}", lines[1]);
    assert_eq!(
        told(&lines[1]).unwrap(),
        concat!(
            r#""execute","command":2,"program":"/usr/bin/rm","argv":["rm","a b"],"canonical":"rm 'a b'","#,
            r#""variables":["LANG"],"cwd":"/srv/app","path":null,"access":null,"decision":"deny","#,
            r#""code":"denied-by-rule","rules":[{"layer":"local","id":"keep","at":null}],"reason":"it is kept""#,
        )
    );
    assert_eq!(
        told(&lines[2]).unwrap(),
        concat!(
            r#""open","command":0,"program":null,"argv":[],"canonical":"> out","variables":[],"cwd":null,"#,
            r#""path":"/srv/app/out","access":"write","decision":"allow","code":null,"rules":[],"reason":null"#,
        )
    );
}

#[tokio::test]
async fn what_people_write_stays_in_one_line_and_reads_back() {
    let (writer, disk) = writer();
    let hostile = [
        "a\nb\r\nc",
        "\x1b]0;owned\x07\x1b[2J",
        "\u{202e}evil\u{2066}",
        "\u{2028}\u{2029}\u{85}\x0b\x0c\x7f",
        "\0",
        "\"}\n{\"v\":1,\"kind\":\"exec.decision\"",
        "\u{feff}😀\u{fffd}\u{10ffff}",
    ];
    for text in hostile {
        writer.queue(None, request(text)).unwrap();
    }
    writer.close(&Reason::Exited).await.unwrap();
    let bytes = disk.durable();
    assert!(bytes.iter().all(|byte| *byte == b'\n' || (0x20..0x7f).contains(byte)));
    let records = records(&bytes);
    assert_eq!(records.len(), hostile.len() + 3);
    for (record, text) in records[1..].iter().zip(hostile) {
        assert_eq!(record["command"], text);
    }
}

#[tokio::test]
async fn ten_megabytes_become_one_line_that_says_so() {
    let (writer, disk) = writer();
    let command = "\u{1}x".repeat(5_000_000);
    writer.record(None, request(&command)).await.unwrap();
    let bytes = disk.durable();
    let line = bytes.split(|byte| *byte == b'\n').nth(1).unwrap();
    assert!(line.len() <= 65_535);
    let record: Value = serde_json::from_slice(line).unwrap();
    assert_eq!(record["command"]["len"], 10_000_000);
    assert_eq!(record["command"]["sha256"], Hash::of(command.as_bytes()).hex());
    assert!(command.starts_with(record["command"]["head"].as_str().unwrap()));
}

#[tokio::test]
async fn input_is_never_in_the_log() {
    let (writer, disk) = writer();
    let digest = writer.keyed_digest(b"canary-7f3a");
    writer.record(None, Event::Stdin(Typed { principal: principal(), bytes: 11, digest, eof: false })).await.unwrap();
    let text = String::from_utf8(disk.durable()).unwrap();
    assert!(!text.contains("canary") && !text.contains(&Hash::of(b"canary-7f3a").hex()));
}

#[track_caller]
fn is_failed<T>(result: Result<T, RecordError>) {
    assert!(matches!(result, Err(RecordError::Failed(_))));
}

async fn poisons(breaks: impl Fn(&mut State), mends: impl Fn(&mut State)) {
    let (writer, disk) = writer();
    disk.set(breaks);
    is_failed(writer.record(None, request("ls")).await);
    assert!(writer.poisoned());
    writer.failed().await;
    // Even when the disk is well again: what the kernel has dropped stays dropped.
    disk.set(mends);
    let syncs = disk.get(|state| state.syncs);
    is_failed(writer.record(None, exited()).await);
    is_failed(writer.queue(None, killed()));
    is_failed(writer.begin_digest(ExecId::new(), &allowed(), String::new()).await);
    is_failed(writer.clone().close(&Reason::Shutdown).await);
    assert_eq!(disk.get(|state| state.syncs), syncs);
    assert_eq!(kinds(&disk.durable()), ["log.open"]);
}

#[tokio::test]
async fn a_failed_sync_ends_the_log() {
    poisons(|state| state.fail_sync = true, |state| state.fail_sync = false).await;
}

#[tokio::test]
async fn a_failed_write_ends_the_log() {
    poisons(|state| state.fail_append = true, |state| state.fail_append = false).await;
}

#[tokio::test]
async fn a_file_that_is_not_ours_any_more_ends_the_log() {
    poisons(|state| state.fail_check = true, |state| state.fail_check = false).await;
}

#[tokio::test]
async fn everybody_who_waits_learns_of_a_failure() {
    let (writer, disk) = writer();
    disk.set(|state| (state.held, state.fail_sync) = (true, true));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.record(None, request("ls")).await })
        })
        .collect();
    disk.set(|state| state.held = false);
    for task in tasks {
        is_failed(task.await.unwrap());
    }
}

#[test]
fn a_stream_that_cannot_be_begun_is_no_stream() {
    let disk = Disk::default();
    disk.set(|state| state.fail_sync = true);
    let error = Writer::start(disk, STREAM, "/log".into()).unwrap_err();
    assert_eq!(error.diagnostic().code, Code::AuditUnavailable);
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_still_tells_what_ends() {
    let (writer, disk) = writer();
    disk.set(|state| state.full = true);
    let begun = writer.begin_digest(ExecId::new(), &allowed(), String::new()).await;
    assert_eq!(begun.unwrap_err(), RecordError::NoSpace);
    assert_eq!(writer.record(None, request("ls")).await, Err(RecordError::NoSpace));
    assert_eq!(writer.queue(None, request("ls")), Err(RecordError::NoSpace));
    writer.record(None, killed()).await.unwrap();
    writer.record(None, exited()).await.unwrap();
    assert!(!writer.poisoned());
    assert_eq!(kinds(&disk.durable()), ["log.open", "exec.kill", "exec.exit"]);
}

#[tokio::test]
async fn space_that_comes_back_is_used() {
    let (writer, disk) = writer();
    disk.set(|state| state.full = true);
    assert_eq!(writer.record(None, request("ls")).await, Err(RecordError::NoSpace));
    assert_eq!(writer.queue(None, request("ls")), Err(RecordError::NoSpace));
    disk.set(|state| state.full = false);
    writer.record(None, request("ls")).await.unwrap();
    writer.queue(None, request("ls")).unwrap();
    writer.close(&Reason::Shutdown).await.unwrap();
    let expected = ["log.open", "exec.request", "exec.request", "server.stop", "log.close"];
    assert_eq!(kinds(&disk.durable()), expected);
}

#[tokio::test]
async fn a_refusal_without_a_waiter_lets_the_thread_look_again() {
    let (writer, disk) = writer();
    disk.set(|state| state.full = true);
    assert_eq!(writer.record(None, request("ls")).await, Err(RecordError::NoSpace));
    disk.set(|state| state.full = false);
    // The first refusal makes the thread look; how soon it has looked is its own affair.
    while writer.queue(None, request("ls")).is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_follows_the_closing_record() {
    let (writer, disk) = writer();
    let other = writer.clone();
    writer.close(&Reason::ClientGone).await.unwrap();
    assert_eq!(other.record(None, exited()).await, Err(RecordError::Closed));
    assert_eq!(other.clone().close(&Reason::Shutdown).await, Err(RecordError::Closed));
    assert!(!other.poisoned());
    assert_eq!(kinds(&disk.durable()), ["log.open", "server.stop", "log.close"]);
    assert_eq!(records(&disk.durable())[1]["reason"], "client_gone");
}

#[tokio::test]
async fn a_dropped_writer_still_writes_what_waits() {
    let (writer, disk) = writer();
    writer.queue(None, exited()).unwrap();
    let queue = writer.clone();
    drop(writer);
    queue.record(None, killed()).await.unwrap();
    drop(queue);
    assert_eq!(kinds(&disk.durable()), ["log.open", "exec.exit", "exec.kill"]);
}

#[test]
fn a_refusal_of_the_log_says_what_to_do() {
    for error in [RecordError::Failed("x".into()), RecordError::NoSpace, RecordError::Backlog, RecordError::Closed] {
        let denial = error.denial();
        assert_eq!(denial.code, Code::AuditUnavailable);
        assert_eq!(denial.hint.is_none(), error == RecordError::Closed);
    }
}
