//! `<( … )` and `>( … )`.

use stockade::script::Act;

use crate::{cases, stage::Stage};

cases![
    what_reads_is_waited_for,
    a_command_that_does_not_read_ends_them,
    a_judge_sees_the_name_of_the_pipe,
    a_list_holds_no_other_pipe,
    nothing_is_open_after_the_command,
];

/// bash does not wait for it, and loses what is written late.
fn what_reads_is_waited_for() {
    let stage = Stage::furnished();
    let ran = stage.run("tee >(sleep 0.2; cat >f) >(cat >g; exit 3) <a.txt; cat f g");
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a.txt\na.txt\na.txt\n"));
    assert_eq!(stage.run("echo a | tee >(sleep 0.2; tr a b >f) | cat; cat f").stdout, "a\nb\n");
    assert_eq!(stage.run(": >(cat >f; echo done)").stdout, "done\n");
}

fn a_command_that_does_not_read_ends_them() {
    let ran = Stage::new().run("true <(yes) <(yes); echo $(true <(yes)); head -n 1 <(yes)");
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "\ny\n"));
}

fn a_judge_sees_the_name_of_the_pipe() {
    let ran = Stage::new().run("cat x$(true)y <(:) || true");
    let fields = ran.asked.iter().find_map(|asked| match &asked.question.act {
        Act::Execute { fields, .. } if fields[0] == ["cat"] => Some((asked.question.command, fields.clone())),
        Act::Enter { .. } | Act::Open { .. } | Act::Execute { .. } | Act::GiveUp(_) => None,
    });
    let (command, fields) = fields.unwrap();
    assert_eq!((command, fields[1].as_slice()), (2, ["xy".to_owned()].as_slice()));
    let number: u32 = fields[2][0].strip_prefix("/dev/fd/").unwrap().parse().unwrap();
    assert!(fields[2].len() == 1 && number >= 10, "{fields:?}");
}

/// Neither its own other end nor those of its neighbours.
fn a_list_holds_no_other_pipe() {
    let ran = Stage::new().run("cat <(ls /proc/self/fd) <(ls /proc/self/fd) <(echo $(ls /proc/self/fd))");
    assert_eq!(ran.stdout, "0\n1\n2\n3\n0\n1\n2\n3\n0 1 2 3\n");
}

fn nothing_is_open_after_the_command() {
    let ran = Stage::new().run("true <(:) >(:); ls /proc/self/fd");
    assert_eq!(ran.stdout, "0\n1\n2\n3\n");
    let ran = Stage::new().run("ls /proc/self/fd <(:) | wc -l");
    assert_eq!(ran.stdout, "8\n", "a title, four numbers, its pipe, an empty line and the pipe's name");
}
