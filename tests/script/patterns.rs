//! File name patterns against real directories.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use stockade::script::{Act, Trouble};

use crate::{
    cases,
    stage::{Ran, Stage},
};

cases![
    names_come_in_the_order_of_their_bytes,
    what_matches_nothing_is_itself,
    known_parts_are_literal,
    hidden_files_want_their_dot,
    a_name_like_an_option_is_trouble,
    a_pattern_of_dots_is_trouble,
    a_name_that_is_no_text_is_trouble_when_it_matches,
    too_many_names_are_trouble,
    the_judge_sees_what_each_word_became,
];

/// How the script gave up, after the questions before.
pub fn trouble(ran: &Ran) -> Option<Trouble> {
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (126, "", ""), "{ran:?}");
    ran.asked.last().and_then(|asked| match &asked.question.act {
        Act::GiveUp(trouble) => Some(trouble.clone()),
        Act::Enter { .. } | Act::Open { .. } | Act::Execute { .. } => None,
    })
}

fn echo(patterns: &str) -> String {
    Stage::furnished().run(&format!("echo {patterns}")).stdout
}

fn names_come_in_the_order_of_their_bytes() {
    assert_eq!(echo("*"), "B.txt a.txt b.txt d dangling e link sp ace é\n");
    assert_eq!(echo("[a-z].txt ?.txt [!a].txt"), "a.txt b.txt B.txt a.txt b.txt B.txt b.txt\n");
    assert_eq!(echo("*/x d*/* */"), "d/x e/x link/x d/deep d/x d/y d/ e/ link/\n");
    assert_eq!(echo("?"), "d e é\n");
}

fn what_matches_nothing_is_itself() {
    assert_eq!(echo("*.rs [!x-z]q? d/*/*/ nowhere/* a.txt/*"), "*.rs [!x-z]q? d/*/*/ nowhere/* a.txt/*\n");
}

fn known_parts_are_literal() {
    let stage = Stage::new();
    stage.run("touch 'a*b' axb '[x]' x");
    assert_eq!(stage.run("printf '%s\\n' 'a*'? 'a*'* *'*'* '['*").stdout, "a*b\na*b\na*b\n[x]\n");
    assert_eq!(stage.run("printf '%s\\n' 'a*'b a'?'b").stdout, "a*b\na?b\n");
}

fn hidden_files_want_their_dot() {
    assert_eq!(echo(".d* .h*/x .h*/* *dot ?dot [!a]dot"), ".dot .hidden/x .hidden/x *dot ?dot [!a]dot\n");
}

fn a_name_like_an_option_is_trouble() {
    let stage = Stage::new();
    stage.run("touch -- -rf x");
    assert_eq!(trouble(&stage.run("echo *")), Some(Trouble::OptionLikeName("-rf".to_owned())));
    assert_eq!(stage.run("echo ./*").stdout, "./-rf ./x\n");
}

fn a_pattern_of_dots_is_trouble() {
    for text in ["echo \"$(echo .)\"*", "echo $(echo .)/x?", "echo d/\"$(echo .)\"[a]"] {
        let ran = Stage::furnished().run(text);
        let dots = text.contains('"');
        assert_eq!(ran.asked.iter().any(|asked| matches!(asked.question.act, Act::GiveUp(_))), dots, "{text}");
        if dots {
            assert!(matches!(trouble(&ran), Some(Trouble::DotPattern(_))), "{ran:?}");
        }
    }
}

fn a_name_that_is_no_text_is_trouble_when_it_matches() {
    let stage = Stage::furnished();
    fs::write(stage.dir().join(OsStr::from_bytes(b"z\xff")), "").unwrap();
    assert_eq!(stage.run("echo a*").stdout, "a.txt\n");
    assert_eq!(trouble(&stage.run("echo z*")), Some(Trouble::NameNotText("z\u{fffd}".to_owned())));
}

fn too_many_names_are_trouble() {
    let stage = Stage::new();
    fs::create_dir(stage.dir().join("many")).unwrap();
    (0..10_000).for_each(|n| fs::write(stage.dir().join(format!("many/{n}")), "").unwrap());
    assert_eq!(stage.run("printf '%s\\n' many/* | wc -l").stdout, "10000\n");
    fs::write(stage.dir().join("many/x"), "").unwrap();
    assert_eq!(trouble(&stage.run("echo many/*")), Some(Trouble::TooManyNames(10_000)));
}

fn the_judge_sees_what_each_word_became() {
    let stage = Stage::furnished();
    let ran = stage.run("A='x y' echo [ab].txt $(printf ' p  q ') '' \"$(printf ' p  q ')\" $(:)");
    assert_eq!(ran.stdout, "a.txt b.txt p q   p  q \n");
    let Some(Act::Execute { fields, variables }) = ran.asked.last().map(|asked| &asked.question.act) else {
        panic!("{ran:?}");
    };
    let expected: [&[&str]; 6] = [&["echo"], &["a.txt", "b.txt"], &["p", "q"], &[""], &[" p  q "], &[]];
    assert_eq!(fields.iter().map(Vec::as_slice).collect::<Vec<_>>(), expected);
    assert_eq!(variables, &[("A".to_owned(), "x y".to_owned())]);
}
