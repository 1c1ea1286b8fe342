//! Lists, pipelines, subshells, statuses.

use std::{
    fs,
    io::{Read as _, Write as _},
};

use stockade::script::Trouble;

use crate::{cases, patterns::trouble, stage::Stage};

cases![
    lists_follow_their_statuses,
    a_pipeline_has_the_status_of_its_last,
    a_death_by_signal_is_a_status,
    what_nobody_reads_ends,
    a_reader_of_nothing_ends_while_the_writer_is_a_subshell,
    a_subshell_has_a_directory_of_its_own,
    a_member_of_a_pipeline_has_a_directory_of_its_own,
    a_directory_that_is_not_there_changes_nothing,
    the_working_directory_is_in_the_environment,
    a_directory_whose_name_is_no_field_wants_quotes,
    exit_ends_where_it_stands,
    a_program_that_is_not_there,
    a_program_that_cannot_be_executed,
    scripts_run_with_their_interpreter,
    variables_stand_before_a_command,
    deep_nesting_runs,
    too_long_for_the_kernel,
    more_writers_than_a_pipe_holds,
];

fn ran(text: &str) -> (i32, String) {
    let ran = Stage::furnished().run(text);
    (ran.status, ran.stdout)
}

fn lists_follow_their_statuses() {
    for (text, status, stdout) in [
        ("true && echo a || echo b", 0, "a\n"),
        ("false && echo a || echo b", 0, "b\n"),
        ("false || false && echo a", 1, ""),
        ("true || echo a && echo b", 0, "b\n"),
        ("false; echo a", 0, "a\n"),
        ("echo a\nfalse", 1, "a\n"),
        ("! true", 1, ""),
        ("! false && echo a", 0, "a\n"),
        ("! true | false", 0, ""),
        (": && :", 0, ""),
    ] {
        assert_eq!(ran(text), (status, stdout.to_owned()), "{text}");
    }
}

fn a_pipeline_has_the_status_of_its_last() {
    assert_eq!(ran("false | true").0, 0);
    assert_eq!(ran("true | false").0, 1);
    assert_eq!(ran("echo a | (exit 7)").0, 7);
    assert_eq!(ran("echo b a | tr ' ' '\\n' | sort | tr a c").1, "c\nb\n");
    assert_eq!(ran("exit 3 | true; echo on").1, "on\n");
}

fn a_death_by_signal_is_a_status() {
    assert_eq!(ran("bash -c 'kill -TERM $$'").0, 128 + 15);
    assert_eq!(ran("bash -c 'kill -KILL $$' || echo a"), (0, "a\n".to_owned()));
}

fn what_nobody_reads_ends() {
    assert_eq!(ran("yes | head -n 1"), (0, "y\n".to_owned()));
    assert_eq!(ran("yes | cat | cat | head -n 2 | tail -n 1"), (0, "y\n".to_owned()));
}

fn a_reader_of_nothing_ends_while_the_writer_is_a_subshell() {
    assert_eq!(ran("(yes; yes) | head -n 1"), (0, "y\n".to_owned()));
    assert_eq!(ran("(cat; echo end) | (cat)"), (0, "end\n".to_owned()));
}

fn a_subshell_has_a_directory_of_its_own() {
    assert_eq!(ran("(cd d && cat x); cat a.txt").1, "d/x\na.txt\n");
    assert_eq!(ran("cd d && cat x && cd .. && cat a.txt").1, "d/x\na.txt\n");
}

fn a_member_of_a_pipeline_has_a_directory_of_its_own() {
    assert_eq!(ran("cd d | cat; cat a.txt").1, "a.txt\n");
    assert_eq!(ran("echo | cd d; cat a.txt").1, "a.txt\n");
}

fn a_directory_that_is_not_there_changes_nothing() {
    let stage = Stage::furnished();
    let ran = stage.run("cd nowhere; cat a.txt; cd a.txt; cd \"$(:)\"");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "a.txt\n"));
    let said = [
        "stockade: `nowhere`: no such file or directory\n",
        "stockade: `a.txt`: not a directory\n",
        "stockade: ``: no such file or directory\n",
    ];
    assert_eq!(ran.stderr, said.concat());
    assert_eq!(stage.run("cd nowhere && echo a").stdout, "");
}

