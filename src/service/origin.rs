//! Where the policies come from: found once, at the start, and gone by for every load.

use std::path::{Path, PathBuf};

use crate::{
    config::{
        environment,
        layers::{Layers, LoadedLayers},
        places,
        policy::LoadedPolicy,
        settings::Settings,
        state,
    },
    diagnostic::{Code, Diagnostic},
    model::{support::Support, workspace::Workspace},
    plan,
    policy::{PolicySet, layered},
    sandbox::Launcher,
};

use super::{Options, Setup, SetupError};

/// What is settled at the start and stays: which policy is named, what the environment asks for, and where paths begin. The
/// machine's policy is looked for with every load.
#[derive(Clone, Debug)]
pub struct Origin {
    layers: Layers,
    settings: Settings,
    home: PathBuf,
    start: PathBuf,
}

/// A policy that may be used, or what two of them have in common, and its places.
struct Loaded {
    policy: PolicySet,
    workspace: Workspace,
    log_dir: PathBuf,
    /// What no job may be able to write: the log and the policies' own files.
    kept_out: Vec<PathBuf>,
}

impl Origin {
    /// Reads the settings and finds out which policy is named. Its files are not looked at yet.
    pub fn find(options: &Options) -> Result<Self, SetupError> {
        Self::of(Layers::find(options.policy.as_deref(), &environment))
    }

    pub(super) fn of(layers: Layers) -> Result<Self, SetupError> {
        let about_environment = |findings| SetupError::without_text("environment", findings);
        let settings = Settings::read(&environment).map_err(about_environment)?;
        let home = home().map_err(|finding| about_environment(vec![finding]))?;
        let start = start(settings.working_dir.clone()).map_err(|finding| about_environment(vec![finding]))?;
        Ok(Self { layers, settings, home, start })
    }

    /// Loads the policy for the first time, and finds out what the kernel can do. Starts nothing and writes nothing.
    pub fn prepare(&self) -> Result<Setup, SetupError> {
        let loaded = self.load()?;
        let no_probe = |error| self.about_policy(vec![no_probe(&error)]);
        let launcher = Launcher::from_current_exe().map_err(no_probe)?;
        let support = launcher.probe().map_err(no_probe)?;
        self.require(&loaded.policy, &support)?;
        Ok(Setup {
            policy: loaded.policy.into(),
            workspace: loaded.workspace.into(),
            support: support.into(),
            environment: own_environment().into(),
            launcher,
            log_dir: loaded.log_dir,
            cleanup_interval: self.settings.cleanup_interval,
        })
    }

    /// Loads the policy again, by the same name and with all the checks of the start, to take the place of the one in
    /// `now`. What was found out about the machine stays. `written` are the places where jobs of this server could ever
    /// write: some of these jobs may still run.
    ///
    /// A machine's policy that has come into being since holds from now on. One that has gone does not let go by that: a file
    /// that is just being replaced would take all that it forbids along.
    pub fn again(&self, now: &Setup, written: &[PathBuf]) -> Result<Setup, SetupError> {
        let Loaded { policy, workspace, log_dir, kept_out } = self.load()?;
        let machine = self.layers.machine().display().to_string();
        let has_machine = |policy: &PolicySet| policy.files().iter().any(|(name, _)| *name == machine);
        if has_machine(&now.policy) && !has_machine(&policy) {
            return Err(self.about_policy(vec![machine_gone(&machine)]));
        }
        if log_dir != now.log_dir {
            return Err(self.about_policy(vec![other_log(&now.log_dir, &log_dir)]));
        }
        let earlier = Workspace { write: written.to_vec(), ..workspace.clone() };
        let exposed = state::exposed(kept_out.iter().map(PathBuf::as_path), &earlier);
        if !exposed.is_empty() {
            let told = exposed.into_iter().map(|finding| finding.with_hint(EARLIER_JOBS)).collect();
            return Err(self.about_policy(told));
        }
        self.require(&policy, &now.support)?;
        Ok(Setup { policy: policy.into(), workspace: workspace.into(), ..now.clone() })
    }

    fn load(&self) -> Result<Loaded, SetupError> {
        let loaded = self.layers.load().map_err(SetupError::in_policy)?;
        let log_dir = state::log_dir(loaded.audit_dir(), &environment, &self.home);
        let files = loaded.all().flat_map(|policy| policy.files.iter().cloned());
        let kept_out: Vec<_> = std::iter::once(log_dir.clone()).chain(files).collect();
        let (policy, workspace) = self.joined(loaded, &kept_out)?;
        let policy = policy.narrowed(&self.settings.narrowing);
        let exposed = state::exposed(kept_out.iter().map(PathBuf::as_path), &workspace);
        if !exposed.is_empty() {
            return Err(self.about_policy(exposed));
        }
        Ok(Loaded { policy, workspace, log_dir, kept_out })
    }

