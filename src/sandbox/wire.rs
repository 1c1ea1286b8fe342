//! What the server and a launcher say to each other. The formats are this room's own: both ends are the same binary, so
//! they have no version and no tolerance.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    model::{
        enforcement::{Enforcement, Layer, Level},
        outcome::{ExitStatus, Usage},
    },
    plan::{self, FilePlan, Need, SandboxPlan},
    policy,
    script::Tree,
};

use super::step::Failure;

/// The plan as the launcher gets it. With it come five descriptors: the one that [`Run`] names, the working directory, and
/// the job's standard input, output and error.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LaunchOrder {
    pub(super) run: Run,
    pub(super) env: Vec<String>,
    pub(super) cwd: PathBuf,
    pub(super) files: Files,
    pub(super) network: Network,
    pub(super) limits: Limits,
    pub(super) layers: Vec<(String, Wanted)>,
}

/// What to run. With a program comes its descriptor, with a script the socket on which the server is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Run {
    Program { program: PathBuf, argv: Vec<String> },
    Script { tree: Tree },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    pub(super) read: Vec<PathBuf>,
    pub(super) write: Vec<PathBuf>,
    pub(super) hide: Vec<PathBuf>,
    pub(super) protect: Vec<PathBuf>,
    pub(super) tmp: u64,
}

/// What the job may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Network {
    None,
    Loopback,
}

/// Limits per process; zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) cpu_seconds: u64,
    pub(super) memory: u64,
    pub(super) processes: u64,
    pub(super) files: u64,
    pub(super) file_size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Wanted {
    Required,
    Preferred,
}

/// From the server to the init of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Down {
    /// Send a signal to the command's process group.
    Signal(i32),
    /// Kill everything. The job ends with the usual report.
    KillTree,
}

/// From a launcher or an init to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Up {
    /// The init exists; its pidfd comes with this.
    Forked { pid: u32 },
    /// A step failed; nothing runs.
    Failed(Failure),
    /// The command's exec succeeded.
    Started {
        /// The command's process and session, as the init numbers it.
        command: u32,
        layers: Vec<(String, String, String)>,
    },
    /// The command has ended and nothing of the job is left but the init.
    Ended(Ended),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) cpu_micros: u64,
    pub(super) peak_memory: u64,
    pub(super) stragglers: u32,
}

impl LaunchOrder {
    pub(super) fn new(plan: &SandboxPlan) -> Self {
        Self {
            run: Run::new(&plan.run),
            env: plan.env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            cwd: plan.cwd.clone(),
            files: Files::new(&plan.files),
            network: plan.network.into(),
            limits: Limits {
                cpu_seconds: whole_seconds(plan.limits.cpu),
                memory: plan.limits.memory.0,
                processes: plan.limits.processes,
                files: plan.limits.files,
                file_size: plan.limits.file_size.0,
            },
            layers: plan.layers.iter().map(|(layer, need)| (layer.as_str().to_owned(), need.into())).collect(),
        }
    }

    /// Whether and how much a layer is wanted.
    pub(super) fn wants(&self, layer: Layer) -> Option<Wanted> {
        // Whatever the plan says of the layer: without a network of its own, a job's loopback would be the host's.
        if layer == Layer::Network && self.network == Network::Loopback {
            return Some(Wanted::Required);
        }
        self.layers.iter().find(|(name, _)| name == layer.as_str()).map(|(_, wanted)| *wanted)
    }
}

impl Run {
    fn new(run: &plan::Run) -> Self {
        match run {
            plan::Run::Program { program, argv } => Self::Program { program: program.clone(), argv: argv.clone() },
            plan::Run::Script { script, programs } => Self::Script { tree: Tree::new(script, programs) },
        }
    }
}

impl Files {
    fn new(plan: &FilePlan) -> Self {
        Self {
            read: plan.read.clone(),
            write: plan.write.clone(),
            hide: plan.hide.clone(),
            protect: plan.protect.clone(),
            tmp: plan.tmp.0,
        }
    }
}

impl From<policy::Network> for Network {
    fn from(network: policy::Network) -> Self {
        match network {
            policy::Network::None => Self::None,
            policy::Network::Loopback => Self::Loopback,
        }
    }
}

impl From<&Need> for Wanted {
    fn from(need: &Need) -> Self {
        match need {
            Need::Required => Self::Required,
            Need::Preferred => Self::Preferred,
        }
    }
}

/// Rounded up: a limit of half a second is a second, not none.
fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// The report on the layers, as it travels: layer, level, and what is missing.
pub(super) fn pack_enforcement(enforcement: &Enforcement) -> Vec<(String, String, String)> {
    let row = |(layer, level): &(Layer, Level)| {
        (layer.as_str().to_owned(), level.as_str().to_owned(), level.missing().unwrap_or_default().to_owned())
    };
    enforcement.0.iter().map(row).collect()
}

/// The report back; nothing unless it names every layer once, in order, with a level that exists.
pub(super) fn unpack_enforcement(rows: &[(String, String, String)]) -> Option<Enforcement> {
    let rows: Option<Vec<_>> = rows
        .iter()
        .map(|(layer, level, missing)| {
            let level = match level.as_str() {
                "full" => Level::Full,
                "partial" => Level::Partial(missing.clone()),
                "none" => Level::None(missing.clone()),
                _ => return None,
            };
            Some((Layer::from_name(layer)?, level))
        })
        .collect();
    rows.filter(|rows| rows.iter().map(|(layer, _)| *layer).eq(Layer::ALL)).map(Enforcement)
}

impl Ended {
    /// How the command ended; nothing unless it is said in exactly one way.
    pub(super) fn exit(&self) -> Option<ExitStatus> {
        match (self.code, self.signal) {
            (Some(code), None) => Some(ExitStatus::Code(code)),
            (None, Some(signal)) => Some(ExitStatus::Signal(signal)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// What the job used.
    pub(super) fn usage(&self) -> Usage {
        Usage { cpu: Duration::from_micros(self.cpu_micros), peak_memory: self.peak_memory }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enforcement_report_survives_the_way() {
        let mut report = Enforcement(Layer::ALL.into_iter().map(|layer| (layer, Level::Full)).collect());
        report.0[0].1 = Level::Partial("no private /tmp".into());
        report.0[1].1 = Level::None("refused".into());
        assert_eq!(unpack_enforcement(&pack_enforcement(&report)), Some(report));
    }

    #[test]
    fn a_report_that_lacks_repeats_or_invents_is_refused() {
        let full = Enforcement(Layer::ALL.into_iter().map(|layer| (layer, Level::Full)).collect());
        let good = pack_enforcement(&full);
        let mut repeated = good.clone();
        repeated[1] = repeated[0].clone();
        let mut invented = good.clone();
        invented[0].1 = "total".into();
        for rows in [&good[1..], &repeated, &invented] {
            assert_eq!(unpack_enforcement(rows), None);
        }
    }

    #[test]
    fn an_end_is_told_in_exactly_one_way() {
        let end = |code, signal| Ended { code, signal, cpu_micros: 0, peak_memory: 0, stragglers: 0 }.exit();
        assert_eq!(end(Some(3), None), Some(ExitStatus::Code(3)));
        assert_eq!(end(None, Some(9)), Some(ExitStatus::Signal(9)));
        assert_eq!(end(None, None), None);
        assert_eq!(end(Some(0), Some(9)), None);
    }

    #[test]
    fn processor_time_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_millis(2500)), 3);
    }
}
