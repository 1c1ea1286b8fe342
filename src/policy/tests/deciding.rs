//! Answers to single commands.

use super::*;

const RULES: &str = r#"
    [[rule]]
    id = "git-read"
    decision = "allow"
    command = 'git (status|log)( .*)?'
    grants = ["any"]
    reason = "reads"
    [[rule]]
    id = "ls"
    decision = "allow"
    program = "ls"
    grants = ["any"]
    reason = "reads"
    [[rule]]
    id = "no-secret"
    decision = "deny"
    command = '.*secret.*'
    reason = "secrets stay where they are"
    hint = "leave them alone"
    [[rule]]
    id = "no-curl"
    decision = "deny"
    program = "curl"
    reason = "no network"
    [[rule]]
    id = "publish"
    decision = "ask"
    command = 'npm publish'
    reason = "goes out to the world"
    [[rule]]
    id = "npm"
    decision = "allow"
    program = "npm"
    command = 'npm (test|publish)( .*)?'
    grants = ["any"]
    reason = "tests"
    [[rule]]
    id = "run-it"
    decision = "allow"
    program = ["./run.sh", "/opt/tool/bin/x"]
    grants = ["any"]
    reason = "ours"
"#;

#[test]
fn an_allow_rule_allows() {
    let set = policy(RULES);
    assert_eq!(answer(&set, "git status"), "allow git-read");
    assert_eq!(answer(&set, "git log --oneline 'a b'"), "allow git-read");
    assert_eq!(answer(&set, "ls -l /etc"), "allow ls");
}

#[test]
fn what_no_rule_allows_is_denied() {
    let set = policy(RULES);
    assert_eq!(answer(&set, "git push"), "deny no-rule");
    assert_eq!(answer(&set, "cat x"), "deny no-rule");
    assert_eq!(answer(&policy(""), "true"), "deny no-rule");
}

#[test]
fn no_command_is_no_permission() {
    let (decision, _) = judged(&policy(RULES), Vec::new());
    assert!(matches!(decision, Decision::Deny(denial) if denial.code == crate::diagnostic::Code::EmptyCommand));
}

#[test]
fn deny_beats_ask_beats_allow() {
    let set = policy(RULES);
    assert_eq!(answer(&set, "ls secret"), "deny denied-by-rule test/no-secret");
    assert_eq!(answer(&set, "npm publish"), "ask publish");
    assert_eq!(answer(&set, "npm test"), "allow npm");
    assert_eq!(answer(&set, "npm publish secret"), "deny denied-by-rule test/no-secret");
}

#[test]
fn the_blocklist_stands_above_every_rule() {
    let set =
        policy("[[rule]]\nid = 'all'\ndecision = 'allow'\ncommand = '.*'\ngrants = ['any']\nreason = 'everything'");
    assert_eq!(answer(&set, "rm -rf /"), "deny blocklisted builtin/remove-system");
    assert_eq!(answer(&set, "env A=1 timeout 5 sudo ls"), "deny blocklisted builtin/privilege");
    assert_eq!(answer(&set, "bash -c 'rm -rf /'"), "deny blocklisted builtin/remove-system");
    assert_eq!(answer(&set, "grep 'rm -rf /' x"), "allow all");
    assert_eq!(answer(&set, "git commit -m 'fix fdisk docs'"), "allow all");
}

#[test]
fn a_denial_names_rule_reason_hint_and_place() {
    let set = policy(RULES);
    let mut command = resolved("ls secret");
    command.span = crate::diagnostic::Span::new(3, 12);
    let (Decision::Deny(denial), trace) = judged(&set, vec![command]) else { panic!("denied") };
    let rule = denial.rule.expect("a rule");
    assert_eq!(
        (rule.layer.as_str(), rule.id.as_str(), rule.at.as_deref()),
        ("test", "no-secret", Some("test.toml:15:5"))
    );
    assert_eq!(denial.reason, "secrets stay where they are");
    assert_eq!(denial.hint.as_deref(), Some("leave them alone"));
    assert_eq!(denial.span, Some(crate::diagnostic::Span::new(3, 12)));
    let matched: Vec<_> = trace.commands[0].matched.iter().map(|(rule, word)| (rule.id.as_str(), *word)).collect();
    assert_eq!(matched, [("ls", "allow"), ("no-secret", "deny")]);
    assert_eq!(trace.commands[0].canonical, "ls secret");
}

