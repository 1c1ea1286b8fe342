//! Every setting of a policy as it holds in the end: by name, with its value, and with what more of it means.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::command::Construct;
use crate::model::{limits::Rate, size::TimeSpan};

use super::{PolicySet, args::Scope, sandbox::Network, shell::Unknown};

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its table and its key, such as `sandbox.read`.
    pub key: &'static str,
    /// Its value.
    pub value: SettingValue,
    /// What more of it means.
    pub lean: Lean,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// Entries; their order means nothing.
    List(Vec<String>),
    /// Names and their values.
    Map(BTreeMap<String, String>),
    /// An amount: as it is written, and as a number that grows with it. No limit is the largest.
    Amount(String, u128),
    /// A word.
    Text(String),
}

/// What more of a setting means for jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// They may do more.
    Loosens,
    /// They may do less.
    Tightens,
    /// It cannot be told by the value alone.
    Neither,
}

/// All settings of a policy, by table.
pub fn settings(set: &PolicySet) -> Vec<Setting> {
    let mut all = places(set);
    all.extend(limits(set));
    let dir = set.audit_dir.clone().unwrap_or_else(|| "the state directory".to_owned());
    all.push(Setting { key: "audit.dir", value: SettingValue::Text(dir), lean: Lean::Neither });
    all
}

fn places(set: &PolicySet) -> Vec<Setting> {
    let list = |key, entries: &[String], lean| Setting { key, value: SettingValue::List(entries.to_vec()), lean };
    let names = |key, entries: Vec<&str>, lean| {
        let entries = entries.into_iter().map(str::to_owned).collect();
        Setting { key, value: SettingValue::List(entries), lean }
    };
    let (env, sandbox) = (&set.env, &set.sandbox);
    vec![
        list("workspace.roots", &set.places.roots, Lean::Loosens),
        list("workspace.protect", &set.places.protect, Lean::Tightens),
        names("env.pass", env.pass_patterns().collect(), Lean::Loosens),
        Setting { key: "env.set", value: SettingValue::Map(env.set.clone()), lean: Lean::Neither },
        names("env.client", env.client_patterns().collect(), Lean::Loosens),
        names("env.deny", env.deny_patterns().collect(), Lean::Tightens),
        names("shell.allow", set.shell.allowed().map(Construct::as_str).collect(), Lean::Loosens),
        amount(
            "shell.unknown",
            set.shell.unknown.as_str().to_owned(),
            u128::from(set.shell.unknown == Unknown::AtExec),
        ),
        amount("shell.paths", set.shell.paths.as_str().to_owned(), u128::from(set.shell.paths != Scope::Workspace)),
        list("sandbox.read", &sandbox.read, Lean::Loosens),
        list("sandbox.write", &sandbox.write, Lean::Loosens),
        list("sandbox.hide", &sandbox.hide, Lean::Tightens),
        amount("sandbox.network", sandbox.network.as_str().to_owned(), u128::from(sandbox.network != Network::None)),
        names("sandbox.require", sandbox.require.iter().map(|layer| layer.as_str()).collect(), Lean::Tightens),
        amount("sandbox.tmp", sandbox.tmp.to_string(), u128::from(sandbox.tmp.0)),
    ]
}

fn limits(set: &PolicySet) -> Vec<Setting> {
    let limits = &set.limits;
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let span = |key, span: Duration| {
        let rank = if span.is_zero() { u128::MAX } else { span.as_millis() };
        amount(key, TimeSpan(span).to_string(), rank)
    };
    let word = |key, span: Duration| Setting {
        key,
        value: SettingValue::Text(TimeSpan(span).to_string()),
        lean: Lean::Neither,
    };
    vec![
        amount("limits.jobs", limits.jobs.to_string(), u128::from(wide(limits.jobs))),
        amount("limits.queue", limits.queue.to_string(), u128::from(wide(limits.queue))),
        amount(
            "limits.rate",
            limits.rate.map_or_else(|| "0".to_owned(), |rate| rate.to_string()),
            per_day(limits.rate),
        ),
        span("limits.wall", limits.wall),
        span("limits.idle", limits.idle),
        span("limits.cpu", limits.cpu),
        amount("limits.memory", limits.memory.to_string(), unless_zero(limits.memory.0)),
        amount("limits.processes", limits.processes.to_string(), unless_zero(limits.processes)),
        amount("limits.files", limits.files.to_string(), u128::from(limits.files)),
        amount("limits.file_size", limits.file_size.to_string(), unless_zero(limits.file_size.0)),
        amount("limits.output", limits.output.to_string(), u128::from(limits.output.0)),
        amount("limits.stdin", limits.stdin.to_string(), u128::from(limits.stdin.0)),
        word("limits.grace", limits.grace),
        word("limits.retention", limits.retention),
    ]
}

fn amount(key: &'static str, shown: String, rank: u128) -> Setting {
    Setting { key, value: SettingValue::Amount(shown, rank), lean: Lean::Loosens }
}

/// Zero stands for no limit.
fn unless_zero(count: u64) -> u128 {
    if count == 0 { u128::MAX } else { u128::from(count) }
}

fn per_day(rate: Option<Rate>) -> u128 {
    const DAY: u128 = 86_400_000;
    rate.map_or(u128::MAX, |rate| u128::from(rate.count) * DAY / rate.per.as_millis().max(1))
}

impl fmt::Display for SettingValue {
    /// As a policy would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| format!("{text:?}");
        match self {
            Self::List(entries) => {
                write!(f, "[{}]", entries.iter().map(|entry| quoted(entry)).collect::<Vec<_>>().join(", "))
            }
            Self::Map(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| format!("{name} = {}", quoted(value)));
                write!(f, "{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
            }
            Self::Amount(shown, _) if shown.bytes().all(|b| b.is_ascii_digit()) => f.write_str(shown),
            Self::Amount(text, _) | Self::Text(text) => f.write_str(&quoted(text)),
        }
    }
}
