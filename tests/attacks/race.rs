//! Attacks between a look and a deed: a job exchanges what others are about to use. Row 34 of the catalogue.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    client::{Server, python},
    everybody::as_everybody,
    outside::Victim,
};

/// Exchanges a directory and a link to one outside, as fast as it can, until it is ended.
const SWAP: &str = r#"
import ctypes, os, sys, time
os.chdir(os.environ.get("PLACE", "."))
print("ready", flush=True)
libc, end = ctypes.CDLL(None), time.time() + 100
while time.time() < end:
    # RENAME_EXCHANGE
    for _ in range(100): libc.renameat2(-100, b"dir", -100, b"link", 2)
"#;

/// How long there is to win.
const LONG: Duration = Duration::from_secs(5);

#[test]
fn row_34_nobody_wins_by_exchanging_a_directory() {
    as_everybody("race::row_34_nobody_wins_by_exchanging_a_directory", || {
        let mut server = Server::start("");
        let (ws, outside) = (server.place.workspace(), server.place.beside("outside"));
        for dir in [&outside, &ws.join("dir")] {
            fs::create_dir(dir).unwrap();
        }
        symlink(&outside, ws.join("link")).unwrap();
        let won = || fs::read_dir(&outside).unwrap().count();
        // Outside it is won: whoever looks first and writes then writes outside.
        let swap = Victim::start(SWAP, &[("PLACE", ws.to_str().unwrap())]);
        let start = Instant::now();
        while won() == 0 {
            let script = "[ -L dir ] || { cd dir && touch here; }; [ -L dir ] || echo x > dir/file";
            Command::new("/bin/sh").args(["-c", script]).current_dir(&ws).stderr(Stdio::null()).status().unwrap();
            assert!(start.elapsed() < Duration::from_secs(50), "the attack does not work outside");
        }
        drop(swap);
        for entry in fs::read_dir(&outside).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        let swapping = server.call("execute", json!({ "command": python(SWAP, &[]) }));
        assert_eq!(swapping["isError"], false, "{swapping}");
        let (start, mut ran) = (Instant::now(), 0);
        while start.elapsed() < LONG {
            for (command, cwd) in [
                ("touch here", "dir"),
                ("echo x > dir/file", "."),
                ("cd dir && touch there", "."),
                ("cd dir && echo x >> last", "."),
                ("touch dir/made && cat dir/*", "."),
            ] {
                let result = server.call("execute", json!({ "command": command, "cwd": cwd, "wait_seconds": 30 }));
                ran += u32::from(result["structuredContent"]["exit_code"] == 0);
            }
        }
        assert!(ran > 0, "nothing got as far as to be won");
        assert_eq!(won(), 0);
    });
}
