//! Answers to whole scripts, and to their acts one by one.

use super::{
    stage::{acts, tell, whole},
    *,
};

const RULES: &str = r#"
    [[rule]]
    id = "look"
    decision = "allow"
    program = ["ls", "cat", "wc", "echo", "env", "timeout", "find", "bash", "xargs", "rm", "dd", "cp"]
    grants = ["any"]
    reason = "reads"
    [[rule]]
    id = "git"
    decision = "allow"
    command = 'git (status|log|add)( .*)?'
    grants = ["any"]
    reason = "reads"
    [[rule]]
    id = "no-curl"
    decision = "deny"
    program = "curl"
    reason = "no network"
    [[rule]]
    id = "no-force"
    decision = "deny"
    command = 'git add .*-f.*'
    reason = "what is ignored stays out"
    [[rule]]
    id = "publish"
    decision = "ask"
    command = 'npm publish .*'
    reason = "goes out to the world"
    [env]
    client = ["RUST_*", "LANG"]
    [sandbox]
    write = ["workspace"]
    [shell]
    paths = "sandbox"
"#;

fn at_exec() -> Arc<PolicySet> {
    policy(RULES)
}

fn known_first() -> Arc<PolicySet> {
    policy(&format!("{RULES}\nunknown = 'deny'"))
}

#[track_caller]
fn table(policy: &Arc<PolicySet>, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(tell(policy, &whole(text)), *expected, "{text}");
    }
}

#[test]
fn every_command_of_a_script_is_judged() {
    table(
        &at_exec(),
        &[
            ("ls | wc -l", "allow look look"),
            ("ls && git status || cat x; echo y", "allow look git look look"),
            ("(cd src; ls) | wc", "allow look look"),
            ("ls | curl x", "deny denied-by-rule test/no-curl `curl x`"),
            ("ls; python3 x", "deny no-rule `python3 x`"),
            ("ls; rm -rf /", "deny blocklisted builtin/remove-system `rm -rf /`"),
            ("ls $(curl x)", "deny denied-by-rule test/no-curl `curl x`"),
            ("echo \"$(ls | cat)\"", "allow look look look"),
            ("ls; python3 x; curl y", "deny no-rule `python3 x`"),
            ("! ls", "allow look"),
            ("npm publish x | cat", "ask publish"),
        ],
    );
}

#[test]
fn a_script_of_builtins_alone_runs_nothing() {
    let nothing = policy("");
    table(&nothing, &[("cd src", "allow"), (":", "allow"), ("exit 0", "allow"), ("cd src && (:; exit 1)", "allow")]);
    table(&nothing, &[("cd ..", "deny cwd-outside workspace/roots `cd ..`"), ("ls", "deny no-rule `ls`")]);
    let empty = ResolvedScript { commands: vec![], ..whole("ls") };
    assert_eq!(tell(&at_exec(), &empty), "deny empty-command");
}

#[test]
fn constructs_that_the_policy_leaves_out_are_refused() {
    let only = |names: &str| policy(&format!("{RULES}\nallow = [{names}]"));
    let everything = "A=1 ls ~ $HOME *.c \"$(! cat <x)\" <<<y && (ls; cat) || ls | wc <(cat)";
    let script = whole(everything);
    for construct in command::Construct::ALL {
        let name = construct.as_str();
        let others: Vec<_> = command::Construct::ALL.iter().filter(|other| *other != construct).collect();
        let others: Vec<_> = others.iter().map(|other| format!("'{}'", other.as_str())).collect();
        let answer = tell(&only(&others.join(", ")), &script);
        assert!(answer.starts_with(&format!("deny construct-denied shell/{name} `")), "{name}: {answer}");
    }
    table(
        &only("'pipe'"),
        &[
            ("ls | wc", "allow look look"),
            ("ls", "allow look"),
            ("ls 2>&1 | wc", "allow look look"),
            ("ls; wc", "deny construct-denied shell/seq `wc`"),
            ("ls | wc > x", "deny construct-denied shell/redirect `> x`"),
            ("ls *.c", "deny construct-denied shell/glob `*`"),
            // The first in the text is named.
            ("ls *.c && wc > x", "deny construct-denied shell/glob `*`"),
        ],
    );
    let denial = |names| match decide(&only(names), &request(), &whole("ls; wc")).0 {
        Decision::Deny(denial) => denial.hint.expect("a hint"),
        Decision::Allow(_) | Decision::Ask(_) => panic!("`;` is left out"),
    };
    assert_eq!(denial("'pipe', 'and'"), "the policy allows `and`, `pipe`");
    assert_eq!(denial(""), "the policy takes one program with its arguments and nothing else");
}

