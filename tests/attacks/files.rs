//! Attacks on files: the policy and the log, links out of the workspace, bits that make a file run as its owner.
//! Rows 29, 31, 55, 63, 65 and 73 of the catalogue, and what the layout of mounts promises.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use stockade::{
    model::{
        enforcement::{Layer, Level},
        outcome::ExitStatus,
    },
    policy::StdinGrant,
};
use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

use crate::{
    everybody::{as_everybody, stockade},
    jail::{Depth, Jail, runtime},
    outside::{baseline, fingerprint, marker},
};

const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

/// Everything that changes a file or its name. The first word says which half to try.
const TAMPER: &str = r#"
import os, sys
what, path, here = sys.argv[1:4]
def attempt(f):
    try: f()
    except OSError: pass
if what == "bytes":
    attempt(lambda: open(path, "a").write("tampered"))
    attempt(lambda: os.truncate(path, 1))
    attempt(lambda: os.link(path, here + "/link"))
    attempt(lambda: open(here + "/link", "a").write("tampered"))
    attempt(lambda: os.close(os.open(path, os.O_RDONLY | os.O_TRUNC)))
    attempt(lambda: os.rename(path, here + "/moved"))
    attempt(lambda: open(path + ".new", "w").write("tampered"))
    attempt(lambda: os.rename(path + ".new", path))
    attempt(lambda: os.unlink(path))
else:
    attempt(lambda: os.chmod(path, 0o666))
    attempt(lambda: os.utime(path, (1, 1)))
    attempt(lambda: os.setxattr(path, "user.note", b"tampered"))
    attempt(lambda: os.chown(path, os.getuid(), os.getgid()))
"#;

#[test]
fn row_29_policy_and_log_stay_as_they_are() {
    as_everybody("files::row_29_policy_and_log_stay_as_they_are", || {
        for (depth, what) in [(Depth::Full, "bytes"), (Depth::Full, "metadata"), (Depth::NoNamespaces, "bytes")] {
            let mut jail = Jail::new(depth);
            let policy = jail.outside().join("policy.toml");
            let here = jail.workspace().display().to_string();
            let fresh = || {
                let _ = fs::remove_file(&policy);
                fs::write(&policy, "version = 1\n").unwrap();
                fingerprint(&policy)
            };
            let before = fresh();
            let script_args = [what, policy.to_str().unwrap(), &here];
            baseline(TAMPER, &script_args, &jail.workspace());
            assert!(!policy.exists() || fingerprint(&policy) != before, "the attack does not work outside");
            for entry in fs::read_dir(jail.workspace()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
            let before = fresh();
            jail.python(TAMPER, &script_args).run();
            assert_eq!(fingerprint(&policy), before, "{depth:?} {what}");
            assert_eq!(fs::read_dir(jail.outside()).unwrap().count(), 1, "{depth:?}");
        }
    });
}

/// Without mounts of its own a job can change what Landlock does not look at (landlock(7)): modes, times, attributes of the
/// user's own files. The report of such a job says `namespaces: none`. This test is here to be turned round.
#[test]
fn without_namespaces_metadata_of_other_files_can_be_changed() {
    let mut jail = Jail::new(Depth::NoNamespaces);
    let policy = jail.outside().join("policy.toml");
    fs::write(&policy, "version = 1\n").unwrap();
    let before = fingerprint(&policy);
    let here = jail.workspace().display().to_string();
    jail.python(TAMPER, &["metadata", policy.to_str().unwrap(), &here]).run();
    assert_ne!(fingerprint(&policy), before);
}

const FOLLOW: &str = r#"
import os, sys
for name in ("file", "dir/file", "up"):
    try: print(open(name).read(), end="")
    except OSError: pass
    try: open(name, "a").write("written")
    except OSError: pass
"#;

#[test]
fn row_31_links_lead_nowhere() {
    as_everybody("files::row_31_links_lead_nowhere", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (outside, ws) = (jail.outside(), jail.workspace());
            let canary = marker("canary");
            let secret = outside.join("file");
            let reset = || fs::write(&secret, &canary).unwrap();
            symlink(&secret, ws.join("file")).unwrap();
            symlink(&outside, ws.join("dir")).unwrap();
            symlink("../outside/file", ws.join("up")).unwrap();
            reset();
            let out = baseline(FOLLOW, &[], &ws);
            assert_eq!(out.matches(&canary).count(), 3, "{out}");
            reset();
            let inside = jail.python(FOLLOW, &[]).run();
            assert!(!inside.stdout.contains(&canary), "{depth:?}: {}", inside.stdout);
            assert_eq!(fs::read_to_string(&secret).unwrap(), canary, "{depth:?}");
        }
    });
}

