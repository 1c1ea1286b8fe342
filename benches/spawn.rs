//! What each layer of the sandbox adds to the start of a program, beside a bare fork and exec and, where it is installed,
//! beside bubblewrap with the same kinds of restriction. All of a round are measured in turn, so that their ratios hold when the
//! machine's speed drifts.
//!
//! ```text
//! cargo bench --bench spawn
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reports to a person and may stop at anything odd"
)]
#![expect(clippy::indexing_slicing, reason = "the sample is never empty")]

use std::{
    collections::BTreeMap,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::fs::{Mode, OFlags, open};
use stockade::{
    audit::{Decided, Receipt, Writer},
    host::Handles,
    model::{
        enforcement::Layer,
        generation::{Generation, PolicyId},
        ids::ExecId,
        limits::Limits,
        size::ByteSize,
    },
    plan::{FilePlan, Need, Run, SandboxPlan},
    policy::{Network, StdinGrant, Trace},
    sandbox::Launcher,
};

const ROUNDS: usize = 200;
const WARM_UP: usize = 10;
const PROGRAM: &str = "/usr/bin/true";

/// What `Launcher` starts, layer by layer.
const STEPS: [(&str, &[Layer]); 6] = [
    ("launcher, privileges and descriptors alone", &[Layer::Privileges]),
    ("and resource limits", &[Layer::Privileges, Layer::Rlimits]),
    ("and seccomp", &[Layer::Privileges, Layer::Rlimits, Layer::Seccomp]),
    ("and Landlock", &[Layer::Privileges, Layer::Rlimits, Layer::Seccomp, Layer::Landlock]),
    (
        "and namespaces with their mounts",
        &[Layer::Privileges, Layer::Rlimits, Layer::Seccomp, Layer::Landlock, Layer::Namespaces],
    ),
    ("everything, with a network namespace", &Layer::ALL),
];

fn main() {
    // `cargo test --benches` passes no `--bench`: then a few rounds show that the benchmark still works.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 2 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ground = tempfile::TempDir::new().unwrap();
    let workspace = ground.path().canonicalize().unwrap().join("workspace");
    std::fs::create_dir(&workspace).unwrap();
    let stockade = Path::new(env!("CARGO_BIN_EXE_stockade"));
    let mut rows: Vec<(String, Vec<Duration>)> = vec![("bare fork and exec".into(), vec![])];
    rows.push(("this program started anew, which does nothing".into(), vec![]));
    rows.extend(STEPS.iter().map(|(name, _)| ((*name).to_owned(), vec![])));
    let bubblewrap = Path::new("/usr/bin/bwrap").exists();
    if bubblewrap {
        rows.push(("bubblewrap, all namespaces and comparable mounts".into(), vec![]));
    } else {
        println!("bubblewrap is not installed, so it is not measured");
    }
    let writer = runtime.block_on(async { Writer::open(&ground.path().join("log")).unwrap() });
    for round in 0..rounds + WARM_UP {
        let mut times = vec![time(|| run(Command::new(PROGRAM)))];
        times.push(time(|| run_any(Command::new(stockade).arg("launch"))));
        for (_, layers) in STEPS {
            let plan = plan(&workspace, layers);
            let receipt = runtime.block_on(receipt(&writer, &plan));
            times.push(runtime.block_on(launched(stockade, plan, receipt)));
        }
        if bubblewrap {
            times.push(time(|| run(wrapped(&workspace))));
        }
        if round >= WARM_UP {
            rows.iter_mut().zip(times).for_each(|((_, sample), time)| sample.push(time));
        }
    }
    let bare = median(&rows[0].1);
    for (name, sample) in &rows {
        let own = median(sample);
        println!("{:>8.3} ms  {:>5.2} times bare  {name}", own.as_secs_f64() * 1e3, own.as_secs_f64() / bare.as_secs_f64());
    }
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn median(sample: &[Duration]) -> Duration {
    let mut sorted = sample.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

fn run(mut command: Command) {
    assert!(command.stdin(Stdio::null()).status().unwrap().success());
}

/// Without a server's socket the launcher ends at once, and says so.
fn run_any(command: &mut Command) {
    assert!(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code().is_some());
}

/// Start to exit, as the engine sees it.
async fn launched(stockade: &Path, plan: SandboxPlan, receipt: Receipt) -> Duration {
    let handles = Handles {
        programs: plan.run.programs().map(|path| (path.to_path_buf(), path_fd(path))).collect(),
        cwd: path_fd(&plan.cwd),
    };
    let start = Instant::now();
    let mut process = Launcher::at(stockade).spawn(plan, handles, receipt).await.unwrap();
    process.next().await;
    process.reap().await;
    start.elapsed()
}

async fn receipt(writer: &Writer, plan: &SandboxPlan) -> Receipt {
    let policy = PolicyId { generation: Generation::FIRST, digest: String::new() };
    let decided = Decided::allow(&[], None, &Trace::default(), &policy);
    writer.begin(ExecId::new(), decided, plan).await.unwrap()
}

/// The same kinds of restriction: every namespace, a read-only root without what is not granted, a new /proc, /dev and
/// /tmp, a new session, no capabilities. It has no Landlock, no seccomp filter of its own and no limits.
fn wrapped(workspace: &Path) -> Command {
    let mut command = Command::new("/usr/bin/bwrap");
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]);
    command.args(["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"]);
    for link in ["bin", "lib", "lib64", "sbin"] {
        command.args(["--symlink", &format!("usr/{link}"), &format!("/{link}")]);
    }
    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]).arg("--bind").arg(workspace).arg(workspace);
    command.arg("--chdir").arg(workspace).arg(PROGRAM);
    command
}

fn path_fd(path: &Path) -> OwnedFd {
    open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn plan(workspace: &Path, layers: &[Layer]) -> SandboxPlan {
    SandboxPlan {
        run: Run::Program {
            program: Path::new(PROGRAM).canonicalize().unwrap(),
            argv: vec![PROGRAM.to_owned()],
        },
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        cwd: workspace.into(),
        files: FilePlan {
            read: ["/usr", "/etc"].map(PathBuf::from).to_vec(),
            write: vec![workspace.into()],
            hide: vec![],
            protect: vec![],
            tmp: ByteSize(64 << 20),
        },
        network: Network::None,
        limits: Limits { processes: 0, ..Limits::default() },
        wall: Duration::ZERO,
        layers: layers.iter().map(|layer| (*layer, Need::Required)).collect(),
        stdin: StdinGrant::None,
        rules: vec![],
        policy_digest: String::new(),
    }
}
