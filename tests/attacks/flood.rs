//! Attacks by quantity: output without end, programs without end, streams that are never closed.
//! Rows 20, 25, 26 and 41 of the catalogue.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    client::{Server, python},
    everybody::as_everybody,
    jail::{ISOLATED, PYTHON},
};

/// Writes 200 megabytes of one kind to both streams.
const FLOOD: &str = r#"
import os, sys
kinds = { "zeros": bytes(1 << 20), "letters": b"x" * (1 << 20), "lines": b"y\n" * (1 << 19), "not text": os.urandom(1 << 20),
    "escapes": b"\x1b[31m\x1b]0;t\x07\r" * 80000 }
part, left = kinds[sys.argv[1]], 200 << 20
while left > 0:
    for fd in (1, 2): left -= os.write(fd, part)
"#;

#[test]
fn row_25_a_flood_of_output_takes_no_memory_and_breaks_no_answer() {
    as_everybody("flood::row_25_a_flood_of_output_takes_no_memory_and_breaks_no_answer", || {
        let mut raw = Command::new(PYTHON)
            .args([ISOLATED, FLOOD, "zeros"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut bytes = 0;
        let (mut stdout, mut part) = (raw.stdout.take().unwrap(), vec![0; 1 << 20]);
        while let Ok(n @ 1..) = stdout.read(&mut part) {
            bytes += n;
        }
        raw.wait().unwrap();
        assert!(bytes > 90 << 20, "the attack does not work outside");
        let mut server = Server::start("output = \"1MB\"");
        server.run("true");
        let before = server.peak_memory();
        for kind in ["zeros", "letters", "lines", "not text", "escapes"] {
            let answer = server.run(&python(FLOOD, &[kind]));
            assert_eq!(answer["exit_code"], 0, "{kind}");
            let dropped = answer["stdout_dropped"].as_u64().unwrap() + answer["stderr_dropped"].as_u64().unwrap();
            let all = server.call("status", json!({ "job_id": answer["job_id"] }))["structuredContent"].clone();
            let bytes = all["stdout_bytes"].as_u64().unwrap() + all["stderr_bytes"].as_u64().unwrap();
            assert!(bytes >= 200 << 20 && dropped >= 190 << 20, "{kind}: {dropped} of {bytes}");
        }
        let more = server.peak_memory() - before;
        assert!(more < 48 << 10, "{more} kB");
    });
}

/// Starts programs, one after the other.
const EXECUTE: &str = r#"
import os, sys
for _ in range(int(sys.argv[1])):
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
print("done")
"#;

#[test]
fn row_20_a_flood_of_programs_holds_nobody_up() {
    as_everybody("flood::row_20_a_flood_of_programs_holds_nobody_up", || {
        assert_eq!(crate::outside::baseline(EXECUTE, &["100"], "/".as_ref()), "done\n");
        let mut server = Server::start("");
        server.run("true");
        let before = server.peak_memory();
        let flood = server.call("execute", json!({ "command": python(EXECUTE, &["4000"]) }));
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let start = Instant::now();
            assert_eq!(server.run("true && true | true")["exit_code"], 0);
            slowest = slowest.max(start.elapsed());
        }
        assert!(slowest < Duration::from_secs(5), "{slowest:?}");
        let id = flood["structuredContent"]["job_id"].clone();
        let end = server.call("output", json!({ "job_id": id, "wait_seconds": 45 }));
        assert_eq!(end["structuredContent"]["stdout"], "done\n", "{end}");
        let more = server.peak_memory() - before;
        assert!(more < 24 << 10, "{more} kB");
    });
}

/// Closes its streams, or leaves them to a process that writes on, or never has enough.
const LINGER: &str = r#"
import os, sys, time
if sys.argv[1] == "closed":
    for fd in (0, 1, 2): os.close(fd)
    time.sleep(1000)
elif sys.argv[1] == "left":
    if os.fork() == 0:
        os.setsid()
        while True: os.write(1, b"x"); time.sleep(0.01)
    time.sleep(1000)
else:
    while True: os.write(1, b"y" * 4096)
"#;

#[test]
fn row_26_streams_that_are_closed_or_never_end_hold_no_end_up() {
    as_everybody("flood::row_26_streams_that_are_closed_or_never_end_hold_no_end_up", || {
        let mut outside =
            Command::new(PYTHON).args([ISOLATED, LINGER, "closed"]).stdout(Stdio::piped()).spawn().unwrap();
        outside.stdout.take().unwrap().read_to_end(&mut Vec::new()).unwrap();
        assert!(outside.try_wait().unwrap().is_none(), "the attack does not work outside");
        outside.kill().unwrap();
        outside.wait().unwrap();
        let mut server = Server::start("grace = \"100ms\"");
        for way in ["closed", "left", "endless"] {
            let asked = json!({ "command": python(LINGER, &[way]), "timeout_seconds": 0.5, "wait_seconds": 20 });
            let start = Instant::now();
            let end = server.call("execute", asked)["structuredContent"].clone();
            assert_eq!((&end["status"], &end["reason"]), (&json!("killed"), &json!("timeout")), "{way} {end}");
            assert!(start.elapsed() < Duration::from_secs(10), "{way} {:?}", start.elapsed());
        }
    });
}