#[test]
fn row_35_other_names_of_the_root_lead_nowhere() {
    as_everybody("files::row_35_other_names_of_the_root_lead_nowhere", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let canary = marker("canary");
            let secret = jail.outside().join("secret");
            fs::write(&secret, &canary).unwrap();
            let script = r#"
import os, sys
path = sys.argv[1]
for prefix in ("/proc/self/root", "/proc/1/root", f"/proc/{os.getppid()}/root", "/proc/self/cwd/../../../../../.."):
    try: print(open(prefix + path).read())
    except OSError: pass
"#;
            let path = secret.to_str().unwrap();
            assert!(baseline(script, &[path], &jail.workspace()).contains(&canary));
            assert!(!jail.python(script, &[path]).run().stdout.contains(&canary), "{depth:?}");
        }
    });
}

/// Every way to make a file that runs as its owner.
const SET_BITS: &str = r#"
import ctypes, os, stat, struct
libc = ctypes.CDLL(None)
def attempt(f):
    try: f()
    except OSError: pass
def empty(name):
    open(name, "w").close()
    return name
attempt(lambda: os.chmod(empty("chmod"), 0o4755))
attempt(lambda: os.fchmod(os.open(empty("fchmod"), os.O_RDONLY), 0o4755))
attempt(lambda: os.chmod(os.path.basename(empty("fchmodat")), 0o2755, dir_fd=os.open(".", os.O_RDONLY)))
libc.syscall(452, -100, empty("fchmodat2").encode(), 0o4755, 0)
libc.syscall(452, -100, empty("highbits").encode(), ctypes.c_ulong(1 << 32 | 0o4755), 0)
attempt(lambda: os.close(os.open("open", os.O_CREAT | os.O_WRONLY, 0o4755)))
attempt(lambda: os.mknod("mknod", stat.S_IFREG | 0o4755))
how = struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o4755, 0)
libc.syscall(437, -100, b"openat2", how, 24)
def tmpfile():
    fd = os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o4755)
    # AT_SYMLINK_FOLLOW
    libc.linkat(-100, f"/proc/self/fd/{fd}".encode(), -100, b"tmpfile", 0x400)
attempt(tmpfile)
"#;

fn with_bits(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.metadata().unwrap().mode() & 0o6000 != 0).collect()
}

#[test]
fn row_55_no_file_gets_a_bit_that_makes_it_run_as_its_owner() {
    as_everybody("files::row_55_no_file_gets_a_bit_that_makes_it_run_as_its_owner", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let bare = tempfile::tempdir().unwrap();
            baseline(SET_BITS, &[], bare.path());
            let outside = with_bits(bare.path());
            assert_eq!(outside.len(), 9, "the attacks do not all work outside: {outside:?}");
            jail.python(SET_BITS, &[]).run();
            assert_eq!(with_bits(&jail.workspace()), Vec::<PathBuf>::new(), "{depth:?}");
        }
    });
}

#[test]
fn nothing_outside_the_writable_places_can_be_written() {
    as_everybody("files::nothing_outside_the_writable_places_can_be_written", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (ws, outside) = (jail.workspace(), jail.outside());
            let script = r#"
import os, sys
for place in sys.argv[1:]:
    try:
        open(place + "/stockade-was-here", "w").write("x")
        print(place)
    except OSError: pass
"#;
            let home = std::env::home_dir().unwrap_or_else(|| "/root".into());
            let places = [
                ws.to_str().unwrap(),
                outside.to_str().unwrap(),
                "/",
                "/etc",
                "/usr",
                "/var",
                home.to_str().unwrap(),
                "/proc",
                "/sys",
                "/dev",
            ];
            let ran = jail.python(script, &places).run();
            assert_eq!(ran.stdout, format!("{}\n", ws.display()), "{depth:?}");
            assert!(ws.join("stockade-was-here").exists());
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        }
    });
}

