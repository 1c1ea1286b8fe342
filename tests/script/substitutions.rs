//! `$( … )`.

use stockade::script::Trouble;

use crate::{
    cases,
    patterns::trouble,
    stage::{Ran, Stage},
};

cases![
    output_becomes_fields,
    values_are_not_split,
    a_substitution_is_a_process_of_its_own,
    output_that_is_no_text_is_trouble,
    output_that_is_too_long_is_trouble,
    output_that_would_match_files_is_trouble,
    substitutions_stand_in_each_other,
    the_status_inside_counts_for_nothing,
    a_directory_like_an_option_is_trouble,
    several_directories_are_trouble,
];

fn ran(text: &str) -> Ran {
    Stage::furnished().run(text)
}

fn output_becomes_fields() {
    for (words, stdout) in [
        ("$(printf ' a b\\t\\nc\\n\\n')", "<a><b><c>"),
        ("\"$(printf ' a b\\t\\nc\\n\\n')\"", "< a b\t\nc>"),
        ("p$(printf ' a b\\t\\nc\\n\\n')s", "<p><a><b><cs>"),
        ("$(printf 'x\\n\\n')$(printf 'x\\n\\n')", "<xx>"),
        ("$(:)", "<>"),
        ("$(:) $(:) z", "<z>"),
        ("\"$(:)\"", "<>"),
        ("\"$(:)\" z", "<><z>"),
        ("x$(:)y", "<xy>"),
        ("\"$(printf ' a b\\t\\nc\\n\\n')\"$(printf ' a b\\t\\nc\\n\\n')", "< a b\t\nc><a><b><c>"),
    ] {
        assert_eq!(ran(&format!("printf '<%s>' {words}")).stdout, stdout, "{words}");
    }
}

fn values_are_not_split() {
    assert_eq!(ran("B=$(echo 'a  *') printenv B").stdout, "a  *\n");
    assert_eq!(ran("cat <<<$(echo 'a  *')").stdout, "a  *\n");
    let stage = Stage::new();
    stage.run("echo a >\"$(echo 'n  *')\"");
    assert_eq!(stage.text("n  *"), "a\n");
    assert_eq!(ran("cat <\"$(true)\" || echo b").stdout, "b\n");
}

fn a_substitution_is_a_process_of_its_own() {
    assert_eq!(ran("echo $(cd d; cat x; exit 3; echo y); cat a.txt").stdout, "d/x\na.txt\n");
    // In a builtin's words it is this process that waits for it.
    assert_eq!(ran("cd \"$(echo d)\"; cat x").stdout, "d/x\n");
    assert_eq!(ran(": $(echo d) >f; cat f - <<<x").stdout, "x\n");
    assert_eq!(ran("cat a.txt | head -n $(echo 1)").stdout, "a.txt\n");
}

fn output_that_is_no_text_is_trouble() {
    assert_eq!(trouble(&ran("echo \"$(printf 'a\\0b')\"; echo on")), Some(Trouble::OutputNotText));
    assert_eq!(trouble(&ran("echo \"$(printf '\\377')\"; echo on")), Some(Trouble::OutputNotText));
}

fn output_that_is_too_long_is_trouble() {
    let most = "head -c 1048576 /dev/zero | tr '\\0' x";
    assert_eq!(ran(&format!("wc -c <<<\"$({most})\"")).stdout, "1048577\n");
    assert_eq!(trouble(&ran("echo $(yes); echo on")), Some(Trouble::OutputTooLong(1 << 20)));
}

fn output_that_would_match_files_is_trouble() {
    for c in ['*', '?', '['] {
        assert_eq!(trouble(&ran(&format!("echo $(echo 'a b{c}'); echo on"))), Some(Trouble::OutputPattern(c)));
    }
    assert_eq!(ran("echo \"$(echo '*')\"").stdout, "*\n");
}

fn substitutions_stand_in_each_other() {
    assert_eq!(ran("echo $(echo 1$(: | (echo 2\"$(echo '3 4' | cat)\")))").stdout, "123 4\n");
}

fn the_status_inside_counts_for_nothing() {
    assert_eq!(ran("true $(false) && : $(false) && cd .\"$(false)\"").status, 0);
}

fn several_directories_are_trouble() {
    assert_eq!(ran("cd $(echo d)/$(echo deep); cat x").stdout, "d/deep/x\n");
    for (text, count) in [("cd $(echo d e); echo on", 2), ("cd $(:) || echo on", 0), ("cd d$(echo ' x y')", 3)] {
        assert_eq!(trouble(&ran(text)), Some(Trouble::NotOneDirectory(count)), "{text}");
    }
}

fn a_directory_like_an_option_is_trouble() {
    for name in ["-", "-P", "--"] {
        let ran = ran(&format!("cd \"$(echo {name})\"; echo on"));
        assert_eq!(trouble(&ran), Some(Trouble::OptionLikeName(name.to_owned())));
    }
}
