//! A place to work in: a workspace, a home and a state directory, all gone afterwards.

#![expect(clippy::disallowed_methods, reason = "tests start the program under test")]

use std::{
    env, fs,
    io::Write as _,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Where somebody works.
pub(crate) struct Place {
    dir: TempDir,
    home: PathBuf,
    program: PathBuf,
    /// Whom to become for it.
    user: Option<u32>,
    policy: String,
}

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Done {
    /// Nothing when a signal ended it.
    pub(crate) code: Option<i64>,
    stdout: String,
    stderr: String,
}

/// Does some work as the user who runs the tests and, when that is root, as an ordinary user too.
pub(crate) fn everybody(work: impl Fn(&mut Place)) {
    work(&mut Place::new(None));
    if rustix::process::geteuid().is_root() {
        work(&mut Place::new(Some(ORDINARY)));
    }
}

/// Whether all these programs are installed for everybody. If not, says that the test did not run.
pub(crate) fn installed(programs: &[&str]) -> bool {
    let there = |program: &&&str| SYSTEM.iter().any(|dir| Path::new(dir).join(program).exists());
    let missing: Vec<_> = programs.iter().filter(|program| !there(program)).collect();
    if missing.is_empty() {
        return true;
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // Not by a macro, whose output a test that passes does not show.
    let _ = writeln!(std::io::stderr(), "{test} did not run: not installed here: {missing:?}");
    false
}

impl Place {
    fn new(user: Option<u32>) -> Self {
        let dir = tempfile::Builder::new().prefix("stockade-work-").tempdir().unwrap();
        for name in ["workspace", "home", "state"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            chown(dir.path().join(name), user, user).unwrap();
        }
        chown(dir.path(), user, user).unwrap();
        let home = dir.path().join("home");
        let built = PathBuf::from(env!("CARGO_BIN_EXE_stockade"));
        // The build directory may be one that an ordinary user cannot enter.
        let program = if user.is_some() { copy(&built, &dir.path().join("stockade")) } else { built };
        Self { dir, home, program, user, policy: "developer".into() }
    }

    /// For tools that lie in the home of the user who runs the tests.
    pub(crate) fn at_home() -> Self {
        let home = env::home_dir().unwrap();
        Self { home, ..Self::new(None) }
    }

    /// Goes on under a policy of its own, which adds something to `developer`.
    pub(crate) fn add(&mut self, text: &str) {
        let path = self.dir.path().join("policy.toml");
        fs::write(&path, format!("version = 1\nname = \"work\"\nextends = \"developer\"\n{text}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, self.user, self.user).unwrap();
        self.policy = path.to_str().unwrap().to_owned();
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.dir.path().join("workspace")
    }

    /// Writes a file of the workspace, and its directories.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.workspace().join(name);
        let above: Vec<_> = path.ancestors().skip(1).take_while(|dir| !dir.exists()).collect();
        for dir in above.into_iter().rev() {
            fs::create_dir(dir).unwrap();
            chown(dir, self.user, self.user).unwrap();
        }
        fs::write(&path, text).unwrap();
        chown(&path, self.user, self.user).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.workspace().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.workspace().join(name).exists()
    }

    /// Runs a script as a job. Whatever comes of it, every layer was there in full.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Done {
        let mut command = Command::new(&self.program);
        command.args(["run", "--json", "--policy", &self.policy, "--", script]).current_dir(self.workspace());
        command.env_clear().env("HOME", &self.home).env("XDG_STATE_HOME", self.dir.path().join("state"));
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{script}: {said}"));
        let layers = answer["enforcement"].as_array().unwrap_or_else(|| panic!("{script} did not start: {answer:#}"));
        assert!(layers.len() >= 6 && layers.iter().all(|layer| layer["level"] == "full"), "{layers:?}");
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        Done { code: answer["exit_code"].as_i64(), stdout: text("stdout"), stderr: text("stderr") }
    }

    /// Runs a script that has to succeed; its standard output.
    #[track_caller]
    pub(crate) fn does(&self, script: &str) -> String {
        let done = self.run(script);
        assert_eq!(done.code, Some(0), "{script}: {done:#?}");
        done.stdout
    }

    /// Runs a script that has to fail by itself; its standard error.
    #[track_caller]
    pub(crate) fn fails(&self, script: &str) -> String {
        let done = self.run(script);
        assert_ne!(done.code, Some(0), "{script}: {done:#?}");
        done.stderr
    }
}

/// By another process: a descriptor for writing in this one could be inherited by what another test starts at the same
/// moment, and a file that is open for writing cannot be executed.
fn copy(from: &Path, to: &Path) -> PathBuf {
    assert!(Command::new("/bin/cp").args([from, to]).status().unwrap().success());
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
    to.to_owned()
}

const ORDINARY: u32 = 12345;
/// Of the directories in the policy's PATH, those that are everybody's.
const SYSTEM: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
