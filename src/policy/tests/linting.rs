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
    insta::assert_snapshot!(
        linted(&rule("py", "allow", "program = [\"ls\", \"python3.12\"]\ngrants = [\"any\"]", "ls -l")).concat()
    );
    clean(&rule("py", "allow", "program = \"python3\"\ngrants = [\"any\"]", "python3 -c 1"));
    clean(&rule("awk", "allow", "program = \"awk\"", "awk '{print $1}' x"));
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
    clean("[env]\nclient = [\"PYTHON*\"]\ndeny = [\"PYTHON*\"]\n");
    clean("[env]\npass = [\"PYTHONPATH\"]\n");
}

#[test]
fn a_variable_that_decides_what_code_runs_is_named_when_requests_may_set_it() {
    insta::assert_snapshot!(linted("[env]\nclient = [\"LANG\", \"GIT_SSH_COMMAND\"]\n").concat());
    clean("[env]\nclient = [\"CC\"]\ndeny = [\"CC\"]\n");
}

#[test]
fn a_rule_for_a_program_of_which_nothing_is_known_covers_nothing() {
    let text = rule("tool", "allow", "program = [\"ls\", \"our-tool\", \"./x\"]", "ls");
    insta::assert_snapshot!(linted(&text).concat());
    for says in ["args.options = []", "command = 'our-tool build'", "grants = [\"any\"]", "grants = [\"unlisted\"]"]
    {
        clean(&rule("tool", "allow", &format!("program = \"our-tool\"\n{says}"), "our-tool build"));
    }
    let facts = "[[program]]\nnames = [\"our-tool\"]\nsource = \"our-tool --help\"\noperands = [\"data...\"]\n";
    clean(&format!("{facts}{}", rule("tool", "allow", "program = \"our-tool\"", "our-tool build")));
    clean(&rule("tool", "deny", "program = \"our-tool\"", "our-tool"));
}

#[test]
fn a_subcommand_that_the_facts_do_not_list_is_named() {
    let allow = |words: &str, more: &str| {
        rule("git", "allow", &format!("program = \"git\"\nargs.subcommand = [\"log\", {words}]{more}"), "git log")
    };
    insta::assert_snapshot!(linted(&allow("\"stats\", \"stash lst\", \"frobnicate\"", "")).concat());
    clean(&allow("\"stash list\"", ""));
    clean(&allow("\"frobnicate\"", "\ngrants = [\"unlisted\"]"));
    // Who forbids it may know more; but where the program has no subcommands, it forbids nothing.
    clean(&rule("no", "deny", "program = \"git\"\nargs.subcommand = \"frobnicate\"", "git frobnicate"));
    let deny = |words: &str, program: &str| {
        let text = format!("[[rule]]\nid = \"no\"\ndecision = \"deny\"\nprogram = \"{program}\"\nreason = \"r\"\n");
        linted(&format!("{text}args.subcommand = \"{words}\"\n"))
    };
    for (words, program) in [("psuh", "git"), ("push", "ls"), ("push origin", "git")] {
        let found = deny(words, program);
        assert!(
            found.iter().any(|shown| shown.starts_with("warning[unknown-subcommand]")),
            "{program} {words}: {found:?}"
        );
    }
}

#[test]
fn an_option_that_the_facts_do_not_list_is_named() {
    let says = "program = \"git\"\nargs.subcommand = \"log\"\nargs.options = [\"--onelin\", \"--stat\", \"--frob=x\"]";
    insta::assert_snapshot!(linted(&rule("log", "allow", says, "git log --stat")).concat());
    let deny = "program = \"git\"\nargs.any_option = [\"--forc\"]";
    assert_eq!(linted(&rule("no", "deny", deny, "git push --forc")).len(), 1);
    clean(&rule("no", "deny", "program = \"git\"\nargs.any_option = [\"-f\", \"--force\"]", "git push -f"));
    clean(&rule("x", "allow", "program = \"our-tool\"\nargs.options = [\"--frob\"]", "our-tool --frob"));
    // One of several programs may have it.
    clean(&rule("x", "allow", "program = [\"ls\", \"git\"]\nargs.options = [\"--oneline\"]", "git log --oneline"));
}

#[test]
fn an_option_with_which_a_rule_never_matches_is_named() {
    let says = "program = \"sort\"\nargs.options = [\"-n\", \"-k\", \"-r=x\", \"--compress-program=gzip\"]";
    insta::assert_snapshot!(linted(&rule("sort", "allow", says, "sort -n x")).concat());
    let says = "program = \"sort\"\nargs.options = [\"-k=[0-9]\", \"--compress-program=gzip\"]\ngrants = [\"exec\"]";
    clean(&rule("sort", "allow", says, "sort --compress-program=gzip x"));
    clean(&rule(
        "find",
        "allow",
        "program = \"find\"\nargs.options = [\"-name=.*\", \"-type=[fd]\"]",
        "find . -name x",
    ));
}

