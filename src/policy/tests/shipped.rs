//! The shipped policies say what they promise.

use super::*;

#[track_caller]
fn shipped_policy(name: &str) -> Arc<PolicySet> {
    let source = shipped(name).expect(name);
    let (set, findings) = compile(std::slice::from_ref(&source));
    let findings: Vec<_> = findings.iter().map(|(_, finding)| shown(&source, finding)).collect();
    assert!(findings.is_empty(), "{findings:#?}");
    Arc::new(set.expect("no findings, so there is a policy"))
}

#[test]
fn every_shipped_policy_compiles_without_findings() {
    for name in shipped_names() {
        let set = shipped_policy(name);
        assert_eq!(set.name, name);
        for rule in set.rules() {
            assert!(!rule.reason().is_empty(), "{name}/{}", rule.id());
        }
    }
    assert!(shipped("nowhere").is_none());
}

#[test]
fn every_shipped_rule_has_examples() {
    for name in shipped_names() {
        let source = shipped(name).expect(name);
        let rules = source.text.matches("[[rule]]").count();
        assert_eq!(source.text.matches("\nexamples.match = ").count(), rules, "{name}");
        assert_eq!(source.text.matches("\nexamples.no_match = ").count(), rules, "{name}");
    }
}

#[test]
fn backups_of_the_password_file_are_hidden_like_the_file() {
    for name in shipped_names() {
        let hide = &shipped_policy(name).sandbox.hide;
        for file in ["/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"] {
            assert!(hide.iter().any(|entry| entry == file), "{name}: {file}");
        }
    }
}

#[track_caller]
fn answers(policy: &str, table: &[(&str, &str)]) {
    let set = shipped_policy(policy);
    for (text, expected) in table {
        assert_eq!(answer(&set, text), *expected, "{text}");
    }
}

#[test]
fn the_default_policy_looks_and_does_not_touch() {
    answers(
        "default",
        &[
            ("ls -la", "allow look-at-files"),
            ("git status", "allow git-read"),
            ("git log --oneline -n 20 src/", "allow git-read"),
            ("rg -n 'fn main' src", "allow search"),
            ("echo fdisk", "allow print"),
            ("grep 'rm -rf /' x", "allow look-at-files"),
            ("touch x", "deny no-rule"),
            ("rm x", "deny no-rule"),
            ("python3 -c 1", "deny no-rule"),
            ("bash", "deny no-rule"),
            ("env ls", "deny no-rule"),
            ("git -c core.pager=sh log", "deny no-rule"),
            ("git log --output=/etc/x", "deny no-rule"),
            ("find . -exec sh ';'", "deny no-rule"),
            ("sort --compress-prog=sh x", "deny no-rule"),
            ("rg --pre=sh x", "deny no-rule"),
            ("curl http://example.com", "deny no-rule"),
            ("rm -rf /", "deny blocklisted builtin/remove-system"),
        ],
    );
    let set = shipped_policy("default");
    assert!(set.sandbox.write.is_empty());
    assert!(set.rules().iter().all(|rule| *rule.stdin() == StdinGrant::None));
}

#[test]
fn quotes_in_an_argument_do_not_look_like_more_arguments() {
    // Canonical text writes a quote as `'\''`; no pattern may read what follows as options or operands of its own.
    let set = shipped_policy("default");
    for argv in [
        ["find", "a' -delete 'b"],
        ["sort", "a' -o 'b"],
        ["git", "log' 'x"],
        ["rg", "x' --pre 'sh"],
        ["find", "' -name '"],
    ] {
        let argv = argv.map(String::from).to_vec();
        assert_eq!(answer_to(&set, assumed::assumed(argv.clone())), "deny no-rule", "{argv:?}");
    }
}

#[test]
fn the_developer_policy_builds_tests_and_talks() {
    answers(
        "developer",
        &[
            ("cargo --version", "allow rust"),
            ("cargo build", "allow rust"),
            ("npm test", "allow node"),
            ("make -j4", "allow native"),
            ("python3 -i", "allow python"),
            ("sleep 1000", "allow coreutils"),
            ("rm -rf ./build", "allow coreutils"),
            ("git commit -m 'fix fdisk docs'", "allow git"),
            ("bash -c 'ls | wc -l'", "allow shell"),
            ("curl http://example.com", "deny denied-by-rule developer/no-network"),
            ("env curl http://example.com", "deny denied-by-rule developer/no-network"),
            ("wget x", "deny denied-by-rule developer/no-network"),
            ("ssh host", "deny denied-by-rule developer/no-network"),
            ("nc -l 80", "deny denied-by-rule developer/no-network"),
            ("git push --force", "deny denied-by-rule developer/no-remote-git"),
            ("git -C sub push", "deny denied-by-rule developer/no-remote-git"),
            ("git --no-pager stash push", "allow git"),
            ("rm -rf /", "deny blocklisted builtin/remove-system"),
            ("rm -rf /home/dev", "deny blocklisted builtin/remove-system"),
            ("bash -c 'rm -rf /'", "deny blocklisted builtin/remove-system"),
            ("sudo make install", "deny blocklisted builtin/privilege"),
            ("systemctl status", "deny no-rule"),
            ("/tmp/evil/cargo build", "deny no-rule"),
        ],
    );
}

#[test]
fn an_interpreter_takes_input_and_a_listing_does_not() {
    let set = shipped_policy("developer");
    let grant = |text| {
        let Decision::Allow(permit) = judged(&set, vec![resolved(text)]).0 else { panic!("{text} is not allowed") };
        permit.stdin().clone()
    };
    assert_eq!(grant("python3 -i"), StdinGrant::Any);
    assert_eq!(grant("ls"), StdinGrant::None);
}

#[test]
fn a_refusal_says_what_to_do() {
    let set = shipped_policy("developer");
    let (Decision::Deny(denial), _) = judged(&set, vec![resolved("curl http://example.com")]) else { panic!("denied") };
    assert!(denial.reason.starts_with("no network inside jobs"));
    assert!(denial.hint.is_some());
    assert!(denial.rule.and_then(|rule| rule.at).is_some_and(|at| at.starts_with("policy/developer.toml:")));
}
