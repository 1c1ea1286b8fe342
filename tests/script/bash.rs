//! The same scripts in bash: what they write, their status, and the files that they leave.

use std::process::Command;

use crate::{cases, stage::Stage, text::shell};

cases![the_executor_does_what_bash_does];

const INNER: [&str; 7] =
    ["echo one two", "printf 'a\\n\\n'", "false", "cd d; cat x y", "printf '  p\\tq  '", "cat <d/x | tr / -", "echo d"];

const SCRIPTS: &[&str] = &[
    "echo a; echo b",
    "true && echo a || echo b; false && echo c || echo d",
    "false || true && false || echo x",
    "! false; ! true",
    "! true | false",
    "echo a b | tr ' ' '\\n' | sort -r | head -n 1",
    "printf 'b\\na\\n' | sort >sorted; cat sorted",
    "(cd d; cat x); cat a.txt",
    "cd d; cat x; cd ..; cat a.txt",
    "cd d && cd deep && cat x; cd nowhere; cat x",
    "cd d | cat; cat a.txt",
    "cd nowhere || cd e && cat x",
    "(exit 3); (false); (exit)",
    "(exit 3) || exit",
    "exit 4; echo no",
    "exit 255",
    "exit 007",
    "exit 3 | exit 4",
    "exit 3 | true; echo on",
    "(echo a; echo b; exit 2) | cat; (exit 9) | cat",
    "cat nosuchfile || echo missing",
    "nosuchprogram; echo on",
    "nosuchprogram",
    "./d; ./nosuch",
    "./nosuch",
    "./a.txt",
    "cat <nosuch; echo on",
    "echo a >no/such || echo failed",
    "echo a >d || echo failed",
    "echo a >new/; echo on",
    "echo a >''; echo on",
    "echo a <nosuch >made; cat made",
    "echo a >made <nosuch; cat made",
    "echo a >one >two; cat one two",
    "echo a >one 2>&1 >two; cat one two",
    "cat nosuch 2>&1 >f | wc -l; cat f",
    "cat nosuch >f 2>&1; wc -l <f",
    "cat a.txt nosuch &>f; wc -l <f; cat a.txt &>>f; wc -l <f",
    "echo a >>f; echo b >>f; cat f; echo c >|f; cat f",
    "echo a >&3; echo on",
    "echo a 3>f >&3; cat f",
    "echo a 3>f 4>&3 >&4 3>&-; cat f",
    "cat <&-; echo on",
    "cat 5<a.txt <&5",
    "cat a.txt >&- || echo closed",
    "echo a 2>&- ; echo b",
    "nosuch 2>/dev/null; echo on",
    "nosuch 2>f; wc -l <f; rm f",
    ": >f; wc -c <f; : <nosuch; echo on",
    "cd nosuch 2>f; wc -l <f; rm f; cd d >g; cat x",
    "exit 3 >no/such; echo on",
    "exit 3 >f",
    "cat <<'E'\nline $x `y`\n\ttab\nE\necho after",
    "cat <<-'E' | tr a-z A-Z\n\tindented\n\tE\n",
    "cat <<'A' <<'B'\nfirst\nA\nsecond\nB\n",
    "cat <<<text; cat <<<'two  words'; cat <<<''",
    "cat <<<@q0@; cat <<<a@0@b",
    "cat <<'E' >f; cat f\nbody\nE\n",
    "yes | head -n 3",
    "(yes; echo no) | head -n 1",
    "echo *",
    "echo *.txt ?.txt [ab].txt [!ab].txt [A-Z]*",
    "echo d/* */x */*/x d*/",
    "echo */ ./*.txt .//d/*",
    "echo nope* nope/* [!q-z]nope? ''*nope",
    "echo .d* .h*/* d/.x?",
    "echo dangl* dangl*/ */nope [d]/x [d]angling [d]/nope",
    "echo d*//x d//* /us[r]",
    "echo 'a'* \"b\"*.txt \\B*",
    "printf '%s\\n' s* 'sp ace' sp*e",
    "echo *.txt | wc -w; cd d; echo *",
    "B=1 printenv B; printenv B; B=1 B=2 printenv B",
    "B= printenv B; B='x  y' printenv B",
    "A=@0@ printenv A; A=@q1@ B=2 printenv A B; A=x@4@y printenv A",
    "cd ~; pwd; printenv PWD",
    "printf '<%s>' @0@ @q0@ x@0@y @1@ @q1@ @4@ @q4@ z@4@z; echo",
    "printf '<%s>' @2@; echo; printf '<%s>' @q2@; echo; printf '<%s>' a @2@ b; echo",
    "printf '<%s>' @0@@0@ @q0@@0@ @1@@1@; echo",
    "echo @3@; cat a.txt; echo @5@",
    "echo a >@q1@; cat a",
    "cd @q6@; cat x; cd @q5@; cat x",
    "true @2@; : @2@",
    "echo @0@ | cat | (cat; echo @1@ >f); cat f",
    "cd d; echo x | (cd deep; cat; cat x); cat x",
    "pwd; cd link/..; cd d/deep; pwd; echo @PWD@ @qPWD@x",
    "(cd d; pwd; (cd deep; pwd; cd ../..; pwd)); pwd",
    "bash -c 'kill -9 $$'; exit",
    "bash -c 'kill -15 $$' | true",
    "bash -c 'exit 300'",
    "true | bash -c 'kill -TERM $$'",
    "sort <<<b - a.txt | head -n 1",
    "# nothing\n\necho a # b\n",
    "echo a &&\n\necho b |\n cat",
    "mkdir n; cd n; echo a >f; cd ..; cat n/f; ln -s n l; cat l/*",
    "echo a >link/new; cat d/new; echo b >>link/x; cat d/x",
];

fn the_executor_does_what_bash_does() {
    let mut wrong = Vec::new();
    for script in SCRIPTS {
        let (ours, theirs) = (ours(script), theirs(&shell(script, &INNER)));
        if ours != theirs {
            wrong.push(format!("{script:?}\n  ours {ours:?}\n  bash {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

type Did = (i32, String, String);

fn ours(script: &str) -> Did {
    let stage = Stage::furnished();
    let ran = stage.run_with(script, &INNER);
    did(&stage, ran.status, &ran.stdout)
}

fn theirs(script: &str) -> Did {
    let stage = Stage::furnished();
    let output = Command::new("/usr/bin/bash")
        .args(["--norc", "--noprofile", "-p", "-c", "--", script])
        .current_dir(stage.dir())
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/"), ("LC_ALL", "C.UTF-8"), ("A", "1")])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("this test compares with bash");
    did(&stage, output.status.code().unwrap(), &String::from_utf8(output.stdout).unwrap())
}

/// Status, output and files, without the name of the place and without messages.
fn did(stage: &Stage, status: i32, stdout: &str) -> Did {
    let place = stage.dir().display().to_string();
    let files: Vec<_> = stage.files().into_iter().map(|(name, text)| format!("{}: {text}", name.display())).collect();
    (status, stdout.replace(&place, "HERE"), files.join("\n").replace(&place, "HERE"))
}
