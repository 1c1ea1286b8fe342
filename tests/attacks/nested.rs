//! Attacks that want namespaces and mounts of their own, or those of others, and programs that run as their owner.
//! Rows 56, 57, 58, 59 and 62 of the catalogue.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
    process::Command,
};

use stockade::model::outcome::ExitStatus;

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail},
    outside::{Victim, baseline, fingerprint},
    ways::{BOTH, all_worked, script, work_outside_alone},
};

/// Takes namespaces of its own and mounts in them: over a directory, from one place to another, the root aside. Outside the
/// machine is left as it is, because it is done in a mount namespace of its own.
const MOUNT: &str = r#"
here, target = sys.argv[1:3]
CLONE_NEWNS, CLONE_NEWUSER, MS_BIND, MS_PRIVATE, MS_REC, MNT_DETACH = 0x20000, 0x10000000, 4096, 1 << 18, 16384, 2
uid, gid = os.getuid(), os.getgid()
def enter():
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0: return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        open("/proc/self/" + name, "w").write(text)
    return True
way("enter", enter)
mount = lambda what, to, kind, flags: libc.mount(what, to.encode(), kind, flags, None) == 0
way("private", lambda: mount(None, "/", None, MS_PRIVATE | MS_REC))
way("cover", lambda: mount(b"none", target, b"tmpfs", 0) and not os.listdir(target))
way("uncover", lambda: libc.umount2(target.encode(), MNT_DETACH) == 0)
way("bind", lambda: mount(here.encode(), target, None, MS_BIND) and open(target + "/evil", "w").write("x"))
way("proc", lambda: mount(b"proc", target, b"proc", 0) or mount(b"/proc", target, None, MS_BIND | MS_REC))
way("layer", lambda: mount(b"none", target, b"overlay", 0) or libc.umount2(target.encode(), MNT_DETACH) == 0)
# fsopen, open_tree
way("new mount", lambda: call(430, 430, b"tmpfs", 0) >= 0)
way("copy", lambda: call(428, 428, -100, target.encode(), 1) >= 0)
way("root", lambda: os.chroot(here) is None)
"#;
const MOUNTED: [&str; 9] = ["enter", "private", "cover", "uncover", "bind", "proc", "layer", "new mount", "copy"];

#[test]
fn row_57_nothing_is_mounted_over_or_away() {
    as_everybody("nested::row_57_nothing_is_mounted_over_or_away", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (ws, target) = (jail.workspace(), jail.workspace().join("config"));
            fs::create_dir(&target).unwrap();
            fs::write(target.join("file"), "theirs").unwrap();
            if depth == Depth::Full {
                jail.plan.files.protect.push(target.clone());
            }
            let args = [ws.to_str().unwrap(), target.to_str().unwrap()];
            all_worked(&baseline(&script(MOUNT), &args, &ws), &MOUNTED);
            let _ = fs::remove_file(ws.join("evil"));
            let before = fingerprint(&target.join("file"));
            let ran = jail.python(&script(MOUNT), &args).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert_eq!(fingerprint(&target.join("file")), before, "{depth:?}");
            assert_eq!(fs::read_dir(&ws).unwrap().count(), 1, "{depth:?}");
        }
    });
}

/// With root's own power, that is without a user namespace: over what the server will read.
#[test]
fn row_58_nothing_is_mounted_where_the_server_looks() {
    const COVER: &str = r#"
target = sys.argv[1]
# MS_PRIVATE | MS_REC: outside, so that the machine is left as it is
alone = libc.unshare(0x20000) == 0 and libc.mount(None, b"/", None, 1 << 18 | 16384, None) == 0
way("alone", lambda: alone)
way("cover", lambda: libc.mount(b"none", target.encode(), b"tmpfs", 0, None) == 0)
way("bind", lambda: libc.mount(b"/etc", target.encode(), None, 4096, None) == 0)
way("change", lambda: libc.mount(None, b"/", None, 32 | 4096, None) == 0)
way("pivot", lambda: call(155, 41, b".", b".") == 0)
"#;
    as_everybody("nested::row_58_nothing_is_mounted_where_the_server_looks", || {
        let ground = Jail::new(Depth::Full);
        let target = ground.outside();
        fs::write(target.join("policy"), "theirs").unwrap();
        let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
        let before = mounts();
        // Nobody else may mount without a user namespace, for which see row 57.
        let ways: &[&str] =
            if rustix::process::geteuid().is_root() { &["alone", "cover", "bind", "change"] } else { &[] };
        work_outside_alone(COVER, &[target.to_str().unwrap()], ways, &BOTH);
        assert_eq!(mounts(), before);
        assert_eq!(fs::read_to_string(target.join("policy")).unwrap(), "theirs");
    });
}

