//! `stockade run`: what comes out, what goes in, and how it ends.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use tempfile::TempDir;

use crate::{DEAF, house::POLICY};

/// A workspace, a state directory and a policy.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new(limits: &str) -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("workspace")).unwrap();
        let policy = dir.path().join("policy.toml");
        fs::write(&policy, format!("{POLICY}\n[limits]\n{limits}\n")).unwrap();
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o600)).unwrap();
        Self(dir)
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.0.path().join("policy.toml")
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.0.path().join("workspace")
    }

    /// Makes a program run here.
    pub(crate) fn within(&self, program: &mut Command) {
        program.current_dir(self.workspace()).env("XDG_STATE_HOME", self.0.path().join("state"));
    }

    /// What the log's one stream holds.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut streams = fs::read_dir(self.0.path().join("state/stockade/audit")).unwrap();
        let text = fs::read_to_string(streams.next().unwrap().unwrap().path()).unwrap();
        let kind = |line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned();
        text.lines().map(kind).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "the test starts the program under test")]
    fn run(&self, command: &str) -> Command {
        let mut run = Command::new(env!("CARGO_BIN_EXE_stockade"));
        run.args(["run", "--policy"]).arg(self.policy()).args(["--", command]);
        self.within(&mut run);
        run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        run
    }
}

/// Starts a run and waits until its job says that it is ready.
fn ready(mut run: Command) -> Child {
    let mut child = run.spawn().unwrap();
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        line.extend(byte);
    }
    assert_eq!(line, b"ready\n");
    child
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[track_caller]
fn ended(output: &Output, codes: &[i32], in_stderr: &str) {
    assert!(codes.contains(&output.status.code().unwrap()), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(in_stderr) && stderr.is_empty() == in_stderr.is_empty(), "{stderr}");
}

#[test]
fn large_output_is_complete() {
    let place = Place::new("output = \"1MB\"");
    let mut child = place.run("head -c 200000000 /dev/zero").spawn().unwrap();
    let mut reader = BufReader::with_capacity(4096, child.stdout.take().unwrap());
    let mut count = 0;
    while let Ok(bytes @ 1..) = reader.fill_buf().map(<[u8]>::len) {
        reader.consume(bytes);
        count += bytes;
    }
    assert_eq!(count, 200_000_000);
    ended(&child.wait_with_output().unwrap(), &[0], "");
}

#[test]
fn a_reader_who_has_enough_ends_the_run_quietly() {
    let place = Place::new("");
    let mut child = ready(place.run("python3 -c 'print(\"ready\")\nwhile True: print(\"y\" * 1000)'"));
    drop(child.stdout.take());
    ended(&child.wait_with_output().unwrap(), &[141], "");
}

#[test]
fn output_that_cannot_be_written_is_told() {
    let place = Place::new("");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = place.run("python3 -c 'print(1)'").stdout(full).output().unwrap();
    ended(&output, &[125], "cannot be written");
}

#[test]
fn input_over_the_limit_ends_the_job_and_says_so() {
    let place = Place::new("stdin = \"100KB\"");
    let mut child = place.run("cat").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&vec![b'x'; 500_000]));
    ended(&child.wait_with_output().unwrap(), &[126], "stdin-limit");
    // Nobody read the rest.
    let _ = writer.join().unwrap();
}

#[test]
fn input_that_cannot_be_read_is_not_taken_for_its_end() {
    let place = Place::new("");
    let directory = File::open(place.0.path()).unwrap();
    ended(&place.run("cat").stdin(directory).output().unwrap(), &[125], "standard input cannot be read");
}

#[test]
fn a_job_that_wants_no_more_input_is_left_alone() {
    let place = Place::new("");
    let mut child = place.run("head -c 3").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"abcdef").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"abc");
    ended(&output, &[0], "");
}

#[test]
fn an_interrupt_shows_in_the_exit_code_whatever_the_command_makes_of_it() {
    let place = Place::new("");
    let polite = "python3 -c 'import signal,sys,time; signal.signal(15, lambda *_: sys.exit(0)); print(\"ready\", flush=True); time.sleep(1000)'";
    let child = ready(place.run(polite));
    signal(&child, Signal::INT);
    ended(&child.wait_with_output().unwrap(), &[130], "cancelled");
}

#[test]
fn a_second_signal_does_not_wait_for_the_grace() {
    let place = Place::new("grace = \"1h\"");
    let child = ready(place.run(DEAF));
    // Two of one kind could become one before they are looked at (signal(7)).
    signal(&child, Signal::INT);
    signal(&child, Signal::TERM);
    ended(&child.wait_with_output().unwrap(), &[130, 143], "cancelled");
}

#[test]
fn a_log_that_fails_in_the_middle_ends_the_run_as_a_failure() {
    let place = Place::new("grace = \"50ms\"");
    let mut run = place.run(DEAF);
    run.stdin(Stdio::piped());
    let mut child = ready(run);
    let limit = Rlimit { current: Some(1), maximum: Some(1) };
    prlimit(Some(Pid::from_child(&child)), Resource::Fsize, limit).unwrap();
    // Input has to be recorded before the job gets it.
    child.stdin.take().unwrap().write_all(b"x").unwrap();
    ended(&child.wait_with_output().unwrap(), &[125], "audit");
}
