//! Spellings that would get around a rule, or make a use look like a harmless one.

use super::*;

/// The answer when one rule denies, and another one allows every use.
#[track_caller]
fn denies(rule: &str, program: &str, text: &str) -> bool {
    let set = policy(&format!(
        "[[rule]]\nid = 'no'\ndecision = 'deny'\nprogram = '{program}'\n{rule}\nreason = 'r'\n\
         [[rule]]\nid = 'yes'\ndecision = 'allow'\ncommand = '(?s).*'\ngrants = ['any']\nreason = 'r'\n"
    ));
    answer(&set, text).starts_with("deny denied-by-rule")
}

#[test]
fn a_forbidden_option_is_seen_in_other_spellings() {
    for (option, program, text) in [
        // Nothing is known of the first program.
        ("-exec", "frobnicate", "frobnicate -exec id"),
        ("-exec", "frobnicate", "frobnicate -exec=id"),
        ("--auto-approve", "terraform", "terraform apply -auto-approve"),
        ("-javaagent", "java", "java -javaagent:x.jar -jar y.jar"),
        ("-Wl", "gcc", "gcc -Wl,-O1 a.c"),
        ("-o=/etc/.*", "zstd", "zstd -o=/etc/x f"),
        ("--force", "git", "git push --forc"),
    ] {
        assert!(denies(&format!("args.any_option = ['{option}']"), program, text), "{option}: {text}");
    }
    for (option, program, text) in
        [("-exec", "find", "find . -name exec"), ("-W", "gcc", "gcc -Os a.c"), ("--all", "git", "git log a")]
    {
        assert!(!denies(&format!("args.any_option = ['{option}']"), program, text), "{option}: {text}");
    }
}

#[test]
fn a_forbidden_subcommand_is_seen_by_its_beginning() {
    assert!(denies("args.subcommand = 'push'", "hg", "hg pus"));
    assert!(!denies("args.subcommand = 'push'", "hg", "hg pull"));
}

#[test]
fn a_forbidden_program_is_seen_behind_an_assignment_with_a_slash() {
    assert!(denies("", "rm", "env a/b=c rm -rf x"));
}

#[test]
fn a_forbidden_program_is_seen_in_a_text() {
    for text in [
        "xargs sh -c 'rm $0'",
        "find . -exec sh -c 'rm \"$1\"' _ {} \\;",
        "flock lock -c 'rm x'",
        "entr -s 'rm x'",
        "tar xf a --to-command='rm x'",
        "git submodule foreach 'rm x'",
        "sort --compress-program=rm x",
    ] {
        assert!(denies("", "rm", text), "{text}");
    }
    assert!(!denies("", "rm", "grep -e 'rm x' f"));
}

#[test]
fn words_that_xargs_puts_into_a_command_can_do_more() {
    let rule = "[[rule]]\nid = 'one'\ndecision = 'allow'\nprogram = ['xargs', 'awk', 'sed', 'sort', 'cp', 'grep', 'wc']\nreason = 'r'\n";
    let set = policy(rule);
    for text in [
        "xargs -I{} awk {} f",
        "xargs -I % sed -n -- % f",
        "xargs -i awk {} f",
        "xargs --replace awk {} f",
        "xargs -I -- sort -- f",
        "xargs -I x sort -x f",
        "xargs -I n sort --n=f f",
        "xargs -I s sort f",
    ] {
        assert!(answer(&set, text).starts_with("deny"), "{text}");
    }
    for text in ["xargs -I{} grep -n x {}", "xargs -I{} cp {} out", "xargs -I{} wc -l {}"] {
        assert_eq!(answer(&set, text), "allow one", "{text}");
    }
}
