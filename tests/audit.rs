//! The audit log on a real file system: who may write it, what a crash leaves, and what a verifier says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "what goes wrong here fails a test"
)]

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use stockade::{
    audit::{
        Completeness, Conclusion, Event, Integrity, Killed, OpenError, RecordError, Requested, StreamReport, What,
        Writer, verify_dir, verify_file,
    },
    diagnostic::Code,
    model::{
        ids::ExecId,
        outcome::Reason,
        request::{Principal, Via},
    },
};

fn request(command: &str) -> Event {
    Event::Request(Requested {
        command: command.into(),
        cwd: None,
        env_names: Vec::new(),
        principal: Principal { id: "uid:1000".into(), via: Via::Cli },
        claimed_client: None,
        rpc_id: None,
        name: None,
    })
}

fn killed() -> Event {
    Event::Kill(Killed { reason: Reason::Cancelled, signals: vec!["TERM".into()], survivors: 0 })
}

/// A closed stream of six records.
struct Golden {
    dir: tempfile::TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Golden {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::open(dir.path()).unwrap();
        for command in ["git status", "ls", "cargo build"] {
            writer.queue(Some(ExecId::new()), request(command)).unwrap();
        }
        let path = writer.stream_path().to_owned();
        writer.close(&Reason::Shutdown).await.unwrap();
        let bytes = fs::read(&path).unwrap();
        Self { dir, path, bytes }
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        self.bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// What a verifier says when the file holds these bytes.
    fn verify(&self, bytes: &[u8]) -> StreamReport {
        fs::write(&self.path, bytes).unwrap();
        verify_file(&self.path)
    }

    /// Where the first flaw is, and what it is.
    #[track_caller]
    fn broken(&self, bytes: &[u8]) -> (u64, u64, What) {
        let report = self.verify(bytes);
        assert_eq!(report.conclusion(), Conclusion::Tampered);
        match report.integrity {
            Integrity::Broken { faults, .. } => (faults[0].seq, faults[0].offset, faults[0].flaw.what),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_closed_stream_is_intact_and_complete() {
    let golden = Golden::new().await;
    let report = verify_dir(golden.dir.path());
    assert_eq!(report.conclusion(), Conclusion::Ok);
    assert_eq!(report.streams.len(), 1);
    assert_eq!(report.streams[0].records, 6);
    assert_eq!(report.streams[0].completeness, Completeness::Closed);
}

#[tokio::test]
async fn every_flipped_bit_of_a_file_is_found() {
    let golden = Golden::new().await;
    let last = golden.bytes.len() - 1;
    for at in 0..golden.bytes.len() {
        for bit in 0..8 {
            let mut bytes = golden.bytes.clone();
            bytes[at] ^= 1 << bit;
            let conclusion = golden.verify(&bytes).conclusion();
            // Without its last line feed the file looks cut off; of another version nothing can be said.
            let fine = match conclusion {
                Conclusion::Tampered => true,
                Conclusion::Incomplete => at == last,
                Conclusion::Undecided => at < 10,
                Conclusion::Ok => false,
            };
            assert!(fine, "bit {bit} of byte {at}: {conclusion:?}");
        }
    }
}

#[tokio::test]
async fn records_that_were_moved_are_found_where_they_are() {
    let golden = Golden::new().await;
    let lines = golden.lines();
    let offset = |line: usize| lines[..line].iter().map(Vec::len).sum::<usize>() as u64;
    let change = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut changed = lines.clone();
        change(&mut changed);
        golden.broken(&changed.concat())
    };
    assert_eq!(change(&|lines| drop(lines.remove(2))), (2, offset(2), What::Seq));
    assert_eq!(change(&|lines| drop(lines.remove(0))), (0, 0, What::Seq));
    assert_eq!(change(&|lines| lines.swap(2, 3)), (2, offset(2), What::Seq));
    assert_eq!(change(&|lines| lines.insert(3, lines[2].clone())), (3, offset(3), What::Seq));
    assert_eq!(change(&|lines| lines.push(lines[5].clone())), (6, offset(6), What::Seq));
    assert_eq!(change(&|lines| lines.insert(1, b"\n".to_vec())), (1, offset(1), What::Shape));
}

#[tokio::test]
async fn a_record_of_another_stream_is_found() {
    let (golden, other) = (Golden::new().await, Golden::new().await);
    let mut lines = golden.lines();
    lines[3] = other.lines().swap_remove(3);
    assert_eq!(golden.broken(&lines.concat()).2, What::Stream);
}

#[tokio::test]
async fn a_stream_under_another_name_is_found() {
    let (golden, other) = (Golden::new().await, Golden::new().await);
    assert_eq!(golden.broken(&other.bytes).2, What::Stream);
    let renamed = golden.dir.path().join("old.jsonl");
    fs::rename(&golden.path, &renamed).unwrap();
    assert_eq!(verify_file(&renamed).conclusion(), Conclusion::Undecided);
}

#[tokio::test]
async fn a_crash_at_any_byte_is_never_called_tampering() {
    let golden = Golden::new().await;
    let ends: Vec<usize> = (0..golden.bytes.len()).filter(|at| golden.bytes[*at] == b'\n').map(|at| at + 1).collect();
    for cut in 0..golden.bytes.len() {
        let report = golden.verify(&golden.bytes[..cut]);
        assert_eq!(report.integrity, Integrity::Intact, "cut at {cut}");
        let whole = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(report.records, whole as u64);
        let start = whole.checked_sub(1).map_or(0, |last| ends[last]) as u64;
        let expected = match cut as u64 - start {
            0 => Completeness::Unclosed,
            bytes => Completeness::Torn { offset: start, bytes },
        };
        assert_eq!(report.completeness, expected, "cut at {cut}");
        assert_eq!(report.conclusion(), Conclusion::Incomplete);
    }
}

#[tokio::test]
async fn a_tail_of_zeros_is_never_called_tampering() {
    let golden = Golden::new().await;
    for cut in [0, 1, golden.bytes.len() / 2] {
        for zeros in [1, 4096, 200_000] {
            let bytes = [&golden.bytes[..cut], &vec![0; zeros]].concat();
            assert_eq!(golden.verify(&bytes).conclusion(), Conclusion::Incomplete, "{zeros} zeros at {cut}");
        }
    }
}

#[tokio::test]
async fn bytes_that_no_crash_leaves_are_found() {
    let golden = Golden::new().await;
    let (whole, part) = (&golden.bytes[..], &golden.bytes[..golden.bytes.len() / 2]);
    let tampered = |start: &[u8], end: &[u8]| {
        assert_eq!(golden.verify(&[start, end].concat()).conclusion(), Conclusion::Tampered);
    };
    tampered(part, b"\xff\xfe");
    tampered(part, b"\0\0x");
    tampered(part, &[b'x'; 70_000]);
    // Nothing is ever written after the closing record.
    tampered(whole, b"{\"v\":1");
    tampered(whole, b"\0");
}

#[tokio::test]
async fn a_line_of_any_length_is_judged_as_one_line() {
    let golden = Golden::new().await;
    for length in [65_535, 65_536, 65_537, 1 << 20] {
        let mut lines = golden.lines();
        lines.insert(2, [vec![b'x'; length], b"\n".to_vec()].concat());
        let start: usize = lines[..2].iter().map(Vec::len).sum();
        let what = if length > 65_535 { What::Length } else { What::Shape };
        assert_eq!(golden.broken(&lines.concat()), (2, start as u64, what), "{length}");
        match golden.verify(&lines.concat()).integrity {
            // The flaw after it is where the next line starts.
            Integrity::Broken { faults, .. } => assert_eq!(faults[1].offset, (start + length + 1) as u64),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn many_flaws_are_counted_and_the_first_are_told() {
    let golden = Golden::new().await;
    let bytes = [&golden.bytes[..], &b"x\n".repeat(1000)].concat();
    match golden.verify(&bytes).integrity {
        Integrity::Broken { faults, count } => assert_eq!((faults.len(), count), (16, 1000)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_live_stream_is_open_and_a_deserted_one_is_unclosed() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::open(dir.path()).unwrap();
    writer.record(None, request("ls")).await.unwrap();
    let path = writer.stream_path().to_owned();
    assert_eq!(verify_file(&path).completeness, Completeness::Open);
    assert_eq!(verify_dir(dir.path()).conclusion(), Conclusion::Ok);
    // What a crash would leave: the same bytes, and nobody who holds the lock.
    let other = tempfile::tempdir().unwrap();
    fs::copy(&path, other.path().join(path.file_name().unwrap())).unwrap();
    let report = verify_dir(other.path());
    assert_eq!(report.streams[0].completeness, Completeness::Unclosed);
    assert_eq!(report.conclusion(), Conclusion::Incomplete);
    writer.close(&Reason::Shutdown).await.unwrap();
}

#[tokio::test]
async fn verifying_while_it_is_written_never_sees_a_flaw() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::open(dir.path()).unwrap();
    let path = writer.stream_path().to_owned();
    let writing = tokio::spawn(async move {
        for n in 0..500 {
            writer.queue(None, request(&"x".repeat(n * 100))).unwrap();
            if n % 10 == 0 {
                writer.record(None, request("sync")).await.unwrap();
            }
        }
        writer.close(&Reason::Shutdown).await.unwrap();
    });
    while !writing.is_finished() {
        let report = verify_file(&path);
        assert!(matches!(report.integrity, Integrity::Intact), "{report:?}");
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
    assert_eq!(verify_file(&path).conclusion(), Conclusion::Ok);
}

#[tokio::test]
async fn two_servers_have_two_streams() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Writer::open(dir.path()).unwrap(), Writer::open(dir.path()).unwrap());
    assert_ne!(one.stream_path(), two.stream_path());
    one.record(None, request("ls")).await.unwrap();
    two.record(None, request("ls")).await.unwrap();
    one.close(&Reason::Shutdown).await.unwrap();
    two.close(&Reason::Shutdown).await.unwrap();
    let report = verify_dir(dir.path());
    assert_eq!((report.streams.len(), report.conclusion()), (2, Conclusion::Ok));
}

#[test]
fn a_directory_without_a_log_decides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify_dir(dir.path()).conclusion(), Conclusion::Undecided);
    assert_eq!(verify_dir(&dir.path().join("none")).conclusion(), Conclusion::Undecided);
}

#[tokio::test]
async fn a_tampered_stream_outweighs_all_others() {
    let golden = Golden::new().await;
    fs::write(golden.dir.path().join("not-a-stream.jsonl"), "").unwrap();
    assert_eq!(verify_dir(golden.dir.path()).conclusion(), Conclusion::Undecided);
    golden.broken(&golden.bytes.to_ascii_uppercase());
    assert_eq!(verify_dir(golden.dir.path()).conclusion(), Conclusion::Tampered);
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn the_log_is_made_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("state/stockade/audit");
    let writer = Writer::open(&log).unwrap();
    assert_eq!(mode(writer.stream_path()), 0o600);
    for made in [&log, &dir.path().join("state/stockade"), &dir.path().join("state")] {
        assert_eq!(mode(made), 0o700);
    }
    writer.close(&Reason::Shutdown).await.unwrap();
}

#[tokio::test]
async fn what_was_reserved_is_given_back_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::open(dir.path()).unwrap();
    let path = writer.stream_path().to_owned();
    let allocated = || path.metadata().unwrap().blocks() * 512;
    if allocated() < 1 << 20 {
        // A file system that reserves nothing has nothing to give back; `a_full_disk_leaves_room_for_the_ends` brings one
        // that does.
        return;
    }
    writer.close(&Reason::Shutdown).await.unwrap();
    let start = Instant::now();
    while allocated() > 64 << 10 {
        assert!(start.elapsed() < Duration::from_secs(5), "{} bytes are still allocated", allocated());
        tokio::task::yield_now().await;
    }
    assert_eq!(verify_file(&path).conclusion(), Conclusion::Ok);
}

#[track_caller]
fn refuses(dir: &Path, code: Code) {
    match Writer::open(dir).unwrap_err() {
        error @ OpenError::Insecure(_) => assert_eq!(error.diagnostic().code, code),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read_dir(dir).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_directory_that_others_can_write_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("audit");
    fs::create_dir(&log).unwrap();
    for mode in [0o770, 0o707, 0o1777] {
        fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
        refuses(&log, Code::FileWritable);
    }
}

#[test]
fn a_link_in_place_of_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    symlink(dir.path().join("real"), dir.path().join("audit")).unwrap();
    refuses(&dir.path().join("audit"), Code::FileUnreadable);
}

#[tokio::test]
async fn a_file_in_place_of_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("audit");
    fs::write(&file, "").unwrap();
    assert!(Writer::open(&file).is_err());
    assert!(Writer::open(&file.join("below")).is_err());
}

/// Changes the stream's file under a living writer; the log has to end.
async fn ends_the_log(change: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::open(dir.path()).unwrap();
    writer.record(None, request("ls")).await.unwrap();
    change(writer.stream_path());
    assert!(matches!(writer.record(None, killed()).await, Err(RecordError::Failed(_))));
    assert!(writer.poisoned());
    writer.failed().await;
}

#[tokio::test]
async fn a_removed_file_ends_the_log() {
    ends_the_log(|path| fs::remove_file(path).unwrap()).await;
}

#[tokio::test]
async fn a_renamed_file_ends_the_log() {
    ends_the_log(|path| fs::rename(path, path.with_extension("old")).unwrap()).await;
}

#[tokio::test]
async fn a_replaced_file_ends_the_log() {
    ends_the_log(|path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_that_somebody_else_changed_ends_the_log() {
    ends_the_log(|path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap()).await;
    ends_the_log(|path| OpenOptions::new().write(true).open(path).unwrap().set_len(10).unwrap()).await;
}

/// Runs one test of this binary again, in a process of its own that a shell prepares.
#[expect(clippy::disallowed_methods, reason = "limits and mounts are those of a process")]
fn again(test: &str, shell: &str) {
    let dir = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-e", "-c", shell])
        .env("AUDIT_TEST_DIR", dir.path())
        .env("AUDIT_TEST_BINARY", std::env::current_exe().unwrap())
        .env("AUDIT_TEST_NAME", test)
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}{complained}");
}

/// Makes a root that belongs to the user of the namespace: an ordinary user sees the real one as nobody's, and what is
/// nobody's is not safe for a log. The new root is a disk of 4 MiB, and the log lies on it.
const SMALL_ROOT: &str = r#"
mount -t tmpfs -o size=4m,mode=755 none "$AUDIT_TEST_DIR"
for entry in /*; do
    if [ -L "$entry" ]; then cp -P "$entry" "$AUDIT_TEST_DIR$entry"
    elif [ -d "$entry" ]; then mkdir "$AUDIT_TEST_DIR$entry"; mount --rbind "$entry" "$AUDIT_TEST_DIR$entry"
    fi
done
mkdir "$AUDIT_TEST_DIR/audit-test"
root="$AUDIT_TEST_DIR"
export AUDIT_TEST_DIR=/audit-test
"#;

/// The directory of the log, when this is the process of its own.
fn inner() -> Option<PathBuf> {
    std::env::var_os("AUDIT_TEST_DIR").map(|dir| PathBuf::from(dir).join("log"))
}

fn wide() -> Event {
    request(&"x".repeat(60_000))
}

#[tokio::test]
async fn a_full_disk_leaves_room_for_the_ends() {
    let Some(log) = inner() else {
        let enter = r#"exec chroot "$root" "$AUDIT_TEST_BINARY" --exact "$AUDIT_TEST_NAME""#;
        return again("a_full_disk_leaves_room_for_the_ends", &format!("{SMALL_ROOT}{enter}"));
    };
    let filler = log.with_file_name("filler");
    fs::write(&filler, vec![0; 1 << 20]).unwrap();
    let writer = Writer::open(&log).unwrap();
    let full = loop {
        if let Err(error) = writer.record(None, wide()).await {
            break error;
        }
    };
    assert_eq!(full, RecordError::NoSpace);
    for _ in 0..2_000 {
        writer.record(None, killed()).await.unwrap();
    }
    fs::remove_file(filler).unwrap();
    writer.record(None, wide()).await.unwrap();
    let path = writer.stream_path().to_owned();
    writer.close(&Reason::Shutdown).await.unwrap();
    assert_eq!(verify_file(&path).conclusion(), Conclusion::Ok);
}

#[tokio::test]
async fn a_limit_on_file_sizes_ends_the_log_and_not_the_server() {
    let Some(log) = inner() else {
        // In blocks of 512 bytes.
        let enter = r#"ulimit -f 256; exec chroot "$root" "$AUDIT_TEST_BINARY" --exact "$AUDIT_TEST_NAME""#;
        return again("a_limit_on_file_sizes_ends_the_log_and_not_the_server", &format!("{SMALL_ROOT}{enter}"));
    };
    let writer = Writer::open(&log).unwrap();
    let failed = loop {
        // Not refused for want of a reserve: on some file systems the limit holds for fallocate(2) too.
        if let Err(error) = writer.record(None, killed()).await {
            break error;
        }
    };
    assert!(matches!(failed, RecordError::Failed(_)), "{failed}");
    writer.failed().await;
    let path = writer.stream_path().to_owned();
    // The lock ends with the writer's thread, a moment after the failure is known.
    while verify_file(&path).completeness == Completeness::Open {
        std::thread::yield_now();
    }
    let report = verify_file(&path);
    assert!(report.records > 0);
    assert_eq!(report.conclusion(), Conclusion::Incomplete);
}

/// What `stockade audit verify` says about a directory: its exit code and its standard output.
#[expect(clippy::disallowed_methods, reason = "the program itself is under test")]
fn command(args: &[&str], dir: &Path) -> (i32, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_stockade"))
        .args(["audit", "verify"])
        .args(args)
        .env("XDG_STATE_HOME", dir)
        .env_remove("STOCKADE_POLICY")
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_command_tells_the_four_conclusions_by_its_exit_code() {
    let golden = Golden::new().await;
    let dir = golden.dir.path();
    let verify = |bytes: &[u8]| {
        fs::write(&golden.path, bytes).unwrap();
        command(&["--dir", dir.to_str().unwrap()], dir)
    };
    let (code, text) = verify(&golden.bytes);
    assert_eq!(code, 0);
    assert!(text.contains("integrity     intact\n  completeness  closed\nok: "), "{text}");

    let (code, text) = verify(&golden.bytes.to_ascii_uppercase());
    assert_eq!(code, 1);
    assert!(text.contains("record 0 at byte 0: ") && text.contains("TAMPERED"), "{text}");

    let (code, text) = verify(&golden.bytes[..golden.bytes.len() - 1]);
    assert_eq!(code, 2);
    assert!(text.contains("completeness  torn") && text.contains("incomplete: "), "{text}");

    fs::remove_file(&golden.path).unwrap();
    let (code, text) = command(&["--dir", dir.to_str().unwrap()], dir);
    assert_eq!(code, 3);
    assert!(text.contains("holds no stream"), "{text}");
}

#[tokio::test]
async fn the_command_gives_json() {
    let golden = Golden::new().await;
    let mut lines = golden.lines();
    lines.remove(2);
    fs::write(&golden.path, lines.concat()).unwrap();
    let (code, text) = command(&["--json", "--dir", golden.dir.path().to_str().unwrap()], golden.dir.path());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["conclusion"]), (1, &"tampered".into()));
    let fault = &report["streams"][0]["faults"][0];
    assert_eq!((&fault["seq"], &fault["what"]), (&2.into(), &"seq".into()));
    assert_eq!((&fault["expected"], &fault["found"]), (&"2".into(), &"3".into()));
}

#[tokio::test]
async fn the_command_finds_the_log_where_the_server_writes_it() {
    let state = tempfile::tempdir().unwrap();
    let writer = Writer::open(&state.path().join("stockade/audit")).unwrap();
    writer.close(&Reason::Shutdown).await.unwrap();
    let (code, text) = command(&["--policy", "default"], state.path());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("records 3"), "{text}");
}
