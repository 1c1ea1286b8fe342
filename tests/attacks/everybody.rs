//! Runs a test as the user who runs the tests and, when that is root, once more as an ordinary user: root and others are
//! held by different parts of the kernel.

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

/// Runs a scenario as everybody. `name` is the full name of the test that calls this.
pub(crate) fn as_everybody(name: &str, scenario: impl Fn()) {
    scenario();
    if rustix::process::geteuid().is_root() {
        again_as(ORDINARY, name);
    }
}

/// The program to launch, where the current user can reach it.
pub(crate) fn stockade() -> PathBuf {
    env::var_os(PROGRAM).map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stockade")), PathBuf::from)
}

fn again_as(user: u32, name: &str) {
    // The build directory may be one that an ordinary user cannot enter.
    let copies = tempfile::Builder::new().prefix("stockade-tests-").tempdir().unwrap();
    fs::set_permissions(copies.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // By another process: a descriptor for writing in this one could be inherited by a job that another test starts at the
    // same moment, and a file that is open for writing cannot be executed.
    let copy = |from: &Path, name: &str| {
        let to = copies.path().join(name);
        let copied = Command::new("/bin/cp").arg(from).arg(&to).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
        to
    };
    let tests = copy(&env::current_exe().unwrap(), "tests");
    let program = copy(Path::new(env!("CARGO_BIN_EXE_stockade")), "stockade");
    let output = Command::new(tests)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(PROGRAM, program)
        .current_dir("/")
        .uid(user)
        .gid(user)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "as user {user}:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

const ORDINARY: u32 = 12345;
const PROGRAM: &str = "STOCKADE_TEST_PROGRAM";