#[test]
fn constructs_that_have_got_values_are_still_seen() {
    let set = policy(&format!("{RULES}\nallow = ['pipe']"));
    let mut script = whole("ls | cat $HOME");
    script.script = command::fill(&script.script, &[("HOME".to_owned(), "/x".to_owned())].into()).expect("known");
    assert_eq!(tell(&set, &script), "deny construct-denied shell/variable `$HOME`");
}

#[test]
fn what_is_not_known_yet_is_left_to_the_second_judgement() {
    table(
        &at_exec(),
        &[
            ("ls *.rs", "allow look"),
            ("git add *.rs", "allow git"),
            ("env $(cat x)", "allow look look"),
            ("rm -rf *.o", "allow look"),
            ("rm -rf $(echo a/../../../../..)", "allow look look"),
            ("npm publish *.tgz", "ask publish"),
            ("ls > \"$(cat x)\"", "allow look look"),
            ("cd \"$(cat x)\" && ls", "allow look look"),
            // Denied whatever the words are.
            ("curl *.rs", "deny denied-by-rule test/no-curl `curl *.rs`"),
            ("timeout 5 curl *.rs", "deny denied-by-rule test/no-curl `timeout 5 curl *.rs`"),
            ("bash -c 'curl *'", "deny denied-by-rule test/no-curl `bash -c 'curl *'`"),
            ("rm -rf /*", "deny blocklisted builtin/remove-system `rm -rf /*`"),
            // Not for every value: `$(cat x)` may be `ls`.
            ("env $(cat x) rm -rf /", "allow look look"),
            ("echo x > /dev/sd\"$(cat y)\"", "deny blocklisted builtin/write-device `> /dev/sd\"$(cat y)\"`"),
            ("git push *.rs", "deny no-rule `git push *.rs`"),
            ("python3 *.py", "deny no-rule `python3 *.py`"),
        ],
    );
}

#[test]
fn a_policy_can_want_to_know_everything_first() {
    let unknown = "deny unknown-at-start shell/unknown";
    table(
        &known_first(),
        &[
            ("ls *.rs", "allow look"),
            ("echo \"$(ls)\"", "allow look look"),
            ("git add *.rs", &format!("{unknown} `*.rs`")),
            ("git add -A", "allow git"),
            ("git log *.rs", &format!("{unknown} `*.rs`")),
            ("env ls *.rs", "allow look"),
            ("env $(cat x)", &format!("{unknown} `$(cat x)`")),
            ("xargs rm $(cat x)", &format!("{unknown} `$(cat x)`")),
            ("timeout $(cat x) ls", &format!("{unknown} `$(cat x)`")),
            ("find . -name *.c", &format!("{unknown} `*.c`")),
            ("bash -c \"$(cat x)\"", &format!("{unknown} `\"$(cat x)\"`")),
            ("rm *.o", &format!("{unknown} `*.o`")),
            ("cp *.o x", &format!("{unknown} `*.o`")),
            ("dd if=x \"$(cat y)\"", &format!("{unknown} `\"$(cat y)\"`")),
            // Some option of npm may run a command, and nobody knows that a name does not begin with a dash.
            ("npm publish *.tgz", &format!("{unknown} `*.tgz`")),
            ("curl *.rs", "deny denied-by-rule test/no-curl `curl *.rs`"),
            ("git push *.rs", "deny no-rule `git push *.rs`"),
            ("ls > \"$(cat x)\"", &format!("{unknown} `> \"$(cat x)\"`")),
            ("cd \"$(cat x)\"", &format!("{unknown} `cd \"$(cat x)\"`")),
        ],
    );
}

