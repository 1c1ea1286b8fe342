//! `[[test]]`: a script and the answer that the policy has to give. Judged whenever the policy is loaded, by the judgement
//! that requests get, as if every program were where it should be.

mod script;
mod trial;

use std::collections::BTreeMap;

use crate::diagnostic::Code;

use super::{findings::Spanned, reader::Reader, rule::Verdict};

pub use self::trial::Got;
pub(super) use self::trial::{judge, try_case};

/// One test as written.
#[derive(Clone, Debug)]
pub(super) struct RawCase {
    pub(super) name: Option<String>,
    pub(super) run: Spanned<String>,
    pub(super) cwd: Option<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) expect: Expect,
}

/// The answer that a test wants; what is not named may be anything.
#[derive(Clone, Debug)]
pub(super) struct Expect {
    pub(super) decision: Verdict,
    pub(super) rule: Option<String>,
    pub(super) code: Option<Code>,
}

/// In `expect`, the rule that stands for "no rule".
pub(super) const NO_RULE: &str = "default";

impl RawCase {
    /// Reads one test. What is wrong with it is in the findings.
    pub(super) fn read(mut table: Reader<'_, '_>) -> Option<Self> {
        if !table.holds("run") {
            table.missing("run", "a test needs the script that is judged");
        }
        let run = table.text("run");
        let name = table.text("name").map(|name| name.value);
        let cwd = table.text("cwd").map(|cwd| cwd.value);
        let env = table.map("env").unwrap_or_default();
        let env = env.into_iter().map(|(name, value)| (name.value, value.value)).collect();
        if !table.holds("expect") {
            table.missing("expect", "a test needs the answer that it expects");
        }
        let expect = table.table("expect", "`expect`").and_then(Expect::read);
        table.finish();
        Some(Self { name, run: run?, cwd, env, expect: expect? })
    }
}

impl RawCase {
    /// What a finding says when a test does not hold.
    pub(super) fn failure(name: Option<&str>, expected: &str) -> String {
        let name = name.map_or_else(String::new, |name| format!(" `{}`", name.escape_debug()));
        format!("the test{name} expects {expected}")
    }
}

impl Expect {
    fn read(mut table: Reader<'_, '_>) -> Option<Self> {
        if !table.holds("decision") {
            table.missing("decision", "write `allow`, `ask` or `deny`");
        }
        let decision = table.parsed("decision", Verdict::from_word);
        let rule = table.text("rule").map(|rule| rule.value);
        let code = table.parsed("code", |text| {
            let known = Code::ALL.iter().copied().find(|code| code.as_str() == text);
            known.ok_or("no code has this name; `stockade policy codes` lists them")
        });
        if let (Some(code), Some(Verdict::Allow)) = (&code, decision.as_ref().map(|decision| decision.value)) {
            let message = format!("`code` has the value `{}`", code.value);
            table.findings().error(Code::BadValue, code, message, "what is allowed has no code");
        }
        table.finish();
        Some(Self { decision: decision?.value, rule, code: code.map(|code| code.value) })
    }
}
