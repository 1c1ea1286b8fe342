//! What holds for all policies and commands.

use proptest::prelude::*;

use super::*;

/// Rules over a small world of commands, so that they often meet.
fn rule() -> impl Strategy<Value = String> {
    let decision = prop_oneof![4 => Just("allow"), 1 => Just("ask"), 1 => Just("deny")];
    let program =
        prop_oneof![Just(""), Just("program = 'git'\n"), Just("program = ['ls', './x']\n"), Just("program = 'sudo'\n")];
    let command = prop_oneof![
        Just(""),
        Just("command = 'git .*'\n"),
        Just("command = '(ls|git) (a|b)'\n"),
        Just("command = '.*'\n"),
        Just("command = '.* b'\n"),
    ];
    let stdin = prop_oneof![Just("none"), Just("any"), Just("a+"), Just("b")];
    (decision, program, command, stdin).prop_map(|(decision, program, command, stdin)| {
        let about = if program.is_empty() && command.is_empty() { "program = 'cat'\n" } else { "" };
        let stdin = if decision == "deny" { "none" } else { stdin };
        format!("decision = '{decision}'\n{program}{command}{about}stdin = '{stdin}'\nreason = 'r'\n")
    })
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(rule(), 0..6)
        .prop_map(|rules| rules.iter().enumerate().map(|(n, rule)| format!("[[rule]]\nid = 'r{n}'\n{rule}")).collect())
}

fn command() -> impl Strategy<Value = ResolvedCommand> {
    let text = prop::sample::select(vec![
        "git a",
        "git b",
        "ls a",
        "ls",
        "./x b",
        "/tmp/ls a",
        "sudo a",
        "cat",
        "rm -rf /",
        "env git b",
        "echo 'git b'",
    ]);
    (text, prop::bool::weighted(0.1)).prop_map(|(text, writable)| {
        let mut command = resolved(text);
        command.program.writable = writable;
        command
    })
}

/// Everything about an answer but where the rules stand.
fn told(policy: &Arc<PolicySet>, commands: &[ResolvedCommand]) -> String {
    let (decision, trace) = judged(policy, commands.to_vec());
    let answer = match decision {
        Decision::Allow(permit) => format!("{:?} {:?}", ids(permit.rules()), permit.stdin()),
        Decision::Ask(question) => format!("ask {} {}", question.rule, question.reason),
        Decision::Deny(denial) => {
            format!("{} {:?} {} {:?}", denial.code, denial.rule.map(|rule| rule.id), denial.reason, denial.hint)
        }
    };
    let trace: Vec<_> = trace
        .commands
        .into_iter()
        .map(|trace| {
            (
                trace.matched.into_iter().map(|(rule, word)| (rule.id, word)).collect::<Vec<_>>(),
                trace.nearest.map(|(rule, why)| (rule.id, why)),
            )
        })
        .collect();
    format!("{answer} {trace:?}")
}

fn ids(rules: &[crate::model::denial::RuleRef]) -> Vec<&str> {
    rules.iter().map(|rule| rule.id.as_str()).collect()
}

fn strictness(decision: &Decision) -> u8 {
    match decision {
        Decision::Allow(_) => 0,
        Decision::Ask(_) => 1,
        Decision::Deny(_) => 2,
    }
}

proptest! {
    // Each case compiles policies; a hundred of them meet every pair of rules often.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn order_of_rules_never_matters(rules in rules(), commands in prop::collection::vec(command(), 1..3), by in 0_usize..6) {
        let mut turned = rules.clone();
        turned.rotate_left(by.min(rules.len()));
        let mut reversed = rules.clone();
        reversed.reverse();
        let first = told(&policy(&rules.concat()), &commands);
        prop_assert_eq!(&first, &told(&policy(&turned.concat()), &commands));
        prop_assert_eq!(&first, &told(&policy(&reversed.concat()), &commands));
    }

    #[test]
    fn one_more_deny_or_ask_rule_never_loosens(rules in rules(), more in rule(), deny in any::<bool>(), command in command()) {
        let verdict = if deny { "deny" } else { "ask" };
        let (_, about) = more.split_once('\n').expect("a decision first");
        let about: String = about.lines().filter(|line| !line.starts_with("stdin")).map(|line| format!("{line}\n")).collect();
        let more = format!("[[rule]]\nid = 'more'\ndecision = '{verdict}'\n{about}");
        let before = judged(&policy(&rules.concat()), vec![command.clone()]).0;
        let after = judged(&policy(&(rules.concat() + &more)), vec![command]).0;
        // Where nothing allowed, an ask rule makes a person's yes possible; it never lets anything run by itself.
        let least = if deny { strictness(&before) } else { strictness(&before).min(1) };
        prop_assert!(strictness(&after) >= least);
    }

    #[test]
    fn one_more_command_never_loosens(rules in rules(), commands in prop::collection::vec(command(), 1..3), more in command()) {
        let set = policy(&rules.concat());
        let before = strictness(&judged(&set, commands.clone()).0);
        let mut longer = commands;
        longer.push(more);
        prop_assert!(strictness(&judged(&set, longer).0) >= before);
    }

    #[test]
    fn without_an_allow_rule_nothing_runs(rules in rules(), command in command()) {
        let rules: String = rules.into_iter().filter(|rule| !rule.contains("'allow'")).collect();
        prop_assert!(strictness(&judged(&policy(&rules), vec![command]).0) > 0);
    }

    #[test]
    fn no_text_makes_the_compiler_panic_or_half_accept(text in "(version = 1\n)?(\\[\\[?(rule|env|limits|sandbox)\\]\\]?\n|[a-z]{1,6} = ('[a-z(é*]{0,5}'|[0-9]|\\[|\\{|\"\\\\x\")\n|.){0,8}") {
        let (set, found) = compile(&[Source::new("x", text.clone())]);
        let errors = found.iter().any(|(_, f)| f.severity == crate::diagnostic::Severity::Error);
        prop_assert_eq!(set.is_none(), errors);
        for (_, finding) in &found {
            let place = finding.primary.as_ref().map(|label| label.span).unwrap_or_default();
            prop_assert!(text.get(place.start..place.end).is_some(), "{:?}", finding);
        }
    }
}
