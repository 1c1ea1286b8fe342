//! A place to run the real binary in: its own workspace, state directory and policies, all gone afterwards.

#![expect(clippy::disallowed_methods, reason = "tests start the program under test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A workspace beside a state directory.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("workspace")).unwrap();
        Self { dir }
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.dir.path().join("workspace")
    }

    /// Where the log's streams lie.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("state/stockade/audit")
    }

    /// A path beside the workspace.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A policy file beside the workspace.
    pub(crate) fn policy(&self, text: &str) -> PathBuf {
        self.file("policy.toml", text)
    }

    /// A file beside the workspace that nobody else can change. It is there as a whole at every moment.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let (path, new) = (self.beside(name), self.beside(".new"));
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }

    /// The binary, in the workspace, with a small environment.
    pub(crate) fn stockade(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stockade"));
        command.args(args).current_dir(self.workspace()).env_clear();
        for name in ["PATH", "HOME", "USER"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("XDG_STATE_HOME", self.dir.path().join("state")).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer::of(self.stockade(args).output().unwrap())
    }

    /// Every record of every stream of the log, as text.
    pub(crate) fn records(&self) -> Vec<serde_json::Value> {
        let mut files: Vec<_> = fs::read_dir(self.log()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
        texts
            .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.records().iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect()
    }
}

/// A running program that does not outlive its test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a finished program left.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn is(&self, code: i32, stdout: &str, in_stderr: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert_eq!(self.stdout, stdout, "{self:#?}");
        for part in in_stderr {
            assert!(self.stderr.contains(part), "`{part}` is not in\n{}", self.stderr);
        }
    }
}

/// Waits until something holds; fails after ten seconds.
#[track_caller]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    within(Duration::from_secs(10), what, holds);
}

/// Waits until something holds; fails after a time.
#[track_caller]
pub(crate) fn within(limit: Duration, what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Processes whose command line holds a marker, zombies not counted.
pub(crate) fn alive(marker: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let path = entry.path();
        let Ok(line) = fs::read(path.join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(marker) && !is_own(&path) {
            found.push(format!("{} {line}", path.display()));
        }
    }
    found
}

fn is_own(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()) == Some(std::process::id().to_string().as_str())
}
