//! The shipped policies say what they promise.

use super::{
    stage::{tell, whole},
    *,
};

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
            ("rg -n 'fn main' src", "allow look-at-files"),
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
    // Rules read the arguments themselves and not their text, so a quote in one of them begins nothing.
    let set = shipped_policy("default");
    for (argv, expected) in [
        (vec!["find", "a' -delete 'b"], "allow look-at-files"),
        (vec!["find", "a", "-exec", "b"], "deny no-rule"),
        (vec!["sort", "a' -o 'b"], "allow look-at-files"),
        (vec!["sort", "a", "--compress-program", "b"], "deny no-rule"),
        (vec!["rg", "x' --pre 'sh"], "allow look-at-files"),
        (vec!["rg", "x", "--pre", "sh"], "deny no-rule"),
        (vec!["git", "log' 'x"], "deny no-rule"),
    ] {
        let argv: Vec<_> = argv.into_iter().map(String::from).collect();
        assert_eq!(answer_to(&set, assumed::assumed(argv.clone())), expected, "{argv:?}");
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

#[test]
fn whole_scripts_run_as_they_are_written() {
    let tells = |name: &str, table: &[(&str, &str)]| {
        let set = shipped_policy(name);
        for (text, expected) in table {
            assert_eq!(tell(&set, &whole(text)), *expected, "{name}: {text}");
        }
    };
    tells(
        "developer",
        &[
            ("echo a | tr a b", "allow coreutils coreutils"),
            ("cargo test 2>&1 | tail -20", "allow rust coreutils"),
            ("cd src && ls *.rs", "allow coreutils"),
            ("cat <<'EOF' > notes.txt\nx\nEOF", "allow cat"),
            ("grep -rn 'a;b|c' src || true", "allow text coreutils"),
            ("git commit -m 'fix; $(not run)'", "allow git"),
            ("RUST_LOG=debug CARGO_TARGET_DIR=/tmp/t cargo test", "allow rust"),
            ("ls | curl -T - x", "deny denied-by-rule developer/no-network `curl -T - x`"),
            ("echo x > /etc/cron.d/x", "deny redirection-outside sandbox/write `> /etc/cron.d/x`"),
            ("cd / && ls", "deny cwd-outside workspace/roots `cd /`"),
        ],
    );
    tells(
        "default",
        &[
            ("cat *.md | grep -n x | sort -u", "allow look-at-files look-at-files look-at-files"),
            ("LC_ALL=C ls", "allow look-at-files"),
            ("git log --oneline | head -3", "allow git-read look-at-files"),
            ("ls; touch x", "deny no-rule `touch x`"),
            ("A=1 ls", "deny env-refused env/client `A=1`"),
        ],
    );
}

#[test]
fn no_client_sets_what_decides_which_code_runs() {
    for name in shipped_names() {
        let set = shipped_policy(name);
        for variable in [
            "PATH",
            "LD_PRELOAD",
            "LD_AUDIT",
            "IFS",
            "ENV",
            "BASH_ENV",
            "BASH_FUNC_x",
            "SHELLOPTS",
            "PS4",
            "PROMPT_COMMAND",
            "SHELL",
            "HOME",
            "GIT_DIR",
            "GIT_SSH_COMMAND",
            "GIT_EXTERNAL_DIFF",
            "GIT_CONFIG_GLOBAL",
            "TAR_OPTIONS",
            "NODE_OPTIONS",
            "JAVA_TOOL_OPTIONS",
            "_JAVA_OPTIONS",
            "GRADLE_OPTS",
            "EDITOR",
            "VISUAL",
            "PAGER",
            "MANPAGER",
            "LESSOPEN",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PYTHONHOME",
            "PYTEST_ADDOPTS",
            "PYTEST_PLUGINS",
            "PERL5LIB",
            "PERL5OPT",
            "RUBYOPT",
            "RUBYLIB",
            "RUSTC",
            "RUSTC_WRAPPER",
            "CARGO_HOME",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
            "RUSTUP_TOOLCHAIN",
            "GOFLAGS",
            "CC",
            "CXX",
            "MAKEFLAGS",
            "RIPGREP_CONFIG_PATH",
            "RSYNC_RSH",
            "npm_config_script_shell",
            "https_proxy",
        ] {
            assert!(!set.env.client_may_set(variable), "{name}: {variable}");
        }
    }
}