/// Has namespaces of its own.
const APART: &str = r#"
import ctypes, sys
assert ctypes.CDLL(None).unshare(0x10000000 | 0x40000000 | 0x20000) == 0
print("ready", flush=True)
sys.stdin.read()
"#;

/// Enters the namespaces of others: one that it is told, the first process, its parent.
const ENTER: &str = r#"
pid = sys.argv[1]
def enter(pid, kind):
    return libc.setns(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0) == 0
for who in (pid, "1", str(os.getppid())):
    for kind in ("user", "net", "mnt", "pid", "ipc", "uts"): way(kind, lambda: enter(who, kind))
# All at once, by the process itself.
way("process", lambda: libc.setns(os.pidfd_open(int(pid)), 0x10000000 | 0x40000000) == 0)
"#;

#[test]
fn row_59_no_namespace_of_others_is_entered() {
    as_everybody("nested::row_59_no_namespace_of_others_is_entered", || {
        let apart = Victim::start(APART, &[]);
        work_outside_alone(ENTER, &[&apart.pid()], &["user", "net", "mnt"], &BOTH);
    });
}

/// Runs a program that runs as its owner and looks at what it has become.
const ELEVATE: &str = r#"
import subprocess, time
with subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
    def effective(name): return next(line.split()[2] for line in open(f"/proc/{child.pid}/status") if line.startswith(name))
    def elevated():
        for _ in range(100):
            if effective("Uid:") != str(os.geteuid()) or effective("Gid:") != str(os.getegid()): return True
            time.sleep(0.005)
    way("elevated", elevated)
    child.kill()
"#;

/// For root a program that runs with another group, since there is no user with more; for others one of the system's own.
#[test]
fn row_56_no_program_runs_as_its_owner() {
    as_everybody("nested::row_56_no_program_runs_as_its_owner", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let own = jail.workspace().join("cat");
            let program = if rustix::process::geteuid().is_root() {
                assert!(Command::new("/bin/cp").arg("/bin/cat").arg(&own).status().unwrap().success());
                chown(&own, None, Some(1)).unwrap();
                fs::set_permissions(&own, fs::Permissions::from_mode(0o2755)).unwrap();
                own.as_path()
            } else {
                let owned = |path: &&Path| fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o4000 != 0);
                USUAL.iter().map(Path::new).find(owned).expect("a program of root's that runs as root")
            };
            let args = [program.to_str().unwrap()];
            assert_eq!(baseline(&script(ELEVATE), &args, &jail.workspace()), "elevated\n");
            let ran = jail.python(&script(ELEVATE), &args).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
        }
    });
}

const USUAL: [&str; 5] = ["/usr/bin/su", "/usr/bin/passwd", "/usr/bin/newgrp", "/usr/bin/sudo", "/usr/bin/chsh"];

/// Chooses its control groups itself, and their settings. Outside it chooses those that it is in, and changes nothing.
const LEAVE_GROUP: &str = r#"
for path in sys.argv[1:]:
    way("choose", lambda: os.write(os.open(path + "/cgroup.procs", os.O_WRONLY), str(os.getpid()).encode()))
    for name in ("cgroup.subtree_control", "notify_on_release", "cgroup.procs"):
        way("settings", lambda: os.open(path + "/" + name, os.O_WRONLY) >= 0)
"#;

#[test]
fn row_62_no_control_group_is_left_or_changed() {
    as_everybody("nested::row_62_no_control_group_is_left_or_changed", || {
        let groups = own_groups();
        let groups: Vec<_> = groups.iter().map(String::as_str).collect();
        // Whoever the administrator has given none cannot do it outside either.
        let root = rustix::process::geteuid().is_root();
        let ways: &[&str] = if root { &["choose", "settings"] } else { &[] };
        work_outside_alone(LEAVE_GROUP, &groups, ways, &BOTH);
    });
}

/// The directories of the control groups of this process, in either version.
fn own_groups() -> Vec<String> {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap();
    let lines = text.lines().filter_map(|line| line.split(':').nth(1).zip(line.splitn(3, ':').nth(2)));
    let places = lines.flat_map(|(kind, path)| {
        ["", "/unified", &format!("/{}", kind.trim_start_matches("name="))]
            .map(|mid| format!("/sys/fs/cgroup{mid}{path}"))
    });
    places.filter(|place| Path::new(place).join("cgroup.procs").exists()).collect()
}
