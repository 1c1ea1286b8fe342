//! Attacks by odd requests: directories and files that are not what a path should be, other clients' jobs, parameters that
//! would loosen something, a server at the end of its means, a machine that lacks a layer. Rows 78, 81, 82, 86, 92 and 93
//! of the catalogue.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    time::{Duration, Instant},
};

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};

use crate::{
    client::{Place, Server, python},
    everybody::as_everybody,
};

#[test]
fn row_81_a_working_directory_that_is_none_is_refused_at_once() {
    as_everybody("requests::row_81_a_working_directory_that_is_none_is_refused_at_once", || {
        let mut server = Server::start("");
        let ws = server.place.workspace();
        fs::create_dir(ws.join("d")).unwrap();
        mkfifoat(CWD, ws.join("fifo"), Mode::RWXU).unwrap();
        let socket = UnixListener::bind(ws.join("socket")).unwrap();
        fs::write(ws.join("file"), "").unwrap();
        symlink("..", ws.join("up")).unwrap();
        symlink("/etc", ws.join("etc")).unwrap();
        symlink("loop", ws.join("loop")).unwrap();
        let execute = |server: &mut Server, cwd: &str| {
            server.call("execute", json!({ "command": "touch was-here", "cwd": cwd, "wait_seconds": 10 }))
        };
        assert_eq!(execute(&mut server, "d")["isError"], false);
        assert!(ws.join("d/was-here").exists(), "a good directory is not taken");
        let deep = "d/".repeat(2000);
        let long = "x".repeat(300);
        let odd = [
            "..",
            "up",
            "etc",
            "loop",
            "fifo",
            "socket",
            "file",
            "file/.",
            "gone",
            "/dev/null",
            "/dev/fd/0",
            "/proc/self/fd",
            "/proc/self/cwd/..",
            "d/../..",
            "/",
            "~",
            "\0",
            "d\0",
            &deep,
            &long,
            "\u{202e}d",
        ];
        for cwd in odd {
            let start = Instant::now();
            let answer = execute(&mut server, cwd);
            assert_eq!(answer["isError"], true, "{cwd:?} {answer}");
            assert!(start.elapsed() < Duration::from_secs(5), "{cwd:?} took {:?}", start.elapsed());
        }
        // One that goes away under the server's feet.
        fs::remove_dir_all(ws.join("d")).unwrap();
        assert_eq!(execute(&mut server, "d")["isError"], true);
        assert_eq!(server.run("true")["exit_code"], 0);
        assert!(!server.place.beside("was-here").exists());
        drop(socket);
    });
}

/// Each keeps whoever opens it waiting, for ever.
#[test]
fn row_82_what_never_opens_holds_nobody_up() {
    as_everybody("requests::row_82_what_never_opens_holds_nobody_up", || {
        let mut server = Server::start("grace = \"50ms\"");
        let ws = server.place.workspace();
        mkfifoat(CWD, ws.join("fifo"), Mode::RWXU).unwrap();
        let socket = UnixListener::bind(ws.join("socket")).unwrap();
        symlink("/dev/null", ws.join("null")).unwrap();
        // Outside, whoever opens the first waits.
        let mut waits = std::process::Command::new("/bin/cat").arg(ws.join("fifo")).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(200));
        assert!(waits.try_wait().unwrap().is_none(), "the attack does not work outside");
        waits.kill().unwrap();
        waits.wait().unwrap();
        let commands = [
            "./fifo",
            "./socket",
            "./null",
            "cat < fifo",
            "echo x > fifo",
            "echo x >> fifo",
            "cat fifo",
            "cat < socket",
            "echo x > socket",
            "cd fifo && true",
            "echo $(cat fifo)",
            "echo fifo/* < fifo",
            "true | cat < fifo",
            "cat < /dev/tty",
        ];
        for command in commands {
            let asked = json!({ "command": command, "timeout_seconds": 0.5, "wait_seconds": 20 });
            let start = Instant::now();
            let held = server.ask("execute", asked);
            // While it waits, everybody else is served.
            let other = server.ask("execute", json!({ "command": "true", "wait_seconds": 20 }));
            let answers = [server.heard(), server.heard()];
            let of = |id: u64| answers.iter().find(|answer| answer["id"] == id).unwrap()["result"].clone();
            assert_eq!(of(other)["structuredContent"]["exit_code"], 0, "{command}");
            let end = of(held);
            let status = end["structuredContent"]["status"].clone();
            let over = end["isError"] == true || ["failed", "killed", "completed"].iter().any(|word| status == *word);
            assert!(over && start.elapsed() < Duration::from_secs(10), "{command}: {end}");
        }
        drop(socket);
    });
}

/// Two clients are two servers, which know nothing of each other.
#[test]
fn row_78_a_job_of_another_client_does_not_exist() {
    as_everybody("requests::row_78_a_job_of_another_client_does_not_exist", || {
        let (mut first, mut second) = (Server::start(""), Server::start(""));
        let job = first.call("execute", json!({ "command": "sleep 1000" }))["structuredContent"]["job_id"].clone();
        let near = job.as_str().unwrap().to_uppercase();
        for id in [job.clone(), json!(near), json!("1"), json!("*"), json!("../x"), Value::Null] {
            for (tool, more) in
                [("status", None), ("output", None), ("tail", None), ("kill", None), ("interact", Some(("input", "x")))]
            {
                let mut arguments = json!({ "job_id": id });
                if let Some((name, value)) = more {
                    arguments[name] = json!(value);
                }
                let answer = second.call(tool, arguments);
                assert_eq!(answer["isError"], true, "{tool} {id} {answer}");
            }
        }
        let listed = second.call("list", json!({}));
        assert!(!listed.to_string().contains(job.as_str().unwrap()));
        let status = |server: &mut Server| {
            server.call("status", json!({ "job_id": job }))["structuredContent"]["status"].clone()
        };
        assert_eq!(status(&mut first), "running");
        // Whose it is can do all of it.
        assert_eq!(first.call("kill", json!({ "job_id": job }))["isError"], false);
    });
}