#[test]
fn temporary_places_are_the_jobs_own() {
    as_everybody("files::temporary_places_are_the_jobs_own", || {
        let mut jail = Jail::new(Depth::Full);
        let name = marker("private");
        let script = r#"
import os, sys
for place in ("/tmp", "/var/tmp", "/dev/shm"):
    open(f"{place}/{sys.argv[1]}", "w").write("x")
    print(len(os.listdir(place)))
"#;
        let ran = jail.python(script, &[&name]).run();
        // The workspace lies below /tmp, so its parent is there as well, and nothing of the host's.
        assert_eq!(ran.stdout, "2\n1\n1\n", "{}", ran.stderr);
        for place in ["/tmp", "/var/tmp", "/dev/shm"] {
            assert!(!Path::new(place).join(&name).exists(), "{place}");
        }
    });
}

#[test]
fn a_private_tmp_has_a_limit() {
    as_everybody("files::a_private_tmp_has_a_limit", || {
        let mut jail = Jail::new(Depth::Full);
        let script = r#"
import errno
f, total = open("/tmp/big", "wb"), 0
try:
    while True: total += f.write(b"x" * (1 << 20)); f.flush()
except OSError as error: print(errno.errorcode[error.errno], total <= 64 << 20)
"#;
        assert_eq!(jail.python(script, &[]).run().stdout, "ENOSPC True\n");
    });
}

#[test]
fn hidden_places_show_nothing() {
    as_everybody("files::hidden_places_show_nothing", || {
        let mut jail = Jail::new(Depth::Full);
        let (ws, outside) = (jail.workspace(), jail.outside());
        fs::create_dir(ws.join("keys")).unwrap();
        fs::write(ws.join("keys/id"), "secret").unwrap();
        fs::write(ws.join("token"), "secret").unwrap();
        fs::create_dir_all(outside.join("deep/inner")).unwrap();
        fs::write(outside.join("deep/file"), "secret").unwrap();
        jail.plan.files.hide = vec![ws.join("keys"), ws.join("token"), outside.join("deep")];
        // The more specific wins: a readable place inside a hidden one is there.
        fs::write(outside.join("deep/inner/note"), "public").unwrap();
        jail.plan.files.read.push(outside.join("deep/inner"));
        let script = r#"
import os, sys
ws, deep = sys.argv[1:]
def attempt(name, f):
    try: print(name, f())
    except OSError: print(name, "no")
attempt("dir", lambda: open(ws + "/keys/id").read())
attempt("list", lambda: os.listdir(ws + "/keys"))
attempt("file", lambda: open(ws + "/token").read())
attempt("write", lambda: open(ws + "/token", "w").write("x"))
attempt("make", lambda: open(ws + "/keys/new", "w").write("x"))
attempt("move", lambda: os.rename(ws + "/keys", ws + "/moved"))
attempt("around", lambda: open(deep + "/file").read())
attempt("inner", lambda: open(deep + "/inner/note").read())
attempt("run", lambda: os.listdir("/run"))
"#;
        let deep = outside.join("deep");
        let ran = jail.python(script, &[ws.to_str().unwrap(), deep.to_str().unwrap()]).run();
        let want = "dir no\nlist no\nfile no\nwrite no\nmake no\nmove no\naround no\ninner public\nrun no\n";
        assert_eq!(ran.stdout, want, "{}", ran.stderr);
        assert_eq!(fs::read_to_string(ws.join("token")).unwrap(), "secret");
    });
}

/// Plants a hook in every way one can think of.
const PLANT_HOOK: &str = r#"
import os, shutil
def attempt(f):
    try: f()
    except OSError: pass
