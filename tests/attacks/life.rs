//! Attacks that want to outlive the job: daemons, signals ignored, the server's death. Rows 13, 14, 15, 16, 19 and 21.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use stockade::{
    model::outcome::ExitStatus,
    sandbox::{Process, Report},
};
use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

use crate::{
    everybody::as_everybody,
    jail::{Depth, ISOLATED, Jail, PYTHON, finish, runtime},
    outside::{alive, marker},
};

const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

/// A daemon that keeps its parent's standard output open. Its argument marks it.
const DAEMON: &str = r#"
import os, signal, sys, time
r, w = os.pipe()
middle = os.fork()
if middle == 0:
    os.setsid()
    if os.fork() == 0:
        for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(s, signal.SIG_IGN)
        os.write(w, b"x")
        if sys.argv[2] == "silent": os.dup2(os.open("/dev/null", os.O_RDWR), 1); os.dup2(1, 2)
        time.sleep(1000)
    os._exit(0)
os.read(r, 1)
# The daemon can be ready before the process between it and this one has ended, which would count as left over too.
os.waitpid(middle, 0)
print("done", flush=True)
os._exit(7)
"#;

#[test]
fn row_14_a_daemon_dies_with_its_job() {
    as_everybody("life::row_14_a_daemon_dies_with_its_job", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let word = marker("daemon");
            let outside = Command::new(PYTHON).args([ISOLATED, DAEMON, &word, "silent"]).output().unwrap();
            assert_eq!(outside.status.code(), Some(7));
            let left = alive(&word);
            assert_eq!(left.len(), 1, "the attack does not work outside");
            kill(&left);
            // Row 13: it holds standard output, and the end of the job is told all the same.
            let ran = jail.python(DAEMON, &[&word, "loud"]).run();
            assert_eq!((ran.exit, ran.stdout.as_str()), (ExitStatus::Code(7), "done\n"), "{depth:?}");
            assert_eq!((ran.stragglers, ran.survivors), (1, 0), "{depth:?}");
            assert_eq!(alive(&word), Vec::<u32>::new(), "{depth:?}");
        }
    });
}

/// A leader, a child, a daemon that ignores everything, a stopped process in a group of its own, and a process that forks
/// and ends for ever, so that its number is always another.
const HOSTILE: &str = r#"
import os, signal, sys, time
def ignore():
    for s in range(1, 32):
        try: signal.signal(s, signal.SIG_IGN)
        except OSError: pass
r, w = os.pipe()
def ready(): os.write(w, b"x")
if os.fork() == 0: ready(); time.sleep(1000)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: ignore(); ready(); time.sleep(1000)
    os._exit(0)
if os.fork() == 0: os.setpgid(0, 0); ready(); os.kill(os.getpid(), signal.SIGSTOP); time.sleep(1000)
if os.fork() == 0:
    os.setsid(); ready()
    while True:
        if os.fork() != 0: os._exit(0)
        time.sleep(0.001)
ignore()
for _ in range(4): os.read(r, 1)
print("ready", flush=True)
time.sleep(1000)
"#;

#[test]
fn row_16_a_hundred_hostile_trees_are_killed_without_a_survivor() {
    as_everybody("life::row_16_a_hundred_hostile_trees_are_killed_without_a_survivor", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            runtime().block_on(async {
                for round in 0..100 {
                    let word = marker("hostile");
                    let mut process = jail.python(HOSTILE, &[&word]).spawn().await.unwrap();
                    let stdout = ready(&mut process).await;
                    assert!(alive(&word).len() >= 4, "the tree is not there");
                    process.kill_tree().unwrap();
                    let report = process.next().await;
                    let Report::Ended { exit, stragglers, .. } = report else {
                        panic!("{depth:?} {round}: {report:?}")
                    };
                    assert_eq!(exit, ExitStatus::Signal(9));
                    assert!(stragglers >= 3, "{stragglers}");
                    assert_eq!(process.reap().await, 0);
                    assert_eq!(alive(&word), Vec::<u32>::new(), "{depth:?} {round}");
                    drop(stdout);
                }
            });
        }
    });
}

#[test]
fn row_21_a_fork_bomb_ends_at_the_limit_for_root_too() {
    const FORK: &str = r#"
import os, signal
made = []
try:
    while len(made) < 1000:
        pid = os.fork()
        if pid == 0: signal.pause()
        made.append(pid)
except OSError: pass
print(len(made))
for pid in made: os.kill(pid, signal.SIGKILL)
for pid in made: os.waitpid(pid, 0)
"#;
    as_everybody("life::row_21_a_fork_bomb_ends_at_the_limit_for_root_too", || {
        let mut jail = Jail::new(Depth::Full);
        assert_eq!(crate::outside::baseline(FORK, &[], &jail.workspace()), "1000\n");
        jail.plan.limits.processes = 50;
        let made: u32 = jail.python(FORK, &[]).run().stdout.trim().parse().unwrap();
        // The kernel keeps the first 300 numbers of a PID namespace out of the limit, and before 6.14 it has none.
        let bounded = !rustix::process::geteuid().is_root() || kernel() >= (6, 14);
        assert_eq!(made <= 350, bounded, "{made}");
    });
}

pub(crate) fn kernel() -> (u32, u32) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn an_init_that_is_killed_takes_its_job_along() {
    as_everybody("life::an_init_that_is_killed_takes_its_job_along", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            runtime().block_on(async {
                let word = marker("forced");
                let mut process = jail.python(HOSTILE, &[&word]).spawn().await.unwrap();
                let stdout = ready(&mut process).await;
                process.force_kill().unwrap();
                process.next().await;
                assert_eq!(process.reap().await, 0, "{depth:?}");
                assert_eq!(alive(&word), Vec::<u32>::new(), "{depth:?}");
                drop(stdout);
            });
        }
    });
}

