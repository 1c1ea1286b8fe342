//! What is worth a second look, and what is not.

use super::*;
use crate::diagnostic::{Format, render};

#[track_caller]
fn linted(text: &str) -> Vec<String> {
    let source = Source::new("team.toml", format!("version = 1\n{text}"));
    let (set, findings) = compile(std::slice::from_ref(&source));
    assert!(set.is_some(), "{findings:#?}");
    let found = lint(std::slice::from_ref(&source));
    found.iter().map(|(_, finding)| render(&source, finding, Format::Human { color: false })).collect()
}

fn rule(id: &str, decision: &str, says: &str, example: &str) -> String {
    let example = format!("examples.match = [{example:?}]\n");
    format!("[[rule]]\nid = \"{id}\"\ndecision = \"{decision}\"\n{says}\nreason = \"r\"\n{example}")
}

#[track_caller]
fn clean(text: &str) {
    assert_eq!(linted(text), [""; 0], "{text}");
}

#[test]
fn a_rule_that_another_covers_is_dead() {
    let wide = rule("git", "allow", "command = 'git( .*)?'", "git log");
    let narrow = rule("git-log", "allow", "command = 'git log( .*)?'", "git log");
    insta::assert_snapshot!(linted(&format!("{wide}{narrow}")).concat());
    let grants = rule("git-log", "allow", "command = 'git log( .*)?'\nstdin = \"any\"", "git log");
    clean(&format!("{wide}{grants}"));
    clean(&format!("{wide}{}", rule("ask", "ask", "command = 'git push'", "git push")));
    let twice = format!("{}{}", rule("a", "deny", "program = 'x'", "x"), rule("b", "deny", "command = 'x( .*)?'", "x"));
    assert_eq!(linted(&twice).len(), 1, "only the narrower: a name is taken by any path");
    let same = format!("{}{}", rule("a", "deny", "program = 'x'", "x"), rule("b", "deny", "program = 'x'", "x"));
    assert_eq!(linted(&same).len(), 1, "one of two is one too many");
}

#[test]
fn an_allow_inside_a_deny_never_takes_effect() {
    let deny = rule("no-curl", "deny", "program = [\"curl\", \"wget\"]", "curl x");
    let allow = rule("curl", "allow", "command = 'curl --version'", "curl --version");
    insta::assert_snapshot!(linted(&format!("{deny}{allow}")).concat());
    clean(&format!("{deny}{}", rule("get", "allow", "command = '(curl|http) --version'", "http --version")));
}

#[test]
fn a_pattern_that_no_canonical_text_matches_is_named() {
    let text = "[[rule]]\nid = \"log\"\ndecision = \"deny\"\ncommand = 'git  log'\nreason = \"r\"\n";
    insta::assert_snapshot!(linted(text).concat());
    for pattern in ["ls \"a b\"", "A=b ls", "ls 'a", "ls \\| wc", "ls "] {
        let found = linted(&text.replace("'git  log'", &format!("'''{pattern}'''")));
        assert!(found.iter().any(|shown| shown.starts_with("warning[matches-nothing]")), "{pattern}: {found:?}");
    }
}

#[test]
fn a_rule_that_nothing_exercises_is_named() {
    insta::assert_snapshot!(
        linted("[[rule]]\nid = \"ls\"\ndecision = \"allow\"\nprogram = \"ls\"\nreason = \"r\"\n").concat()
    );
    let by_test = "[[rule]]\nid = \"ls\"\ndecision = \"allow\"\nprogram = \"ls\"\nreason = \"r\"\n\
        [[test]]\nrun = \"ls | ls\"\nexpect = { decision = \"allow\" }\n";
    clean(by_test);
}

#[test]
fn a_loose_alternation_is_named() {
    insta::assert_snapshot!(linted(&rule("git", "allow", "command = 'git status|log'", "git status")).concat());
    clean(&rule("git", "allow", "command = 'git (status|log)'", "git status"));
}

#[test]
fn an_allow_for_a_program_that_runs_anything_needs_an_example_that_says_so() {
    insta::assert_snapshot!(linted(&rule("py", "allow", "program = [\"ls\", \"python3.12\"]\ngrants = [\"any\"]", "ls -l")).concat());
    clean(&rule("py", "allow", "program = \"python3\"\ngrants = [\"any\"]", "python3 -c 1"));
    clean(&rule("py", "allow", "program = \"python3\"", "python3 --version"));
    clean(&rule("py", "allow", "program = \"python3\"\ncommand = 'python3 --version'", "python3 --version"));
    clean(&rule("py", "deny", "program = \"python3\"", "python3"));
}

#[test]
fn a_writable_place_that_covers_programs_or_the_log_is_named() {
    let text = "[env]\nset = { PATH = \"~/.local/bin:/usr/bin\" }\n[sandbox]\nwrite = [\"workspace\", \"~/.local\"]\n\
        [audit]\ndir = \"~/.local/state/log\"\n";
    insta::assert_snapshot!(linted(text).concat());
    clean("[sandbox]\nwrite = [\"workspace\", \"/usr/bin2\"]\n[audit]\ndir = \"/var/log/stockade\"\n");
}

#[test]
fn a_pattern_that_lets_in_what_loads_code_is_named() {
    insta::assert_snapshot!(linted("[env]\nclient = [\"PYTHON*\", \"LANG\"]\npass = [\"*\"]\n").concat());
    clean("[env]\nclient = [\"PYTHON*\"]\ndeny = [\"PYTHONPATH\", \"PYTHONSTARTUP\", \"PYTHONHOME\"]\n");
    clean("[env]\nclient = [\"PYTHONPATH\"]\n");
}

#[test]
fn a_text_that_mixes_scripts_is_named() {
    let text = rule("ls", "allow", "program = 'ls'", "ls").replace("\"r\"", "\"re\u{430}ds\"");
    insta::assert_snapshot!(linted(&text).concat());
}

#[test]
fn a_policy_with_errors_is_not_linted() {
    let source = Source::new("x.toml", "version = 1\nnmae = 1\n[env]\npass = [\"*\"]\n");
    assert!(lint(&[source]).is_empty());
}

#[test]
fn the_shipped_policies_are_clean() {
    for name in shipped_names() {
        let source = shipped(name).expect(name);
        let found = lint(std::slice::from_ref(&source));
        let found: Vec<_> = found.iter().map(|(_, finding)| shown(&source, finding)).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}
