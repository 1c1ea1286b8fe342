//! What holds for all policies and commands.

use proptest::prelude::*;

use super::{
    stage::{acts, whole},
    *,
};

/// Rules over a small world of commands, so that they often meet.
fn rule() -> impl Strategy<Value = String> {
    let decision = prop_oneof![4 => Just("allow"), 1 => Just("ask"), 1 => Just("deny")];
    let program = prop_oneof![
        Just(""),
        Just("program = 'git'\n"),
        Just("program = ['ls', './x']\n"),
        Just("program = 'sudo'\n"),
        Just(
            "program = ['rm', 'chmod', 'dd', 'cp', 'find', 'crontab', 'env', 'timeout', 'nice', 'xargs', 'bash', 'git', 'ls']\n"
        ),
    ];
    let command = prop_oneof![
        Just(""),
        Just("command = 'git .*'\n"),
        Just("command = '(ls|git) (a|b)'\n"),
        Just("command = '.*'\n"),
        Just("command = '.* b'\n"),
    ];
    let stdin = prop_oneof![Just("none"), Just("any"), Just("a+"), Just("b")];
    let grants = prop_oneof![3 => Just("grants = ['any']\n"), 1 => Just("grants = ['unlisted']\n"), 1 => Just("")];
    (decision, program, command, stdin, grants).prop_map(|(decision, program, command, stdin, grants)| {
        let about = if program.is_empty() && command.is_empty() { "program = 'cat'\n" } else { "" };
        let stdin = if decision == "deny" { "none" } else { stdin };
        let grants = if decision == "allow" { grants } else { "" };
        format!("decision = '{decision}'\n{program}{command}{about}{grants}stdin = '{stdin}'\nreason = 'r'\n")
    })
}

