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
];

fn ran(text: &str, inner: &[&str]) -> Ran {
    Stage::furnished().run_with(text, inner)
}

fn output_becomes_fields() {
    let inner = ["printf ' a b\\t\\nc\\n\\n'", ":", "printf 'x\\n\\n'"];
    for (words, stdout) in [
        ("@0@", "<a><b><c>"),
        ("@q0@", "< a b\t\nc>"),
        ("p@0@s", "<p><a><b><cs>"),
        ("@2@@2@", "<xx>"),
        ("@1@", "<>"),
        ("@1@ @1@ z", "<z>"),
        ("@q1@", "<>"),
        ("@q1@ z", "<><z>"),
        ("x@1@y", "<xy>"),
        ("@q0@@0@", "< a b\t\nc><a><b><c>"),
    ] {
        assert_eq!(ran(&format!("printf '<%s>' {words}"), &inner).stdout, stdout, "{words}");
    }
}

fn values_are_not_split() {
    assert_eq!(ran("B=@0@ printenv B", &["echo 'a  *'"]).stdout, "a  *\n");
    assert_eq!(ran("cat <<<@0@", &["echo 'a  *'"]).stdout, "a  *\n");
    let stage = Stage::new();
    stage.run_with("echo a >@q0@", &["echo 'n  *'"]);
    assert_eq!(stage.text("n  *"), "a\n");
    assert_eq!(ran("cat <@q0@ || echo b", &["true"]).stdout, "b\n");
}

fn a_substitution_is_a_process_of_its_own() {
    assert_eq!(ran("echo @0@; cat a.txt", &["cd d; cat x; exit 3; echo y"]).stdout, "d/x\na.txt\n");
    // In a builtin's words it is this process that waits for it.
    assert_eq!(ran("cd @q0@; cat x", &["echo d"]).stdout, "d/x\n");
    assert_eq!(ran(": @0@ >f; cat f - <<<x", &["echo d"]).stdout, "x\n");
    assert_eq!(ran("cat a.txt | head -n @0@", &["echo 1"]).stdout, "a.txt\n");
}

fn output_that_is_no_text_is_trouble() {
    assert_eq!(trouble(&ran("echo @q0@; echo on", &["printf 'a\\0b'"])), Some(Trouble::OutputNotText));
    assert_eq!(trouble(&ran("echo @q0@; echo on", &["printf '\\377'"])), Some(Trouble::OutputNotText));
}

fn output_that_is_too_long_is_trouble() {
    let most = "head -c 1048576 /dev/zero | tr '\\0' x";
    assert_eq!(ran("wc -c <<<@q0@", &[most]).stdout, "1048577\n");
    assert_eq!(trouble(&ran("echo @0@; echo on", &["yes"])), Some(Trouble::OutputTooLong(1 << 20)));
}

fn output_that_would_match_files_is_trouble() {
    for c in ['*', '?', '['] {
        assert_eq!(trouble(&ran("echo @0@; echo on", &[&format!("echo 'a b{c}'")])), Some(Trouble::OutputPattern(c)));
    }
    assert_eq!(ran("echo @q0@", &["echo '*'"]).stdout, "*\n");
}

fn substitutions_stand_in_each_other() {
    assert_eq!(ran("echo @0@", &["echo 1@1@", ": | (echo 2@q2@)", "echo '3 4' | cat"]).stdout, "123 4\n");
}

fn the_status_inside_counts_for_nothing() {
    assert_eq!(ran("true @0@ && : @0@ && cd .@q0@", &["false"]).status, 0);
}

fn a_directory_like_an_option_is_trouble() {
    for name in ["-", "-P", "--"] {
        let ran = ran("cd @q0@; echo on", &[&format!("echo {name}")]);
        assert_eq!(trouble(&ran), Some(Trouble::OptionLikeName(name.to_owned())));
    }
}
