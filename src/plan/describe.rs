//! A plan in words: what `explain` prints and what the log's digest covers.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{
    model::{
        enforcement::Layer,
        hex::hex,
        limits::Limits,
        size::{ByteSize, TimeSpan},
    },
    policy::{Network, StdinGrant},
};

use super::{FilePlan, Need, Run, SandboxPlan};

impl SandboxPlan {
    /// One `key  value` line for each part of the plan. The environment is given by name: values may be secrets.
    pub fn describe(&self) -> String {
        let mut out = String::new();
        match &self.run {
            Run::Program { program, argv } => {
                line(&mut out, "program", paths(std::slice::from_ref(program)));
                line(&mut out, "argv", crate::command::canonical(argv));
            }
            Run::Script { script, programs } => {
                line(&mut out, "script", crate::command::canonical(&[script.canonical()]));
                let named = |program: &Option<PathBuf>| program.clone().unwrap_or_else(|| "-".into());
                line(&mut out, "programs", paths(&programs.iter().map(named).collect::<Vec<_>>()));
            }
        }
        self.enclosure().add_to(&mut out);
        line(&mut out, "stdin", stdin(&self.stdin));
        line(&mut out, "rules", self.rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        line(&mut out, "policy", format!("sha256:{}", self.policy_digest));
        out
    }

    /// SHA-256 over the description, in hexadecimal: what the log holds of the plan.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.describe().as_bytes()))
    }

    fn enclosure(&self) -> Enclosure<'_> {
        Enclosure {
            cwd: &self.cwd,
            env: &self.env,
            files: &self.files,
            network: self.network,
            layers: &self.layers,
            limits: &self.limits,
            wall: self.wall,
        }
    }
}

/// What surrounds a job, whatever runs in it.
pub(super) struct Enclosure<'a> {
    pub(super) cwd: &'a Path,
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) files: &'a FilePlan,
    pub(super) network: Network,
    pub(super) layers: &'a [(Layer, Need)],
    pub(super) limits: &'a Limits,
    pub(super) wall: Duration,
}

impl Enclosure<'_> {
    pub(super) fn describe(&self) -> String {
        let mut out = String::new();
        self.add_to(&mut out);
        out
    }

    fn add_to(&self, out: &mut String) {
        line(out, "cwd", paths(&[self.cwd.to_owned()]));
        line(out, "env", self.env.keys().cloned().collect::<Vec<_>>().join(" "));
        line(out, "read", paths(&self.files.read));
        line(out, "write", paths(&self.files.write));
        line(out, "hide", paths(&self.files.hide));
        line(out, "protect", paths(&self.files.protect));
        line(out, "tmp", format!("private, {}", self.files.tmp));
        line(out, "network", network(self.network).into());
        line(out, "layers", self.layers.iter().map(layer).collect::<Vec<_>>().join(" "));
        line(out, "limits", self.limits_line());
    }

    fn limits_line(&self) -> String {
        let limits = self.limits;
        let span = |d| if d == Duration::ZERO { "none".to_owned() } else { TimeSpan(d).to_string() };
        let size = |s: ByteSize| if s.0 == 0 { "none".to_owned() } else { s.to_string() };
        let count = |n: u64| if n == 0 { "none".to_owned() } else { n.to_string() };
        format!(
            "wall {} idle {} cpu {} memory {} processes {} files {} file_size {} output {} stdin {} grace {}",
            span(self.wall),
            span(limits.idle),
            span(limits.cpu),
            size(limits.memory),
            count(limits.processes),
            limits.files,
            size(limits.file_size),
            limits.output,
            limits.stdin,
            span(limits.grace),
        )
    }
}

fn line(out: &mut String, key: &str, value: String) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{key:<10} {value}");
}

/// Paths as canonical text, so that two different plans never share one description.
fn paths(list: &[PathBuf]) -> String {
    let list: Vec<String> = list.iter().map(|p| p.display().to_string()).collect();
    if list.is_empty() { "-".into() } else { crate::command::canonical(&list) }
}

fn network(network: Network) -> &'static str {
    match network {
        Network::None => "none",
    }
}

fn stdin(grant: &StdinGrant) -> String {
    match grant {
        StdinGrant::None => "none".into(),
        StdinGrant::Any => "any".into(),
        StdinGrant::Matching(pattern) => format!("lines that match `{}`", pattern.as_str()),
    }
}

fn layer((layer, need): &(Layer, Need)) -> String {
    let need = match need {
        Need::Required => "required",
        Need::Preferred => "preferred",
    };
    format!("{}={need}", layer.as_str())
}