#[test]
fn the_nearest_miss_is_named() {
    let set = policy(RULES);
    let hint = |text| {
        let Decision::Deny(denial) = judged(&set, vec![resolved(text)]).0 else { panic!("{text} is allowed") };
        denial.hint.unwrap_or_default()
    };
    assert_eq!(hint("git push"), "rule `git-read` comes near: it takes commands that match `git (status|log)( .*)?`");
    assert_eq!(hint("npm run x"), "rule `npm` comes near: it takes commands that match `npm (test|publish)( .*)?`");
    assert_eq!(
        hint("/tmp/evil/ls"),
        "rule `ls` comes near: it is about the program that PATH finds; write `ls` without a directory"
    );
    assert!(hint("gti status").starts_with("did you mean `git`? the policy allows `./run.sh`"));
    let (_, trace) = judged(&set, vec![resolved("git push")]);
    assert_eq!(trace.commands[0].nearest.as_ref().map(|(rule, _)| rule.id.as_str()), Some("git-read"));
}

#[test]
fn a_name_stands_for_what_path_finds() {
    let set = policy(RULES);
    for text in ["/tmp/evil/ls", "./ls", "/usr/bin/ls -l", "/tmp/evil/git status", "../git log"] {
        assert_eq!(answer(&set, text), "deny no-rule", "{text}");
    }
}

#[test]
fn a_deny_rule_finds_its_program_by_any_path() {
    let set = policy(RULES);
    for text in ["curl", "/usr/bin/curl http://x", "./curl", "/tmp/evil/curl"] {
        assert_eq!(answer(&set, text), "deny denied-by-rule test/no-curl", "{text}");
    }
    let mut linked = resolved("./fetch");
    linked.program.real = "/usr/bin/curl".into();
    assert_eq!(answer_to(&set, linked), "deny denied-by-rule test/no-curl");
}

#[test]
fn a_deny_rule_looks_inside_and_an_allow_rule_does_not() {
    let set = policy(&format!(
        "{RULES}\n[[rule]]\nid = 'run'\ndecision = 'allow'\nprogram = ['timeout', 'bash', 'find']\ngrants = ['any']\nreason = 'r'"
    ));
    for text in ["timeout 5 curl x", "timeout 5 /usr/bin/curl x", "timeout 5 env -i nice curl", "bash -c 'curl x'"] {
        assert_eq!(answer(&set, text), "deny denied-by-rule test/no-curl", "{text}");
    }
    assert_eq!(answer(&set, "find . -exec curl -T {} x ';'"), "deny denied-by-rule test/no-curl");
    assert_eq!(answer(&set, "timeout 5 cat x"), "allow run");
    assert_eq!(answer(&set, "env ls"), "deny no-rule");
}

#[test]
fn what_runs_more_than_can_be_looked_through_is_denied() {
    let set =
        policy("[[rule]]\nid = 'any'\ndecision = 'allow'\nprogram = ['find', 'env']\ngrants = ['any']\nreason = 'r'");
    for (start, more) in [("find .", " -exec find"), ("env", " -S env")] {
        assert_eq!(answer(&set, &format!("{start}{}", more.repeat(3))), "allow any");
        assert_eq!(answer(&set, &format!("{start}{}", more.repeat(1000))), "deny too-many-commands");
    }
}

#[test]
fn a_path_is_named_as_it_is_written() {
    let set = policy(RULES);
    assert_eq!(answer(&set, "./run.sh --fast"), "allow run-it");
    assert_eq!(answer(&set, "/opt/tool/bin/x"), "allow run-it");
    for text in ["run.sh", "../run.sh", "/tmp/run.sh", "./sub/run.sh", "/opt/tool/bin/y", "x"] {
        assert_eq!(answer(&set, text), "deny no-rule", "{text}");
    }
}

