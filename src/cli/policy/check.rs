//! `stockade policy check`: read policies as the server would, and show every mistake.

use crate::{
    cli::{exit::Exit, output::Printer},
    config::{
        environment,
        policy::{Named, find, load},
    },
    diagnostic::{Code, Diagnostic, Severity, Source, summary},
    policy::{PolicySet, lint},
};

use super::report::{self, FormatArgs, Placed, Style};

/// Read policies as the server would, and show every mistake
///
/// Exit code 0 when there is no error, 1 when there is one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy check                        the policy that would be used here
  stockade policy check team.toml
  stockade policy check --format sarif team.toml > findings.sarif
  stockade policy check -D untested-rule -A no-reason team.toml")]
pub(super) struct Check {
    /// Shipped names or files; the policy that would be used when none is named
    policies: Vec<String>,
    /// Warnings of this code count as errors; `warnings` means all of them
    #[arg(short = 'D', long = "deny", value_name = "CODE", value_parser = code)]
    deny: Vec<Which>,
    /// Warnings of this code are left out; beats `-D`
    #[arg(short = 'A', long = "allow", value_name = "CODE", value_parser = code)]
    allow: Vec<Which>,
    #[command(flatten)]
    format: FormatArgs,
}

/// The warnings that `-D` or `-A` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    Of(Code),
}

fn code(text: &str) -> Result<Which, String> {
    if text == "warnings" {
        return Ok(Which::All);
    }
    let known = Code::ALL.iter().copied().find(|code| code.as_str() == text);
    known.map(Which::Of).ok_or_else(|| "no code has this name; `stockade policy codes` lists them".to_owned())
}

pub(super) fn run(args: &Check, printer: &mut Printer) -> Exit {
    let named: Vec<Named> = match args.policies.as_slice() {
        [] => vec![find(None, &environment)],
        names => names.iter().map(|name| find(Some(name), &environment)).collect(),
    };
    let style = args.format.style();
    let mut exit = Exit::Success;
    let mut all = Vec::new();
    for named in named {
        let (findings, set) = args.read(&named);
        if findings.iter().any(|(_, finding)| finding.severity == Severity::Error) {
            exit = Exit::Findings;
        }
        if style == Style::Human {
            report::print(&findings, style, printer);
            printer.data(conclusion(&named, &findings, set.as_ref()));
        }
        all.extend(findings);
    }
    if style != Style::Human {
        report::print(&all, style, printer);
    }
    exit
}

impl Check {
    /// The findings about one policy, and the policy, unless an error keeps it from loading.
    fn read(&self, named: &Named) -> (Vec<Placed>, Option<PolicySet>) {
        let (sources, mut findings, set) = match load(named) {
            Ok(loaded) => {
                let mut findings = loaded.warnings;
                findings.extend(lint(&loaded.sources));
                findings.sort_by_key(|(file, finding)| (*file, finding.primary.as_ref().map(|label| label.span)));
                (loaded.sources, findings, Some(loaded.set))
            }
            Err(failure) => (failure.sources, failure.findings, None),
        };
        findings.retain_mut(|(_, finding)| self.keeps(finding));
        let place = |(file, finding): (usize, Diagnostic)| {
            let source = sources.get(file).cloned().unwrap_or_else(|| Source::new(named.to_string(), ""));
            (source, finding)
        };
        (findings.into_iter().map(place).collect(), set)
    }

    /// Whether a finding is shown. A warning that is denied becomes an error.
    fn keeps(&self, finding: &mut Diagnostic) -> bool {
        let among = |list: &[Which]| list.contains(&Which::All) || list.contains(&Which::Of(finding.code));
        match finding.severity {
            Severity::Error => true,
            Severity::Warning if among(&self.allow) => false,
            Severity::Warning => {
                if among(&self.deny) {
                    finding.severity = Severity::Error;
                }
                true
            }
        }
    }
}

fn conclusion(named: &Named, findings: &[Placed], set: Option<&PolicySet>) -> String {
    let findings: Vec<_> = findings.iter().map(|(_, finding)| finding.clone()).collect();
    let words = summary(&findings);
    let words = if words.is_empty() { "no errors".to_owned() } else { words };
    match set {
        Some(set) => format!("{named}: {words}; {} rules, sha256:{}", set.rules().len(), set.digest),
        None => format!("{named}: {words}; not loaded"),
    }
}