#[test]
fn a_refusal_of_the_unknown_says_what_and_why() {
    let reason = |text: &str| match decide(&known_first(), &request(), &whole(text)).0 {
        Decision::Deny(denial) => (denial.reason, denial.hint.expect("a hint").contains("[shell] unknown")),
        Decision::Allow(_) | Decision::Ask(_) => panic!("{text} is allowed"),
    };
    for (text, expected) in [
        ("git add *.rs", "`*.rs` is not known yet, and rule `no-force` denies some of what it may be"),
        ("git log *.rs", "`*.rs` is not known yet, and rule `git` may not allow all that it may be"),
        ("rm *.o", "`*.o` is not known yet, and the built-in blocklist refuses some of what it may be"),
        ("ls > \"$(cat x)\"", "the file of `> \"$(cat x)\"` is not known yet"),
        ("cd \"$(cat x)\"", "the directory of `cd` is not known yet"),
    ] {
        assert_eq!(reason(text), (expected.to_owned(), true), "{text}");
    }
    let mut nowhere = whole("ls");
    nowhere.commands[0].cwds.clear();
    assert_eq!(tell(&known_first(), &nowhere), "deny unknown-at-start shell/unknown `ls`");
    assert_eq!(tell(&at_exec(), &nowhere), "allow look");
}

#[test]
fn settings_that_may_match_are_asked_again() {
    let narrowed = |set: Arc<PolicySet>, patterns: &[&str]| {
        let patterns = patterns.iter().map(|pattern| regex::Regex::new(pattern).expect(pattern)).collect();
        let by = Narrowing { commands: Some(patterns), ..Narrowing::default() };
        Arc::new(PolicySet::clone(&set).narrowed(&by))
    };
    table(&narrowed(at_exec(), &["ls a"]), &[("ls *", "allow look")]);
    table(&narrowed(known_first(), &["ls .*"]), &[("ls *", "deny unknown-at-start shell/unknown `*`")]);
    let none = "deny narrowed-by-settings settings/MCP_BG_ALLOWED_COMMANDS `ls *`";
    table(&narrowed(at_exec(), &[]), &[("ls *", none)]);
    table(&narrowed(known_first(), &[]), &[("ls *", none)]);
}

#[test]
fn redirections_reach_as_far_as_jobs_do() {
    let outside = |key: &str, text: &str| format!("deny redirection-outside {key} `{text}`");
    let device = |text: &str| format!("deny blocklisted builtin/write-device `{text}`");
    table(
        &at_exec(),
        &[
            ("ls > out 2>> sub/err", "allow look"),
            ("ls > /tmp/x", "allow look"),
            ("ls > /dev/null 2>&1", "allow look"),
            ("cat < /etc/passwd", "allow look"),
            (": > x", "allow"),
            ("ls > ../x", &outside("sandbox/write", "> ../x")),
            ("ls >> /etc/passwd", &outside("sandbox/write", ">> /etc/passwd")),
            ("ls >| /etc/passwd", &outside("sandbox/write", ">| /etc/passwd")),
            (": > /etc/x", &outside("sandbox/write", "> /etc/x")),
            ("cat < /home/dev/x", &outside("sandbox/read", "< /home/dev/x")),
            ("cat < /etc/shadow", &outside("sandbox/read", "< /etc/shadow")),
            ("echo x > .git/config", &outside("workspace/protect", "> .git/config")),
            ("echo x > sub/../.git/hooks/pre-commit", &outside("workspace/protect", "> sub/../.git/hooks/pre-commit")),
            ("cat < .git/config", "allow look"),
            ("(cd sub; ls > ../x)", "allow look"),
            ("cd sub; ls > ../../../x", &outside("sandbox/write", "> ../../../x")),
            ("cat x > /dev/sda", &device("> /dev/sda")),
            ("cat x >> //dev/./sda1", &device(">> //dev/./sda1")),
            ("cat x > ../../dev/nvme0n1", &device("> ../../dev/nvme0n1")),
            (": > /dev/mem", &device("> /dev/mem")),
            ("ls 2> /dev/disk/by-id/usb", &device("2> /dev/disk/by-id/usb")),
            ("bash -c 'cat x > /dev/sda'", &device("bash -c 'cat x > /dev/sda'")),
            ("env bash -ec 'cat x >> /dev/sda'", &device("env bash -ec 'cat x >> /dev/sda'")),
            ("cat < /dev/sda", &outside("sandbox/read", "< /dev/sda")),
            ("cat x > /dev/tty", &outside("sandbox/write", "> /dev/tty")),
        ],
    );
}