#[test]
fn a_link_of_another_name_to_a_named_program_is_not_it() {
    let set =
        policy("[[rule]]\nid = 'box'\ndecision = 'allow'\nprogram = '/bin/busybox'\ngrants = ['any']\nreason = 'r'");
    let mut link = resolved("/builds/project/ash");
    link.program.real = "/bin/busybox".into();
    assert_eq!(answer_to(&set, link), "deny no-rule");
    assert_eq!(answer(&set, "/bin/busybox"), "allow box");
}

#[test]
fn a_program_that_jobs_can_write_needs_its_path_in_a_rule() {
    let set = policy(RULES);
    let writable = |text| {
        let mut command = resolved(text);
        command.program.writable = true;
        answer_to(&set, command)
    };
    assert_eq!(writable("ls"), "deny program-writable");
    assert_eq!(writable("git status"), "deny program-writable");
    assert_eq!(writable("./run.sh"), "allow run-it");
    assert_eq!(writable("curl"), "deny denied-by-rule test/no-curl");
}

#[test]
fn both_program_and_command_have_to_match() {
    let set = policy(
        "[[rule]]\nid = 'x'\ndecision = 'allow'\nprogram = 'git'\ncommand = '[a-z]+ status'\ngrants = ['any']\nreason = 'r'",
    );
    assert_eq!(answer(&set, "git status"), "allow x");
    assert_eq!(answer(&set, "svn status"), "deny no-rule");
    assert_eq!(answer(&set, "git log"), "deny no-rule");
}