fn the_working_directory_is_in_the_environment() {
    let stage = Stage::furnished();
    let d = stage.dir().join("d");
    let text = "cd link; printenv PWD; (cd deep; printenv PWD); printenv PWD; echo \"$(cd deep; echo $PWD)\" \"$PWD\"; cd ~; printenv PWD";
    let d = d.to_str().unwrap();
    assert_eq!(stage.run(text).stdout, format!("{d}\n{d}/deep\n{d}\n{d}/deep {d}\n/\n"));
}

fn a_directory_whose_name_is_no_field_wants_quotes() {
    for name in ["a b", "[a]"] {
        let stage = Stage::new();
        stage.run(&format!("mkdir '{name}'"));
        let quoted = stage.run(&format!("cd '{name}'; echo \"$PWD\""));
        assert_eq!(quoted.stdout, format!("{}/{name}\n", stage.dir().display()));
        assert_eq!(
            trouble(&stage.run(&format!("cd '{name}'; echo $PWD"))),
            Some(Trouble::ValueSplits("PWD".to_owned()))
        );
    }
}

fn exit_ends_where_it_stands() {
    assert_eq!(ran("echo a; exit 5; echo b"), (5, "a\n".to_owned()));
    assert_eq!(ran("(exit 5; echo b); echo a; false; exit"), (1, "a\n".to_owned()));
    assert_eq!(ran("false; (exit)").0, 1);
}

fn a_program_that_is_not_there() {
    let stage = Stage::new();
    stage.run("cp /bin/true nosuchprogram");
    let ran = stage.run("nosuchprogram 2>&1; ./missing; : | nosuchprogram 2>/dev/null");
    assert_eq!((ran.status, ran.stdout.as_str()), (127, "stockade: `nosuchprogram`: there is no such program\n"));
    assert_eq!(ran.stderr, "stockade: `./missing`: no such file or directory\n");
    // Only for the file of the last one's messages.
    assert_eq!(ran.asked.len(), 1);
}

fn a_program_that_cannot_be_executed() {
    let stage = Stage::furnished();
    for name in ["./d", "./a.txt", "./a.txt/x"] {
        assert_eq!(stage.run(name).status, 126, "{name}");
    }
    stage.run("mkfifo pipe; chmod +x pipe");
    let mut pipe = fs::File::options().read(true).write(true).open(stage.dir().join("pipe")).unwrap();
    pipe.write_all(b"ab").unwrap();
    let ran = stage.run("./pipe");
    assert_eq!((ran.status, ran.stderr.as_str()), (126, "stockade: `./pipe`: permission denied\n"));
    let mut held = [0; 2];
    pipe.read_exact(&mut held).unwrap();
    assert_eq!(&held, b"ab", "nobody looked into it");
    stage.run("cp a.txt noformat; chmod +x noformat");
    let ran = stage.run("./noformat 2>&1 >f");
    assert_eq!((ran.status, ran.stdout.as_str()), (126, "stockade: `./noformat`: exec format error\n"));
}

fn scripts_run_with_their_interpreter() {
    let stage = Stage::new();
    let text = "cat >s <<'E'\n#!/bin/sh\necho \"$0 $1\"\nE\nchmod +x s; ./s 'a b'; mkdir d; cd d; ../s c";
    assert_eq!(stage.run(text).stdout, "./s a b\n../s c\n");
    assert_eq!(stage.run("cat >m <<'E'\n#!/nonexistent\nE\nchmod +x m; ./m").status, 127);
}

fn variables_stand_before_a_command() {
    assert_eq!(ran("B=2 B='3 *' printenv A B").1, "1\n3 *\n");
    assert_eq!(ran("A=5 printenv A; printenv A").1, "5\n1\n");
}

fn deep_nesting_runs() {
    let text = format!("{}echo a{}", "( ".repeat(32), ")".repeat(32));
    assert_eq!(ran(&text).1, "a\n");
}

fn too_long_for_the_kernel() {
    let stage = Stage::new();
    let ran = stage.run("true \"$(head -c 200000 /dev/zero | tr '\\0' x)\"; echo next");
    assert_eq!(ran.stdout, "next\n");
    assert_eq!(ran.stderr, "stockade: `true`: argument list too long\n");
    assert!(!ran.asked.iter().any(|asked| asked.files.iter().any(|file| file.ends_with("/true"))));
}

fn more_writers_than_a_pipe_holds() {
    assert_eq!(ran("head -c 1000000 /dev/zero | cat | cat | wc -c").1, "1000000\n");
}
