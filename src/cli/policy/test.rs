//! `stockade policy test`: every example and test of a policy, and the rules that none of them exercises.

use serde_json::{Value, json};

use crate::{
    cli::{exit::Exit, output::Printer},
    config::{
        environment,
        policy::{find, sources},
    },
    diagnostic::{Code, Severity, Source},
    policy::{Exercise, Kind, Tried, exercise},
};

use super::report::{self, FormatArgs, Placed, Style};

/// Try every example and `[[test]]` of policies, and name the rules that none of them exercises; runs nothing
///
/// Exit code 0 when all of them hold, 1 when one does not, 125 when a policy cannot be read. With `--strict`, a rule that
/// nothing exercises is a failure as well.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade policy test team.toml
  stockade policy test --strict --format plain team.toml
  stockade policy test --json developer")]
pub(super) struct Test {
    /// Shipped names or files; the policy that would be used when none is named
    policies: Vec<String>,
    /// Rules that no example and no test exercises are failures
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &Test, printer: &mut Printer) -> Exit {
    let named: Vec<Option<&str>> = match args.policies.as_slice() {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let style = args.format.style();
    let mut exit = Exit::Success;
    let mut all = Vec::new();
    for name in named {
        let named = find(name, &environment);
        let (sources, mut result) = match sources(&named) {
            Ok(sources) => {
                let result = exercise(&sources);
                (sources, result)
            }
            Err(failure) => (failure.sources, Exercise { findings: failure.findings, ..Exercise::default() }),
        };
        if args.strict {
            result.findings.iter_mut().for_each(|(_, finding)| finding.severity = Severity::Error);
        }
        exit = worse(exit, exit_of(&result));
        let findings = placed(&sources, &result);
        match style {
            Style::Human => {
                report::print(&findings, style, printer);
                printer.data(conclusion(&named.to_string(), &result));
            }
            Style::Json => {
                result.tried.iter().for_each(|tried| printer.data(object(&sources, tried)));
                report::print(&unexercised(findings, &result), style, printer);
            }
            Style::Plain | Style::Sarif => all.extend(findings),
        }
    }
    match style {
        Style::Human | Style::Json => {}
        Style::Plain | Style::Sarif => report::print(&all, style, printer),
    }
    exit
}

/// As JSON, each example and test is an object of its own, so that only the other findings are left to print.
fn unexercised(findings: Vec<Placed>, result: &Exercise) -> Vec<Placed> {
    let told = |code: Code| result.complete && matches!(code, Code::ExampleFails | Code::TestFails);
    findings.into_iter().filter(|(_, finding)| !told(finding.code)).collect()
}

fn placed(sources: &[Source], result: &Exercise) -> Vec<Placed> {
    let findings = result.findings.iter();
    findings.filter_map(|(file, finding)| Some((sources.get(*file)?.clone(), finding.clone()))).collect()
}

fn exit_of(result: &Exercise) -> Exit {
    let failed = result.findings.iter().any(|(_, finding)| finding.severity == Severity::Error);
    match (result.complete, failed) {
        (false, _) => Exit::Failure,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Success,
    }
}

fn worse(left: Exit, right: Exit) -> Exit {
    if left == Exit::Failure || right == Exit::Success { left } else { right }
}

fn conclusion(name: &str, result: &Exercise) -> String {
    if !result.complete {
        return format!("{name}: cannot be read; nothing was tried");
    }
    let is_test = |tried: &&Tried| matches!(tried.kind, Kind::Test(_));
    let tests = result.tried.iter().filter(is_test).count();
    let failed = result.tried.iter().filter(|tried| !tried.holds).count();
    let untested = result.findings.iter().filter(|(_, finding)| finding.code == Code::UntestedRule).count();
    let exercised = result.rules.saturating_sub(untested);
    let outcome = if failed == 0 { "all hold".to_owned() } else { format!("{failed} FAILED") };
    let examples = result.tried.len().saturating_sub(tests);
    format!("{name}: examples {examples}, tests {tests}: {outcome}; {exercised} of {} rules exercised", result.rules)
}

fn object(sources: &[Source], tried: &Tried) -> Value {
    let (kind, rule, name) = match &tried.kind {
        Kind::Match(id) => ("match", Some(id), None),
        Kind::NoMatch(id) => ("no_match", Some(id), None),
        Kind::Test(name) => ("test", None, name.as_ref()),
    };
    let source = sources.get(tried.file);
    let (line, column) = source.map_or((1, 1), |source| source.position(tried.span.start));
    let judged = tried.judged.as_ref().map(super::diff::got);
    json!({
        "kind": kind, "rule": rule, "name": name, "run": tried.text, "holds": tried.holds,
        "expected": tried.expected, "got": tried.got, "judged": judged,
        "file": source.map(|source| source.name.as_str()), "line": line, "column": column,
    })
}
