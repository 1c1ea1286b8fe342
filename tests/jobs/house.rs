//! A house in a place of its own: workspace, log and policy, all gone afterwards.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::Value;
use stockade::{
    config::{
        places,
        policy::{Named, load},
    },
    job::{Cursor, JobView, WaitEnd},
    model::{
        denial::Denial,
        ids::{ExecId, JobId},
        outcome::Reason,
        request::{Principal, Request, Via},
    },
    sandbox::Launcher,
    service::{Setup, Stockade, own_principal},
};
use tempfile::TempDir;

/// Longer than anything here takes; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const STOCKADE: &str = env!("CARGO_BIN_EXE_stockade");

pub(crate) struct House {
    pub(crate) stockade: Stockade,
    pub(crate) who: Principal,
    dir: TempDir,
}

/// Something that waits for us in a read of a FIFO.
pub(crate) struct Gate(fs::File);

impl Gate {
    /// Lets it go on.
    pub(crate) fn open(self) {
        drop(self.0);
    }
}

/// Runs a test on a runtime like the program's, and fails one that hangs.
pub(crate) fn ran_on_threads(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(2 * PATIENCE, test).await.expect("the test hangs") });
}

impl House {
    pub(crate) async fn new(limits: &str) -> Self {
        Self::with_launcher(limits, STOCKADE).await
    }

    /// Whose launcher first waits for [`Self::launcher_waits`].
    pub(crate) async fn with_slow_launcher(limits: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let (fifo, script) = (dir.path().join("launch"), dir.path().join("launcher"));
        mkfifoat(CWD, &fifo, Mode::RWXU).unwrap();
        let text = format!("#!/bin/sh\nread -r _ < {}\nexec {STOCKADE} \"$@\"\n", fifo.display());
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        Self::open(dir, limits, &script).await
    }

    pub(crate) async fn with_launcher(limits: &str, launcher: &str) -> Self {
        Self::open(TempDir::new().unwrap(), limits, Path::new(launcher)).await
    }

    /// Whose PATH begins with a directory `bin` beside the workspace, with this in it.
    pub(crate) async fn with_program(limits: &str, name: &str, text: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        executable(&bin.join(name), text);
        let places = format!("[env]\nset = {{ PATH = \"{}:/usr/bin:/bin\" }}", bin.display());
        let rule = "[[rule]]\nid = \"own\"\ndecision = \"allow\"\nprogram = \"PROGRAM\"\ngrants = [\"any\"]\nreason = \"for the test\"";
        let policy = POLICY.replace("\"/etc\"]", &format!("\"/etc\", \"{}\"]", bin.display()));
        let policy = format!("{policy}{}\n{places}", rule.replace("PROGRAM", name));
        Self::open_by(dir, &policy, limits, Path::new(STOCKADE)).await
    }

    /// Puts another program in the place of that one, as a package manager would.
    pub(crate) fn swap_program(&self, name: &str, text: &str) {
        let (new, old) = (self.dir.path().join("bin/.new"), self.dir.path().join("bin").join(name));
        executable(&new, text);
        fs::rename(new, old).unwrap();
    }

    async fn open(dir: TempDir, limits: &str, launcher: &Path) -> Self {
        Self::open_by(dir, POLICY, limits, launcher).await
    }

    async fn open_by(dir: TempDir, rules: &str, limits: &str, launcher: &Path) -> Self {
        let workspace = dir.path().join("workspace");
        fs::create_dir(&workspace).unwrap();
        mkfifoat(CWD, workspace.join("gate"), Mode::RWXU).unwrap();
        let policy = dir.path().join("policy.toml");
        fs::write(&policy, format!("{rules}\n[limits]\n{limits}\n")).unwrap();
        fs::set_permissions(&policy, fs::Permissions::from_mode(0o600)).unwrap();
        let set = load(&Named::File(policy)).map_err(|failure| failure.findings).unwrap().set;
        let setup = Setup {
            workspace: Arc::new(places::resolve(&set, &workspace, dir.path()).unwrap()),
            policy: Arc::new(set),
            support: Arc::new(Launcher::at(STOCKADE).probe().unwrap()),
            environment: Arc::default(),
            launcher: Launcher::at(launcher),
            log_dir: dir.path().join("log"),
            cleanup_interval: Duration::from_secs(60),
        };
        Self { stockade: Stockade::open(setup).await.unwrap(), who: own_principal(Via::Cli), dir }
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.dir.path().join("workspace")
    }

