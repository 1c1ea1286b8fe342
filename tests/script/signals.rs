//! Signals to the group of a script: programs get them, nothing new starts, what runs is waited for.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    cases,
    stage::{Ran, Stage},
};

cases![
    a_program_that_takes_its_time_is_waited_for,
    nothing_starts_after_a_signal,
    whatever_the_moment_a_script_ends_at_once,
    a_program_gets_the_signal_and_no_mask,
    a_signal_in_the_last_command_is_the_end_of_the_script,
    what_a_signal_cuts_off_is_not_judged,
    opening_a_pipe_that_nobody_opens_does_not_hold_it_up,
    a_program_that_dies_alone_ends_nothing,
    every_signal_that_asks_is_died_of,
];

const DIED: i32 = 1000;

/// Takes a while to end when it is asked to, and writes that it has.
const CAREFUL: &str =
    r#"sh -c 'trap "sleep 0.3; touch saved; exit 0" TERM; touch ready; while :; do sleep 0.05; done'"#;

fn signalled(stage: &Stage, text: &str, after: u64) -> Ran {
    let start = Instant::now();
    let ran = stage.signalled(text, Duration::from_micros(after), Signal::TERM);
    assert!(start.elapsed() < Duration::from_secs(10), "{text}");
    ran
}

fn a_program_that_takes_its_time_is_waited_for() {
    for text in [
        "CAREFUL; touch x",
        "CAREFUL && touch x || touch y",
        "CAREFUL | cat; touch x",
        "cat | CAREFUL | cat; touch x",
        "true | CAREFUL; touch x",
        "(CAREFUL; touch x); touch y",
        "(:; CAREFUL) | cat && touch x",
        "echo $(CAREFUL; touch x); touch y",
        "cat <(CAREFUL; touch x); touch y",
        "true >(CAREFUL; touch x); touch y",
        ": <(CAREFUL; touch x); touch y",
        "echo <(CAREFUL; touch x) $(sleep 100); touch y",
        "A=$(CAREFUL) echo; touch x",
        "echo >\"f$(CAREFUL)\"; touch x",
        "! CAREFUL; touch x",
    ] {
        let stage = Stage::new();
        let ran = signalled(&stage, &text.replace("CAREFUL", CAREFUL), 20_000);
        assert_eq!(ran.status, DIED + 15, "{text}: {ran:?}");
        assert!(stage.has("saved"), "{text}: {ran:?}");
        assert!(!stage.has("x") && !stage.has("y"), "{text}: {ran:?}");
    }
}

fn nothing_starts_after_a_signal() {
    for text in [
        "sleep 100; touch x",
        "sleep 100 || touch x",
        "sleep 100 | sleep 100; touch x",
        "(sleep 100; touch x) || touch x",
        "echo $(sleep 100; touch x) && touch x",
        "cat <(sleep 100; touch x); touch x",
        "! sleep 100; cd /; exit 3",
    ] {
        let stage = Stage::new();
        let ran = signalled(&stage, &format!("touch ready; {text}"), 30_000);
        assert_eq!(ran.status, DIED + 15, "{text}: {ran:?}");
        assert!(!stage.has("x"), "{text}: {ran:?}");
    }
}

/// A signal between two steps of the executor is not lost, nor is a process that it is just making.
fn whatever_the_moment_a_script_ends_at_once() {
    let text = "touch ready; true | (true; true) | true; echo $(true; echo $(true)) <(true) >f; (true; (true)); : >f; \
                sleep 100 | (sleep 100; sleep 100) | cat $(sleep 100) <(sleep 100)";
    for round in 0..150 {
        let ran = signalled(&Stage::new(), text, round * 150);
        assert_eq!(ran.status, DIED + 15, "{round}: {ran:?}");
    }
}

fn a_program_gets_the_signal_and_no_mask() {
    for text in ["cat /proc/self/status", "(cat /proc/self/status)", "cat /proc/self/status <(:)"] {
        let ran = Stage::new().run(text);
        for field in ["SigBlk", "SigIgn", "SigCgt", "SigPnd"] {
            assert!(ran.stdout.contains(&format!("{field}:\t0000000000000000")), "{text}: {}", ran.stdout);
        }
    }
}

/// Not with the status that the program would have given it.
fn a_signal_in_the_last_command_is_the_end_of_the_script() {
    for text in ["touch ready; sleep 100", "touch ready | sleep 100", "touch ready; (sleep 100)"] {
        assert_eq!(signalled(&Stage::new(), text, 30_000).status, DIED + 15, "{text}");
    }
}

fn what_a_signal_cuts_off_is_not_judged() {
    let cut = r#"sh -c "printf '\\377'; touch ready; sleep 100""#;
    let stage = Stage::new();
    let ran = signalled(&stage, &format!("echo $({cut}); touch x"), 10_000);
    assert_eq!((ran.status, ran.asked.len()), (DIED + 15, 1), "{ran:?}");
}

fn opening_a_pipe_that_nobody_opens_does_not_hold_it_up() {
    for text in [": <pipe", "cat <pipe", "echo >pipe; touch x", "cat <pipe | cat", "(: >pipe); touch x"] {
        let stage = Stage::new();
        let pipe = stage.dir().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe, rustix::fs::Mode::RWXU).unwrap();
        let ran = signalled(&stage, &format!("touch ready; {text}"), 30_000);
        assert_eq!(ran.status, DIED + 15, "{text}: {ran:?}");
        assert!(!stage.has("x"));
    }
}

fn a_program_that_dies_alone_ends_nothing() {
    let stage = Stage::new();
    let ran = stage.run(r"sh -c 'kill -TERM $$' || sh -c 'kill -INT $$'; touch x");
    assert_eq!((ran.status, stage.has("x")), (0, true), "{ran:?}");
    assert_eq!(stage.run(r"sh -c 'kill -TERM $$'").status, 128 + 15);
}

fn every_signal_that_asks_is_died_of() {
    for (signal, number) in [(Signal::HUP, 1), (Signal::INT, 2), (Signal::QUIT, 3), (Signal::TERM, 15)] {
        let stage = Stage::new();
        fs::write(stage.dir().join("f"), "").unwrap();
        let ran = stage.signalled("touch ready; sleep 100; touch x", Duration::from_millis(20), signal);
        assert_eq!((ran.status, stage.has("x")), (DIED + number, false), "{ran:?}");
    }
}