pub(super) fn rules() -> impl Strategy<Value = Vec<String>> {
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

pub(super) fn strictness(decision: &Decision) -> u8 {
    match decision {
        Decision::Allow(_) => 0,
        Decision::Ask(_) => 1,
        Decision::Deny(_) => 2,
    }
}

/// Simple commands that rules, wrappers and the blocklist have something to say about.
const COMMANDS: &[&str] = &[
    "git a",
    "git b",
    "git a b",
    "ls a",
    "ls a b",
    "./x b",
    "sudo a",
    "cat",
    "rm -rf /",
    "rm -r -- /usr",
    "chmod -R 777 /",
    "dd if=x of=/dev/sda",
    "cp a /dev/sda",
    "find / -delete",
    "crontab -l x",
    "mount x",
    "env git b",
    "env -u A git b",
    "env -S 'git b' x",
    "timeout -k 5 9 sudo a",
    "nice -n 5 git b",
    "xargs -I x rm -rf /",
    "find . -name x -exec git b ';'",
    "bash -c 'git b'",
    "bash -o x -c 'rm -rf /'",
    "echo 'git b'",
];

/// Scripts over them, with files, directories and variables.
pub(super) fn text() -> impl Strategy<Value = String> {
    let around = prop::sample::select(vec!["", "", "", " > out", " > /etc/x", " < /etc/x", " 2> /dev/sda"]);
    let before = prop::sample::select(vec!["", "", "", "A=1 ", "B=1 "]);
    let simple = (before, prop::sample::select(COMMANDS.to_vec()), around)
        .prop_map(|(before, command, around)| format!("{before}{command}{around}"));
    let part = prop_oneof![
        8 => simple,
        1 => prop::sample::select(vec!["cd sub", "cd /etc", "cd ..", ":", "exit 1"]).prop_map(str::to_owned),
    ];
    let operator = prop::sample::select(vec!["; ", " | ", " && ", " || ", "\n"]);
    (part.clone(), prop::collection::vec((operator, part), 0..3)).prop_map(|(first, rest)| {
        rest.into_iter().fold(first, |text, (operator, part)| format!("{text}{operator}{part}"))
    })
}

fn of_rules(rules: &[String], more: &str) -> Arc<PolicySet> {
    policy(&format!("{}[env]\nclient = ['A']\n{more}", rules.concat()))
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
        let about: String = about.lines().filter(|line| !line.starts_with("stdin") && !line.starts_with("grants")).map(|line| format!("{line}\n")).collect();
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

    #[test]
    fn more_of_a_script_never_loosens(rules in rules(), first in text(), more in text(), deny in any::<bool>()) {
        let set = of_rules(&rules, if deny { "[shell]\nunknown = 'deny'" } else { "" });
        let before = strictness(&decide(&set, &request(), &whole(&first)).0);
        let longer = whole(&format!("{first}\n{more}"));
        prop_assert!(strictness(&decide(&set, &request(), &longer).0) >= before);
    }

    #[test]
    fn acts_that_are_known_get_the_answer_that_their_script_got(rules in rules(), text in text(), deny in any::<bool>()) {
        let set = of_rules(&rules, if deny { "[shell]\nunknown = 'deny'" } else { "" });
        let script = whole(&text);
        let first = decide(&set, &request(), &script).0;
        // Variables are judged before the start alone.
        let none = ResolvedScript { variables: vec![], ..script.clone() };
        let mut second: Vec<_> = acts(&none).iter().map(|act| decide(&set, &request(), act).0).collect();
        let strictest = second.iter().map(strictness).max().unwrap_or(0);
        let by_variable = script.variables.iter().any(|variable| variable.name != "A");
        prop_assert_eq!(strictness(&first), if by_variable { 2 } else { strictest });
        if let Decision::Allow(permit) = &first {
            let one_by_one: Vec<_> = second.drain(..).map(|answer| match answer {
                Decision::Allow(permit) => ids(permit.rules()).join(" "),
                Decision::Ask(_) | Decision::Deny(_) => "refused".to_owned(),
            }).filter(|rule| !rule.is_empty()).collect();
            prop_assert_eq!(ids(permit.rules()), one_by_one);
        }
    }

    #[test]
    fn a_word_that_is_not_known_never_loosens_where_it_counts(rules in rules(), text in text(), at in any::<prop::sample::Index>(), word in any::<prop::sample::Index>()) {
        let set = of_rules(&rules, "[shell]\nunknown = 'deny'");
        let mut script = whole(&text);
        prop_assume!(!script.commands.is_empty());
        let before = strictness(&decide(&set, &request(), &script).0);
        let index = at.index(script.commands.len());
        let command = &mut script.commands[index];
        prop_assume!(command.argv.len() > 1);
        let place = 1 + word.index(command.argv.len() - 1);
        command.unknown = vec![place];
        command.argv[place] = "*.x".to_owned();
        // A person may be asked about what may be something to ask about; nothing runs by itself.
        prop_assert!(strictness(&decide(&set, &request(), &script).0) >= before.min(1));
    }

    #[test]
    fn what_is_refused_at_the_start_is_refused_at_its_turn(rules in rules(), text in text(), at in any::<prop::sample::Index>(), word in any::<prop::sample::Index>()) {
        let set = of_rules(&rules, "");
        let exact = whole(&text);
        prop_assume!(!exact.commands.is_empty());
        let mut unknown = exact.clone();
        let index = at.index(unknown.commands.len());
        let command = &mut unknown.commands[index];
        prop_assume!(command.argv.len() > 1);
        let place = 1 + word.index(command.argv.len() - 1);
        command.unknown = vec![place];
        let without = ResolvedScript { commands: vec![unknown.commands[index].clone()], files: vec![], directories: vec![], variables: vec![], ..unknown };
        let with = ResolvedScript { commands: vec![exact.commands[index].clone()], ..without.clone() };
        // What it turns out to be is one of its values, so the first answer is the mildest.
        let (first, second) = (decide(&set, &request(), &without).0, decide(&set, &request(), &with).0);
        prop_assert!(strictness(&first) <= strictness(&second));
    }
}
