//! Attacks that give a file another name, or find it without one: hard links, renames, handles, whole disks.
//! Rows 32, 33, 37 and 63 of the catalogue.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use stockade::model::outcome::ExitStatus;

use crate::{
    everybody::as_everybody,
    jail::Jail,
    outside::{baseline, fingerprint},
    ways::{BOTH, all_worked, script, work_outside_alone},
};

/// Gives a file a second name in the workspace and writes by that.
const LINK: &str = r#"
path, here = sys.argv[1:3]
def linked(name, link):
    link(here + "/" + name)
    return open(here + "/" + name, "a").write("x")
way("link", lambda: linked("a", lambda to: os.link(path, to)))
fd = lambda: os.open(path, os.O_PATH)
# AT_SYMLINK_FOLLOW
way("by descriptor", lambda: linked("b", lambda to: libc.linkat(-100, f"/proc/self/fd/{fd()}".encode(), -100, to.encode(), 0x400)))
directory = lambda: os.open(os.path.dirname(path), os.O_PATH)
way("from directory", lambda: linked("c", lambda to: os.link(os.path.basename(path), to, src_dir_fd=directory())))
"#;

#[test]
fn row_32_no_file_outside_gets_a_name_in_the_workspace() {
    as_everybody("links::row_32_no_file_outside_gets_a_name_in_the_workspace", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (ws, secret) = (jail.workspace(), jail.outside().join("secret"));
            fs::write(&secret, "theirs").unwrap();
            let args = [secret.to_str().unwrap(), ws.to_str().unwrap()];
            let outside = baseline(&script(LINK), &args, &ws);
            all_worked(&outside, &["link", "by descriptor", "from directory"]);
            assert_eq!((fs::read_to_string(&secret).unwrap().as_str(), links(&secret)), ("theirsxxx", 4));
            for name in ["a", "b", "c"] {
                fs::remove_file(ws.join(name)).unwrap();
            }
            let before = fingerprint(&secret);
            let ran = jail.python(&script(LINK), &args).run();
            assert_eq!(ran.exit, ExitStatus::Code(0), "{depth:?} {}", ran.stderr);
            assert_eq!(fingerprint(&secret), before, "{depth:?}");
        }
    });
}

fn links(path: &Path) -> u64 {
    fs::metadata(path).unwrap().nlink()
}

/// Moves and exchanges directories, so that what lies in one is found under the other's name.
const MOVE: &str = r#"
place, here = sys.argv[1:3]
# RENAME_EXCHANGE
def exchange(a, b): return libc.renameat2(-100, a.encode(), -100, b.encode(), 2) == 0
way("exchange", lambda: exchange(place + "/deep", here + "/own"))
way("bring", lambda: os.rename(place + "/deep", here + "/brought") is None)
way("send", lambda: os.rename(here + "/mine", place + "/sent") is None)
way("aside", lambda: os.rename(place, place + ".aside") is None)
way("replace", lambda: os.replace(here + "/file", place + ".aside/file") is None)
"#;

#[test]
fn row_33_nothing_is_moved_over_the_border_of_the_workspace() {
    as_everybody("links::row_33_nothing_is_moved_over_the_border_of_the_workspace", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (ws, outside) = (jail.workspace(), jail.outside());
            let fresh = || {
                for place in [&ws, &outside, &outside.with_extension("aside")] {
                    let _ = fs::remove_dir_all(place);
                }
                for place in [ws.join("own"), ws.join("mine"), outside.join("deep")] {
                    fs::create_dir_all(place).unwrap();
                }
                for file in [ws.join("file"), outside.join("file"), outside.join("deep/secret")] {
                    fs::write(&file, file.as_os_str().as_encoded_bytes()).unwrap();
                }
            };
            fresh();
            let args = [outside.to_str().unwrap(), ws.to_str().unwrap()];
            let ways = ["exchange", "bring", "send", "aside", "replace"];
            all_worked(&baseline(&script(MOVE), &args, Path::new("/")), &ways);
            fresh();
            let before = tree(&outside);
            let ran = jail.python(&script(MOVE), &args).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert_eq!(tree(&outside), before, "{depth:?}");
            assert!(!outside.with_extension("aside").exists());
        }
    });
}

