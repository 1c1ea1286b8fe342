//! Where the policy comes from: found once, at the start, and gone by for every load.

use std::path::{Path, PathBuf};

use crate::{
    config::{
        environment, places,
        policy::{Named, find, load},
        settings::Settings,
        state,
    },
    diagnostic::{Code, Diagnostic},
    model::{support::Support, workspace::Workspace},
    plan,
    policy::PolicySet,
    sandbox::Launcher,
};

use super::{Options, Setup, SetupError};

/// What is settled at the start and stays: which policy is named, what the environment asks for, and where paths begin.
#[derive(Clone, Debug)]
pub struct Origin {
    named: Named,
    settings: Settings,
    home: PathBuf,
    start: PathBuf,
}

/// A policy that may be used, and its places.
struct Loaded {
    policy: PolicySet,
    workspace: Workspace,
    log_dir: PathBuf,
    /// What no job may be able to write: the log and the policy's own files.
    kept_out: Vec<PathBuf>,
}

impl Origin {
    /// Reads the settings and finds out which policy is named. Its files are not looked at yet.
    pub fn find(options: &Options) -> Result<Self, SetupError> {
        let about_environment = |findings| SetupError::without_text("environment", findings);
        let settings = Settings::read(&environment).map_err(about_environment)?;
        let named = find(options.policy.as_deref(), &environment);
        let home = home().map_err(|finding| about_environment(vec![finding]))?;
        let start = start(settings.working_dir.clone()).map_err(|finding| about_environment(vec![finding]))?;
        Ok(Self { named, settings, home, start })
    }

    /// Loads the policy for the first time, and finds out what the kernel can do. Starts nothing and writes nothing.
    pub fn prepare(&self) -> Result<Setup, SetupError> {
        let loaded = self.load()?;
        let no_probe = |error| self.about_policy(vec![no_probe(&error)]);
        let launcher = Launcher::from_current_exe().map_err(no_probe)?;
        let support = launcher.probe().map_err(no_probe)?;
        self.require(&loaded.policy, &support)?;
        Ok(self.setup(loaded, launcher, support))
    }

    /// The same on a machine that is known already, and for whoever wants to know what there is even where the machine does
    /// not give what the policy requires: what is missing stands beside it, and with any of it [`Self::prepare`] fails.
    pub fn survey(&self, launcher: Launcher, support: Support) -> Result<(Setup, Vec<Diagnostic>), SetupError> {
        let loaded = self.load()?;
        let missing = missing(&loaded.policy, &support);
        Ok((self.setup(loaded, launcher, support), missing))
    }

    fn setup(&self, loaded: Loaded, launcher: Launcher, support: Support) -> Setup {
        Setup {
            policy: loaded.policy.into(),
            workspace: loaded.workspace.into(),
            support: support.into(),
            environment: own_environment().into(),
            launcher,
            log_dir: loaded.log_dir,
            cleanup_interval: self.settings.cleanup_interval,
        }
    }

    /// Loads the policy again, by the same name and with all the checks of the start, to take the place of the one in
    /// `now`. What was found out about the machine stays. `written` are the places where jobs of this server could ever
    /// write: some of these jobs may still run.
    pub fn again(&self, now: &Setup, written: &[PathBuf]) -> Result<Setup, SetupError> {
        let Loaded { policy, workspace, log_dir, kept_out } = self.load()?;
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
        let loaded = load(&self.named).map_err(SetupError::in_policy)?;
        let policy = loaded.set.narrowed(&self.settings.narrowing);
        let mut workspace =
            places::resolve(&policy, &self.start, &self.home).map_err(|findings| self.about_policy(findings))?;
        let log_dir = state::log_dir(policy.audit_dir.as_deref(), &environment, &self.home);
        let kept_out: Vec<_> = std::iter::once(log_dir.clone()).chain(loaded.files).collect();
        // Whatever a policy lets jobs read, the log and the policy's own files are not part of it.
        workspace.hide.extend(kept_out.iter().cloned());
        let exposed = state::exposed(kept_out.iter().map(PathBuf::as_path), &workspace);
        if !exposed.is_empty() {
            return Err(self.about_policy(exposed));
        }
        Ok(Loaded { policy, workspace, log_dir, kept_out })
    }

    /// A layer that the policy requires and the machine cannot give stops the start, not only the first job.
    fn require(&self, policy: &PolicySet, support: &Support) -> Result<(), SetupError> {
        let findings = missing(policy, support);
        if findings.is_empty() { Ok(()) } else { Err(self.about_policy(findings)) }
    }

    /// Findings about the policy as a whole, or as it fits this machine.
    pub(super) fn about_policy(&self, findings: Vec<Diagnostic>) -> SetupError {
        SetupError::without_text(&self.named.to_string(), findings)
    }
}

/// The layers that a policy requires and a machine cannot give.
fn missing(policy: &PolicySet, support: &Support) -> Vec<Diagnostic> {
    let layers = policy.sandbox.require.iter();
    layers.filter_map(|layer| plan::meets(*layer, &support.level(*layer)).err()).map(Diagnostic::from).collect()
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

const EARLIER_JOBS: &str = "jobs that started under an earlier policy of this server can write there; move the file, or \
    restart the server";
