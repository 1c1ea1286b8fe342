//! The same scripts in bash: what they write, their status, and the files that they leave.

use std::process::Command;

use crate::{cases, stage::Stage};

cases![the_executor_does_what_bash_does];

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
    "cat <<<\"$(echo one two)\"; cat <<<a$(echo one two)b",
    "cat <<'E' >f; cat f\nbody\nE\n",
    "yes | head -n 3",
    "(yes; echo no) | head -n 1",
    "echo *",
    "echo * $(: >made-late) */ \"$(: >d/late)\" d/*",
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
    "A=$(echo one two) printenv A; A=\"$(printf 'a\\n\\n')\" B=2 printenv A B; A=x$(printf '  p\\tq  ')y printenv A",
    "cd ~; pwd; printenv PWD",
    "printf '<%s>' $(echo one two) \"$(echo one two)\" x$(echo one two)y $(printf 'a\\n\\n') \"$(printf 'a\\n\\n')\" $(printf '  p\\tq  ') \"$(printf '  p\\tq  ')\" z$(printf '  p\\tq  ')z; echo",
    "printf '<%s>' $(false); echo; printf '<%s>' \"$(false)\"; echo; printf '<%s>' a $(false) b; echo",
    "printf '<%s>' $(echo one two)$(echo one two) \"$(echo one two)\"$(echo one two) $(printf 'a\\n\\n')$(printf 'a\\n\\n'); echo",
    "echo $(cd d; cat x y); cat a.txt; echo $(cat <d/x | tr / -)",
    "echo a >\"$(printf 'a\\n\\n')\"; cat a",
    "cd \"$(echo d)\"; cat x; cd \"$(cat <d/x | tr / -)\"; cat x",
    "true $(false); : $(false)",
    "echo $(echo one two) | cat | (cat; echo $(printf 'a\\n\\n') >f); cat f",
    "cd d; echo x | (cd deep; cat; cat x); cat x",
    "pwd; cd link/..; cd d/deep; pwd; echo $PWD \"$PWD\"x",
    "(cd d; pwd; (cd deep; pwd; cd ../..; pwd)); pwd",
    "bash -c 'kill -9 $$'; exit",
    "bash -c 'kill -15 $$' | true",
    "bash -c 'exit 300'",
    "true | bash -c 'kill -TERM $$'",
    "sort <<<b - a.txt | head -n 1",
    "cat <(echo a) <(echo b)",
    "cat <(echo a; echo b | tr b c) - <(cd d; cat x) <<<between",
    "diff <(sort a.txt) <(sort b.txt); echo on",
    "diff <(echo a) <(echo a) && echo same",
    "comm -12 <(printf 'a\\nb\\n') <(printf 'b\\nc\\n') | cat -n",
    "paste <(cat <(echo in) <(echo ner)) <(echo $(cat <(echo x)))",
    "echo x | cat <(cat) -",
    "true <(yes) >(cat >/dev/null); cat nosuch <(echo a) || exit 3",
    "head -n 1 <(yes) | cat",
    ": <(echo a); nosuchprogram <(echo a); cat <(exit 3) <(nosuchprogram); cat <(echo a) <nosuch || echo failed",
    "cd d; cat <(cat x) <(cd ..; cat a.txt); cat <(cat x)",
    "ls -d /dev/fd/9* <(echo a) >(cat) | wc -l",
    "echo {a,b} x{1..3}y {05..10} {a..e} {1..9..2} {e..a..-2} {,a} {a,}{b,c} a{b,c{d,e}f}g",
    "echo {} {a} {a..} {, {a,b } {a b} x{},c} {},c} {a}{b,c} {{a,b} {1..3}{ {x..{1..3}} {{1..3}} {1...3} {1..2..x}",
    "echo *.{txt,c} {a,b}.txt [ab].{t,}xt \"$A\"/{a,b} ${A}{a,b} ~/{a,b} '{a,b}' \\{a,b} {a\\,b} {a,'b,c'} {'a b',c}\\ d",
    "printf '<%s>' {,} {'',a} ''{,b} {a,}; echo A={1,2} {-05..3} {3..-3..3} {0..0} {z..x}; A={1,2} printenv A; cat <<<{a,b}",
    "echo a >f; tr a `echo \\.b | tr -d \\.` <f; echo \"`echo a\\nb`\" `echo a\\ \\ b`",
    "# nothing\n\necho a # b\n",
    "echo a &&\n\necho b |\n cat",
    "mkdir n; cd n; echo a >f; cd ..; cat n/f; ln -s n l; cat l/*",
    "echo a >link/new; cat d/new; echo b >>link/x; cat d/x",
];

fn the_executor_does_what_bash_does() {
    let mut wrong = Vec::new();
    for script in SCRIPTS {
        let (ours, theirs) = (ours(script), theirs(script));
        if ours != theirs {
            wrong.push(format!("{script:?}\n  ours {ours:?}\n  bash {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

type Did = (i32, String, String);

fn ours(script: &str) -> Did {
    let stage = Stage::furnished();
    let ran = stage.run(script);
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
