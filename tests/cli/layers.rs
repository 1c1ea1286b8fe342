//! The machine's own policy above the one that is named: the real binary, on a machine that has one.
//!
//! The machine is a root of its own in a mount namespace: an ordinary user sees the real root as nobody's in there, and what
//! is nobody's is not safe for policies. Nothing but the place of the file tells the program that it is there.

#![expect(clippy::disallowed_methods, reason = "mounts are those of a process")]

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Brings the machine up, with the files of the test, and goes to its workspace.
const MACHINE: &str = r#"
mount -t tmpfs -o mode=755 none "$ROOT"
for entry in /*; do
    if [ -L "$entry" ]; then cp -P "$entry" "$ROOT$entry"
    elif [ -d "$entry" ] && [ "$entry" != /etc ]; then mkdir "$ROOT$entry"; mount --rbind "$entry" "$ROOT$entry"
    fi
done
mkdir -p "$ROOT/etc" "$ROOT/old" "$ROOT/stage/workspace" "$ROOT/stage/home"
cp -r "$FILES/." "$ROOT/"
cd "$ROOT"
pivot_root . old
umount -l /old
cd /stage/workspace
unset FILES ROOT
export HOME=/stage/home XDG_STATE_HOME=/stage/state
set +e
"#;

/// Runs a shell script on a machine with these files, and gives what it said.
#[track_caller]
fn on_machine(files: &[(&str, &str)], script: &str) -> String {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join("files").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(dir.path().join("root")).unwrap();
    let mut machine = Command::new("unshare");
    machine.args(["--user", "--map-root-user", "--mount", "sh", "-e", "-c", &format!("umask 022\n{MACHINE}{script}")]);
    machine.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let path = |name: &str| Path::join(dir.path(), name);
    machine.env("FILES", path("files")).env("ROOT", path("root")).env("stockade", env!("CARGO_BIN_EXE_stockade"));
    let output = machine.output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    said.into_owned()
}

const MACHINES: &str = r#"
version = 1
name = "machine"
[sandbox]
read = ["/usr", "/bin", "/lib*"]
write = ["workspace"]
[limits]
wall = "5m"
[audit]
dir = "/stage/log"
[[rule]]
id = "some"
decision = "allow"
program = ["true", "echo", "touch", "cat"]
grants = ["any"]
reason = "for the test"
[[rule]]
id = "no-b"
decision = "deny"
command = "echo b"
reason = "never b"
hint = "say a"
"#;

const PROJECTS: &str = r#"
version = 1
name = "team"
[sandbox]
read = ["/usr", "/bin", "/lib*", "/etc"]
write = ["workspace"]
[audit]
dir = "/stage/own-log"
[[rule]]
id = "more"
decision = "allow"
program = ["echo", "touch", "ls", "cat"]
grants = ["any"]
reason = "for the test"
[[rule]]
id = "no-c"
decision = "deny"
command = "echo c"
reason = "never c"
"#;

const FILES: &[(&str, &str)] = &[("etc/stockade/policy.toml", MACHINES), ("stage/team.toml", PROJECTS)];

/// `asked NAME TEXT`: how a command ends, and by which rules.
const ASKED: &str = r#"
asked() {
    "$stockade" run ${1:+--policy "$1"} -- "$2" > /dev/null 2> /stage/err
    code=$?
    "$stockade" policy explain ${1:+--policy "$1"} --json -- "$2" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["rule"] or "", end="")' > /stage/rule
    echo "$2: $code $(cat /stage/rule)"
}
"#;

#[test]
fn no_name_takes_the_machines_policy_away() {
    let asked = |name: &str, by_variable: bool| {
        let (variable, name) = if by_variable { (name, "") } else { ("", name) };
        let each = format!("for text in 'echo a' 'echo b' 'echo c' ls true; do asked '{name}' \"$text\"; done");
        on_machine(FILES, &format!("export STOCKADE_POLICY={variable}\n{ASKED}{each}"))
    };
    let under = "echo a: 0 system/some project/more\necho b: 126 system/no-b\necho c: 126 project/no-c\nls: 126 system/default\n\
        true: 126 project/default\n";
    assert_eq!(asked("/stage/team.toml", false), under);
    assert_eq!(asked("/stage/team.toml", true), under);
    let alone =
        "echo a: 0 machine/some\necho b: 126 machine/no-b\necho c: 0 machine/some\nls: 126 \ntrue: 0 machine/some\n";
    assert_eq!(asked("", false), alone);
    assert_eq!(asked("/etc/stockade/policy.toml", false), alone, "one policy by two names is one");
}

#[test]
fn a_refusal_says_which_layer_refuses() {
    let said = on_machine(FILES, r#""$stockade" run --policy /stage/team.toml -- true 2>&1; true"#);
    assert!(said.contains("no rule allows `true` in the project layer (rule `project/default`)"), "{said}");
    let said = on_machine(FILES, r#""$stockade" run --policy /stage/team.toml -- 'echo b' 2>&1; true"#);
    let explained = on_machine(FILES, r#""$stockade" policy explain --policy /stage/team.toml -- 'echo a' 2>&1"#);
    for part in [
        "   allow      system/some  /etc/stockade/policy.toml:11:1\n   allow      project/more  /stage/team.toml:9:1\n",
        "note: project layer: `[audit] dir` does not count: the system's policy says where the log lies\n",
    ] {
        assert!(explained.contains(part), "{explained}");
    }
    assert!(
        said.contains("never b (rule `system/no-b`, /etc/stockade/policy.toml:17:1)") && said.contains("hint: say a"),
        "{said}"
    );
}

#[test]
fn a_machines_policy_that_does_not_load_lets_nothing_start() {
    let tried = |prepare: &str| {
        on_machine(
            FILES,
            &format!(
                r#"cd /etc/stockade; {prepare}
                cd /stage/workspace
                for name in /stage/team.toml developer ''; do
                    "$stockade" run ${{name:+--policy "$name"}} -- 'touch made' 2>&1 | grep -o 'error\[[a-z-]*\]' | head -1
                    "$stockade" run ${{name:+--policy "$name"}} -- 'touch made' > /dev/null 2>&1; echo "run $?"
                    "$stockade" serve ${{name:+--policy "$name"}} < /dev/null > /dev/null 2>&1; echo "serve $?"
                    "$stockade" policy explain ${{name:+--policy "$name"}} -- 'touch made' > /dev/null 2>&1; echo "explain $?"
                done
                ls /stage/workspace"#
            ),
        )
    };
    let refused = |code: &str| format!("error[{code}]\nrun 125\nserve 125\nexplain 125\n").repeat(3);
    assert_eq!(tried("echo 'wibble = 1' >> policy.toml"), refused("unknown-key"));
    assert_eq!(tried("chmod 666 policy.toml"), refused("file-writable"));
    assert_eq!(tried("rm policy.toml; ln -s /nonexistent policy.toml"), refused("file-unreadable"));
    assert_eq!(tried("rm policy.toml; mkdir policy.toml"), refused("file-unreadable"));
}

#[test]
fn a_named_policy_that_does_not_load_does_not_leave_the_machines_alone() {
    let said = on_machine(
        FILES,
        r#"echo 'wibble = 1' >> /stage/team.toml
        "$stockade" run --policy /stage/team.toml -- 'touch made' > /dev/null 2>&1; echo "$?"
        "$stockade" run --policy absent -- 'touch made' > /dev/null 2>&1; echo "$?"
        ls"#,
    );
    assert_eq!(said, "125\n125\n");
}

#[test]
fn the_log_lies_where_the_machines_policy_says_and_names_both() {
    let said = on_machine(
        FILES,
        r#""$stockade" run --policy /stage/team.toml -- 'echo a' > /dev/null
        "$stockade" audit verify --policy /stage/team.toml
        ls /stage; cat /stage/log/*.jsonl | grep '"kind":"policy.load"'"#,
    );
    let (told, record) = said.trim_end().rsplit_once('\n').unwrap();
    assert!(told.contains("ok: `/stage/log` is intact, streams 1") && !told.contains("own-log"), "{told}");
    let record: Value = serde_json::from_str(record).unwrap();
    let names = |list: &str, key: &str| -> Vec<String> {
        record[list].as_array().unwrap().iter().map(|entry| entry[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("files", "name"), ["/etc/stockade/policy.toml", "/stage/team.toml"]);
    assert_eq!(
        (names("layers", "layer").join(" "), names("layers", "name").join(" ")),
        ("system project".into(), "machine team".into())
    );
    assert_eq!((&record["name"], &record["rules"]), (&"machine+team".into(), &4.into()));
}

#[test]
fn what_is_known_at_its_turn_is_judged_by_both() {
    let said = on_machine(
        &[FILES, &[("stage/workspace/b", "b"), ("stage/workspace/c", "c")]].concat(),
        r#"for word in b c; do
            "$stockade" run --policy /stage/team.toml -- "touch before-$word && echo \$(cat $word)" 2>&1 | grep -o 'rule `[^`]*`'
        done
        ls"#,
    );
    assert_eq!(said, "rule `system/no-b`\nrule `project/no-c`\nb\nbefore-b\nbefore-c\nc\n");
}

#[test]
fn policies_without_a_common_workspace_start_nothing() {
    let elsewhere = format!("{PROJECTS}\n[workspace]\nroots = [\"/stage/home\"]");
    let said = on_machine(
        &[FILES, &[("stage/elsewhere.toml", elsewhere.as_str())]].concat(),
        r#""$stockade" run --policy /stage/elsewhere.toml -- 'echo a' 2>&1; echo "$?""#,
    );
    let told =
        "no workspace root of the project's policy (`/stage/home`) lies in one of the system's (`/stage/workspace`)";
    assert!(said.contains("workspace-missing") && said.contains(told) && said.ends_with("125\n"), "{said}");
}

#[test]
fn jobs_reach_what_both_policies_let_them_reach() {
    let narrow = PROJECTS.replace("\"/etc\"]\nwrite = [\"workspace\"]", "\"workspace\"]");
    let secret = [("etc/secret", "secret"), ("stage/workspace/x", "x"), ("stage/narrow.toml", narrow.as_str())];
    let said = on_machine(
        &[FILES, &secret].concat(),
        r#"run() { "$stockade" run --policy /stage/$1.toml -- "$2" 2> /stage/err; echo "$?"; }
        run team 'cat x'; run team 'cat /etc/secret'; run team 'cat /etc/stockade/policy.toml'; run team 'cat /stage/team.toml'
        run team 'touch a'; run narrow 'touch b'; run narrow 'cat x'
        ls"#,
    );
    assert_eq!(said, "x0\n1\n1\n1\n0\n1\nx0\na\nx\n");
}

/// `serve` in the background with standard input held open, and what waits for it.
const SERVED: &str = r#"
mkfifo /stage/in
STOCKADE_LOG=stockade=info "$stockade" serve --policy /stage/team.toml < /stage/in > /stage/out 2> /stage/err &
server=$!
exec 3> /stage/in
said() { n=0; until grep -q "$1" /stage/err; do n=$((n+1)); [ $n -lt 600 ] || { cat /stage/err; exit 1; }; sleep 0.1; done; }
ended() { exec 3>&-; wait $server; echo "served $?"; cat /stage/log/*.jsonl | grep '"kind":"policy' > /stage/records; }
said 'a file of the policy'
"#;

/// The records about policies, of a server that ended well.
#[track_caller]
fn records(said: &str) -> Vec<Value> {
    let records = said.strip_prefix("served 0\n").unwrap_or_else(|| panic!("{said}"));
    records.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_reload_loads_both() {
    let said = on_machine(
        FILES,
        &format!(
            r#"{SERVED}
            sed -i 's/"no-b"/"no-beta"/' /etc/stockade/policy.toml; sed -i 's/"no-c"/"no-gamma"/' /stage/team.toml
            kill -HUP $server; said 'loaded anew: generation 2'
            echo 'wibble = 1' >> /etc/stockade/policy.toml; kill -HUP $server; said 'wibble'
            ended; cat /stage/records"#
        ),
    );
    let records = records(&said);
    let kinds: Vec<_> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["policy.load", "policy.reload", "policy.reload_failed"]);
    assert_eq!(records[1]["added"], json!(["system/no-beta", "project/no-gamma"]));
    assert_eq!(records[1]["removed"], json!(["system/no-b", "project/no-c"]));
    assert_eq!(records[1]["files"].as_array().unwrap().len(), 2);
    assert_ne!(records[0]["digest"], records[1]["digest"]);
    assert_eq!((&records[2]["digest"], &records[2]["generation"]), (&records[1]["digest"], &2.into()));
}

#[test]
fn a_machines_policy_comes_into_force_with_a_reload_and_does_not_go_by_one() {
    let said = on_machine(
        FILES,
        &format!(
            r#"sed -i 's/^dir = .*/dir = "\/stage\/log"/' /stage/team.toml
            mv /etc/stockade/policy.toml /stage/machine.toml
            {SERVED}
            cp /stage/machine.toml /etc/stockade/policy.toml; kill -HUP $server; said 'loaded anew: generation 2'
            rm /etc/stockade/policy.toml; kill -HUP $server; said 'is not there any more'
            cp /stage/machine.toml /etc/stockade/policy.toml; kill -HUP $server; said 'loaded anew: generation 3'
            ended; cat /stage/records"#
        ),
    );
    let told =
        |record: &Value| record.get("name").unwrap_or(&record["findings"][0]["code"]).as_str().unwrap().to_owned();
    let told: Vec<_> = records(&said).iter().map(told).collect();
    assert_eq!(told, ["team", "machine+team", "needs-restart", "machine+team"]);
}
