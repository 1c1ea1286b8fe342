//! What is wrong with a file is found at once, with its place; what is right means what it says.

use std::time::Duration;

use super::*;
use crate::model::{enforcement::Layer, limits::Rate, size::ByteSize};

#[track_caller]
fn one_finding(text: &str, expected: &str) {
    assert_eq!(findings(&format!("version = 1\n{text}")), [expected]);
}

/// A whole rule with one more line in it.
fn rule_with(line: &str) -> String {
    format!("[[rule]]\nid = 'x'\ndecision = 'allow'\nprogram = 'ls'\nreason = 'r'\n{line}\n")
}

#[test]
fn an_empty_list_of_sources_is_no_policy() {
    let (set, findings) = compile(&[]);
    assert!(set.is_none() && findings.is_empty());
}

#[test]
fn the_version_is_needed_and_known() {
    assert_eq!(findings(""), [r#"missing-key at "": a policy has no `version`"#]);
    assert_eq!(findings("version = 2"), [r#"bad-value at "2": `version` has the value `2`"#]);
    assert_eq!(findings("version = '1'"), [r#"wrong-type at "'1'": `version` wants a whole number"#]);
}

#[test]
fn all_findings_of_a_file_come_at_once_in_the_order_of_its_text() {
    let text = "version = 1\nnmae = 'x'\n[[rule]]\nid = 'a'\ndecision = 'alow'\nprogram = 'ls'\nreason = 'r'\n\
        [[rule]]\nid = 'b'\ndecision = 'allow'\ncommand = 'git (?!push)'\nreason = 'r'\n\
        [limits]\nwall = '30 m'\n[env]\npass = ['A=B']\n";
    assert_eq!(
        findings(text),
        [
            r#"unknown-key at "nmae": unknown key `nmae`"#,
            r#"bad-value at "'alow'": `decision` has the value `alow`"#,
            r#"bad-regex at "(?!": the pattern of `command` does not compile"#,
            r#"bad-value at "'30 m'": `wall` has the value `30 m`"#,
            r#"bad-value at "'A=B'": `pass` has the entry `A=B`"#,
        ]
    );
}

#[test]
fn a_misspelt_key_gets_a_suggestion() {
    let source = [Source::new("x", rule_with("comand = 'ls'").replace("[[rule]]", "version = 1\n[[rule]]"))];
    let (_, findings) = compile(&source);
    assert_eq!(findings[0].1.hint.as_deref(), Some("did you mean `command`?"));
}

#[test]
fn invalid_toml_is_found_beside_other_findings() {
    let found = findings("version = 1\nname = \nextend = 'x'\n");
    assert!(found.iter().any(|f| f.starts_with("policy-syntax")), "{found:?}");
    assert!(found.iter().any(|f| f.starts_with("unknown-key at \"extend\"")), "{found:?}");
    assert!(!found.iter().any(|f| f.starts_with("missing-key")), "{found:?}");
    assert!(findings("version = 1\nversion = 1").iter().all(|f| f.starts_with("policy-syntax")));
}

#[test]
fn keys_of_the_language_without_effect_yet_are_errors() {
    one_finding("[[profile]]\nname = 'x'", "not-supported at \"profile\": `profile` is not supported yet");
    one_finding("[sandbox]\nnetwork = 'loopback'", r#"bad-value at "'loopback'": `network` has the value `loopback`"#);
    one_finding("[sandbox]\nexec = 'rules'", r#"bad-value at "'rules'": `exec` has the value `rules`"#);
}

#[test]
fn a_rule_says_what_it_is_about() {
    let about = "missing-key at \"[[rule]]\": a rule has no ";
    one_finding("[[rule]]\ndecision = 'allow'\nprogram = 'ls'\nreason = 'r'", &format!("{about}`id`"));
    one_finding("[[rule]]\nid = 'x'\nprogram = 'ls'\nreason = 'r'", &format!("{about}`decision`"));
    one_finding("[[rule]]\nid = 'x'\ndecision = 'allow'\nreason = 'r'", &format!("{about}`program`"));
    one_finding("[[rule]]\nid = 'x'\ndecision = 'deny'\nprogram = 'ls'", &format!("{about}`reason`"));
}

#[test]
fn a_rule_without_a_reason_is_a_warning_unless_it_denies() {
    one_finding(
        "[[rule]]\nid = 'x'\ndecision = 'ask'\nprogram = 'ls'",
        "no-reason at \"[[rule]]\": the rule has no `reason`",
    );
}

#[test]
fn values_of_a_rule_are_checked() {
    for (line, expected) in [
        ("stdin = '('", r#"bad-regex at "(": the pattern of `stdin` does not compile"#),
        ("command = ''", r#"bad-regex at "''": `command` is empty"#),
        (r#"command = "a\tb(""#, r#"bad-regex at "\"a\\tb(\"": the pattern of `command` does not compile"#),
        ("command = '''\n(ls'''", r#"bad-regex at "(": the pattern of `command` does not compile"#),
        (
            "examples.match = ['ls', 'cat x']",
            r#"example-fails at "'cat x'": an example of the rule `x` has to match, and does not"#,
        ),
        (
            "examples.no_match = ['ls x']",
            r#"example-fails at "'ls x'": an example of the rule `x` must not match, but does"#,
        ),
        (
            "examples.match = [\"ls 'x\"]",
            r#"example-fails at "\"ls 'x\"": an example of the rule `x` has to match, and does not"#,
        ),
        ("examples.mach = []", r#"unknown-key at "mach": unknown key `mach`"#),
        ("hint = 1", r#"wrong-type at "1": `hint` wants a string"#),
    ] {
        let text = rule_with(line);
        if line.contains("'''") {
            // The line break after the opening quotes is not part of the string, so places inside are not known.
            assert_eq!(findings(&format!("version = 1\n{text}")).len(), 1);
        } else {
            one_finding(&text, expected);
        }
    }
}

#[test]
fn programs_are_one_exact_word() {
    for name in ["", "ls -l", "l*", "~/bin/x", "bin/", "."] {
        let text = format!("[[rule]]\nid = 'x'\ndecision = 'allow'\nreason = 'r'\nprogram = ['ls', '{name}']");
        one_finding(&text, &format!("bad-value at \"'{name}'\": `program` has the value `{name}`"));
    }
    one_finding(
        "[[rule]]\nid = 'x'\ndecision = 'allow'\nreason = 'r'\nprogram = []",
        "bad-value at \"[[rule]]\": `program` names no program",
    );
}

#[test]
fn a_deny_rule_grants_no_input() {
    let text = "[[rule]]\nid = 'x'\ndecision = 'deny'\nprogram = 'ls'\nreason = 'r'\nstdin = 'any'";
    one_finding(text, r#"bad-value at "'any'": `stdin` grants input"#);
}

#[test]
fn ids_are_unique_across_layers() {
    let rule = |extends: &str| format!("version = 1\n{extends}\n{}", rule_with(""));
    let sources = [Source::new("base", rule("")), Source::new("top", rule("extends = 'base'"))];
    assert_eq!(findings_of(&sources), [r#"duplicate-id at "'x'": two rules have the id `x`"#]);
}

#[test]
fn a_base_is_named_and_there() {
    one_finding(
        "extends = 'nowhere'",
        "unknown-base at \"'nowhere'\": the policy extends `nowhere`, which was not found",
    );
    let sources = [Source::new("base", "version = 1"), Source::new("top", "version = 1")];
    assert_eq!(
        findings_of(&sources),
        ["unknown-base at \"\": the policy is joined to another one that it does not extend"]
    );
    assert_eq!(extends(&Source::new("x", "version = 1\nextends = 'default'")).as_deref(), Some("default"));
    assert_eq!(extends(&Source::new("x", "version = 1")), None);
    assert_eq!(extends(&Source::new("x", "extends = 1\n[")), None);
}

#[test]
fn a_child_adds_rules_and_replaces_keys() {
    let base = "version = 1\nname = 'base'\n[[rule]]\nid = 'b'\ndecision = 'allow'\nprogram = 'ls'\nreason = 'r'\n\
        [env]\npass = ['A']\nset = { X = 'base', Y = 'base' }\n[limits]\njobs = 3\nqueue = 4\n[sandbox]\nread = ['/a']\nwrite = ['/b']\n";
    let top = "version = 1\nname = 'top'\nextends = 'base'\n[[rule]]\nid = 'a'\ndecision = 'allow'\nprogram = 'cat'\nreason = 'r'\n\
        [env]\nset = { X = 'top' }\n[limits]\njobs = 5\n[sandbox]\nread = ['/c']\n";
    let (set, findings) = compile(&[Source::new("base.toml", base), Source::new("top.toml", top)]);
    assert!(findings.is_empty(), "{findings:?}");
    let set = set.expect("a policy");
    assert_eq!(set.name, "top");
    assert_eq!(set.rules().iter().map(|rule| rule.place().to_string()).collect::<Vec<_>>(), ["top/a", "base/b"]);
    assert_eq!(set.rules()[0].place().at.as_deref(), Some("top.toml:4:1"));
    assert_eq!((set.env.set["X"].as_str(), set.env.set["Y"].as_str()), ("top", "base"));
    assert_eq!((set.limits.jobs, set.limits.queue), (5, 4));
    assert_eq!((set.sandbox.read, set.sandbox.write), (vec!["/c".to_owned()], vec!["/b".to_owned()]));
    assert_eq!(set.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["base.toml", "top.toml"]);
}

#[test]
fn an_error_in_any_file_rejects_the_set() {
    let good = Source::new("good", "version = 1");
    let bad = Source::new("bad", "version = 1\nextends = 'good'\nx = 1");
    assert_eq!(findings_of(&[good, bad]), [r#"unknown-key at "x": unknown key `x`"#]);
    let bad = Source::new("bad", "version = 1\nx = 1");
    let good = Source::new("good", "version = 1\nextends = 'bad'");
    assert_eq!(findings_of(&[bad, good]), [r#"unknown-key at "x": unknown key `x`"#]);
}

#[test]
fn the_digest_covers_every_text_and_no_name() {
    let digest = |sources: &[(&str, &str)]| {
        let sources: Vec<_> = sources.iter().map(|(name, text)| Source::new(*name, *text)).collect();
        compile(&sources).0.expect("a policy").digest
    };
    let (one, top) = ("version = 1\n", "version = 1\nextends = 'a'\n");
    assert_eq!(digest(&[("a", one)]), digest(&[("b", one)]));
    assert_ne!(digest(&[("a", one)]), digest(&[("a", "version = 1\n\n")]));
    assert_ne!(digest(&[("a", one), ("b", top)]), digest(&[("a", one), ("b", "version = 1\nextends = 'a'\n#")]));
    assert_eq!(digest(&[("a", one)]).len(), 64);
}

#[test]
fn a_file_has_the_digest_that_sha256sum_prints() {
    let set = policy("");
    // printf 'version = 1\n' | sha256sum
    assert_eq!(set.files()[0].1, "dbab12665d98aef021ba64953c61b0ed8a908cfb56a1c01e2fcb4b052b71a2a1");
}

#[test]
fn limits_read_in_all_their_units() {
    let limits = policy(
        "[limits]\njobs = 2\nqueue = 0\nrate = '5/10s'\nwall = '1h30m'\nidle = '0'\ncpu = '90s'\nmemory = '1GiB'\n\
        processes = 0\nfiles = 64\nfile_size = '1MB'\noutput = '20MB'\nstdin = '0'\ngrace = '250ms'\nretention = '1d'\n",
    )
    .limits;
    assert_eq!((limits.jobs, limits.queue, limits.processes, limits.files), (2, 0, 0, 64));
    assert_eq!(limits.rate, Some(Rate { count: 5, per: Duration::from_secs(10) }));
    assert_eq!((limits.wall, limits.idle), (Duration::from_secs(5400), Duration::ZERO));
    assert_eq!((limits.memory, limits.output, limits.stdin), (ByteSize(1 << 30), ByteSize(20_000_000), ByteSize(0)));
    assert_eq!((limits.grace, limits.retention), (Duration::from_millis(250), Duration::from_secs(86_400)));
    assert_eq!(policy("[limits]\nrate = '0'").limits.rate, None);
}

#[test]
fn limits_without_sense_are_refused() {
    for (line, place) in [
        ("jobs = 0", "0"),
        ("jobs = -1", "-1"),
        ("files = 3", "3"),
        ("wall = '30'", "'30'"),
        ("memory = '4 GiB'", "'4 GiB'"),
        ("rate = '60'", "'60'"),
    ] {
        let key = line.split(' ').next().expect("a key");
        let value = place.trim_matches('\'');
        one_finding(&format!("[limits]\n{line}"), &format!("bad-value at {place:?}: `{key}` has the value `{value}`"));
    }
    one_finding("[limits]\njobs = '3'", r#"wrong-type at "'3'": `jobs` wants a whole number"#);
}

#[test]
fn the_sandbox_reads_as_written() {
    let sandbox = policy(
        "[sandbox]\nread = ['/usr', '~/.cargo', '/lib*', 'workspace']\nwrite = ['workspace']\nhide = ['~']\nnetwork = 'none'\n\
        exec = 'any'\nrequire = ['seccomp', 'seccomp']\ntmp = '1GiB'\n",
    )
    .sandbox
    .clone();
    assert_eq!(sandbox.write, ["workspace"]);
    assert_eq!(
        (sandbox.require, sandbox.tmp, sandbox.network),
        (vec![Layer::Seccomp], ByteSize(1 << 30), Network::None)
    );
}

#[test]
fn what_a_policy_leaves_out_has_a_careful_default() {
    let set = policy("");
    assert!(set.sandbox.write.is_empty() && set.rules().is_empty() && set.audit_dir.is_none());
    assert_eq!(set.sandbox.require, [Layer::Landlock, Layer::Seccomp, Layer::Privileges, Layer::Rlimits]);
    assert_eq!(set.places.roots, ["."]);
    assert!(set.places.protect.iter().any(|name| name == ".git/hooks"));
    assert_eq!(set.env.set, BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())]));
}

#[test]
fn paths_are_checked() {
    for (text, place, key) in [
        ("[sandbox]\nread = ['usr']", "'usr'", "read"),
        ("[sandbox]\nwrite = ['/a/../b']", "'/a/../b'", "write"),
        ("[sandbox]\nhide = ['']", "''", "hide"),
        ("[workspace]\nroots = ['']", "''", "roots"),
        ("[workspace]\nprotect = ['/etc']", "'/etc'", "protect"),
        ("[workspace]\nprotect = ['../x']", "'../x'", "protect"),
        ("[audit]\ndir = 'log'", "'log'", "dir"),
    ] {
        let value = place.trim_matches('\'');
        one_finding(text, &format!("bad-value at {place:?}: `{key}` has the entry `{value}`"));
    }
    one_finding("[sandbox]\nrequire = ['landlok']", r#"bad-value at "'landlok'": `require` names the layer `landlok`"#);
    one_finding("[audit]\ndir = 'workspace'", r#"bad-value at "'workspace'": `dir` is the workspace"#);
    one_finding("[workspace]\nroots = []", r#"bad-value at "[]": `roots` is empty"#);
    assert_eq!(policy("[audit]\ndir = '~/log'").audit_dir.as_deref(), Some("~/log"));
}

#[test]
fn names_of_other_layers_are_taken() {
    one_finding("name = 'builtin'", r#"bad-value at "'builtin'": `name` has the value `builtin`"#);
}

#[test]
fn the_constructs_of_a_shell_section_are_checked() {
    one_finding("[shell]\nallow = ['pipe', 'pip']", r#"bad-value at "'pip'": `allow` names the construct `pip`"#);
    one_finding("[shell]\nallow = ['loop']", r#"bad-value at "'loop'": `allow` names the construct `loop`"#);
    one_finding("[shell]\nunknown = 'ask'", r#"bad-value at "'ask'": `unknown` has the value `ask`"#);
    one_finding("[shell]\nalow = []", r#"unknown-key at "alow": unknown key `alow`"#);
    let hint = |text: &str| {
        let (_, findings) = compile(&[Source::new("x", format!("version = 1\n{text}"))]);
        findings[0].1.hint.clone().unwrap_or_default()
    };
    assert_eq!(hint("[shell]\nallow = ['pip']"), "did you mean `pipe`?");
    assert!(hint("[shell]\nallow = ['function']").starts_with("the constructs are `seq`, `and`, `or`, `pipe`"));
    for name in ["shell", "sandbox", "workspace", "env", "builtin", "settings"] {
        one_finding(&format!("name = '{name}'"), &format!("bad-value at \"'{name}'\": `name` has the value `{name}`"));
    }
}

#[test]
fn a_shell_section_is_joined_key_by_key() {
    let joined = |base: &str, child: &str| {
        let base = Source::new("base.toml", format!("version = 1\n{base}"));
        let child = Source::new("child.toml", format!("version = 1\nextends = 'base'\n{child}"));
        let (set, findings) = compile(&[base, child]);
        assert!(findings.is_empty(), "{findings:#?}");
        set.expect("a policy").shell
    };
    let shell = |text: &str| policy(text).shell.clone();
    let both = shell("[shell]\nallow = ['pipe']\nunknown = 'deny'");
    assert_eq!(joined("[shell]\nallow = ['pipe']", "[shell]\nunknown = 'deny'"), both);
    assert_eq!(joined("[shell]\nallow = ['seq']\nunknown = 'deny'", "[shell]\nallow = ['pipe']"), both);
    assert_eq!(joined("[shell]\nallow = ['pipe']\nunknown = 'deny'", ""), both);
    assert_eq!(shell("").unknown, Unknown::AtExec);
    let all: Vec<_> = command::Construct::ALL.iter().map(|construct| format!("'{}'", construct.as_str())).collect();
    assert_eq!(shell(""), shell(&format!("[shell]\nallow = [{}]", all.join(", "))));
}
