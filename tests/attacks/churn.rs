//! What thousands of jobs leave behind: no process, no descriptor, no mount, no control group.

use std::{
    env, fs,
    os::unix::fs::MetadataExt as _,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    client::Server,
    everybody::as_everybody,
    jail::{Depth, Jail, runtime},
    ways::BOTH,
};

/// All that a process has which a job could have left to it.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    /// Those that it has not waited for among them.
    children: usize,
    /// Nothing where it keeps its own user from looking, as the server does.
    descriptors: Option<usize>,
    mounts: String,
    groups: u64,
}

fn held(pid: u32) -> Held {
    let of = |name: &str| format!("/proc/{pid}/{name}");
    let group = fs::read_to_string(of("cgroup")).unwrap();
    let groups = group.lines().filter_map(|line| line.rsplit_once(':')).map(|(_, path)| {
        // A directory has a link for each one in it.
        let places = ["", "/unified"].map(|part| format!("/sys/fs/cgroup{part}{path}"));
        places.iter().filter_map(|place| fs::metadata(place).ok()).map(|meta| meta.nlink()).sum::<u64>()
    });
    let descriptors = fs::read_dir(of("fd")).ok().map(Iterator::count);
    assert!(descriptors.is_some() || !rustix::process::geteuid().is_root());
    Held {
        children: children(pid),
        descriptors,
        mounts: fs::read_to_string(of("mountinfo")).unwrap(),
        groups: groups.sum(),
    }
}

fn children(pid: u32) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let stats = entries.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    // State and parent follow the name (proc_pid_stat(5)).
    let parent = |stat: &String| stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok();
    stats.filter(|stat| parent(stat) == Some(pid)).count()
}

/// Waits until a process holds what it did: what has ended is taken notice of a moment later.
#[track_caller]
fn holds_again(pid: u32, before: &Held) {
    let start = Instant::now();
    while held(pid) != *before {
        assert!(start.elapsed() < Duration::from_secs(10), "{:#?}\ninstead of {before:#?}", held(pid));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Through all of the engine: judged, recorded, started, waited for.
#[test]
fn two_thousand_jobs_leave_a_server_as_it_was() {
    let mut server = Server::start("jobs = 20\nretention = \"1s\"");
    for _ in 0..20 {
        server.run("true");
    }
    let before = held(server.pid().parse().unwrap());
    let commands = [
        ("true", "exited"),
        ("true | true", "exited"),
        ("sh -c 'sleep 1000 & exit 0'", "exited"),
        ("echo x > file", "exited"),
        ("sh -c 'kill -9 $$'", "signaled"),
    ];
    for (command, reason) in commands.iter().cycle().take(200) {
        for _ in 0..10 {
            server.ask("execute", json!({ "command": command, "wait_seconds": 45 }));
        }
        for _ in 0..10 {
            let answer = server.heard();
            assert_eq!(answer["result"]["structuredContent"]["reason"], *reason, "{command} {answer}");
        }
    }
    holds_again(server.pid().parse().unwrap(), &before);
}

#[test]
fn two_thousand_launches_leave_a_process_as_it_was() {
    // In a process of its own, whose descriptors and children are not those of other tests.
    const ALONE: &str = "STOCKADE_TEST_CHURN";
    const NAME: &str = "churn::two_thousand_launches_leave_a_process_as_it_was";
    if env::var_os(ALONE).is_some() {
        return BOTH.into_iter().for_each(launch_five_hundred);
    }
    as_everybody(NAME, || {
        let mut again = Command::new(env::current_exe().unwrap());
        let output = again.args(["--exact", NAME, "--test-threads=1"]).env(ALONE, "1").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    });
}

/// At one of two levels and by one of two users: two thousand in all.
fn launch_five_hundred(depth: Depth) {
    let mut jail = Jail::new(depth);
    jail.command("/bin/true", &[]);
    let runtime = runtime();
    let launch = |kill: bool| {
        runtime.block_on(async {
            let mut process = jail.spawn().await.unwrap();
            if kill {
                // It may have ended by itself.
                let _ = process.kill_tree();
            }
            process.next().await;
            assert_eq!(process.reap().await, 0);
        });
    };
    (0..20).for_each(|n| launch(n % 2 == 0));
    let before = held(std::process::id());
    (0..500).for_each(|n| launch(n % 5 == 0));
    holds_again(std::process::id(), &before);
}