    pub(crate) fn request(&self, command: &str) -> Request {
        Request::new(ExecId::new(), Timestamp::now(), self.who.clone(), command)
    }

    #[track_caller]
    pub(crate) fn start(&self, command: &str) -> impl Future<Output = JobView> {
        let request = self.request(command);
        async { self.stockade.execute(request).await.unwrap() }
    }

    pub(crate) async fn refused(&self, command: &str) -> Denial {
        self.stockade.execute(self.request(command)).await.unwrap_err()
    }

    pub(crate) fn status(&self, id: JobId) -> JobView {
        self.stockade.status(&self.who, id).unwrap()
    }

    pub(crate) async fn ended(&self, id: JobId) -> JobView {
        let waited = self.stockade.wait(&self.who, id, PATIENCE).await.unwrap();
        assert_eq!(waited.end, WaitEnd::Exited, "{:?}", waited.job);
        waited.job
    }

    pub(crate) async fn kill(&self, id: JobId) -> JobView {
        self.stockade.kill(&self.who, id).await.unwrap()
    }

    pub(crate) async fn interact(&self, id: JobId, input: &[u8], eof: bool) {
        self.stockade.interact(&self.who, id, input.to_vec(), eof).await.unwrap();
    }

    pub(crate) async fn interact_refused(&self, id: JobId, input: &[u8]) -> Denial {
        self.stockade.interact(&self.who, id, input.to_vec(), false).await.unwrap_err()
    }

    pub(crate) fn stdout(&self, id: JobId) -> String {
        let output = self.stockade.output(&self.who, id, Cursor::default(), usize::MAX).unwrap();
        String::from_utf8(output.stdout.bytes).unwrap()
    }

    /// Waits until a job has said this and nothing else.
    pub(crate) async fn said(&self, id: JobId, text: &str) {
        let before = Cursor { stdout: text.len() as u64 - 1, stderr: 0 };
        self.stockade.wait_output(&self.who, id, before, PATIENCE).await.unwrap();
        assert_eq!(self.stdout(id), text);
    }

    /// Lets a `cat gate` go on.
    pub(crate) fn open_gate(&self) {
        drop(fs::OpenOptions::new().write(true).open(self.workspace().join("gate")).unwrap());
    }

    /// Waits until a slow launcher waits for us: a FIFO opens when both ends are there (fifo(7)).
    pub(crate) async fn launcher_waits(&self) -> Gate {
        let fifo = self.dir.path().join("launch");
        tokio::task::spawn_blocking(|| Gate(fs::OpenOptions::new().write(true).open(fifo).unwrap())).await.unwrap()
    }

    /// Ends the house with all its jobs.
    pub(crate) async fn close(&self) {
        self.stockade.shutdown(Reason::Shutdown).await;
    }

    pub(crate) fn remove_log(&self) {
        fs::remove_file(self.log()).unwrap();
    }

    fn log(&self) -> PathBuf {
        let mut streams = fs::read_dir(self.dir.path().join("log")).unwrap();
        streams.next().unwrap().unwrap().path()
    }

    pub(crate) fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.log()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn records_of(&self, job: &JobView) -> Vec<Value> {
        let id = job.exec_id.to_string();
        self.records().into_iter().filter(|record| record["exec_id"] == id.as_str()).collect()
    }

    pub(crate) fn kinds_of(&self, job: &JobView) -> Vec<String> {
        self.records_of(job).iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect()
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) const POLICY: &str = r#"
version = 1
name = "jobs"
[sandbox]
read = ["/usr", "/bin", "/lib*", "/etc"]
write = ["workspace"]
[[rule]]
id = "all"
decision = "allow"
program = ["cat", "head", "python3", "sleep", "touch", "true"]
grants = ["any"]
stdin = "any"
reason = "for the test"
"#;