/// Every file below a directory, with its number.
fn tree(place: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut left) = (Vec::new(), vec![place.to_owned()]);
    while let Some(path) = left.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push((path, meta.ino()));
    }
    found.sort();
    found
}

/// Finds a file by its number on the disk, and reads the disk itself.
const HANDLE: &str = r#"
import stat
path, here = sys.argv[1:3]
class Handle(ctypes.Structure): _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("handle", ctypes.c_ubyte * 128)]
handle, mount = Handle(128), ctypes.c_int()
way("name", lambda: libc.name_to_handle_at(-100, path.encode(), ctypes.byref(handle), ctypes.byref(mount), 0) == 0)
if len(sys.argv) > 3:
    # As whoever knows it beforehand: the handle is that of the first run.
    handle.bytes, handle.type = map(int, sys.argv[3].split(":")[:2])
    for i, byte in enumerate(bytes.fromhex(sys.argv[3].split(":")[2])): handle.handle[i] = byte
else:
    print("handle", f"{handle.bytes}:{handle.type}:{bytes(handle.handle[:handle.bytes]).hex()}")
root = os.open(here, os.O_RDONLY)
way("open", lambda: b"theirs" in os.read(libc.open_by_handle_at(root, ctypes.byref(handle), os.O_RDONLY), 9))
import glob
disks = [path for path in glob.glob("/dev/*") if stat.S_ISBLK(os.stat(path).st_mode)]
def first(attempt):
    for disk in disks or [None]:
        try: return attempt(disk) >= 0
        except OSError: pass
way("disk", lambda: first(lambda disk: os.open(disk or "/dev/loop0", os.O_RDONLY)))
def node(disk):
    # Where there is no disk to be seen, the first loop device, by its number.
    os.mknod(here + "/disk", stat.S_IFBLK | 0o600, os.stat(disk).st_rdev if disk else os.makedev(7, 0))
    try: return os.open(here + "/disk", os.O_RDONLY)
    finally: os.unlink(here + "/disk")
way("node", lambda: first(node))
way("loop", lambda: os.open("/dev/loop-control", os.O_RDWR) >= 0)
"#;

#[test]
fn row_37_no_file_is_found_by_its_number_or_on_the_disk() {
    as_everybody("links::row_37_no_file_is_found_by_its_number_or_on_the_disk", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let (ws, secret) = (jail.workspace(), jail.outside().join("secret"));
            fs::write(&secret, "theirs").unwrap();
            let args = [secret.to_str().unwrap(), ws.to_str().unwrap()];
            let outside = baseline(&script(HANDLE), &args, &ws);
            // Others may know a file's number and nothing more.
            let root = rustix::process::geteuid().is_root();
            all_worked(&outside, if root { &["name", "open", "disk", "node"] } else { &["name"] });
            assert!(!ws.join("disk").exists());
            let known = outside.lines().find_map(|line| line.strip_prefix("handle ")).unwrap();
            let ran = jail.python(&script(HANDLE), &[args[0], args[1], known]).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert!(!ws.join("disk").exists(), "{depth:?}");
        }
    });
}

#[test]
fn row_63_the_devices_of_the_host_cannot_be_opened() {
    const NODES: &str = r#"
for node in sys.argv[1:]:
    way(node, lambda: os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)) is None)
"#;
    as_everybody("links::row_63_the_devices_of_the_host_cannot_be_opened", || {
        let nodes =
            ["/dev/kmsg", "/dev/fuse", "/dev/ptmx", "/dev/kvm", "/dev/mem", "/dev/net/tun", "/dev/loop-control"];
        let ways: &[&str] = if rustix::process::geteuid().is_root() {
            &["/dev/kmsg", "/dev/fuse", "/dev/ptmx"]
        } else {
            &["/dev/ptmx"]
        };
        work_outside_alone(NODES, &nodes, ways, &BOTH);
    });
}
