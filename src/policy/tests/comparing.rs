//! What changes from one policy to another, with a command that shows it.

use super::*;

const BASE: &str = r#"
[[rule]]
id = "git"
decision = "allow"
command = 'git (status|log)( .*)?'
grants = ["any"]
reason = "r"
[[rule]]
id = "run"
decision = "allow"
program = ["env", "ls"]
grants = ["any"]
reason = "r"
[[rule]]
id = "no-curl"
decision = "deny"
program = "curl"
reason = "r"
"#;

/// The changes as text, with the old text replaced by the new one in `BASE`.
#[track_caller]
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(from.is_empty() || BASE.contains(from), "{from}");
    let new = if from.is_empty() { format!("{BASE}{to}") } else { BASE.replacen(from, to, 1) };
    shown_difference(BASE, &new)
}

#[track_caller]
fn shown_difference(old: &str, new: &str) -> Vec<String> {
    let source = |text: &str| [Source::new("test.toml", format!("version = 1\n{text}"))];
    let (old_source, new_source) = (source(old), source(new));
    let (old_set, new_set) = (policy(old), policy(new));
    let found = compare(Side { set: &old_set, sources: &old_source }, Side { set: &new_set, sources: &new_source });
    let answers = found.answers.iter().map(|change| {
        let (before, after) = (change.before.shown_in_full(), change.after.shown_in_full());
        format!("{} {}: {before} -> {after}", change.way.as_str(), change.command)
    });
    let settings =
        found.settings.iter().map(|change| format!("{} {} {}", change.way.as_str(), change.key, change.what));
    let undecided = found.undecided.then(|| "undecided".to_owned());
    answers.chain(settings).chain(undecided).collect()
}

#[test]
fn the_same_policy_has_no_difference() {
    assert_eq!(changed("", ""), [""; 0]);
    assert_eq!(changed("reason = \"r\"", "reason = \"other\""), [""; 0]);
    assert_eq!(changed("'git (status|log)( .*)?'", "'git (log|status)( .*)?'"), [""; 0], "the same language");
    assert_eq!(changed("[\"env\", \"ls\"]", "[\"ls\",\n  \"env\"]"), [""; 0]);
}

#[test]
fn a_loopback_is_looser_than_no_network() {
    let (none, own) = ("[sandbox]\nnetwork = 'none'", "[sandbox]\nnetwork = 'loopback'");
    assert_eq!(shown_difference(none, own), [r#"looser sandbox.network "none" -> "loopback""#]);
    assert_eq!(shown_difference(own, ""), [r#"tighter sandbox.network "loopback" -> "none""#]);
}

#[test]
fn a_wider_or_narrower_pattern_has_a_shortest_witness() {
    assert_eq!(
        changed("(status|log)", "(status|log|push)"),
        ["looser git push: deny (no-rule) -> allow by `test/git`"]
    );
    assert_eq!(changed("(status|log)", "status"), ["tighter git log: allow by `test/git` -> deny (no-rule)"]);
    assert_eq!(
        changed("(status|log)", "(status|push)"),
        [
            "looser git push: deny (no-rule) -> allow by `test/git`",
            "tighter git log: allow by `test/git` -> deny (no-rule)",
        ]
    );
}

#[test]
fn a_deny_rule_bites_by_path_and_inside_other_commands() {
    let gone = "[[rule]]\nid = \"no-curl\"\ndecision = \"deny\"\nprogram = \"curl\"\nreason = \"r\"\n";
    assert_eq!(
        changed(gone, ""),
        ["looser env curl: deny (denied-by-rule) by `test/no-curl` -> allow by `test/run`"],
        "curl itself is refused by both"
    );
    let asks = "[[rule]]\nid = \"no-ls\"\ndecision = \"ask\"\nprogram = \"ls\"\nreason = \"r\"\n";
    assert_eq!(
        changed("", asks),
        ["looser /ls: deny (no-rule) -> ask by `test/no-ls`", "tighter ls: allow by `test/run` -> ask by `test/no-ls`",]
    );
}

#[test]
fn an_allow_inside_a_deny_changes_no_answer() {
    assert_eq!(
        changed("", "[[rule]]\nid = \"curl\"\ndecision = \"allow\"\ncommand = 'curl -V'\nreason = \"r\"\n"),
        [""; 0]
    );
}

#[test]
fn input_that_a_rule_grants_is_a_difference() {
    assert_eq!(
        changed("program = [\"env\", \"ls\"]", "program = [\"env\", \"ls\"]\nstdin = \"any\""),
        ["looser ls: allow by `test/run` -> allow by `test/run`, any input"]
    );
}

#[test]
fn settings_change_which_way_they_lean() {
    let with = |text: &str| shown_difference(BASE, &format!("{BASE}{text}"));
    for (text, expected) in [
        ("[limits]\nwall = \"0\"", "looser limits.wall \"30m\" -> \"0s\""),
        ("[limits]\njobs = 3", "tighter limits.jobs 10 -> 3"),
        ("[limits]\nprocesses = 0", "looser limits.processes 512 -> 0"),
        ("[limits]\nrate = \"1/s\"", "different limits.rate \"60/m\" -> \"1/s\""),
        ("[limits]\ngrace = \"6s\"", "different limits.grace \"5s\" -> \"6s\""),
        ("[sandbox]\nwrite = [\"/srv\"]", "looser sandbox.write + \"/srv\""),
        ("[env]\ndeny = [\"X\"]", "tighter env.deny + \"X\""),
        ("[shell]\nunknown = \"deny\"", "tighter shell.unknown \"at_exec\" -> \"deny\""),
        ("[env]\nset = { A = \"1\" }", "different env.set A: nothing -> \"1\""),
        ("[sandbox]\nrequire = [\"landlock\", \"seccomp\", \"privileges\"]", "looser sandbox.require - \"rlimits\""),
    ] {
        assert_eq!(with(text), [expected], "{text}");
    }
}

#[test]
fn every_shipped_policy_is_the_same_as_itself() {
    for name in shipped_names() {
        let source = [shipped(name).expect(name)];
        let set = Arc::new(compile(&source).0.expect(name));
        let side = Side { set: &set, sources: &source };
        assert!(compare(side, side).is_empty(), "{name}");
    }
}
