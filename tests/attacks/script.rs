//! Attacks of a program on the script that it is a part of: on the processes that wait for it, and on what they ask the
//! server with. Whoever held that could answer for the server, or ask in another's name.

use std::{fs, path::PathBuf};

use stockade::{
    command::{canonical, parse},
    model::outcome::ExitStatus,
    plan::Run,
    sandbox::Report,
    script::{Act, Answer, Question},
};

use crate::{
    everybody::as_everybody,
    jail::{Depth, ISOLATED, Jail, PYTHON, Ran, finish, runtime},
    outside::{Victim, baseline},
};

const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

/// Prints every socket of another process that it gets at, by each way there is. Of its own it has none.
const STEAL: &str = r#"
import ctypes, os, sys
libc, me = ctypes.CDLL(None, use_errno=True), os.getpid()
wanted = sys.argv[1:] or [p for p in os.listdir("/proc") if p.isdigit()]
def link(pid, fd):
    try: return os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError: return ""
for fd in os.listdir("/proc/self/fd"):
    if link("self", fd).startswith(("socket:", "anon_inode:")): print("own", link("self", fd))
for pid in map(int, wanted):
    if pid == me: continue
    for fd in range(64):
        if link(pid, fd).startswith("socket:"): print("seen")
    try: pidfd = os.pidfd_open(pid)
    except OSError: continue
    for fd in range(64):
        got = libc.syscall(438, pidfd, fd, 0)
        if got >= 0 and link("self", got).startswith("socket:"): print("taken")
    if libc.ptrace(0x4206, pid, 0, 0) == 0: print("traced")
    try: print("memory") if open(f"/proc/{pid}/mem", "rb") else None
    except OSError: pass
    try: print("environment") if open(f"/proc/{pid}/environ", "rb").read() else None
    except OSError: pass
"#;

/// Stands in for a process of a script, as it would be without its protection.
const HOLDER: &str = "import socket; a, b = socket.socketpair(); print('ready', flush=True); input()";

#[test]
fn no_program_reaches_what_its_script_asks_with() {
    as_everybody("script::no_program_reaches_what_its_script_asks_with", || {
        let holder = Victim::start(HOLDER, &[("A", "b")]);
        let outside = baseline(STEAL, &[&holder.pid()], &Jail::new(Depth::Full).workspace());
        for way in ["seen", "taken", "traced", "memory", "environment"] {
            assert!(outside.lines().any(|line| line == way), "{way}: {outside}");
        }
        let attack = canonical(&[PYTHON, ISOLATED, STEAL].map(str::to_owned));
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            // The first process of the script waits for its pipeline, one waits for the attack, and one asks and gets no
            // answer. No other program runs: what is the job's own, its programs may look at.
            script(&mut jail, &format!("({attack} >&2; /usr/bin/true) | /usr/bin/sleep 9"));
            let (ran, asked) = run(&jail, |question| match () {
                () if runs(question, "/usr/bin/sleep") => Say::Nothing,
                () if runs(question, "/usr/bin/true") => Say::Kill,
                () => Say::Answer(Answer::Go),
            });
            assert!(asked.contains(&"execute 0".to_owned()) && asked.contains(&"execute 2".to_owned()), "{asked:?}");
            assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "{depth:?}");
        }
    });
}

#[test]
fn a_script_asks_before_each_act_and_stops_at_a_refusal() {
    as_everybody("script::a_script_asks_before_each_act_and_stops_at_a_refusal", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            script(&mut jail, "/usr/bin/mkdir a && cd a && /usr/bin/echo x > f; /usr/bin/touch g; /usr/bin/touch h");
            let (ran, asked) = run(&jail, |question| {
                let refused = runs(question, "/usr/bin/touch");
                Say::Answer(if refused { Answer::Refused } else { Answer::Go })
            });
            assert_eq!(ran.exit, ExitStatus::Code(126), "{depth:?}");
            assert_eq!(asked, ["execute 0", "enter 1", "open 2", "execute 2", "execute 3"], "{depth:?}");
            let workspace = jail.workspace();
            assert_eq!(fs::read_to_string(workspace.join("a/f")).unwrap(), "x\n");
            assert!(!workspace.join("a/g").exists() && !workspace.join("a/h").exists());
        }
    });
}

#[test]
fn a_script_without_a_server_that_answers_does_nothing() {
    as_everybody("script::a_script_without_a_server_that_answers_does_nothing", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            script(&mut jail, "/usr/bin/touch a; /usr/bin/touch b");
            let ran = runtime().block_on(async {
                let mut process = jail.spawn().await.unwrap();
                drop(process.take_doorbell());
                finish(&mut process).await
            });
            assert_eq!(ran.exit, ExitStatus::Code(126), "{depth:?}");
            assert!(!jail.workspace().join("a").exists() && !jail.workspace().join("b").exists());
        }
    });
}