#[test]
fn patterns_see_canonical_text() {
    let set =
        policy("[[rule]]\nid = 'x'\ndecision = 'allow'\ncommand = 'git log [a-z]+'\ngrants = ['any']\nreason = 'r'");
    assert_eq!(answer(&set, r#"g"it"   'log' ma\in"#), "allow x");
    assert_eq!(answer(&set, "git log 'a b'"), "deny no-rule");
    let glued = vec!["git log".to_owned(), "main".to_owned()];
    assert_eq!(answer_to(&set, assumed::assumed(glued)), "deny no-rule");
}

#[test]
fn a_line_feed_in_an_argument_is_no_way_around_a_deny_rule() {
    let set = policy(
        "[[rule]]\nid = 'e'\ndecision = 'allow'\nprogram = 'echo'\ngrants = ['any']\nreason = 'r'\n\
        [[rule]]\nid = 'no'\ndecision = 'deny'\ncommand = 'echo .*x'\nreason = 'r'",
    );
    let argv = vec!["echo".to_owned(), "a\nb".to_owned(), "x".to_owned()];
    assert_eq!(answer_to(&set, assumed::assumed(argv)), "deny denied-by-rule test/no");
}

/// A policy whose rules allow `python3` with these grants.
fn granting(grants: &[&str]) -> Arc<PolicySet> {
    let rule = |(n, grant): (usize, &&str)| {
        format!(
            "[[rule]]\nid = 'r{n}'\ndecision = 'allow'\nprogram = 'python3'\ngrants = ['any']\nreason = 'r'\nstdin = '{grant}'\n"
        )
    };
    policy(&grants.iter().enumerate().map(rule).collect::<String>())
}

fn stdin_of(set: &Arc<PolicySet>, commands: Vec<ResolvedCommand>) -> (StdinGrant, Vec<String>) {
    let Decision::Allow(permit) = judged(set, commands).0 else { panic!("not allowed") };
    (permit.stdin().clone(), permit.rules().iter().map(|rule| rule.id.clone()).collect())
}

#[test]
fn what_several_rules_grant_on_stdin_adds_up() {
    let grant = |grants: &[&str]| stdin_of(&granting(grants), vec![resolved("python3")]);
    assert_eq!(grant(&["none"]).0, StdinGrant::None);
    assert_eq!(grant(&["none", "any"]), (StdinGrant::Any, vec!["r1".to_owned()]));
    assert_eq!(grant(&["any", "a+"]).0, StdinGrant::Any);
    let (StdinGrant::Matching(pattern), rules) = grant(&["none", "a+|x", "b"]) else { panic!("a pattern") };
    assert_eq!(rules, ["r1"]);
    assert!(pattern.is_match("aa") && pattern.is_match("x") && pattern.is_match("b"));
    assert!(!pattern.is_match("ab") && !pattern.is_match("xb"));
}

#[test]
fn the_commands_of_a_script_share_the_narrowest_input() {
    let set = policy(
        "[[rule]]\nid = 'a'\ndecision = 'allow'\nprogram = 'python3'\ngrants = ['any']\nreason = 'r'\nstdin = 'any'\n\
        [[rule]]\nid = 'b'\ndecision = 'allow'\nprogram = 'ls'\ngrants = ['any']\nreason = 'r'",
    );
    let (stdin, rules) = stdin_of(&set, vec![resolved("python3"), resolved("ls")]);
    assert_eq!((stdin, rules), (StdinGrant::None, vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn a_script_gets_the_strictest_answer() {
    let set = policy(RULES);
    let word = |texts: &[&str]| judged(&set, texts.iter().map(|text| resolved(text)).collect()).0.as_str();
    assert_eq!(word(&["ls", "git status"]), "allow");
    assert_eq!(word(&["ls", "npm publish"]), "ask");
    assert_eq!(word(&["npm publish", "ls", "cat x"]), "deny");
}

#[test]
fn settings_narrow_and_never_widen() {
    let narrowed = |patterns: &[&str]| {
        let commands = patterns.iter().map(|p| regex::Regex::new(&format!(r"\A(?:{p})\z")).expect(p)).collect();
        let by = Narrowing { commands: Some(commands), ..Narrowing::default() };
        Arc::new(PolicySet::clone(&policy(RULES)).narrowed(&by))
    };
    let set = narrowed(&["git .*", "npm .*", "cat .*"]);
    assert_eq!(answer(&set, "git status"), "allow git-read");
    assert_eq!(answer(&set, "ls"), "deny narrowed-by-settings settings/MCP_BG_ALLOWED_COMMANDS");
    assert_eq!(answer(&set, "cat x"), "deny no-rule");
    assert_eq!(answer(&set, "curl x"), "deny denied-by-rule test/no-curl");
    assert_eq!(answer(&set, "npm publish"), "ask publish");
    assert_eq!(answer(&narrowed(&[]), "ls"), "deny narrowed-by-settings settings/MCP_BG_ALLOWED_COMMANDS");
}

#[test]
fn a_setting_that_is_not_anchored_still_has_to_match_all() {
    let by = Narrowing { commands: Some(vec![regex::Regex::new("ls").expect("valid")]), ..Narrowing::default() };
    let set = Arc::new(PolicySet::clone(&policy(RULES)).narrowed(&by));
    assert_eq!(answer(&set, "ls"), "allow ls");
    assert_eq!(answer(&set, "ls -l"), "deny narrowed-by-settings settings/MCP_BG_ALLOWED_COMMANDS");
}

#[test]
fn settings_lower_limits_and_never_raise_them() {
    use crate::model::size::ByteSize;
    use std::time::Duration;
    let limits = |jobs, output, wall| {
        let by = Narrowing {
            jobs: Some(jobs),
            output: Some(ByteSize(output)),
            wall: Some(Duration::from_secs(wall)),
            commands: None,
        };
        let limits = PolicySet::clone(&policy("[limits]\njobs = 5\noutput = '10B'\nwall = '60s'")).narrowed(&by).limits;
        (limits.jobs, limits.output.0, limits.wall.as_secs())
    };
    assert_eq!(limits(2, 3, 10), (2, 3, 10));
    assert_eq!(limits(50, 30, 100), (5, 10, 60));
    assert_eq!(limits(5, 10, 0), (5, 10, 60));
    let open = PolicySet::clone(&policy("[limits]\nwall = '0'"));
    let by = Narrowing { wall: Some(Duration::from_secs(9)), ..Narrowing::default() };
    assert_eq!(open.narrowed(&by).limits.wall, Duration::from_secs(9));
}