    /// The one policy, or what both have in common.
    fn joined(&self, loaded: LoadedLayers, kept_out: &[PathBuf]) -> Result<(PolicySet, Workspace), SetupError> {
        let top = self.placed(loaded.top, kept_out)?;
        let Some(below) = loaded.below else { return Ok(top) };
        let below = self.placed(below, kept_out)?;
        let nothing = no_common_root([&top.1, &below.1]);
        let (policy, workspace) = layered(top, below);
        if workspace.roots.is_empty() { Err(self.about_policy(vec![nothing])) } else { Ok((policy, workspace)) }
    }

    /// A policy with its own places. Whatever it lets jobs read, the log and the policies' own files are not part of it.
    fn placed(&self, loaded: LoadedPolicy, kept_out: &[PathBuf]) -> Result<(PolicySet, Workspace), SetupError> {
        let about = |findings| SetupError::without_text(&loaded.named.to_string(), findings);
        let mut workspace = places::resolve(&loaded.set, &self.start, &self.home).map_err(about)?;
        workspace.hide.extend(kept_out.iter().cloned());
        Ok((loaded.set, workspace))
    }

    /// A layer that the policy requires and the machine cannot give stops the start, not only the first job.
    fn require(&self, policy: &PolicySet, support: &Support) -> Result<(), SetupError> {
        let layers = policy.sandbox.require.iter();
        let missing = layers.filter_map(|layer| plan::meets(*layer, &support.level(*layer)).err());
        let findings: Vec<_> = missing.map(Diagnostic::from).collect();
        if findings.is_empty() { Ok(()) } else { Err(self.about_policy(findings)) }
    }

    /// Findings about the policies as a whole, or as they fit this machine.
    pub(super) fn about_policy(&self, findings: Vec<Diagnostic>) -> SetupError {
        SetupError::without_text(&self.layers.shown(), findings)
    }
}

/// The home directory of the user that runs this program: the environment's word, else the user database's.
pub fn home() -> Result<PathBuf, Diagnostic> {
    std::env::home_dir().filter(|home| home.is_absolute()).ok_or_else(|| {
        Diagnostic::error(Code::BadSetting, "`HOME` is not an absolute path")
            .with_hint("set `HOME` to the user's home directory")
    })
}

fn start(working_dir: Option<PathBuf>) -> Result<PathBuf, Diagnostic> {
    let found = working_dir.map_or_else(std::env::current_dir, Ok);
    found.map_err(|error| {
        Diagnostic::error(Code::CwdUnusable, format!("the working directory cannot be read: {}", error.kind()))
            .with_hint("start in a directory that exists")
    })
}

/// Variables that are not text cannot be passed on.
fn own_environment() -> std::collections::BTreeMap<String, String> {
    let variables = std::env::vars_os();
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

fn no_probe(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::LaunchFailed, format!("the program cannot start itself to build sandboxes: {error}"))
        .with_hint("/proc has to be mounted, and the program's file has to be there and executable")
}

/// One stream of the log is one server's, from its start to its end.
fn other_log(now: &Path, then: &Path) -> Diagnostic {
    let (now, then) = (now.display(), then.display());
    let message = format!("`[audit] dir` is `{then}` now, and the log of this server lies in `{now}`");
    Diagnostic::error(Code::NeedsRestart, message).with_hint("restart the server, or set `[audit] dir` back")
}

fn machine_gone(machine: &str) -> Diagnostic {
    Diagnostic::error(Code::NeedsRestart, format!("the machine's policy `{machine}` is not there any more"))
        .with_hint("put it back; a server that starts without it is held by the named policy alone")
}

/// Jobs would have nowhere to start.
fn no_common_root([system, project]: [&Workspace; 2]) -> Diagnostic {
    let shown = |workspace: &Workspace| {
        let roots = workspace.roots.iter().map(|root| format!("`{}`", root.display()));
        roots.collect::<Vec<_>>().join(", ")
    };
    let message = format!(
        "no workspace root of the project's policy ({}) lies in one of the system's ({}), nor the other way round",
        shown(project),
        shown(system)
    );
    Diagnostic::error(Code::WorkspaceMissing, message)
        .with_hint("start in a directory that both policies let jobs work in")
}

const EARLIER_JOBS: &str = "jobs that started under an earlier policy of this server can write there; move the file, or \
    restart the server";