#[test]
fn a_link_to_a_device_is_the_device() {
    let mut script = whole("cat x > disk.img");
    script.files[0].place = Some(("/dev/sda".into(), crate::model::workspace::Reach::Nothing));
    assert_eq!(tell(&at_exec(), &script), "deny blocklisted builtin/write-device `> disk.img`");
}

#[test]
fn a_refused_redirection_says_where_jobs_can_go() {
    let told = |text: &str| match decide(&at_exec(), &request(), &whole(text)).0 {
        Decision::Deny(denial) => (denial.reason, denial.hint.expect("a hint")),
        Decision::Allow(_) | Decision::Ask(_) => panic!("{text} is allowed"),
    };
    let (reason, hint) = told("ls > /etc/x");
    assert_eq!(
        (reason.as_str(), hint.as_str()),
        ("jobs cannot write `/etc/x`", "jobs can write the workspace (`.`), `/tmp`")
    );
    let (reason, hint) = told("cat < /home/x");
    assert_eq!(reason, "jobs cannot read `/home/x`");
    assert!(hint.starts_with("jobs can read the workspace (`.`), `/usr`"), "{hint}");
    let (reason, _) = told("ls > .git/config");
    assert_eq!(reason, "jobs cannot write `/builds/project/.git/config`: the policy protects `.git/config`");
    let (reason, hint) = told("cd /etc; ls");
    assert_eq!(
        (reason.as_str(), hint.as_str()),
        ("the directory `/etc` lies outside the workspace", "a script can enter the workspace (`.`)")
    );
}

#[test]
fn a_variable_before_a_command_is_one_of_the_client() {
    table(
        &at_exec(),
        &[
            ("RUST_LOG=debug ls", "allow look"),
            ("LANG=C RUST_X=1 ls", "allow look"),
            ("ls; A=1 ls", "deny env-refused env/client `A=1`"),
            ("LD_PRELOAD=x ls", "deny env-refused env/client `LD_PRELOAD=x`"),
        ],
    );
    let by_request = at_exec().env.build(&BTreeMap::new(), &[("A".to_owned(), "1".to_owned())].into());
    let (Err(by_request), Decision::Deny(by_prefix)) = (by_request, decide(&at_exec(), &request(), &whole("A=1 ls")).0)
    else {
        panic!("both are refused")
    };
    assert_eq!(
        (by_request.code, by_request.reason, by_request.hint),
        (by_prefix.code, by_prefix.reason, by_prefix.hint)
    );
}

#[test]
fn every_directory_in_which_a_command_may_run_counts() {
    let set = at_exec();
    let mut script = whole("rm -rf ../../etc");
    script.commands[0].cwds = vec!["/builds/project/a/b".into()];
    assert_eq!(tell(&set, &script), "allow look");
    script.commands[0].cwds.push("/builds/project".into());
    assert_eq!(tell(&set, &script), "deny blocklisted builtin/remove-system `rm -rf ../../etc`");
    script.commands[0].cwds.clear();
    assert_eq!(tell(&set, &script), "deny blocklisted builtin/remove-system `rm -rf ../../etc`");
}

