//! All examples and tests of a policy, tried one by one: which hold, and which rules none of them exercises.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Source, Span};

use super::{
    PolicySet,
    case::{Got, RawCase, try_case},
    compile::{set_of, stages},
    example::World,
    findings::{Findings, Spanned},
    raw::RawPolicy,
    rule::RawRule,
};

/// What came of the examples and tests of a policy.
#[derive(Clone, Debug, Default)]
pub struct Exercise {
    /// Each of them: the examples by their rules, then the tests, base first.
    pub tried: Vec<Tried>,
    /// How many rules there are.
    pub rules: usize,
    /// What does not hold, as errors, and the rules that nothing exercises, as warnings. When the policy has other
    /// errors, those alone: nothing is tried then.
    pub findings: Vec<(usize, Diagnostic)>,
    /// Whether the policy could be read, so that its examples and tests were tried.
    pub complete: bool,
}

/// One example or test.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What it promises.
    pub kind: Kind,
    /// The script.
    pub text: String,
    /// Index of the source that holds it.
    pub file: usize,
    /// Its place there.
    pub span: Span,
    /// The answer that it wants, in words.
    pub expected: String,
    /// The answer that it got, in words.
    pub got: String,
    /// The judgement of a test.
    pub judged: Option<Got>,
    /// Whether it holds.
    pub holds: bool,
}

/// What an example or a test promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The rule of that id matches.
    Match(String),
    /// The rule of that id does not match.
    NoMatch(String),
    /// The policy gives an answer. The test's name, if it has one.
    Test(Option<String>),
}

/// Tries every example and test of a policy, base first.
pub fn exercise(sources: &[Source]) -> Exercise {
    let mut findings = Findings::default();
    let stages = stages(sources, &mut findings);
    let Some(whole) = stages.last() else { return Exercise::default() };
    if findings.has_errors() {
        return Exercise { findings: findings.into_sorted(), ..Exercise::default() };
    }
    let mut findings = Findings::default();
    let mut trials = Trials::default();
    let world = World::of(whole);
    whole.rules.iter().for_each(|rule| trials.examples(&world, rule));
    for stage in stages.iter().filter(|stage| !stage.cases.is_empty()) {
        trials.cases(stage, sources);
    }
    trials.report(whole, &mut findings);
    let (tried, rules) = (trials.tried, whole.rules.len());
    Exercise { tried, rules, findings: findings.into_sorted(), complete: true }
}

/// A finding for each rule that no example and no test exercises.
pub(super) fn untested(stages: &[RawPolicy], sources: &[Source], findings: &mut Findings) {
    let mut trials = Trials::default();
    let Some(whole) = stages.last() else { return };
    let world = World::of(whole);
    whole.rules.iter().for_each(|rule| trials.examples(&world, rule));
    stages.iter().filter(|stage| !stage.cases.is_empty()).for_each(|stage| trials.cases(stage, sources));
    trials.report_untested(whole, findings);
}

#[derive(Default)]
struct Trials {
    tried: Vec<Tried>,
    failures: Vec<(usize, Diagnostic)>,
    /// Ids of the rules that something matches.
    exercised: BTreeSet<String>,
}

impl Trials {
    fn examples(&mut self, world: &World, raw: &RawRule) {
        let id = || raw.id.value.clone();
        for example in &raw.matching {
            let problem = world.match_problem(&raw.rule, &example.value);
            if problem.is_none() {
                self.exercised.insert(id());
            }
            let got = problem.clone().unwrap_or_else(|| "the rule matches".to_owned());
            self.add(Kind::Match(id()), example, ["a match".to_owned(), got], problem.is_none());
        }
        for example in &raw.not_matching {
            let holds = world.no_match_problem(&raw.rule, &example.value).is_none();
            let got = if holds { "no match" } else { "the rule matches" };
            self.add(Kind::NoMatch(id()), example, ["no match".to_owned(), got.to_owned()], holds);
        }
    }

    fn cases(&mut self, stage: &RawPolicy, sources: &[Source]) {
        let set = set_of(stage, sources);
        for case in &stage.cases {
            let trial = try_case(case, &set);
            self.exercised.extend(trial.matched.iter().filter(|rule| is_of(&set, rule)).map(|rule| rule.id.clone()));
            let words = [case.expect.shown(), trial.got.shown()];
            self.add(Kind::Test(case.name.clone()), &case.run, words, trial.holds);
            if let Some(tried) = self.tried.last_mut() {
                tried.judged = Some(trial.got);
            }
        }
    }

    fn add(&mut self, kind: Kind, text: &Spanned<String>, [expected, got]: [String; 2], holds: bool) {
        if !holds {
            let (code, message) = match &kind {
                Kind::Match(id) => (Code::ExampleFails, format!("an example of the rule `{id}` has to match")),
                Kind::NoMatch(id) => (Code::ExampleFails, format!("an example of the rule `{id}` must not match")),
                Kind::Test(name) => (Code::TestFails, RawCase::failure(name.as_deref(), &expected)),
            };
            self.failures.push((text.file, Diagnostic::error(code, message).at(text.span, format!("got {got}"))));
        }
        let (text, file, span) = (text.value.clone(), text.file, text.span);
        self.tried.push(Tried { kind, text, file, span, expected, got, judged: None, holds });
    }

    fn report(&mut self, whole: &RawPolicy, findings: &mut Findings) {
        for (file, failure) in std::mem::take(&mut self.failures) {
            findings.add(file, failure);
        }
        self.report_untested(whole, findings);
    }

    fn report_untested(&self, whole: &RawPolicy, findings: &mut Findings) {
        for raw in whole.rules.iter().filter(|raw| !self.exercised.contains(&raw.id.value)) {
            let message = format!("no example and no test exercises the rule `{}`", raw.id.value);
            let finding = Diagnostic::warning(Code::UntestedRule, message)
                .at(raw.id.span, "nothing shows what it matches")
                .with_hint("add `examples.match` with commands that it is meant for");
            findings.add(raw.id.file, finding);
        }
    }
}

/// Whether a rule stands in the files, and not in a layer above them.
fn is_of(set: &PolicySet, rule: &crate::model::denial::RuleRef) -> bool {
    set.rules().iter().any(|known| known.place() == rule)
}

/// The scripts of all examples and tests of a policy, whatever they promise.
pub(super) fn texts(sources: &[Source]) -> Vec<String> {
    let stages = stages(sources, &mut Findings::default());
    let rules = stages.last().map(|whole| whole.rules.as_slice()).unwrap_or_default();
    let examples = rules.iter().flat_map(|raw| raw.matching.iter().chain(&raw.not_matching));
    let tests = stages.iter().flat_map(|stage| &stage.cases).map(|case| &case.run);
    examples.chain(tests).map(|text| text.value.clone()).collect()
}
