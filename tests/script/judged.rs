//! Nothing happens before it is asked, and nothing after a refusal.

use stockade::script::Act;

use crate::{
    cases,
    stage::{Asked, Stage},
};

cases![
    every_act_is_asked_for,
    a_refusal_stops_every_process,
    nothing_goes_on_after_a_refusal_anywhere,
    commands_are_named_by_their_place,
    what_is_missing_is_not_asked_for,
];

fn kind(asked: &Asked) -> String {
    match &asked.question.act {
        Act::Enter { name } => format!("enter {name}"),
        Act::Open { name, .. } => format!("open {name}"),
        Act::Execute { fields, .. } => format!("execute {}", fields.concat().join(" ")),
        Act::GiveUp(trouble) => format!("give up {trouble:?}"),
    }
}

fn every_act_is_asked_for() {
    let stage = Stage::furnished();
    let ran = stage.run("cd d && cat <x >new; : >other; (cat y); exit 2");
    let asked: Vec<_> = ran.asked.iter().map(kind).collect();
    assert_eq!(asked, ["enter d", "open x", "open new", "execute cat", "open other", "execute cat y"]);
    let d = stage.dir().join("d").display().to_string();
    assert_eq!(ran.asked[0].files, [d.as_str()]);
    assert_eq!(ran.asked[3].files.len(), 2);
    assert!(ran.asked[3].files[0].ends_with("bin/cat"));
    assert_eq!(ran.asked[3].files[1], d);
    assert_eq!(ran.asked[4].process, ran.asked[0].process);
    assert_ne!(ran.asked[3].process, ran.asked[0].process);
}

/// Every question of a script refused in its turn: nothing that comes after it has happened.
fn a_refusal_stops_every_process() {
    let text = "echo 0 >f0; (cd d; echo 1 >../f1) || echo x; echo 2 >\"$(echo f2)\"; ! echo 3 >f3; : >f4; exit 5";
    let questions = Stage::furnished().run(text).asked.len();
    assert_eq!(questions, 11);
    for refused in 0..questions {
        let stage = Stage::furnished().refusing(refused);
        let ran = stage.run(text);
        assert_eq!((ran.status, ran.asked.len()), (126, refused + 1), "{refused}: {ran:?}");
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        // Where each file is made: at the question after its own.
        for (file, made) in [("f0", 0), ("f1", 3), ("f2", 6), ("f3", 8), ("f4", 10)] {
            assert_eq!(stage.has(file), refused > made, "{file} at {refused}");
        }
    }
}

fn nothing_goes_on_after_a_refusal_anywhere() {
    for text in [
        "cat a.txt || : >after",
        "cat a.txt; : >after",
        "! cat a.txt; : >after",
        "(cat a.txt); : >after",
        "cat a.txt | :; : >after",
        "(: <a.txt; : >after) || : >after",
        "true $(cat a.txt); : >after",
        "cd \"$(cat a.txt)\" || : >after",
        ": $(cat a.txt) || : >after",
        "A=\"$(cat a.txt)\" true || : >after",
        ": <<<\"$(cat a.txt)\" || : >after",
        ": >\"$(cat a.txt)\"; : >after",
        "true <(cat a.txt) || : >after",
        ": >(cat a.txt) || : >after",
    ] {
        let stage = Stage::furnished().refusing(0);
        let ran = stage.run(text);
        assert_eq!((ran.status, stage.has("after")), (126, false), "{text}: {ran:?}");
        // A command and what runs beside it ask at the same time.
        let most = if text.contains("<(cat") || text.contains(">(cat") { 2 } else { 1 };
        assert!((1..=most).contains(&ran.asked.len()), "{text}: {ran:?}");
    }
}

fn commands_are_named_by_their_place() {
    let stage = Stage::furnished();
    let ran = stage.run("cd d; echo $(cat x) | cat >o; (cat y)");
    let mut places: Vec<_> = ran.asked.iter().map(|asked| (asked.question.command, kind(asked))).collect();
    places.sort();
    let expected = [
        (0, "enter d"),
        (1, "execute cat x"),
        (2, "execute echo d/x"),
        (3, "execute cat"),
        (3, "open o"),
        (4, "execute cat y"),
    ];
    assert_eq!(places, expected.map(|(place, kind)| (place, kind.to_owned())));
}

fn what_is_missing_is_not_asked_for() {
    let ran = Stage::furnished().run("cd nowhere; cat <nowhere; ./nowhere; echo >d; echo >nowhere/x; true >&9");
    assert_eq!(ran.asked.len(), 0);
}
