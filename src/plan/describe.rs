//! A plan in words: what `explain` prints and what the log's digest covers.

use std::{fmt::Write as _, path::PathBuf};

use sha2::{Digest, Sha256};

use crate::{
    model::{
        enforcement::Layer,
        hex::hex,
        size::{ByteSize, TimeSpan},
    },
    policy::{Network, StdinGrant},
};

use super::{Need, Run, SandboxPlan};

impl SandboxPlan {
    /// One `key  value` line for each part of the plan. The environment is given by name: values may be secrets.
    pub fn describe(&self) -> String {
        let mut out = String::new();
        let mut line = |key: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{key:<10} {value}");
        };
        match &self.run {
            Run::Program { program, argv } => {
                line("program", paths(std::slice::from_ref(program)));
                line("argv", crate::command::canonical(argv));
            }
            Run::Script { script, programs } => {
                line("script", crate::command::canonical(&[script.canonical()]));
                let named = |program: &Option<PathBuf>| program.clone().unwrap_or_else(|| "-".into());
                line("programs", paths(&programs.iter().map(named).collect::<Vec<_>>()));
            }
        }
        line("cwd", paths(std::slice::from_ref(&self.cwd)));
        line("env", self.env.keys().cloned().collect::<Vec<_>>().join(" "));
        line("read", paths(&self.files.read));
        line("write", paths(&self.files.write));
        line("hide", paths(&self.files.hide));
        line("protect", paths(&self.files.protect));
        line("tmp", format!("private, {}", self.files.tmp));
        line("network", network(self.network).into());
        line("layers", self.layers.iter().map(layer).collect::<Vec<_>>().join(" "));
        line("limits", self.limits_line());
        line("stdin", stdin(&self.stdin));
        line("rules", self.rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        line("policy", format!("sha256:{}", self.policy_digest));
        out
    }

    /// SHA-256 over the description, in hexadecimal: what the log holds of the plan.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.describe().as_bytes()))
    }

    fn limits_line(&self) -> String {
        let limits = &self.limits;
        let span = |d| if d == std::time::Duration::ZERO { "none".to_owned() } else { TimeSpan(d).to_string() };
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