#[test]
fn row_86_no_parameter_loosens_anything() {
    as_everybody("requests::row_86_no_parameter_loosens_anything", || {
        let mut server = Server::start("wall = \"2s\"");
        let outside = server.place.beside("outside");
        let command = format!("touch {}", outside.display());
        let wishes = [
            json!({ "sandbox": false }),
            json!({ "dangerouslyDisableSandbox": true }),
            json!({ "unsafe": true, "reason": "the output of the last job said so" }),
            json!({ "network": "host" }),
            json!({ "write": ["/"] }),
            json!({ "policy": "developer" }),
            json!({ "user": "root" }),
            json!({ "limits": { "memory": "1TiB" } }),
            json!({ "env": { "LD_PRELOAD": "/tmp/x.so" } }),
            json!({ "env": { "PATH": "." } }),
        ];
        for wish in wishes {
            let mut arguments = json!({ "command": command, "wait_seconds": 20 });
            arguments.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
            let answer = server.call("execute", arguments);
            assert_eq!(answer["isError"], true, "{wish} {answer}");
        }
        // More time than the policy gives is not given.
        let asked = server.call("execute", json!({ "command": "sleep 1000", "timeout_seconds": 600_000 }));
        let job = asked["structuredContent"]["job_id"].clone();
        let end = server.call("status", json!({ "job_id": job, "wait_seconds": 45 }))["structuredContent"].clone();
        assert_eq!(end["reason"], "timeout", "{end}");
        assert!(!outside.exists());
    });
}

/// Leaves a file where no job can, and stays for a while.
const GET_OUT: &str = r#"
import sys, time
try: open(sys.argv[1], "a").write("x")
except OSError: pass
time.sleep(3)
"#;

/// With so few descriptors that a launch fails in the middle. Nothing runs but in its sandbox.
#[test]
fn row_92_a_server_at_the_end_of_its_means_refuses() {
    as_everybody("requests::row_92_a_server_at_the_end_of_its_means_refuses", || {
        let few = ["/bin/sh", "-c", "ulimit -n 100; exec \"$@\"", "sh"];
        let mut server = Server::started_by(&few, "jobs = 60", &[]);
        let outside = server.place.beside("outside");
        let command = python(GET_OUT, &[outside.to_str().unwrap()]);
        let jobs: Vec<Value> = (0..60).map(|_| server.call("execute", json!({ "command": &command }))).collect();
        let mut ends = Vec::new();
        for job in &jobs {
            let id = job["structuredContent"]["job_id"].clone();
            let end = server.call("status", json!({ "job_id": id, "wait_seconds": 30 }));
            let end = if job["isError"] == true {
                &job["structuredContent"]["code"]
            } else {
                &end["structuredContent"]["reason"]
            };
            ends.push(end.as_str().unwrap_or_default().to_owned());
        }
        let of = |reason: &str| ends.iter().filter(|end| *end == reason).count();
        assert!(of("launch_failed") > 0 && of("exited") > 0, "there was enough for all, or for none: {ends:?}");
        assert!(!outside.exists());
        // When they are gone, it goes on.
        let last = server.run("true");
        assert_eq!(last["exit_code"], 0, "{last}");
    });
}

/// A machine on which nobody may make a user namespace: below one that may hold none (namespaces(7)).
const WITHOUT_NAMESPACES: [&str; 6] = [
    "/usr/bin/unshare",
    "--user",
    "--map-root-user",
    "/bin/sh",
    "-c",
    "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"",
];

#[test]
fn row_93_a_layer_that_is_missing_is_a_refusal_or_is_told() {
    as_everybody("requests::row_93_a_layer_that_is_missing_is_a_refusal_or_is_told", || {
        let poor: Vec<&str> = WITHOUT_NAMESPACES.into_iter().chain(["sh"]).collect();
        // What is hidden inside a readable place needs mounts, and is a refusal without them.
        let (all, some) = ("require = [\"namespaces\"]\nhide = []", "require = [\"landlock\", \"seccomp\"]\nhide = []");
        let hiding = "require = [\"landlock\"]\nhide = [\"/etc/passwd\"]";
        let script = "touch made; cat /proc/self/status";
        let cases = [
            (&[][..], all, true),
            (&[], hiding, true),
            (&poor, all, false),
            (&poor, hiding, false),
            (&poor, some, true),
        ];
        for (machine, layers, runs) in cases {
            // In there /tmp belongs to nobody for others than root, and no server starts.
            let runs = runs && (machine.is_empty() || rustix::process::geteuid().is_root());
            let place = Place::new("").with_sandbox(layers);
            let output = place.run(machine, script);
            let (text, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.success(), runs, "{layers} {told}");
            assert_eq!(place.workspace().join("made").exists(), runs);
            assert_eq!(text.contains("Seccomp:\t2"), runs, "{text}");
        }
    });
}
