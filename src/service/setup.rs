//! Everything that stands before the first request: policy, settings, places, kernel.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    config::policy::LoadFailure,
    diagnostic::{Diagnostic, Format, Severity, Source, render},
    model::{
        request::{Principal, Via},
        support::Support,
        workspace::Workspace,
    },
    policy::PolicySet,
    sandbox::Launcher,
};

use super::Origin;

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
    Origin::find(options)?.prepare()
}

impl SetupError {
    /// The first error, with its place and the number of those after it, on one line.
    pub fn in_short(&self) -> String {
        let errors = || self.findings.iter().filter(|(_, finding)| finding.severity == Severity::Error);
        let Some((source, first)) = errors().next() else { return self.to_string() };
        let first = Diagnostic { hint: None, ..first.clone() };
        let text = render(source, &first, Format::Plain);
        match errors().count() {
            0 | 1 => text.trim_end().to_owned(),
            count => format!("{} (and {} more)", text.trim_end(), count - 1),
        }
    }

    pub(super) fn in_policy(failure: LoadFailure) -> Self {
        let LoadFailure { sources, findings } = failure;
        let placed = findings.into_iter().filter_map(|(index, finding)| Some((sources.get(index)?.clone(), finding)));
        Self { findings: placed.collect() }
    }

    pub(super) fn without_text(about: &str, findings: Vec<Diagnostic>) -> Self {
        Self { findings: findings.into_iter().map(|finding| (Source::new(about, ""), finding)).collect() }
    }
}