def hook():
    os.makedirs(".git/hooks", exist_ok=True)
    open(".git/hooks/pre-commit", "w").write("evil")
attempt(hook)
attempt(lambda: os.rename(".git/hooks", ".git/aside")); attempt(hook)
attempt(lambda: os.rename(".git", "aside")); attempt(hook)
attempt(lambda: shutil.rmtree(".git")); attempt(hook)
attempt(lambda: os.symlink("/tmp", ".git/hooks"))
attempt(lambda: open(".git/config", "a").write("evil"))
attempt(lambda: os.replace("config", ".git/config"))
attempt(lambda: os.chmod(".git/hooks", 0o777))
"#;

#[test]
fn row_73_protected_places_in_the_workspace_stay() {
    as_everybody("files::row_73_protected_places_in_the_workspace_stay", || {
        let mut jail = Jail::new(Depth::Full);
        let ws = jail.workspace();
        let fresh = |dir: &Path| {
            fs::create_dir_all(dir.join(".git/hooks")).unwrap();
            fs::write(dir.join(".git/config"), "clean").unwrap();
            fs::write(dir.join("config"), "evil").unwrap();
        };
        let bare = tempfile::tempdir().unwrap();
        fresh(bare.path());
        baseline(PLANT_HOOK, &[], bare.path());
        assert!(bare.path().join(".git/hooks").symlink_metadata().is_ok());
        assert_ne!(fs::read_to_string(bare.path().join(".git/config")).unwrap(), "clean");
        fresh(&ws);
        let mode = ws.join(".git/hooks").metadata().unwrap().mode();
        jail.plan.files.protect = vec![ws.join(".git/hooks"), ws.join(".git/config")];
        jail.python(PLANT_HOOK, &[]).run();
        assert_eq!(fs::read_dir(ws.join(".git/hooks")).unwrap().count(), 0);
        assert_eq!(fs::read_to_string(ws.join(".git/config")).unwrap(), "clean");
        assert_eq!(ws.join(".git/hooks").metadata().unwrap().mode(), mode);
        // The rest of the repository works as ever.
        let ran = jail.command("/bin/sh", &["-c", "touch .git/index && mv .git/index .git/moved"]).run();
        assert_eq!(ran.exit, ExitStatus::Code(0), "{}", ran.stderr);
    });
}

/// Writes beside the workspace, and into it.
const WRITE_BESIDE: &str = r#"
import os
for path in ("../outside/file", "../beside", "inside"):
    try: open(path, "w").write("evil")
    except OSError: pass
"#;

/// A link under a protected name makes what it leads to read-only: with this one, the workspace.
#[test]
fn row_73_a_workspace_that_is_protected_itself_opens_nothing_around_it() {
    as_everybody("files::row_73_a_workspace_that_is_protected_itself_opens_nothing_around_it", || {
        for landlock in [true, false] {
            let mut jail = Jail::new(Depth::Full);
            let ws = jail.workspace();
            let made = ["../outside/file", "../beside", "inside"].map(|name| ws.join(name));
            baseline(WRITE_BESIDE, &[], &ws);
            for path in &made {
                fs::remove_file(path).expect("the attack does not work outside");
            }
            symlink(".", ws.join(".vscode")).unwrap();
            jail.plan.files.protect = vec![ws.join(".vscode").canonicalize().unwrap()];
            if !landlock {
                // The mounts alone.
                jail.plan.layers.retain(|(layer, _)| *layer != Layer::Landlock);
            }
            let ran = jail.python(WRITE_BESIDE, &[]).run();
            assert_eq!(
                (ran.exit, !matches!(ran.enforcement.level(Layer::Landlock), Level::None(_))),
                (ExitStatus::Code(0), landlock)
            );
            for path in &made {
                assert!(!path.exists(), "{path:?}, Landlock {landlock}");
            }
        }
    });
}

