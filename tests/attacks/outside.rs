//! The world outside the sandbox: baselines, victims, and a look at the process table.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::jail::{ISOLATED, PYTHON};

/// Runs an attack without a sandbox.
pub(crate) fn python(script: &str, args: &[&str], cwd: &Path) -> Output {
    Command::new(PYTHON).args([ISOLATED, script]).args(args).current_dir(cwd).stdin(Stdio::null()).output().unwrap()
}

/// Standard output of an attack without a sandbox, which must succeed.
#[track_caller]
pub(crate) fn baseline(script: &str, args: &[&str], cwd: &Path) -> String {
    let output = python(script, args, cwd);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "the attack does not work outside: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Does something as on a machine that permits no network namespaces: in a thread of its own, with a filter that everything
/// inherits that it starts.
pub(crate) fn without_networks(scenario: impl FnOnce() + Send) {
    let new_network = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(libc::CLONE_NEWNET as u64),
        libc::CLONE_NEWNET as u64,
    );
    let rule = SeccompRule::new(vec![new_network.unwrap()]).unwrap();
    let filter = SeccompFilter::new(
        [(libc::SYS_unshare, vec![rule])].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let filter: BpfProgram = filter.unwrap().try_into().unwrap();
    let done = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            seccompiler::apply_filter(&filter).unwrap();
            scenario();
        });
        thread.join()
    });
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
}

/// A process of the same user that stands in for the server. Killed when dropped.
pub(crate) struct Victim {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Victim {
    /// Starts a script and waits for its first line.
    pub(crate) fn start(script: &str, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(PYTHON)
            .args([ISOLATED, script])
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, stdout }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Closes its input, which it takes as a sign to print what it has seen and end.
    pub(crate) fn verdict(mut self) -> String {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processes that are not dead and have a word in their command line.
pub(crate) fn alive(marker: &str) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| *pid != std::process::id() && bears(*pid, marker)).collect()
}

fn bears(pid: u32, marker: &str) -> bool {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    command.windows(marker.len()).any(|part| part == marker.as_bytes()) && !matches!(state, Some('Z' | 'X') | None)
}

/// All that one can tell about a file from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    bytes: Vec<u8>,
    mode: u32,
    mtime: (i64, i64),
    inode: u64,
    links: u64,
    owner: u32,
}

pub(crate) fn fingerprint(path: &Path) -> Fingerprint {
    let meta = fs::symlink_metadata(path).unwrap();
    Fingerprint {
        bytes: fs::read(path).unwrap(),
        mode: meta.mode(),
        mtime: (meta.mtime(), meta.mtime_nsec()),
        inode: meta.ino(),
        links: meta.nlink(),
        owner: meta.uid(),
    }
}

/// A word that is nowhere else.
pub(crate) fn marker(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4().simple())
}
