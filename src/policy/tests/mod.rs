//! Tests of the room as a whole: files in, findings or answers out.

mod cases;
mod comparing;
mod compiling;
mod deciding;
mod documentation;
mod environment;
mod evading;
mod findings;
mod formatting;
mod layering;
mod linting;
mod properties;
mod schema;
mod scripts;
mod shipped;
mod stage;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use jiff::Timestamp;

use super::*;
use crate::{
    command::{self, ResolvedCommand, ResolvedScript},
    diagnostic::{Diagnostic, Source},
    model::{
        ids::ExecId,
        request::{Principal, Request, Via},
    },
};

/// Compiles one file that has to be free of findings.
#[track_caller]
fn policy(text: &str) -> Arc<PolicySet> {
    let sources = [Source::new("test.toml", format!("version = 1\n{text}"))];
    let (set, findings) = compile(&sources);
    assert!(findings.is_empty(), "{findings:#?}");
    Arc::new(set.expect("no findings, so there is a policy"))
}

/// The findings of one file as `code at "text": message`, one for each.
fn findings(text: &str) -> Vec<String> {
    findings_of(&[Source::new("test.toml", text)])
}

fn findings_of(sources: &[Source]) -> Vec<String> {
    let (set, findings) = compile(sources);
    let errors = findings.iter().any(|(_, finding)| finding.severity == crate::diagnostic::Severity::Error);
    assert_eq!(set.is_none(), errors, "an error, and only an error, rejects the whole set");
    findings.iter().map(|(file, finding)| shown(&sources[*file], finding)).collect()
}

fn shown(source: &Source, finding: &Diagnostic) -> String {
    let place = finding.primary.as_ref().map_or("", |label| label.span.of(&source.text));
    format!("{} at {:?}: {}", finding.code, place.lines().next().unwrap_or(""), finding.message)
}

fn request() -> Request {
    Request::new(ExecId::new(), Timestamp::UNIX_EPOCH, Principal { id: "uid:1000".into(), via: Via::Cli }, "")
}

/// A command as the host would resolve it: found by PATH unless it holds a slash, where no job can write.
#[track_caller]
fn resolved(text: &str) -> ResolvedCommand {
    let tree = command::parse(text).expect(text);
    let commands: Vec<_> = tree.commands().collect();
    let [command] = commands.as_slice() else { panic!("{text} is not one command") };
    stage::program(command, &tree, 0, Some(&PathBuf::from(stage::ROOT)))
}

fn script(commands: Vec<ResolvedCommand>) -> ResolvedScript {
    let text = "true";
    let script = command::parse(text).expect(text);
    ResolvedScript {
        constructs: command::constructs(&script),
        script,
        cwd: PathBuf::from(stage::ROOT),
        roots: vec![PathBuf::from(stage::ROOT)],
        commands,
        files: vec![],
        directories: vec![],
        variables: vec![],
    }
}

fn judged(policy: &Arc<PolicySet>, commands: Vec<ResolvedCommand>) -> (Decision, Trace) {
    decide(policy, &request(), &script(commands))
}

/// The answer in short: `allow ID`, `ask ID`, or `deny CODE ID`.
#[track_caller]
fn answer(policy: &Arc<PolicySet>, text: &str) -> String {
    answer_to(policy, resolved(text))
}

fn answer_to(policy: &Arc<PolicySet>, command: ResolvedCommand) -> String {
    match judged(policy, vec![command]).0 {
        Decision::Allow(permit) => format!("allow {}", permit.rules()[0].id),
        Decision::Ask(question) => format!("ask {}", question.rule.id),
        Decision::Deny(denial) => {
            let rule = denial.rule.map(|rule| format!(" {rule}")).unwrap_or_default();
            format!("deny {}{rule}", denial.code)
        }
    }
}