#[test]
fn row_73_a_link_that_a_job_leaves_opens_nothing_for_the_next() {
    as_everybody("files::row_73_a_link_that_a_job_leaves_opens_nothing_for_the_next", || {
        for link in [".", "..", "../outside", "/"] {
            let ground = tempfile::tempdir().unwrap();
            let ws = ground.path().join("ws");
            for name in ["ws", "outside"] {
                fs::create_dir(ground.path().join(name)).unwrap();
            }
            for script in
                [&*format!("ln -s {link} .vscode && touch first"), "echo x > ../outside/f; echo x > ../f; touch second"]
            {
                let mut program = Command::new(stockade());
                program.args(["run", "--policy", "developer", "--", "sh", "-c", script]).current_dir(&ws);
                program.env("HOME", ground.path()).env("XDG_STATE_HOME", ground.path().join("state"));
                program.stdin(Stdio::null()).output().unwrap();
            }
            assert!(ws.join("first").exists() && ws.join(".vscode").is_symlink());
            assert_eq!(ws.join("second").exists(), link != ".", "{link}");
            assert!(!ground.path().join("f").exists() && !ground.path().join("outside/f").exists(), "{link}");
        }
    });
}

/// Closes the directory around the hooks, so that whoever looks for them with this user's rights finds nothing.
const CLOSE: &str = "chmod 000 .git";
const OPEN_AND_PLANT: &str = "chmod 755 .git; echo evil > .git/hooks/pre-commit";

