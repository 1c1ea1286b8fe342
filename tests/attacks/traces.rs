//! Attacks that learn or leave something: core dumps, watches on directories, names and sizes of files, other processes.
//! Rows 64, 65, 66 and 88 of the catalogue.

use std::{
    fs,
    os::unix::{fs::symlink, process::ExitStatusExt as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use stockade::model::outcome::ExitStatus;

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail},
    outside::{Victim, baseline, marker, python},
    ways::{BOTH, script, work_outside_alone},
};

/// Dies in a way that leaves a core, after it has asked for one of any size.
const CRASH: &str = r#"
import resource
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
try: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except ValueError: pass
print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)
os.abort()
"#;

#[test]
fn row_64_no_core_is_left() {
    as_everybody("traces::row_64_no_core_is_left", || {
        let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
        // A pattern that is a path leaves a file; one that names a program starts it, which the limit of one byte stops
        // (core(5)). The latter cannot be seen from here, so there the limit is what counts.
        let piped = pattern.starts_with('|');
        let bare = tempfile::tempdir().unwrap();
        let outside = python(&script(CRASH), &[], bare.path());
        assert_eq!(outside.status.signal(), Some(6));
        let left = |dir: &Path| fs::read_dir(dir).unwrap().count();
        if !piped && !pattern.starts_with('/') {
            assert_eq!(left(bare.path()), 1, "the attack does not work outside: {outside:?}");
        }
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let ran = jail.python(&script(CRASH), &[]).run();
            let limit = if piped { "(1, 1)\n" } else { "(0, 0)\n" };
            assert_eq!((ran.stdout.as_str(), ran.exit), (limit, ExitStatus::Signal(6)), "{depth:?} {}", ran.stderr);
            assert_eq!(left(&jail.workspace()), 0, "{depth:?}");
        }
    });
}

/// Watches a directory by each of its names, and prints whether something has happened in it within a time.
const WATCH: &str = r#"
import select
place, name, seconds = sys.argv[1], sys.argv[2].encode(), float(sys.argv[3])
fd = libc.inotify_init1(0)
for path in (place, os.path.dirname(place), "/proc/self/root" + place):
    # IN_ALL_EVENTS
    libc.inotify_add_watch(fd, path.encode(), 0xfff)
print("watching", flush=True)
way("event", lambda: select.select([fd], [], [], seconds)[0] and name in os.read(fd, 4096))
"#;

/// Full alone: Landlock does not look at watches, nor at questions for names.
#[test]
fn row_65_no_watch_tells_what_happens_outside() {
    as_everybody("traces::row_65_no_watch_tells_what_happens_outside", || {
        let mut jail = Jail::new(Depth::Full);
        let (place, word) = (jail.outside(), marker("name"));
        let over = AtomicBool::new(false);
        let busy = || {
            while !over.load(Ordering::Relaxed) {
                fs::write(place.join(&word), "").unwrap();
                fs::remove_file(place.join(&word)).unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(busy);
            let attack = |seconds| [place.to_str().unwrap(), &word, seconds];
            let outside = baseline(&script(WATCH), &attack("10"), &jail.workspace());
            let ran = jail.python(&script(WATCH), &attack("0.5")).run();
            over.store(true, Ordering::Relaxed);
            assert_eq!(outside, "watching\nevent\n", "the attack does not work outside");
            assert_eq!((ran.stdout.as_str(), ran.exit), ("watching\n", ExitStatus::Code(0)), "{}", ran.stderr);
        });
    });
}

/// Asks for a file in every way that needs no right to its content.
const ASK: &str = r#"
path = sys.argv[1]
way("exists", lambda: os.path.lexists(path))
way("size", lambda: os.stat(path).st_size == 6)
way("access", lambda: os.access(path, os.F_OK))
way("open", lambda: os.open(path, os.O_PATH) >= 0)
way("link", lambda: os.readlink(path + ".link"))
way("room", lambda: os.statvfs(os.path.dirname(path) + "/.").f_files)
way("error", lambda: os.rmdir(path))
"#;

#[test]
fn row_66_names_and_sizes_of_hidden_files_are_not_told() {
    as_everybody("traces::row_66_names_and_sizes_of_hidden_files_are_not_told", || {
        let ground = Jail::new(Depth::Full);
        let path = ground.outside().join(marker("name"));
        fs::write(&path, "theirs").unwrap();
        symlink("/target", format!("{}.link", path.display())).unwrap();
        let ways = ["exists", "size", "access", "open", "link", "room"];
        work_outside_alone(ASK, &[path.to_str().unwrap()], &ways, &[Depth::Full]);
    });
}

/// What a job can tell of the machine is in SECURITY.md. Of its processes and its name it is nothing.
#[test]
fn row_88_no_process_of_the_host_is_told_of() {
    const SEE: &str = r#"
import socket
pid, host = sys.argv[1:3]
way("process", lambda: os.stat("/proc/" + pid))
way("command", lambda: sys.argv[3].encode() in open(f"/proc/{pid}/cmdline", "rb").read())
way("host", lambda: socket.gethostname() == host)
way("exists", lambda: not os.kill(int(pid), 0))
"#;
    as_everybody("traces::row_88_no_process_of_the_host_is_told_of", || {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let victim = Victim::start("print('ready', flush=True); input()", &[]);
        let args = [&*victim.pid(), host.trim(), "ready"];
        work_outside_alone(SEE, &args, &["process", "command", "host", "exists"], &[Depth::Full]);
    });
}
