//! Attacks on our own processes around a job: libraries loaded into them, their file replaced, threads that were missed.
//! Rows 91 and 95 of the catalogue.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use stockade::{model::outcome::ExitStatus, policy::StdinGrant};

use crate::{
    client::Server,
    everybody::{as_everybody, stockade},
    jail::{Jail, finish, runtime},
    outside::baseline,
    ways::{BOTH, script},
};

/// Says where it was loaded.
const LIBRARY: &str = r#"
#include <stdio.h>
__attribute__((constructor)) static void loaded(void) {
    char name[64] = "";
    FILE *me = fopen("/proc/self/comm", "r"), *witness = fopen(WITNESS, "a");
    if (me && fgets(name, sizeof name, me) && witness) fputs(name, witness);
    if (me) fclose(me);
    if (witness) fclose(witness);
}
"#;

fn library(dir: &Path, witness: &Path) -> PathBuf {
    let (source, built) = (dir.join("library.c"), dir.join("library.so"));
    fs::write(&source, LIBRARY).unwrap();
    let mut compiler = Command::new("cc");
    compiler
        .arg(format!("-DWITNESS=\"{}\"", witness.display()))
        .args(["-shared", "-fPIC", "-o"])
        .arg(&built)
        .arg(&source);
    assert!(compiler.status().expect("a C compiler").success());
    built
}

/// A policy lets nobody set these. If one did, they would be for the job's programs and for nothing else.
#[test]
fn row_91_no_library_is_loaded_into_the_launcher() {
    as_everybody("helper::row_91_no_library_is_loaded_into_the_launcher", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let witness = jail.workspace().join("witness");
            let library = library(&jail.workspace(), &witness).display().to_string();
            let version = Command::new(stockade()).arg("--version").env("LD_PRELOAD", &library).output().unwrap();
            assert!(version.status.success());
            assert_eq!(fs::read_to_string(&witness).unwrap(), "stockade\n", "the attack does not work outside");
            fs::remove_file(&witness).unwrap();
            jail.plan.env.insert("LD_PRELOAD".into(), library);
            let ran = jail.command("/bin/true", &[]).run();
            assert_eq!(ran.exit, ExitStatus::Code(0), "{depth:?} {}", ran.stderr);
            assert_eq!(fs::read_to_string(&witness).unwrap(), "true\n", "{depth:?}");
        }
    });
}

/// The server goes on with the file that it runs, whatever has come into its place.
#[test]
fn row_91_a_program_in_the_place_of_the_launcher_is_not_run() {
    as_everybody("helper::row_91_a_program_in_the_place_of_the_launcher_is_not_run", || {
        let dir = tempfile::tempdir().unwrap();
        let (copy, witness) = (dir.path().join("stockade"), dir.path().join("witness"));
        assert!(Command::new("/bin/cp").arg(stockade()).arg(&copy).status().unwrap().success());
        let other = dir.path().join("other");
        fs::write(&other, format!("#!/bin/sh\necho ran >> {}\n", witness.display())).unwrap();
        fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
        // The word after the program that it starts is the one that is meant.
        let swap = format!("shift; exec {} \"$@\"", copy.display());
        let mut server = Server::started_by(&["/bin/sh", "-c", &swap, "sh"], "", &[]);
        assert_eq!(server.run("true")["exit_code"], 0);
        fs::rename(&other, &copy).unwrap();
        assert!(Command::new(&copy).status().unwrap().success());
        assert_eq!(fs::read_to_string(&witness).unwrap(), "ran\n", "the attack does not work outside");
        for command in ["true", "true | true"] {
            let end = server.call("execute", json!({ "command": command, "wait_seconds": 30 }));
            assert_eq!(end["structuredContent"]["exit_code"], 0, "{end}");
        }
        assert_eq!(fs::read_to_string(&witness).unwrap(), "ran\n");
    });
}

/// Says of each of its threads what the kernel holds it to.
const THREADS: &str = r#"
import threading
def held(task):
    lines = dict(line.split(":", 1) for line in open(f"/proc/self/task/{task}/status"))
    return " ".join(lines[name].strip() for name in ("NoNewPrivs", "Seccomp", "CapEff", "CapPrm", "Uid"))
gate = threading.Event()
threads = [threading.Thread(target=gate.wait) for _ in range(4)]
for thread in threads: thread.start()
tasks = os.listdir("/proc/self/task")
print(len(tasks), *sorted({held(task) for task in tasks}), sep="\n")
gate.set()
if len(sys.argv) > 1: sys.stdin.read()
"#;

#[test]
fn row_95_no_thread_keeps_what_the_others_have_given_up() {
    as_everybody("helper::row_95_no_thread_keeps_what_the_others_have_given_up", || {
        let uid = rustix::process::geteuid().as_raw();
        let outside = baseline(&script(THREADS), &[], Path::new("/"));
        assert!(outside.starts_with("5\n0 0 "), "{outside}");
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            jail.plan.stdin = StdinGrant::Any;
            runtime().block_on(async {
                let mut process = jail.python(&script(THREADS), &["wait"]).spawn().await.unwrap();
                let init = fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap();
                drop(process.take_stdin());
                let none = "0000000000000000";
                let want = format!("5\n1 2 {none} {none} {uid}\t{uid}\t{uid}\t{uid}\n");
                assert_eq!(finish(&mut process).await.stdout, want, "{depth:?}");
                // The one that gave it up had a single thread, and nothing left of its power.
                for line in
                    ["Threads:\t1\n", "NoNewPrivs:\t1\n", &format!("CapEff:\t{none}\n"), &format!("CapPrm:\t{none}\n")]
                {
                    assert!(init.contains(line), "{depth:?} {line} {init}");
                }
            });
        }
    });
}
