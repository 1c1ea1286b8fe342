//! Builds plans by hand and runs programs in them through the library: the only file that knows how a plan is made.

use std::{
    collections::BTreeMap,
    fs,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::Duration,
};

use stockade::{
    audit::{Decided, Receipt, Writer},
    host::Handles,
    model::{
        enforcement::{Enforcement, Layer},
        generation::{Generation, PolicyId},
        ids::ExecId,
        limits::Limits,
        outcome::{ExitStatus, Reason},
        size::ByteSize,
    },
    plan::{FilePlan, Need, Run, SandboxPlan},
    policy::{Network, StdinGrant, Trace},
    sandbox::{LaunchError, Launcher, Process, Report},
};
use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

/// How much of the sandbox a job gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every layer, each required.
    Full,
    /// As on a machine that permits no user namespaces.
    NoNamespaces,
}

/// A place with a workspace in it, and the plan of a job that works there.
#[derive(Debug)]
pub(crate) struct Jail {
    pub(crate) plan: SandboxPlan,
    ground: tempfile::TempDir,
}

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) stragglers: u32,
    pub(crate) survivors: u32,
    pub(crate) enforcement: Enforcement,
}

impl Jail {
    /// A fresh place with an empty workspace, under a name in /tmp, which the sandbox covers.
    pub(crate) fn new(depth: Depth) -> Self {
        let ground = tempfile::Builder::new().prefix("stockade-attack-").tempdir().unwrap();
        let root = ground.path().canonicalize().unwrap();
        fs::create_dir(root.join("ws")).unwrap();
        fs::create_dir(root.join("outside")).unwrap();
        Self { plan: plan(depth, &root.join("ws")), ground }
    }

    /// What the job may write.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.plan.cwd.clone()
    }

    /// What it may not touch: the same user's directory beside the workspace.
    pub(crate) fn outside(&self) -> PathBuf {
        self.ground.path().canonicalize().unwrap().join("outside")
    }

    /// Sets what runs. The program's path is resolved, as the host room does it.
    pub(crate) fn command(&mut self, program: &str, args: &[&str]) -> &mut Self {
        self.plan.run = Run::Program {
            program: Path::new(program).canonicalize().unwrap(),
            argv: [program].iter().chain(args).map(ToString::to_string).collect(),
        };
        self
    }

    /// Sets a script in Python to run.
    pub(crate) fn python(&mut self, script: &str, args: &[&str]) -> &mut Self {
        let mut all = vec![ISOLATED, script];
        all.extend(args);
        self.command(PYTHON, &all)
    }

    /// Starts the job.
    pub(crate) async fn spawn(&self) -> Result<Process, LaunchError> {
        let programs = self.plan.run.programs().map(|path| (path.to_path_buf(), path_fd(path))).collect();
        let handles = Handles { programs, cwd: path_fd(&self.plan.cwd) };
        let receipt = receipt(&self.plan, &self.ground.path().canonicalize().unwrap().join("log")).await;
        launcher().spawn(self.plan.clone(), handles, receipt).await
    }

    /// Runs the job to its end.
    pub(crate) fn run(&self) -> Ran {
        runtime().block_on(async {
            let mut process = self.spawn().await.unwrap_or_else(|error| panic!("not started: {error}"));
            finish(&mut process).await
        })
    }

    /// Starts the job and expects that it fails to start.
    pub(crate) fn fails(&self) -> String {
        runtime().block_on(async {
            match self.spawn().await {
                Ok(_) => panic!("the job was started"),
                Err(error) => error.to_string(),
            }
        })
    }
}

pub(crate) const PYTHON: &str = "/usr/bin/python3";
/// Without the user's settings and site packages, and the program in the next argument.
pub(crate) const ISOLATED: &str = "-ISc";

/// Reads a job's output to the end and takes its last report.
pub(crate) async fn finish(process: &mut Process) -> Ran {
    let (stdout, stderr) = (process.take_stdout(), process.take_stderr());
    let enforcement = process.enforcement().clone();
    let (stdout, stderr, report) = tokio::join!(read(stdout), read(stderr), process.next());
    let survivors = process.reap().await;
    match report {
        Report::Ended { exit, stragglers, .. } => Ran { exit, stdout, stderr, stragglers, survivors, enforcement },
        Report::Lost => panic!("the job was lost; stdout {stdout:?}, stderr {stderr:?}"),
    }
}

async fn read(pipe: Option<OwnedFd>) -> String {
    let mut text = Vec::new();
    Receiver::from_owned_fd(pipe.unwrap()).unwrap().read_to_end(&mut text).await.unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

pub(crate) fn launcher() -> Launcher {
    Launcher::at(super::everybody::stockade())
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A receipt as the house gets one: from a log of its own, which lasts as long as the job's ground.
async fn receipt(plan: &SandboxPlan, log: &Path) -> Receipt {
    let writer = Writer::open(log).unwrap();
    let policy = PolicyId { generation: Generation::FIRST, digest: plan.policy_digest.clone() };
    let decided = Decided::allow(&plan.rules, None, &Trace::default(), &policy);
    let receipt = writer.begin(ExecId::new(), decided, plan).await.unwrap();
    writer.close(&Reason::Shutdown).await.unwrap();
    receipt
}

fn path_fd(path: &Path) -> OwnedFd {
    use rustix::fs::{Mode, OFlags, open};
    open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn plan(depth: Depth, workspace: &Path) -> SandboxPlan {
    let layers = Layer::ALL.into_iter().filter(|layer| match (depth, layer) {
        (Depth::NoNamespaces, Layer::Namespaces | Layer::Network) => false,
        (Depth::Full | Depth::NoNamespaces, _) => true,
    });
    SandboxPlan {
        run: Run::Program { program: PathBuf::new(), argv: vec![] },
        env: BTreeMap::from([
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("HOME".into(), workspace.display().to_string()),
            ("LANG".into(), "C.UTF-8".into()),
        ]),
        cwd: workspace.into(),
        files: FilePlan {
            read: ["/usr", "/etc"].map(PathBuf::from).to_vec(),
            write: vec![workspace.into()],
            hide: vec![],
            protect: vec![],
            tmp: ByteSize(64 << 20),
        },
        network: Network::None,
        limits: limits(),
        wall: Duration::ZERO,
        layers: layers.map(|layer| (layer, Need::Required)).collect(),
        stdin: StdinGrant::None,
        rules: vec![],
        policy_digest: String::new(),
    }
}

fn limits() -> Limits {
    Limits {
        jobs: 10,
        queue: 10,
        rate: None,
        wall: Duration::ZERO,
        idle: Duration::ZERO,
        cpu: Duration::from_secs(60),
        memory: ByteSize(2 << 30),
        processes: 0,
        files: 1024,
        file_size: ByteSize(1 << 30),
        output: ByteSize(10 << 20),
        stdin: ByteSize(1 << 20),
        grace: Duration::from_secs(1),
        retention: Duration::from_secs(60),
    }
}