#[test]
fn the_input_of_a_script_is_that_of_its_readers() {
    let set = policy(
        "[[rule]]\nid = 'a'\ndecision = 'allow'\nprogram = 'python3'\ngrants = ['any']\nreason = 'r'\nstdin = 'any'\n\
        [[rule]]\nid = 'b'\ndecision = 'allow'\nprogram = ['ls', 'cat']\ngrants = ['any']\nreason = 'r'\n\
        [[rule]]\nid = 'c'\ndecision = 'allow'\ncommand = 'cat( -)?'\ngrants = ['any']\nreason = 'r'\nstdin = 'any'\n\
        [[rule]]\nid = 'd'\ndecision = 'allow'\ncommand = 'perl .*'\ngrants = ['any']\nreason = 'r'\nstdin = 'any'",
    );
    let grant = |text: &str| match decide(&set, &request(), &whole(text)).0 {
        Decision::Allow(permit) => permit.stdin().clone(),
        Decision::Ask(_) | Decision::Deny(_) => panic!("{text} is not allowed"),
    };
    for text in ["python3", "python3 | ls", "cd x; python3", "ls </dev/null; python3", "cat | ls", "perl *.pl"] {
        assert_eq!(grant(text), StdinGrant::Any, "{text}");
    }
    for text in ["ls", "ls | python3", "python3; ls", "python3 <x", "cd x", "cat *", "python3 $(ls)"] {
        assert_eq!(grant(text), StdinGrant::None, "{text}");
    }
}

#[test]
fn one_act_is_judged_by_itself() {
    let set = at_exec();
    let script = whole("cd src; ls | cat > /etc/x; git push");
    let answers: Vec<_> = acts(&script).iter().map(|act| tell(&set, act)).collect();
    assert_eq!(
        answers,
        [
            "allow look",
            "allow look",
            "deny no-rule `git push`",
            "deny redirection-outside sandbox/write `> /etc/x`",
            "allow",
        ]
    );
}

#[test]
fn the_trace_tells_what_may_match() {
    let rows = |text: &str| {
        let (_, trace) = decide(&at_exec(), &request(), &whole(text));
        let row = |row: &CommandTrace| row.matched.iter().map(|(rule, word)| format!("{word} {}", rule.id)).collect();
        trace.commands.iter().map(row).collect::<Vec<Vec<String>>>()
    };
    assert_eq!(rows("git add *.rs | ls"), [vec!["may-allow git", "may-deny no-force"], vec!["allow look"]]);
    // Anything may run in there.
    let all = vec!["allow look", "may-deny no-curl", "may-deny no-force", "may-ask publish"];
    assert_eq!(rows("env $(ls)"), [vec!["allow look"], all]);
}

#[test]
fn a_directory_that_is_outside_only_when_another_cd_fails_is_told_so() {
    let mut script = whole("cd src; cd ..");
    let outside =
        command::ResolvedDirectory { place: Some(("/builds".into(), false)), ..script.directories[1].clone() };
    script.directories.push(outside);
    let Decision::Deny(denial) = decide(&at_exec(), &request(), &script).0 else { panic!("it is allowed") };
    assert_eq!(denial.code, crate::diagnostic::Code::CwdOutside);
    let hint = denial.hint.expect("a hint");
    assert!(hint.starts_with("that is where it leads when a `cd` before it fails"), "{hint}");
}

#[test]
fn a_hint_names_no_more_than_somebody_reads() {
    let hint = |policy: &Arc<PolicySet>, text: &str| match decide(policy, &request(), &whole(text)).0 {
        Decision::Deny(denial) => denial.hint.expect("a hint"),
        Decision::Allow(_) | Decision::Ask(_) => panic!("{text} is allowed"),
    };
    let names: Vec<_> = (10..90).map(|n| format!("'name{n}', './path{n}'")).collect();
    let names = names.join(", ");
    let many = policy(&format!(
        "[[rule]]\nid = 'many'\ndecision = 'allow'\nreason = 'r'\nprogram = [{names}]\n[env]\nclient = [{}]",
        names.replace("./", "")
    ));
    assert_eq!(
        hint(&many, "vim x"),
        "the policy allows 160 other programs; use one of them, or ask the operator for a rule"
    );
    assert!(hint(&many, "./other").ends_with("`./path21` and 68 more"), "{}", hint(&many, "./other"));
    assert!(hint(&many, "FOO=1 name10").ends_with(" and 148 more"), "{}", hint(&many, "FOO=1 name10"));
}