#[test]
fn a_process_that_is_dropped_dies() {
    as_everybody("life::a_process_that_is_dropped_dies", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let word = marker("dropped");
            runtime().block_on(async {
                let mut process = jail.python(HOSTILE, &[&word]).spawn().await.unwrap();
                drop(ready(&mut process).await);
                drop(process);
            });
            within(Duration::from_secs(1), || alive(&word).is_empty());
        }
    });
}

#[test]
fn a_signal_reaches_the_commands_group() {
    as_everybody("life::a_signal_reaches_the_commands_group", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let script = r#"
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda n, f: (print("caught"), sys.exit(5)))
print("ready", flush=True)
time.sleep(1000)
"#;
            runtime().block_on(async {
                let mut process = jail.python(script, &[]).spawn().await.unwrap();
                let mut stdout = ready(&mut process).await;
                process.signal(15).unwrap();
                let Report::Ended { exit, .. } = process.next().await else { panic!("lost") };
                assert_eq!(exit, ExitStatus::Code(5));
                let mut rest = String::new();
                stdout.read_to_string(&mut rest).await.unwrap();
                assert_eq!(rest, "caught\n");
                assert_eq!(process.reap().await, 0);
            });
        }
    });
}

#[test]
fn row_19_a_server_that_is_killed_leaves_no_job() {
    const ROLE: &str = "STOCKADE_TEST_SERVER";
    const NAME: &str = "life::row_19_a_server_that_is_killed_leaves_no_job";
    if let Ok(word) = env::var(ROLE) {
        return serve(&word);
    }
    as_everybody(NAME, || {
        let word = marker("orphan");
        // The server's files too, because it will not remove them.
        let ground = tempfile::tempdir().unwrap();
        let mut server = Server(
            Command::new(env::current_exe().unwrap())
                .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
                .env(ROLE, &word)
                .env("TMPDIR", ground.path())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("serving")), "the server did not start its jobs");
        // Of each tree at least the leader, its child, the daemon and the stopped one, besides the server itself.
        assert!(alive(&word).len() >= 8);
        drop(server);
        within(Duration::from_secs(1), || alive(&word).is_empty());
    });
}

/// Killed, in the way that cannot be noticed, when dropped.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server's part: a job at each depth, then nothing, for ever.
fn serve(word: &str) {
    let (mut full, mut reduced) = (Jail::new(Depth::Full), Jail::new(Depth::NoNamespaces));
    runtime().block_on(async {
        let mut jobs = Vec::new();
        for jail in [&mut full, &mut reduced] {
            let mut process = jail.python(HOSTILE, &[word]).spawn().await.unwrap();
            let stdout = ready(&mut process).await;
            jobs.push((process, stdout));
        }
        println!("serving");
        std::future::pending::<()>().await;
    });
}

#[test]
fn what_a_job_used_is_told() {
    let mut jail = Jail::new(Depth::Full);
    let script = "x = bytearray(50 << 20)\nfor i in range(3000000): pass";
    runtime().block_on(async {
        let mut process = jail.python(script, &[]).spawn().await.unwrap();
        let Report::Ended { usage, .. } = process.next().await else { panic!("lost") };
        assert!(usage.peak_memory > 50 << 20, "{usage:?}");
        assert!(usage.cpu > Duration::from_millis(10), "{usage:?}");
        process.reap().await;
    });
}

#[test]
fn many_jobs_at_once_leave_nothing() {
    runtime().block_on(async {
        let mut jobs = tokio::task::JoinSet::new();
        for _ in 0..20 {
            jobs.spawn(async {
                let mut jail = Jail::new(Depth::Full);
                let mut process = jail.command("/bin/echo", &["x"]).spawn().await.unwrap();
                finish(&mut process).await.stdout
            });
        }
        assert!(jobs.join_all().await.iter().all(|out| out == "x\n"));
    });
}

#[test]
fn no_zombie_is_left_by_any_end() {
    // In a process of its own: what other tests are about to wait for would be counted.
    const ALONE: &str = "STOCKADE_TEST_ALONE";
    const NAME: &str = "life::no_zombie_is_left_by_any_end";
    if env::var_os(ALONE).is_none() {
        let output =
            Command::new(env::current_exe().unwrap()).args(["--exact", NAME]).env(ALONE, "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    for depth in BOTH {
        let mut jail = Jail::new(depth);
        jail.command("/bin/true", &[]).run();
        jail.command("/bin/sleep", &["1000"]);
        // Dropped while it runs, dropped before it starts, at several moments, and failed in a late step.
        runtime().block_on(async { drop(jail.spawn().await.unwrap()) });
        for micros in [0, 100, 500, 1000, 2000, 3000, 5000] {
            runtime().block_on(async {
                let _ = tokio::time::timeout(Duration::from_micros(micros), jail.spawn()).await;
            });
        }
        jail.plan.files.write.push("/nonexistent".into());
        jail.fails();
    }
    within(Duration::from_secs(10), || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        tasks.flatten().all(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default().is_empty())
    });
}

/// Waits for the line that says that a job stands.
async fn ready(process: &mut Process) -> Receiver {
    let mut stdout = Receiver::from_owned_fd(process.take_stdout().unwrap()).unwrap();
    let mut line = [0; 6];
    stdout.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"ready\n");
    stdout
}

#[track_caller]
fn within(limit: Duration, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "not within {limit:?}");
        std::thread::yield_now();
    }
}

fn kill(pids: &[u32]) {
    for pid in pids {
        let pid = rustix::process::Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
}
