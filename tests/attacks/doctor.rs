//! The doctor's own attack: every row of it, at every level, for root and for an ordinary user; and that it says so when
//! something does not hold.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use stockade::{
    doctor::{Attack, Status, Subject, attack},
    model::{
        enforcement::{Layer, Level},
        support::Support,
        workspace::Workspace,
    },
    plan::SandboxPlan,
    policy::{PolicySet, compile},
};

use crate::{
    everybody::{as_everybody, stockade},
    jail::{launcher, runtime},
    outside::alive,
};

/// Nothing that only mounts can do, so that jobs of it start without them as well.
const POLICY: &str = r#"
version = 1
name = "plain"
[sandbox]
read = ["/usr", "/bin", "/lib*", "/etc"]
hide = ["/run", "/root"]
"#;

/// Acts that succeed where nothing but namespaces would hold them.
const NEED_NAMESPACES: [&str; 3] = ["file-mode", "server-seen", "socket-path"];

fn policy() -> PolicySet {
    let (policy, findings) = compile(&[stockade::diagnostic::Source::new("plain", POLICY)]);
    policy.unwrap_or_else(|| panic!("{findings:?}"))
}

fn workspace(root: &Path) -> Workspace {
    let existing = |list: &[&str]| list.iter().filter_map(|path| fs::canonicalize(path).ok()).collect::<Vec<_>>();
    Workspace {
        roots: vec![root.into()],
        search_path: existing(&["/usr/bin"]),
        read: existing(&["/usr", "/etc"]),
        write: vec![],
        hide: ["/run", "/root"].map(PathBuf::from).to_vec(),
        protect: vec![],
        home: "/nowhere".into(),
        layers: Vec::new(),
    }
}

/// The attack at a level that is lower than the machine's by some layers.
fn attacked(without: &[Layer], change: impl Fn(&mut SandboxPlan)) -> Attack {
    let root = tempfile::tempdir().unwrap();
    let mut support = launcher().probe().unwrap();
    for (layer, level) in &mut support.layers {
        if without.contains(layer) {
            *level = Level::None("the test took it".into());
        }
    }
    attack_with(&workspace(&root.path().canonicalize().unwrap()), &support, change)
}

fn attack_with(workspace: &Workspace, support: &Support, change: impl Fn(&mut SandboxPlan)) -> Attack {
    let (policy, launcher) = (policy(), launcher());
    let environment = BTreeMap::new();
    let subject = Subject { policy: &policy, workspace, support, environment: &environment, launcher: &launcher };
    let done = runtime().block_on(attack(subject, &mut |_| {}, change));
    done.unwrap_or_else(|error| panic!("{error}"))
}

fn status<'a>(attack: &'a Attack, id: &str) -> &'a Status {
    &attack.rows.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no act `{id}`")).status
}

/// Acts of which this machine has nothing to show to this user even without a sandbox, and no others.
fn cannot_be_tried() -> Vec<&'static str> {
    let root = rustix::process::geteuid().is_root();
    let number = |path: &str| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<i32>().ok());
    let mut acts = Vec::new();
    if !root {
        acts.push("kernel-setting");
        if number("/proc/sys/kernel/unprivileged_bpf_disabled").is_some_and(|value| value > 0) {
            acts.push("bpf");
        }
        if number("/proc/sys/kernel/perf_event_paranoid").is_some_and(|value| value > 2) {
            acts.push("perf-event");
        }
    }
    if number("/proc/sys/dev/tty/legacy_tiocsti") == Some(0) {
        acts.push("terminal-input");
    }
    acts
}

#[test]
fn every_act_is_held_where_every_layer_is() {
    as_everybody("doctor::every_act_is_held_where_every_layer_is", || {
        let attack = attacked(&[], |_| {});
        assert!(attack.enforcement.0.iter().all(|(_, level)| *level == Level::Full), "{attack:?}");
        assert_eq!((attack.refusal.as_deref(), attack.survivors), (None, 0));
        let untried = cannot_be_tried();
        for row in &attack.rows {
            let right = match &row.status {
                Status::Held(by) => !by.is_empty(),
                Status::Allowed(_) => row.id == "memory-program",
                Status::NotTried(why) => untried.contains(&row.id) && why.starts_with("does not work outside"),
                Status::Broken(_) | Status::Open(_) => false,
            };
            assert!(right, "{row:?}");
        }
    });
}