#[test]
fn row_73_a_closed_directory_does_not_end_the_protection_of_what_it_holds() {
    as_everybody("files::row_73_a_closed_directory_does_not_end_the_protection_of_what_it_holds", || {
        let ground = tempfile::tempdir().unwrap();
        let (ws, hook) = (ground.path().join("ws"), ground.path().join("ws/.git/hooks/pre-commit"));
        fs::create_dir_all(ws.join(".git/hooks")).unwrap();
        for script in [CLOSE, OPEN_AND_PLANT] {
            assert!(Command::new("/bin/sh").args(["-c", script]).current_dir(&ws).status().unwrap().success());
        }
        fs::remove_file(&hook).expect("the attack does not work outside");
        for script in [CLOSE, OPEN_AND_PLANT] {
            let mut program = Command::new(stockade());
            program.args(["run", "--policy", "developer", "--", "sh", "-c", script]).current_dir(&ws);
            program.env("HOME", ground.path()).env("XDG_STATE_HOME", ground.path().join("state"));
            let output = program.stdin(Stdio::null()).output().unwrap();
            // The first must run, or the second proves nothing.
            assert!(script != CLOSE || output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        fs::set_permissions(ws.join(".git"), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(!hook.exists());
    });
}

/// In a mount namespace of its own, so that nothing is left mounted.
const MOUNT_AND_LOOK: &str = r#"
mount --rbind /proc inner && cat inner/sys/kernel/core_pattern > /dev/null && echo outside
exec "$STOCKADE" run --policy developer -- sh -c "ls inner; cat inner/sys/kernel/core_pattern && echo inside"
"#;

#[test]
fn row_61_a_proc_that_is_mounted_in_the_workspace_is_out_of_reach() {
    as_everybody("files::row_61_a_proc_that_is_mounted_in_the_workspace_is_out_of_reach", || {
        let ground = tempfile::tempdir().unwrap();
        let ws = ground.path().join("ws");
        fs::create_dir_all(ws.join("inner")).unwrap();
        let mut program = Command::new("unshare");
        program.args(["-Urm", "sh", "-c", MOUNT_AND_LOOK]).current_dir(&ws).stdin(Stdio::null());
        program.env("HOME", ground.path()).env("XDG_STATE_HOME", ground.path().join("state"));
        let output = program.env("STOCKADE", stockade()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(out, "outside\n", "{err}");
        // The job ran, and was kept out. For others the server does not start: to them /tmp belongs to nobody in there.
        if rustix::process::geteuid().is_root() {
            assert!(err.contains("cat: inner/sys/kernel/core_pattern"), "{err}");
        }
    });
}

/// Changes nothing that anybody would notice but the time of the change.
const CHANGE_NODES: &str = r#"
import os, sys
for node in sys.argv[1:]:
    try: os.chmod(node, os.stat(node).st_mode & 0o777)
    except OSError: pass
    try: os.setxattr(node, "system.posix_acl_access", b"")
    except OSError: pass
"#;

#[test]
fn row_63_the_hosts_device_nodes_keep_their_modes() {
    as_everybody("files::row_63_the_hosts_device_nodes_keep_their_modes", || {
        let mut jail = Jail::new(Depth::Full);
        let nodes = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
        let changes = || nodes.map(|node| fs::metadata(node).map(|meta| (meta.ctime(), meta.ctime_nsec())).unwrap());
        let before = changes();
        baseline(CHANGE_NODES, &nodes, &jail.workspace());
        // They are root's, so nobody else can do this anyway.
        assert_eq!(before != changes(), rustix::process::geteuid().is_root());
        let before = changes();
        jail.python(CHANGE_NODES, &nodes).run();
        assert_eq!(before, changes());
    });
}

#[test]
fn row_65_no_lease_holds_up_a_writer_outside() {
    const LEASE: &str = r#"
import fcntl, os, sys
F_SETLEASE = 1024
for path in sys.argv[1:]:
    try: print(fcntl.fcntl(os.open(path, os.O_RDONLY), F_SETLEASE, fcntl.F_RDLCK))
    except OSError: pass
"#;
    as_everybody("files::row_65_no_lease_holds_up_a_writer_outside", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let own = jail.workspace().join("file");
            fs::write(&own, "").unwrap();
            assert_eq!(baseline(LEASE, &[own.to_str().unwrap()], &jail.workspace()), "0\n");
            assert_eq!(jail.python(LEASE, &[own.to_str().unwrap(), "/etc/passwd"]).run().stdout, "", "{depth:?}");
        }
    });
}

/// Reads a file after it is told to.
const WAIT_AND_READ: &str = r#"
import sys
print("ready", flush=True)
sys.stdin.readline()
try: print(open(sys.argv[1]).read())
except OSError: print("no")
"#;

/// Not as everybody: the place has to lie outside of the temporary ones, which a job may use as a whole.
#[test]
fn row_38_a_hidden_file_that_is_replaced_outside_stays_hidden() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let place = dir.path().canonicalize().unwrap();
    let (secret, next, note) = (place.join("secret"), place.join("next"), place.join("note"));
    fs::write(&secret, "old").unwrap();
    fs::write(&note, "public").unwrap();
    let mut jail = Jail::new(Depth::Full);
    jail.plan.files.read.push(place);
    jail.plan.files.hide.push(secret.clone());
    jail.plan.stdin = StdinGrant::Any;
    runtime().block_on(async {
        let mut process = jail.python(WAIT_AND_READ, &[secret.to_str().unwrap()]).spawn().await.unwrap();
        let mut stdout = Receiver::from_owned_fd(process.take_stdout().unwrap()).unwrap();
        stdout.read_exact(&mut [0; 6]).await.unwrap();
        // As editors and credential helpers save.
        fs::write(&next, "new").unwrap();
        fs::rename(&next, &secret).unwrap();
        rustix::io::write(process.take_stdin().unwrap(), b"\n").unwrap();
        let mut text = String::new();
        stdout.read_to_string(&mut text).await.unwrap();
        process.next().await;
        process.reap().await;
        assert_eq!(text, "no\n");
    });
    // What lies beside it can be read.
    assert_eq!(jail.command("/bin/cat", &[note.to_str().unwrap()]).run().stdout, "public");
}

#[test]
fn devices_are_few_and_work() {
    as_everybody("files::devices_are_few_and_work", || {
        let mut jail = Jail::new(Depth::Full);
        let script = r#"
import os
print(*sorted(os.listdir("/dev")))
open("/dev/null", "w").write("x")
print(len(open("/dev/urandom", "rb").read(4)), open("/dev/zero", "rb").read(1), flush=True)
open("/dev/stdout", "w").write("through the link\n")
"#;
        let ran = jail.python(script, &[]).run();
        let want = "fd full null random shm stderr stdin stdout tty urandom zero\n4 b'\\x00'\nthrough the link\n";
        assert_eq!(ran.stdout, want, "{}", ran.stderr);
    });
}
