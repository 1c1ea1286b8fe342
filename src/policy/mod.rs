//! The policy: what may run. Compiled from TOML, judged purely: no clock, no file, no environment.
//!
//! Three steps, each a file: `raw` reads one file with the place of every key, [`compile()`] joins files into a
//! [`PolicySet`], [`decide()`] judges a script by it. One section of the language is one file. This room never opens a file,
//! never asks what exists on the machine, and never weakens a rule that it does not understand: it refuses the file.

#![forbid(unsafe_code)]

mod args;
mod assumed;
mod beside;
mod blocklist;
mod case;
mod compare;
mod compile;
mod cover;
mod crew;
mod decide;
mod decision;
mod env;
mod example;
mod exercise;
mod findings;
mod forbid;
mod grants;
mod index;
mod input;
mod inside;
mod judge;
mod limits;
mod format;
mod git;
mod language;
mod layers;
mod lint;
mod locate;
mod name;
mod narrow;
mod near;
mod path;
mod pattern;
mod places;
mod program;
mod programs;
mod raw;
mod reader;
mod rough;
mod rule;
mod sandbox;
mod schema;
mod settings;
mod shell;
mod shipped;
mod show;
mod similar;
#[cfg(test)]
mod tests;
mod trace;
mod subject;
mod switch;
mod words;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::limits::Limits;

pub use blocklist::{BLOCKLIST_VERSION, Entry, blocklist};
pub use case::Got;
pub use compare::{AnswerChange, Difference, RuleChange, RuleEvent, SettingChange, Side, Way, compare};
pub use compile::{compile, extends};
pub use decide::{Permit, decide};
pub use decision::{CommandTrace, Decision, Question, Standing, Trace};
pub use env::EnvRules;
pub use exercise::{Exercise, Kind, Tried, exercise};
pub use format::format;
use index::Index;
use layers::Layer;
pub use layers::layered;
pub use lint::lint;
pub use narrow::Narrowing;
pub use pattern::Pattern;
pub use programs::Need;
use programs::Programs;
use rule::Fit;
pub use rule::{Rule, StdinGrant, Verdict};
pub use sandbox::{Network, SandboxRules};
pub use schema::schema;
pub use settings::{Lean, Setting, SettingValue, settings};
pub use shell::{ShellRules, Unknown};
pub use shipped::{shipped, shipped_names};
pub use show::{
    EntryShown, OptionShown, ProgramShown, RuleShown, Shown, USES, rules_about, show, show_blocklist, show_program,
    show_rules,
};
use subject::Subject;
use words::Words;
pub use workspace::Places;

/// A compiled, consistent set of rules.
#[derive(Clone, Debug)]
pub struct PolicySet {
    /// The name of the outermost policy.
    pub name: String,
    /// SHA-256 over all sources, in hexadecimal.
    pub digest: String,
    /// Where jobs work.
    pub places: Places,
    /// The environment of jobs.
    pub env: EnvRules,
    /// The sandbox around jobs.
    pub sandbox: SandboxRules,
    /// What scripts may consist of.
    pub shell: ShellRules,
    /// What jobs may use.
    pub limits: Limits,
    /// Where the audit log lies, when the policy says so.
    pub audit_dir: Option<String>,
    /// By id.
    rules: Vec<Rule>,
    index: Index,
    programs: Programs,
    /// Entries of the built-in blocklist that the top file switches off, with its reasons.
    off: BTreeMap<String, String>,
    files: Vec<(String, String)>,
    /// Lists of patterns from the settings; a command has to match one of each.
    narrowing: Vec<Vec<regex::Regex>>,
    /// The policies that hold together, the system's first; none when one holds alone. Then what this set says is what they
    /// have in common, and each of them judges by its own rules.
    layers: Vec<Layer>,
}

impl PolicySet {
    /// The files that the policy was compiled from, base first: name, and SHA-256 in hexadecimal.
    pub fn files(&self) -> &[(String, String)] {
        &self.files
    }

    /// The entries of the built-in blocklist that are switched off, by id, with the reasons.
    pub fn switched_off(&self) -> &BTreeMap<String, String> {
        &self.off
    }

    fn is_switched_off(&self, id: &str) -> bool {
        self.off.contains_key(id)
    }

    /// The texts among a command's words that may name files, by what is known of its program; every word where nothing
    /// is. The places are those of words that are not known.
    pub fn named_files(&self, argv: &[String], unknown: &[usize]) -> BTreeSet<String> {
        let words = Words { argv: argv.to_vec(), unknown: unknown.to_vec() };
        if self.layers.is_empty() {
            return self.programs.files(&words);
        }
        self.layers.iter().flat_map(|layer| layer.set.programs.files(&words)).collect()
    }

    /// The rules that apply to a command, by id, and how surely.
    fn fitting<'p>(&'p self, subject: &Subject<'_>) -> impl Iterator<Item = (&'p Rule, Fit)> {
        let about = subject.about.iter().filter_map(|at| self.rules.get(*at));
        about.map(|rule| (rule, rule.fit(subject))).filter(|(_, fit)| *fit != Fit::No)
    }

    /// The rules, by id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