#[test]
fn a_grant_that_nothing_can_need_is_named() {
    let says = "program = [\"cat\", \"wc\"]\ngrants = [\"host\", \"run\", \"read\"]";
    insta::assert_snapshot!(linted(&rule("cat", "allow", says, "cat x")).concat());
    let any = "program = \"cat\"\ngrants = [\"any\", \"write\", \"unlisted\"]";
    assert_eq!(linted(&rule("cat", "allow", any, "cat x")).len(), 2);
    for (program, grant) in [
        ("timeout", "exec"),
        ("git", "network"),
        ("docker", "host"),
        ("sed", "exec"),
        ("sort", "write"),
        ("make", "code"),
    ] {
        let says = format!("program = \"{program}\"\ngrants = [\"{grant}\"]");
        let found = linted(&rule("x", "allow", &says, &format!("{program} --version")));
        assert!(!found.concat().contains("useless-grant"), "{program} {grant}: {found:?}");
    }
    let log = "program = \"git\"\nargs.subcommand = \"status\"\ngrants = [\"host\"]";
    assert!(linted(&rule("x", "allow", log, "git status")).concat().contains("useless-grant"));
    clean(&rule("x", "allow", "program = [\"cat\", \"our-tool\"]\ngrants = [\"host\", \"unlisted\"]", "cat x"));
}

#[test]
fn a_rule_is_dead_only_where_another_covers_all_that_it_covers() {
    let narrow = |says: &str, example: &str| rule("b", "allow", says, example);
    let wide = |says: &str, example: &str| rule("a", "allow", says, example);
    let dead = |text: String| linted(&text).concat().contains("dead-rule");
    let log = narrow("command = 'git log( .*)?'", "git log");
    assert!(dead(wide("program = \"git\"", "git log") + &log));
    assert!(dead(wide("program = \"git\"\ngrants = [\"any\"]", "git log") + &log));
    assert!(dead(wide("program = \"git\"", "git log") + &narrow("program = \"git\"\ncwd = \".\"", "git log")));
    let paths = narrow("program = \"git\"\nargs.paths = \"any\"", "git log");
    assert!(!dead(wide("program = \"git\"", "git log") + &paths), "it reaches other files");
    assert!(dead(wide("program = \"git\"\ngrants = [\"any\"]", "git log") + &paths));
    let fetch = narrow("command = 'git fetch( .*)?'\ngrants = [\"network\"]", "git fetch origin");
    assert!(!dead(wide("program = \"git\"", "git log") + &fetch), "it covers what the other does not");
    assert!(dead(wide("program = \"git\"\ngrants = [\"network\", \"config\"]", "git fetch") + &fetch));
    let tool = narrow("command = 'our-tool build'", "our-tool build");
    assert!(!dead(wide("program = [\"ls\", \"our-tool\"]", "ls") + &tool), "a name alone covers no unknown program");
    assert!(!dead(wide("program = \"git\"\nargs.subcommand = \"log\"", "git log") + &log));
}

#[test]
fn an_allow_is_inside_a_deny_only_when_the_deny_says_no_more() {
    let inside = |deny: &str, allow: &str| {
        let text = rule("no", "deny", deny, "git fetch") + &rule("b", "allow", allow, "git fetch origin");
        linted(&text).concat().contains("never-allows")
    };
    let fetch = "program = \"git\"\nargs.subcommand = \"fetch\"\ngrants = [\"network\"]";
    assert!(inside("program = \"git\"", fetch));
    assert!(!inside("program = \"git\"\nargs.subcommand = \"fetch\"", fetch), "not compared");
    assert!(!inside("program = \"git\"\nneeds = [\"network\"]", fetch));
}

#[test]
fn a_grant_to_run_things_needs_an_example_that_says_so() {
    let says = "program = \"find\"\ngrants = [\"exec\"]";
    insta::assert_snapshot!(linted(&rule("find", "allow", says, "find . -name x")).concat());
    clean(&rule("find", "allow", says, "find . -exec grep -n x {} +"));
    clean(&rule("tool", "allow", "program = \"our-tool\"\nargs.options = []\ngrants = [\"exec\"]", "our-tool x"));
}

#[test]
fn a_program_that_a_rule_vouches_for_lies_where_no_job_writes() {
    let text = rule("tool", "allow", "program = \"/opt/ours/tool\"\ngrants = [\"any\"]", "/opt/ours/tool");
    insta::assert_snapshot!(linted(&format!("{text}[sandbox]\nwrite = [\"workspace\", \"/opt\"]\n")).concat());
    clean(&format!("{text}[sandbox]\nwrite = [\"workspace\", \"/opt2\"]\n"));
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