#[test]
fn without_namespaces_every_act_is_held_but_those_that_need_them() {
    as_everybody("doctor::without_namespaces_every_act_is_held_but_those_that_need_them", || {
        let attack = attacked(&[Layer::Namespaces, Layer::Network], |_| {});
        assert!(matches!(attack.enforcement.level(Layer::Namespaces), Level::None(_)));
        assert!(matches!(attack.enforcement.level(Layer::Network), Level::Partial(_)));
        assert_eq!((attack.refusal.as_deref(), attack.survivors), (None, 0));
        let untried = cannot_be_tried();
        for row in &attack.rows {
            let right = match &row.status {
                Status::Held(by) => !by.contains(&"namespaces") && !by.contains(&"network") && !by.is_empty(),
                Status::Allowed(_) => row.id == "memory-program",
                // Said as it is, with what it would take.
                Status::Open(why) => NEED_NAMESPACES.contains(&row.id) && why.contains("`namespaces`"),
                Status::NotTried(_) => untried.contains(&row.id) || row.id == "policy-protected",
                Status::Broken(_) => false,
            };
            assert!(right, "{row:?}");
        }
    });
}

#[test]
fn with_mounts_and_seccomp_alone_no_file_outside_is_reached() {
    as_everybody("doctor::with_mounts_and_seccomp_alone_no_file_outside_is_reached", || {
        let attack = attacked(&[Layer::Landlock], |_| {});
        for id in ["file-read", "file-write", "file-mode", "socket-path", "server-signal", "tcp", "daemon"] {
            assert!(matches!(status(&attack, id), Status::Held(by) if !by.contains(&"landlock")), "{id} {attack:?}");
        }
    });
}

/// Something is taken out of the plan behind the doctor's back, as by a fault of ours or of the kernel's.
#[test]
fn what_does_not_hold_is_called_broken() {
    as_everybody("doctor::what_does_not_hold_is_called_broken", || {
        let drop_layer = |gone: Layer| move |plan: &mut SandboxPlan| plan.layers.retain(|(layer, _)| *layer != gone);
        let no_filter = attacked(&[], drop_layer(Layer::Seccomp));
        for id in ["io-uring", "userfaultfd", "personality", "set-user-id", "lease", "no-filter"] {
            assert!(matches!(status(&no_filter, id), Status::Broken(by) if by.contains(&"seccomp")), "{id}");
        }
        assert!(matches!(status(&no_filter, "file-read"), Status::Held(_)));

        let no_network = attacked(&[], |plan| {
            plan.layers.retain(|(layer, _)| ![Layer::Network, Layer::Landlock, Layer::Seccomp].contains(layer));
        });
        for id in ["tcp", "udp", "mptcp", "tcp-fast-open", "socket-name"] {
            assert!(matches!(status(&no_network, id), Status::Broken(_)), "{id} {:?}", status(&no_network, id));
        }

        let open = attacked(&[], |plan| {
            let above = plan.cwd.parent().unwrap().to_path_buf();
            plan.files.write.push(above);
            plan.files.hide.clear();
            plan.files.protect.clear();
        });
        for id in [
            "file-read",
            "file-write",
            "file-mode",
            "file-by-link",
            "file-by-proc",
            "policy-hidden",
            "policy-readable",
            "policy-protected",
            "socket-path",
        ] {
            assert!(matches!(status(&open, id), Status::Broken(_)), "{id} {:?}", status(&open, id));
        }

        let exposed = attacked(&[Layer::Namespaces, Layer::Network], |plan| {
            plan.layers.retain(|(layer, _)| ![Layer::Landlock, Layer::Seccomp].contains(layer));
        });
        for id in ["server-signal", "server-limit", "server-oom-score"] {
            assert!(matches!(status(&exposed, id), Status::Broken(_)), "{id} {:?}", status(&exposed, id));
        }
        for id in ["server-environment", "server-memory", "server-trace", "server-descriptor", "server-priority"] {
            // A server of root has capabilities that the job has dropped.
            match (rustix::process::geteuid().is_root(), status(&exposed, id)) {
                (true, Status::Held(by)) => assert_eq!(by, &["privileges"], "{id}"),
                (false, Status::Broken(_)) => {}
                (_, other) => panic!("{id} {other:?}"),
            }
        }
        for id in ["leaked-descriptor", "session-key", "new-privileges", "core-dump", "daemon"] {
            assert!(matches!(status(&exposed, id), Status::Held(_)), "{id} {:?}", status(&exposed, id));
        }
    });
}

