//! Launches that must fail do, by the name of the step, and launches that are odd succeed.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use stockade::{
    model::{
        enforcement::{Layer, Level},
        outcome::ExitStatus,
    },
    policy::StdinGrant,
};
use tokio::{io::AsyncWriteExt as _, net::unix::pipe::Sender};

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail, finish, launcher, runtime},
};

const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

#[test]
fn a_place_that_is_gone_fails_by_name() {
    let mut jail = Jail::new(Depth::Full);
    jail.command("/bin/true", &[]);
    let gone = jail.workspace().join("gone");
    let lists: [fn(&mut Jail) -> &mut Vec<std::path::PathBuf>; 3] =
        [|jail| &mut jail.plan.files.hide, |jail| &mut jail.plan.files.write, |jail| &mut jail.plan.files.protect];
    for list in lists {
        list(&mut jail).push(gone.clone());
        let error = jail.fails();
        assert!(error.contains(gone.to_str().unwrap()) && error.contains("ENOENT"), "{error}");
        list(&mut jail).pop();
    }
}

#[test]
fn a_place_that_became_a_link_fails() {
    as_everybody("launch::a_place_that_became_a_link_fails", || {
        let mut jail = Jail::new(Depth::Full);
        jail.command("/bin/true", &[]);
        let (ws, outside) = (jail.workspace(), jail.outside());
        fs::create_dir(ws.join("real")).unwrap();
        jail.plan.files.protect.push(ws.join("real"));
        assert_eq!(jail.run().exit, ExitStatus::Code(0));
        fs::remove_dir(ws.join("real")).unwrap();
        symlink(&outside, ws.join("real")).unwrap();
        let error = jail.fails();
        assert!(error.contains("ELOOP"), "{error}");
    });
}

#[test]
fn a_program_that_cannot_be_executed_fails_by_name() {
    as_everybody("launch::a_program_that_cannot_be_executed_fails_by_name", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let file = jail.workspace().join("program");
            fs::write(&file, "neither a script nor a binary").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            let error = jail.command(file.to_str().unwrap(), &[]).fails();
            assert!(error.starts_with("step `exec ") && error.contains("ENOEXEC"), "{error}");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
            let error = jail.fails();
            assert!(error.starts_with("step `exec ") && error.contains("EACCES"), "{error}");
        }
    });
}

#[test]
fn a_program_outside_the_readable_places_does_not_run() {
    as_everybody("launch::a_program_outside_the_readable_places_does_not_run", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let program = jail.outside().join("true");
            fs::copy("/bin/true", &program).unwrap();
            let error = jail.command(program.to_str().unwrap(), &[]).fails();
            assert!(error.starts_with("step `"), "{error}");
        }
    });
}

#[test]
fn scripts_run_by_their_interpreter() {
    as_everybody("launch::scripts_run_by_their_interpreter", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let script = jail.workspace().join("script");
            fs::write(&script, "#!/bin/sh\necho \"$0 $1\"\n").unwrap();
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
            let ran = jail.command(script.to_str().unwrap(), &["one"]).run();
            assert_eq!(ran.stdout, format!("{} one\n", script.display()), "{depth:?} {}", ran.stderr);
        }
    });
}

#[test]
fn without_mounts_a_plan_that_needs_them_fails() {
    let mut jail = Jail::new(Depth::NoNamespaces);
    jail.command("/bin/true", &[]);
    let inside = jail.workspace().join("inside");
    fs::create_dir(&inside).unwrap();
    jail.plan.files.protect.push(inside.clone());
    assert!(jail.fails().contains("needs a mount namespace"));
    jail.plan.files.protect.clear();
    jail.plan.files.hide.push(inside);
    assert!(jail.fails().contains("needs a mount namespace"));
}

#[test]
fn arguments_and_environment_arrive_as_they_were() {
    as_everybody("launch::arguments_and_environment_arrive_as_they_were", || {
        let mut jail = Jail::new(Depth::Full);
        let script = "import os, sys; print(sys.argv[1:], dict(os.environ))";
        jail.plan.env = [("A", "1 2"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let big = "x".repeat(100_000);
        let ran = jail.python(script, &["a b", "", "\u{e9}\n'\"", &big]).run();
        let want = format!("['a b', '', '\u{e9}\\n\\'\"', '{big}'] {{'A': '1 2', 'EMPTY': ''");
        // The shape of the environment beyond ours is Python's: it may set LC_CTYPE for itself.
        assert!(ran.stdout.starts_with(&want), "{}", ran.stderr);
    });
}

#[test]
fn input_reaches_a_job_that_may_have_it() {
    as_everybody("launch::input_reaches_a_job_that_may_have_it", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            jail.command("/bin/cat", &[]).plan.stdin = StdinGrant::Any;
            runtime().block_on(async {
                let mut process = jail.spawn().await.unwrap();
                let mut stdin = Sender::from_owned_fd(process.take_stdin().unwrap()).unwrap();
                stdin.write_all(b"hello").await.unwrap();
                drop(stdin);
                assert_eq!(finish(&mut process).await.stdout, "hello");
            });
            jail.plan.stdin = StdinGrant::None;
            assert_eq!(jail.run().stdout, "", "{depth:?}");
        }
    });
}

#[test]
fn limits_are_what_the_plan_says() {
    as_everybody("launch::limits_are_what_the_plan_says", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            jail.plan.limits.files = 77;
            jail.plan.limits.cpu = std::time::Duration::from_secs(9);
            let limits = jail.command("/bin/cat", &["/proc/self/limits"]).run().stdout;
            let has = |name: &str, soft: &str, hard: &str| {
                let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
                let values: Vec<&str> = line.trim_start_matches(name).split_whitespace().collect();
                assert_eq!(values[..2], [soft, hard], "{line}");
            };
            has("Max open files", "77", "77");
            has("Max cpu time", "9", "14");
            has("Max data size", "2147483648", "2147483648");
            has("Max core file size", "0", "0");
        }
    });
}

#[test]
fn a_required_layer_that_is_only_partly_there_fails() {
    use stockade::plan::Need;
    let mut jail = Jail::new(Depth::NoNamespaces);
    jail.command("/bin/true", &[]);
    jail.plan.layers.retain(|(layer, _)| *layer != Layer::Landlock);
    let ran = jail.run();
    assert_eq!(ran.enforcement.level(Layer::Landlock), Level::None("the plan leaves it out".into()));
    assert!(matches!(ran.enforcement.level(Layer::Network), Level::Partial(_)));
    jail.plan.layers.push((Layer::Network, Need::Preferred));
    assert_eq!(jail.run().enforcement.level(Layer::Network), Level::Full);
}

#[test]
fn the_probe_finds_what_this_machine_has() {
    as_everybody("launch::the_probe_finds_what_this_machine_has", || {
        let support = launcher().probe().unwrap();
        assert!(support.layers.iter().all(|(_, level)| *level == Level::Full), "{support:?}");
        assert!(support.landlock_abi >= 6);
        assert!(!support.kernel.is_empty());
    });
}
