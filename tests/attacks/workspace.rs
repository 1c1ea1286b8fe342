//! Attacks on what others run or read later: a user's own files, caches, and what has to be cleared away.
//! Rows 74, 75 and 83 of the catalogue.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use stockade::model::outcome::ExitStatus;

use crate::{
    client::python,
    everybody::{as_everybody, stockade},
    jail::{Depth, Jail},
    outside::{baseline, fingerprint},
    ways::{BOTH, script},
};

/// What runs at the next login, with the next editor, in the next terminal; and what builds and tools take code from.
const RUN_LATER: [&str; 22] = [
    ".bashrc",
    ".profile",
    ".zshenv",
    ".gitconfig",
    ".ssh/authorized_keys",
    ".ssh/config",
    ".config/autostart/x.desktop",
    ".config/systemd/user/x.service",
    ".config/git/config",
    ".local/bin/ls",
    ".vscode/settings.json",
    ".cargo/config.toml",
    ".cargo/bin/cargo",
    ".cargo/registry/src/index/x/build.rs",
    ".rustup/settings.toml",
    ".npmrc",
    ".npm/_cacache/x",
    ".cache/pip/x",
    ".m2/repository/x",
    ".gradle/init.d/x.gradle",
    "go/pkg/mod/x/x.go",
    ".pyenv/shims/python",
];

/// Writes to what is there, makes what is not, and puts another in its place. Prints what it got at.
const PLANT: &str = r#"
import os, sys
home = sys.argv[1]
def attempt(f):
    try: return f()
    except OSError: return False
for name in sys.argv[2:]:
    path = home + "/" + name
    attempt(lambda: os.makedirs(os.path.dirname(path), exist_ok=True))
    done = [attempt(lambda: open(path, "a").write("evil")),
        attempt(lambda: open(path + ".new", "w").write("evil") and os.replace(path + ".new", path) is None),
        attempt(lambda: os.symlink("/tmp/evil", path + ".link") is None)]
    if any(done): print(name)
"#;

/// By the policy that people work with: home is theirs, and what tools need of it can be read alone.
#[test]
fn row_74_nothing_is_planted_in_a_home() {
    as_everybody("workspace::row_74_nothing_is_planted_in_a_home", || {
        let ground = tempfile::tempdir().unwrap();
        let (home, ws) = (ground.path().canonicalize().unwrap(), ground.path().join("ws"));
        fs::create_dir(&ws).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let args: Vec<&str> = [elsewhere.path().to_str().unwrap()].into_iter().chain(RUN_LATER).collect();
        let outside = baseline(PLANT, &args, elsewhere.path());
        assert_eq!(outside.lines().count(), RUN_LATER.len(), "only these work outside: {outside}");
        // Half of them are there already.
        let there: Vec<_> = RUN_LATER.iter().step_by(2).map(|name| home.join(name)).collect();
        for path in &there {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "theirs").unwrap();
        }
        let before: Vec<_> = there.iter().map(|path| fingerprint(path)).collect();
        let args: Vec<&str> = [home.to_str().unwrap()].into_iter().chain(RUN_LATER).collect();
        let mut run = Command::new(stockade());
        run.args(["run", "--policy", "developer", "--", &python(PLANT, &args)]).current_dir(&ws);
        run.env("HOME", &home).env("XDG_STATE_HOME", home.join("state")).stdin(Stdio::null());
        let output = run.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(there.iter().map(|path| fingerprint(path)).collect::<Vec<_>>(), before);
        for name in RUN_LATER.iter().skip(1).step_by(2) {
            assert!(!home.join(name).exists(), "{name}");
        }
    });
}

/// Without mounts too: names and bytes of what is not granted stay.
#[test]
fn row_75_caches_beside_the_workspace_stay() {
    as_everybody("workspace::row_75_caches_beside_the_workspace_stay", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let home = jail.outside();
            for name in RUN_LATER {
                fs::create_dir_all(home.join(name).parent().unwrap()).unwrap();
                fs::write(home.join(name), "theirs").unwrap();
            }
            // As a policy grants them: to be read.
            jail.plan.files.read.push(home.clone());
            let before = RUN_LATER.map(|name| fingerprint(&home.join(name)));
            let args: Vec<&str> = [home.to_str().unwrap()].into_iter().chain(RUN_LATER).collect();
            let elsewhere = tempfile::tempdir().unwrap();
            let outside: Vec<&str> = [elsewhere.path().to_str().unwrap()].into_iter().chain(RUN_LATER).collect();
            assert_eq!(baseline(PLANT, &outside, elsewhere.path()).lines().count(), RUN_LATER.len());
            let ran = jail.python(PLANT, &args).run();
            assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
            assert_eq!(RUN_LATER.map(|name| fingerprint(&home.join(name))), before, "{depth:?}");
        }
    });
}

/// Leaves what is hard to clear away: directories that cannot be entered, deep ones, links to elsewhere.
const LITTER: &str = r#"
import os, sys
for place in sys.argv[2:]:
    os.chdir(place)
    os.symlink(sys.argv[1], "canary"); os.symlink(".", "loop")
    os.mkdir("closed"); open("closed/file", "w").close(); os.chmod("closed", 0)
    for name in range(1500): os.mkdir("d"); os.chdir("d")
"#;

#[test]
fn row_83_what_a_job_leaves_is_cleared_away_without_following_it() {
    as_everybody("workspace::row_83_what_a_job_leaves_is_cleared_away_without_following_it", || {
        let mut jail = Jail::new(Depth::Full);
        let (canary, ws) = (jail.outside().join("canary"), jail.workspace());
        fs::write(&canary, "theirs").unwrap();
        let (mounts, before) = (|| fs::read_to_string("/proc/self/mountinfo").unwrap(), fingerprint(&canary));
        let then = mounts();
        let canary_path = canary.to_str().unwrap();
        let attack = script(LITTER);
        let bare = tempfile::tempdir().unwrap();
        baseline(&attack, &[canary_path, bare.path().to_str().unwrap()], Path::new("/"));
        assert!(bare.path().join("d/d/d").exists(), "the attack does not work outside");
        let args = [canary_path, "/tmp", "/var/tmp", "/dev/shm", ws.to_str().unwrap()];
        // Twice: what the first had left in the private places would be in the second's way.
        for _ in 0..2 {
            let ran = jail.python(&attack, &args).run();
            assert_eq!((ran.exit, ran.survivors), (ExitStatus::Code(0), 0), "{}", ran.stderr);
            assert_eq!(fingerprint(&canary), before);
            assert_eq!(mounts(), then);
            // What it made in the workspace is the user's now, and stays as it is.
            assert_eq!(fs::metadata(ws.join("closed")).unwrap().permissions().mode() & 0o777, 0);
            clear(&ws);
        }
        clear(bare.path());
    });
}

/// As the user would.
fn clear(place: &Path) {
    fs::set_permissions(place.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let names: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(Command::new("/bin/rm").arg("-rf").args(&names).status().unwrap().success());
}