#[test]
fn what_only_mounts_can_do_is_left_out_and_said() {
    let (root, mut support) = (tempfile::tempdir().unwrap(), launcher().probe().unwrap());
    for (layer, level) in &mut support.layers {
        if [Layer::Namespaces, Layer::Network].contains(layer) {
            *level = Level::None("the test took it".into());
        }
    }
    let mut workspace = workspace(&root.path().canonicalize().unwrap());
    workspace.hide.push("/etc/shadow".into());
    let attack = attack_with(&workspace, &support, |_| {});
    assert!(attack.refusal.as_deref().is_some_and(|why| why.contains("hide /etc/shadow")), "{attack:?}");
    assert!(matches!(status(&attack, "file-read"), Status::Held(_)));
}

/// The program as people run it.
fn program(args: &[&str], home: &Path, workspace: &Path) -> Command {
    let mut program = Command::new(stockade());
    program.args(args).current_dir(workspace).env_clear();
    program.envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")]);
    program.env("HOME", home).env("XDG_STATE_HOME", home).env("TMPDIR", home);
    program
}

fn run(args: &[&str], home: &Path, workspace: &Path) -> Output {
    program(args, home, workspace).output().unwrap()
}

#[test]
fn the_command_says_that_all_is_well_and_leaves_nothing() {
    as_everybody("doctor::the_command_says_that_all_is_well_and_leaves_nothing", || {
        let (home, workspace) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
        let (before, start) = (mounts(), Instant::now());
        let output = run(&["doctor", "--policy", "developer", "--json"], home.path(), workspace.path());
        let taken = start.elapsed();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said:#} {errors}");
        assert_eq!((&said["conclusion"], &said["policy"]["starts"]), (&"ok".into(), &true.into()));
        let acts = said["attack"]["acts"].as_array().unwrap();
        assert!(acts.iter().filter(|act| act["status"] == "held").count() >= 40, "{said:#}");
        assert!(errors.contains("attacking"), "{errors}");
        assert!(taken < Duration::from_secs(5), "{taken:?}");

        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "something is left in the place for temporary files");
        assert_eq!(fs::read_dir(workspace.path()).unwrap().count(), 0);
        assert_eq!(mounts(), before);
        let own = stockade();
        let own = own.to_str().unwrap();
        // Other tests of this program run at the same time, with helpers of their own.
        if env::var_os("STOCKADE_TEST_PROGRAM").is_some() {
            assert_eq!(alive(&format!("{own}\0doctor-helper")), Vec::<u32>::new());
        }
    });
}

#[test]
fn an_interrupted_doctor_leaves_nothing() {
    for step in 1..=3 {
        let (home, workspace) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut program = program(&["doctor", "--policy", "developer"], home.path(), workspace.path());
        let mut child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
        for _ in 0..step {
            progress.next().unwrap().unwrap();
        }
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        let code = child.wait().unwrap().code();
        // It may have been done before it heard of it.
        assert!(code == Some(130) || step == 3 && code == Some(0), "{step} {code:?}");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "{step}");
    }
}

#[test]
fn a_policy_that_does_not_fit_the_machine_is_a_finding_and_no_failure() {
    let (home, workspace) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let policy = home.path().join("bad.toml");
    fs::write(&policy, "version = 1\nname = \"bad\"\n[workspace]\nroots = [\"absent\"]\n").unwrap();
    let output = run(&["doctor", "--policy", policy.to_str().unwrap()], home.path(), workspace.path());
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("landlock") && text.contains("does not load"), "{text}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("absent"));
}

#[test]
fn quick_is_the_table_alone() {
    let (home, workspace) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = run(&["doctor", "--quick", "--policy", "developer"], home.path(), workspace.path());
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("kernel release") && text.ends_with("nothing was attacked\n"), "{text}");
}
