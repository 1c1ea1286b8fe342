//! Everything that stands before the first request: policy, settings, places, kernel.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    config::{
        environment, places,
        policy::{LoadFailure, find, load},
        settings::Settings,
        state,
    },
    diagnostic::{Code, Diagnostic, Source},
    model::{
        request::{Principal, Via},
        support::Support,
        workspace::Workspace,
    },
    plan,
    policy::PolicySet,
    sandbox::Launcher,
};

/// What the command line says about a server or a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--policy`.
    pub policy: Option<String>,
}

/// All that a judgement depends on, apart from the request and the files that it names.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The compiled policy, narrowed by the settings.
    pub policy: Arc<PolicySet>,
    /// Its places on this machine.
    pub workspace: Arc<Workspace>,
    /// What the kernel can do.
    pub support: Arc<Support>,
    /// The server's own environment, from which the policy passes some names on.
    pub environment: Arc<BTreeMap<String, String>>,
    /// Starts jobs.
    pub launcher: Launcher,
    /// Where the audit log lies.
    pub log_dir: PathBuf,
    /// How often finished jobs are looked through.
    pub cleanup_interval: Duration,
}

/// Why nothing can start: findings with the texts that they are about.
#[derive(Debug)]
pub struct SetupError {
    /// All that is wrong, not the first thing alone.
    pub findings: Vec<(Source, Diagnostic)>,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy or the settings have errors")
    }
}

impl std::error::Error for SetupError {}

/// Whoever runs this program, as the operating system tells it.
pub fn own_principal(via: Via) -> Principal {
    Principal { id: format!("uid:{}", rustix::process::geteuid().as_raw()), via }
}

/// Reads the policy and the settings, resolves their places, and finds out what the kernel can do. Starts nothing and
/// writes nothing.
pub fn prepare(options: &Options) -> Result<Setup, SetupError> {
    let settings =
        Settings::read(&environment).map_err(|findings| SetupError::without_text("environment", findings))?;
    let named = find(options.policy.as_deref(), &environment);
    let loaded = load(&named).map_err(SetupError::in_policy)?;
    let policy = loaded.set.narrowed(&settings.narrowing);
    let about_policy = |findings| SetupError::without_text(&named.to_string(), findings);

    let home = home().map_err(|finding| SetupError::without_text("environment", vec![finding]))?;
    let start =
        start(settings.working_dir).map_err(|finding| SetupError::without_text("environment", vec![finding]))?;
    let mut workspace = places::resolve(&policy, &start, &home).map_err(about_policy)?;
    let log_dir = state::log_dir(policy.audit_dir.as_deref(), &environment, &home);
    // Whatever a policy lets jobs read, the log and the policy's own files are not part of it.
    workspace.hide.push(log_dir.clone());
    workspace.hide.extend(loaded.files.iter().cloned());
    let kept_out = loaded.files.iter().map(PathBuf::as_path).chain([log_dir.as_path()]);
    let exposed = state::exposed(kept_out, &workspace);
    if !exposed.is_empty() {
        return Err(about_policy(exposed));
    }
    let launcher = Launcher::from_current_exe().map_err(|error| about_policy(vec![no_probe(&error)]))?;
    let support = launcher.probe().map_err(|error| about_policy(vec![no_probe(&error)]))?;
    require(&policy, &support).map_err(about_policy)?;
    Ok(Setup {
        policy: Arc::new(policy),
        workspace: Arc::new(workspace),
        support: Arc::new(support),
        environment: Arc::new(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        ),
        launcher,
        log_dir,
        cleanup_interval: settings.cleanup_interval,
    })
}

impl SetupError {
    fn in_policy(failure: LoadFailure) -> Self {
        let LoadFailure { sources, findings } = failure;
        let placed = findings.into_iter().filter_map(|(index, finding)| Some((sources.get(index)?.clone(), finding)));
        Self { findings: placed.collect() }
    }

    fn without_text(about: &str, findings: Vec<Diagnostic>) -> Self {
        Self { findings: findings.into_iter().map(|finding| (Source::new(about, ""), finding)).collect() }
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

fn no_probe(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::LaunchFailed, format!("the program cannot start itself to build sandboxes: {error}"))
        .with_hint("/proc has to be mounted, and the program's file has to be there and executable")
}

/// A layer that the policy requires and the machine cannot give stops the start, not only the first job.
fn require(policy: &PolicySet, support: &Support) -> Result<(), Vec<Diagnostic>> {
    let missing = policy.sandbox.require.iter().filter_map(|layer| plan::meets(*layer, &support.level(*layer)).err());
    let findings: Vec<_> = missing.map(Diagnostic::from).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
