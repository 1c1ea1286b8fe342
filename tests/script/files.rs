//! Opening files for redirections.

use std::{fs, os::unix::fs::symlink};

use stockade::script::{Access, Act};

use crate::{cases, stage::Stage};

cases![
    files_are_made_emptied_and_extended,
    a_link_is_followed_and_shown,
    a_link_to_nothing_is_an_error,
    odd_names,
    a_new_file_is_asked_for_in_its_directory,
    a_file_that_somebody_makes_in_between_is_asked_for,
    a_link_that_somebody_makes_in_between_is_not_followed,
    what_was_shown_is_what_is_opened,
    what_was_shown_is_what_is_executed_and_entered,
    an_ordinary_user_that_nobody_may_look_into,
];

fn files_are_made_emptied_and_extended() {
    let stage = Stage::new();
    stage.run("echo a >f; echo b >>f; echo c >>g; cat <f >h");
    assert_eq!((stage.text("f"), stage.text("g"), stage.text("h")), ("a\nb\n".into(), "c\n".into(), "a\nb\n".into()));
    stage.run("echo c >f");
    assert_eq!(stage.text("f"), "c\n");
}

fn a_link_is_followed_and_shown() {
    let stage = Stage::furnished();
    symlink("d/x", stage.dir().join("to")).unwrap();
    let ran = stage.run("echo a >to; cat <link/x");
    assert_eq!(ran.stdout, "a\n");
    assert_eq!(stage.text("d/x"), "a\n");
    let real = stage.dir().join("d/x").display().to_string();
    let opens: Vec<_> = ran.asked.iter().filter(|asked| matches!(asked.question.act, Act::Open { .. })).collect();
    assert_eq!(opens.iter().map(|asked| asked.files.clone()).collect::<Vec<_>>(), [[real.clone()], [real]]);
}

fn a_link_to_nothing_is_an_error() {
    let stage = Stage::furnished();
    let ran = stage.run("echo a >dangling");
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "stockade: `dangling`: a link that leads to nothing\n"));
    assert!(!stage.has("nothing"));
    assert_eq!(ran.asked.len(), 0);
}

fn odd_names() {
    let stage = Stage::furnished();
    for name in ["''", "new/", "d/", ".", "..", "/", "a.txt/x", "no/x", "d/../no/x"] {
        let ran = stage.run(&format!("echo a >{name}"));
        assert_eq!((ran.status, ran.asked.len()), (1, 0), "{name}: {ran:?}");
    }
    stage.run("echo a >./d//n1; echo b >d/../n2; echo c >'n 3'");
    assert_eq!((stage.text("d/n1"), stage.text("n2"), stage.text("n 3")), ("a\n".into(), "b\n".into(), "c\n".into()));
}

fn a_new_file_is_asked_for_in_its_directory() {
    let stage = Stage::furnished();
    let ran = stage.run("cd d; echo a >deep/new");
    let asked = &ran.asked[1];
    let (name, new) = ("deep/new".to_owned(), Some("new".to_owned()));
    assert_eq!(asked.question.act, Act::Open { redirection: 0, access: Access::Write, name, new });
    assert_eq!(asked.files, [stage.dir().join("d/deep").display().to_string()]);
}

fn a_file_that_somebody_makes_in_between_is_asked_for() {
    let stage = Stage::new().meddling(0, |dir| fs::write(dir.join("f"), "theirs\n").unwrap());
    let ran = stage.run("echo a >>f");
    let news = ran.asked.iter().map(|asked| match &asked.question.act {
        Act::Open { new, .. } => new.as_deref(),
        Act::Enter { .. } | Act::Execute { .. } | Act::GiveUp(_) => Some("something else"),
    });
    assert_eq!(news.collect::<Vec<_>>(), [Some("f"), None, Some("something else")]);
    assert_eq!(stage.text("f"), "theirs\na\n");
}

fn a_link_that_somebody_makes_in_between_is_not_followed() {
    let stage = Stage::new().meddling(0, |dir| symlink("elsewhere", dir.join("f")).unwrap());
    let ran = stage.run("echo a >f");
    assert_eq!((ran.status, ran.stderr.as_str()), (1, "stockade: `f`: a link that leads to nothing\n"));
    assert!(!stage.has("elsewhere"));
}

fn what_was_shown_is_what_is_opened() {
    let swap = |dir: &std::path::Path| {
        fs::rename(dir.join("a.txt"), dir.join("aside")).unwrap();
        symlink("b.txt", dir.join("a.txt")).unwrap();
    };
    for (text, aside) in [("echo new >a.txt", "new\n"), ("echo new >>a.txt", "a.txt\nnew\n")] {
        let stage = Stage::furnished().meddling(0, swap);
        assert_eq!(stage.run(text).status, 0);
        assert_eq!((stage.text("aside").as_str(), stage.text("b.txt").as_str()), (aside, "b.txt\n"));
    }
    assert_eq!(Stage::furnished().meddling(0, swap).run("cat <a.txt").stdout, "a.txt\n");
}

fn what_was_shown_is_what_is_executed_and_entered() {
    let stage = Stage::furnished().meddling(1, |dir| {
        fs::remove_file(dir.join("program")).unwrap();
        symlink("/bin/false", dir.join("program")).unwrap();
    });
    assert_eq!(stage.run("cp /bin/true program; ./program").status, 0);
    let stage = Stage::furnished().meddling(0, |dir| {
        fs::rename(dir.join("d"), dir.join("was")).unwrap();
        symlink("e", dir.join("d")).unwrap();
    });
    assert_eq!(stage.run("cd d; cat x").stdout, "d/x\n");
}

/// Not dumpable, a process's entries in /proc belong to root; it may use them all the same.
fn an_ordinary_user_that_nobody_may_look_into() {
    let stage = Stage::new().owned_by(12345);
    fs::write(stage.dir().join("there"), "a\n").unwrap();
    let ran = stage.run("cat <there >new; cat <<<b >>new; (cat <new) | cat");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout, "a\nb\n");
    let ran = stage.run("bash -c 'ls /proc/$PPID/fd'");
    assert!(ran.status != 0 && ran.stderr.contains("Permission denied"), "{ran:?}");
}