#[test]
fn a_kill_while_it_waits_for_an_answer_leaves_nothing() {
    as_everybody("script::a_kill_while_it_waits_for_an_answer_leaves_nothing", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            script(&mut jail, "/usr/bin/sleep 98 | /usr/bin/sleep 99");
            runtime().block_on(async {
                let mut process = jail.spawn().await.unwrap();
                let mut doorbell = process.take_doorbell().unwrap();
                let mut waiting = Vec::new();
                for _ in 0..2 {
                    let mut caller = doorbell.next().await.unwrap().unwrap();
                    caller.question().await.unwrap().unwrap();
                    waiting.push(caller);
                }
                process.kill_tree().unwrap();
                let ended = process.next().await;
                assert!(matches!(ended, Report::Ended { .. }), "{ended:?}");
                assert_eq!(process.reap().await, 0);
                assert!(doorbell.next().await.unwrap().is_none(), "nobody is left who could ring");
                for caller in waiting {
                    assert!(caller.answer(Answer::Go).is_err(), "nobody is left who could hear it");
                }
            });
        }
    });
}

/// The answer comes all the same, and nothing comes of it.
#[test]
fn a_signal_while_it_waits_for_an_answer_ends_it_when_it_has_it() {
    as_everybody("script::a_signal_while_it_waits_for_an_answer_ends_it_when_it_has_it", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            script(&mut jail, "/usr/bin/sleep 98 | /usr/bin/sleep 99; /usr/bin/touch after");
            runtime().block_on(async {
                let mut process = jail.spawn().await.unwrap();
                let mut doorbell = process.take_doorbell().unwrap();
                let mut waiting = Vec::new();
                for _ in 0..2 {
                    let mut caller = doorbell.next().await.unwrap().unwrap();
                    caller.question().await.unwrap().unwrap();
                    waiting.push(caller);
                }
                process.signal(15).unwrap();
                for caller in waiting {
                    caller.answer(Answer::Go).unwrap();
                }
                let start = std::time::Instant::now();
                let ended = process.next().await;
                assert!(matches!(ended, Report::Ended { exit: ExitStatus::Signal(15), .. }), "{depth:?} {ended:?}");
                assert!(start.elapsed().as_secs() < 10, "{depth:?}");
                assert_eq!(process.reap().await, 0);
                assert!(doorbell.next().await.unwrap().is_none(), "it has asked no more");
                assert!(!jail.workspace().join("after").exists());
            });
        }
    });
}

/// Sets a script of programs by path to run.
fn script(jail: &mut Jail, text: &str) {
    let script = parse(text).unwrap();
    let program = |command: &stockade::command::SimpleCommand| {
        let word = command.words.first().unwrap().literal().unwrap();
        command.builtin().is_none().then(|| PathBuf::from(word).canonicalize().unwrap())
    };
    let programs = script.commands().map(program).collect();
    jail.plan.run = Run::Script { script, programs };
}

/// What a test says to a question.
enum Say {
    Answer(Answer),
    Nothing,
    /// Kills the job instead.
    Kill,
}

/// Runs a script to its end. Gives also what was asked, in order.
fn run(jail: &Jail, say: impl Fn(&Question) -> Say) -> (Ran, Vec<String>) {
    runtime().block_on(async {
        let mut process = jail.spawn().await.unwrap();
        let mut doorbell = process.take_doorbell().unwrap();
        let (mut asked, mut unanswered) = (Vec::new(), Vec::new());
        while let Some(mut caller) = doorbell.next().await.unwrap() {
            let Some((question, _)) = caller.question().await.unwrap() else { continue };
            let act = match question.act {
                Act::Enter { .. } => "enter",
                Act::Open { .. } => "open",
                Act::Execute { .. } => "execute",
                Act::GiveUp(_) => "give up",
            };
            asked.push(format!("{act} {}", question.command));
            match say(&question) {
                Say::Answer(answer) => caller.answer(answer).unwrap(),
                Say::Nothing => unanswered.push(caller),
                Say::Kill => process.kill_tree().unwrap(),
            }
        }
        (finish(&mut process).await, asked)
    })
}

/// Whether a question is about that program.
fn runs(question: &Question, program: &str) -> bool {
    match &question.act {
        Act::Execute { fields, .. } => fields.first().is_some_and(|word| word == &[program]),
        Act::Enter { .. } | Act::Open { .. } | Act::GiveUp(_) => false,
    }
}
