//! Attacks on other jobs, and on what programs beside each other share: process groups, /tmp, workspaces, output.
//! Rows 18, 30, 76 and 77 of the catalogue.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use stockade::{model::outcome::ExitStatus, policy::StdinGrant, sandbox::Process};

use crate::{
    everybody::as_everybody,
    jail::{Depth, ISOLATED, Jail, PYTHON, finish, runtime},
    outside::{Victim, alive, baseline, fingerprint, marker},
    ways::{BOTH, all_worked, script, work_outside_alone},
};

/// Leads a group of its own.
const LEADER: &str = "import os; os.setpgid(0, 0); print('ready', flush=True); input()";

/// Joins a group, and then the session's first, by each number that it is given.
const JOIN: &str = r#"
for number in map(int, sys.argv[1:]):
    def join():
        os.setpgid(0, number)
        return os.getpgid(0) == number
    way("joined", join)
"#;

#[test]
fn row_18_no_group_of_another_can_be_joined() {
    as_everybody("neighbours::row_18_no_group_of_another_can_be_joined", || {
        // Of the same session as whoever runs the tests, as the server's programs are.
        let leader = Victim::start(LEADER, &[]);
        work_outside_alone(JOIN, &[&leader.pid()], &["joined"], &BOTH);
        for depth in BOTH {
            let (word, mut holder) = (marker("group"), Jail::new(depth));
            runtime().block_on(async {
                let (mut process, job) = holding(&mut holder, &word).await;
                let mut attacker = Jail::new(depth);
                let mut other = attacker.python(&script(JOIN), &[&job]).spawn().await.unwrap();
                let ran = finish(&mut other).await;
                assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
                // Whatever a job sends to its own group, the other goes on.
                let mut killer = Jail::new(depth);
                killer.command("/bin/sh", &["-c", "kill -KILL 0"]);
                finish(&mut killer.spawn().await.unwrap()).await;
                assert_eq!(alive(&word).len(), 1, "{depth:?}");
                end(&mut process).await;
            });
        }
    });
}

/// Reads what belongs to another: by the paths of its files, and by what the kernel tells of its process.
const LOOK: &str = r#"
pid, place, word = sys.argv[1], sys.argv[2], sys.argv[3].encode()
def holds(path): return word in open(path, "rb").read()
way("file", lambda: holds(place + "/file"))
way("names", lambda: "file" in os.listdir(place))
way("environment", lambda: holds(f"/proc/{pid}/environ"))
way("directory", lambda: holds(f"/proc/{pid}/cwd/file"))
way("root", lambda: holds(f"/proc/{pid}/root{place}/file"))
way("output", lambda: os.open(f"/proc/{pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK) >= 0)
way("input", lambda: os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK) >= 0)
way("write", lambda: open(place + "/file", "ab").write(b"x"))
"#;
const SEEN: [&str; 8] = ["file", "names", "environment", "directory", "root", "output", "input", "write"];

#[test]
fn row_77_files_environment_and_streams_of_another_job_are_out_of_reach() {
    as_everybody("neighbours::row_77_files_environment_and_streams_of_another_job_are_out_of_reach", || {
        for depth in BOTH {
            let (word, mut holder) = (marker("other"), Jail::new(depth));
            let file = holder.workspace().join("file");
            fs::write(&file, &word).unwrap();
            holder.plan.env.insert("SECRET".into(), word.clone());
            runtime().block_on(async {
                let (mut process, job) = holding(&mut holder, &word).await;
                let place = holder.workspace().display().to_string();
                let args = [&*job, &place, &word];
                all_worked(&baseline(&script(LOOK), &args, Path::new("/")), &SEEN);
                let before = fingerprint(&file);
                let mut attacker = Jail::new(depth);
                let mut other = attacker.python(&script(LOOK), &args).spawn().await.unwrap();
                let ran = finish(&mut other).await;
                assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
                assert_eq!(fingerprint(&file), before, "{depth:?}");
                end(&mut process).await;
            });
        }
    });
}

/// The policy, the log and what other jobs said lie in directories of the same user.
#[test]
fn row_30_nothing_outside_the_granted_places_is_read() {
    const READ: &str = r#"
place, word = sys.argv[1], sys.argv[2]
way("read", lambda: word in open(place + "/log").read())
way("list", lambda: "log" in os.listdir(place))
way("map", lambda: __import__("mmap").mmap(os.open(place + "/log", os.O_RDONLY), 0, prot=1))
way("run", lambda: os.spawnv(os.P_WAIT, place + "/tool", ["tool"]) == 0)
way("walk", lambda: os.chdir(place) is None and word in open("log").read())
"#;
    as_everybody("neighbours::row_30_nothing_outside_the_granted_places_is_read", || {
        let ground = Jail::new(Depth::Full);
        let (place, word) = (ground.outside(), marker("word"));
        fs::write(place.join("log"), &word).unwrap();
        fs::write(place.join("tool"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(place.join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
        let place = place.to_str().unwrap();
        work_outside_alone(READ, &[place, &word], &["read", "list", "map", "run", "walk"], &BOTH);
    });
}

/// Takes names in the temporary places that others use: a file of theirs, a name that they will take, a link to it.
const TAKE_NAMES: &str = r#"
file, next, target = sys.argv[1:4]
way("read", lambda: "theirs" in open(file).read())
way("replace", lambda: os.unlink(file) is None)
way("take", lambda: open(next, "w").write("mine"))
way("link", lambda: os.symlink(target, next + ".link") is None)
"#;

#[test]
fn row_76_names_in_tmp_are_not_those_of_others() {
    as_everybody("neighbours::row_76_names_in_tmp_are_not_those_of_others", || {
        for place in ["/tmp", "/var/tmp", "/dev/shm"] {
            for depth in BOTH {
                let dir = tempfile::Builder::new().prefix("stockade-names-").tempdir_in(place).unwrap();
                let [file, next] = ["file", "next"].map(|name| dir.path().join(name));
                let fresh = || {
                    for name in [&next, &dir.path().join("next.link")] {
                        let _ = fs::remove_file(name);
                    }
                    fs::write(&file, "theirs").unwrap();
                };
                fresh();
                let args = [file.to_str().unwrap(), next.to_str().unwrap(), "/etc/hostname"];
                all_worked(&baseline(&script(TAKE_NAMES), &args, Path::new("/")), &["read", "replace", "take", "link"]);
                fresh();
                let before = fingerprint(&file);
                // It may well have names of its own there.
                let make = format!("os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)\n{TAKE_NAMES}");
                let ran = Jail::new(depth).python(&script(&make), &args).run();
                assert!(!ran.stdout.contains("read") && !ran.stdout.contains("replace"), "{depth:?} {}", ran.stdout);
                assert_eq!(fingerprint(&file), before, "{place} {depth:?}");
                assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "{place} {depth:?}");
            }
        }
    });
}

/// Starts a job that stands still, and waits until it does. Gives also the number that its command has for the host.
async fn holding(jail: &mut Jail, word: &str) -> (Process, String) {
    let wait = "import sys; sys.stdin.read()";
    jail.command(PYTHON, &[ISOLATED, wait, word]).plan.stdin = StdinGrant::Any;
    let process = jail.spawn().await.unwrap();
    let [pid] = alive(word)[..] else { panic!("the job is not there") };
    (process, pid.to_string())
}

async fn end(process: &mut Process) {
    drop(process.take_stdin());
    finish(process).await;
}
