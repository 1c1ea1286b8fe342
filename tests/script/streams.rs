//! Redirections, here-documents and numbers.

use crate::{cases, stage::Stage};

cases![
    order_counts,
    numbers_that_are_not_open,
    nothing_of_the_executor_is_open,
    streams_are_exchanged,
    a_closed_stream_is_closed,
    here_documents,
    a_long_here_document,
    builtins_have_streams,
    a_failing_redirection_is_the_command_s,
    files_are_made_before_a_program_is_missed,
    a_substitution_in_a_target_sees_what_stands_before_it,
];

fn stdout(text: &str) -> String {
    Stage::furnished().run(text).stdout
}

fn order_counts() {
    let stage = Stage::new();
    let ran = stage.run("bash -c 'echo o; echo e >&2' 2>&1 >f");
    assert_eq!((ran.stdout.as_str(), stage.text("f").as_str()), ("e\n", "o\n"));
    stage.run("bash -c 'echo o; echo e >&2' >f 2>&1");
    assert_eq!(stage.text("f"), "o\ne\n");
    stage.run("bash -c 'echo o; echo e >&2' &>>f");
    assert_eq!(stage.text("f"), "o\ne\no\ne\n");
    stage.run("echo x >f >g");
    assert_eq!((stage.text("f").as_str(), stage.text("g").as_str()), ("", "x\n"));
}

fn numbers_that_are_not_open() {
    for number in 3..10 {
        let ran = Stage::new().run(&format!("echo x >&{number}; echo y | cat <&{number}"));
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
        assert_eq!(ran.stderr, format!("stockade: `{number}`: bad file descriptor\n").repeat(2));
    }
}

fn nothing_of_the_executor_is_open() {
    let plain = "0\n1\n2\n3\n";
    assert_eq!(stdout("ls /proc/self/fd"), plain);
    assert_eq!(stdout("cat a.txt | ls /proc/self/fd | cat"), plain);
    assert_eq!(stdout("(ls /proc/self/fd)"), plain);
    assert_eq!(Stage::new().run("echo $(ls /proc/self/fd <<<x)").stdout, "0 1 2 3\n");
    assert_eq!(stdout("ls /proc/self/fd 7<a.txt 4>&7"), "0\n1\n2\n3\n4\n7\n");
}

fn streams_are_exchanged() {
    let ran = Stage::new().run("bash -c 'echo o; echo e >&2' 3>&1 1>&2 2>&3 3>&-");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("e\n", "o\n"));
}

fn a_closed_stream_is_closed() {
    assert_eq!(
        stdout("bash -c 'echo x 2>/dev/null || echo closed >&2' >&- 2>&1; echo y 2>&- ; cat <&- 2>/dev/null || echo z"),
        "y\nz\n"
    );
    let ran = Stage::new().run("bash -c 'echo x || echo closed >&3' 3>&1 >&- 2>/dev/null");
    assert_eq!(ran.stdout, "closed\n");
}

fn here_documents() {
    assert_eq!(stdout("cat <<'E'\na $b\n\nE\necho c"), "a $b\n\nc\n");
    assert_eq!(stdout("cat <<<'a  b'; cat <<<''"), "a  b\n\n");
    assert_eq!(stdout("cat <<'E' <<'F'\none\nE\ntwo\nF\n"), "two\n");
    assert_eq!(stdout("cat <<'E' | tr a b\na\nE\n"), "b\n");
    assert_eq!(stdout("cat 3<<<a <<<b <&3"), "a\n");
    assert_eq!(stdout("tail -n 1 <<<a; tail -n 1 <<<b"), "a\nb\n");
}

fn a_long_here_document() {
    let body = "0123456789abcde\n".repeat(4080);
    let text = format!("cat <<'E' | wc -c\n{body}E\n");
    assert_eq!(stdout(&text), format!("{}\n", body.len()));
}

fn builtins_have_streams() {
    let stage = Stage::furnished();
    let ran = stage.run("cd nowhere 2>err; : >made; exit 4 >last");
    assert_eq!((ran.status, ran.stderr.as_str()), (4, ""));
    assert_eq!(stage.text("err"), "stockade: `nowhere`: no such file or directory\n");
    assert!(stage.has("made") && stage.has("last"));
    assert_eq!(stage.run("cd nowhere 2>&1 | cat").stdout, "stockade: `nowhere`: no such file or directory\n");
    // What a builtin's redirection did is over with it.
    assert_eq!(stage.run("cd d >/dev/null; echo a").stdout, "a\n");
}

fn a_failing_redirection_is_the_command_s() {
    let stage = Stage::furnished();
    let ran = stage.run("echo a >no/where; echo b; echo c <missing || echo d; : >d; cd d >''; cat a.txt");
    assert_eq!(ran.stdout, "b\nd\na.txt\n");
    let said = [
        "stockade: `no/where`: no such file or directory\n",
        "stockade: `missing`: no such file or directory\n",
        "stockade: `d`: is a directory\n",
        "stockade: ``: no such file or directory\n",
    ];
    assert_eq!(ran.stderr, said.concat());
    assert_eq!(stage.run("echo a 2>/dev/null >no/where").stderr, "");
    assert_eq!(stage.run("exit 3 >no/where; echo on").stdout, "on\n");
}

fn files_are_made_before_a_program_is_missed() {
    let stage = Stage::new();
    assert_eq!(stage.run("nosuchprogram >f 2>&1").status, 127);
    assert_eq!(stage.text("f"), "stockade: `nosuchprogram`: there is no such program\n");
}

fn a_substitution_in_a_target_sees_what_stands_before_it() {
    let stage = Stage::furnished();
    let ran = stage.run("echo x 2>err 3<a.txt >\"$(ls nosuchfile; cat <&3; : >&2)\"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(stage.text("err").contains("nosuchfile"));
    assert_eq!(stage.text("a.txt"), "x\n");
}
