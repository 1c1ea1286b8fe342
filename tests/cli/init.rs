//! `stockade init`, end to end: what it writes, what it leaves alone, and whether a server starts with what it wrote.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::place::{Answer, Place, Running};

/// A project beside the home directory of its owner.
struct Desk {
    place: Place,
}

impl Desk {
    fn new(files: &[&str]) -> Self {
        let place = Place::new();
        let desk = Self { place };
        fs::create_dir(desk.home()).unwrap();
        for file in files {
            desk.write(file, "");
        }
        desk
    }

    fn project(&self) -> PathBuf {
        self.place.workspace().canonicalize().unwrap()
    }

    fn home(&self) -> PathBuf {
        self.project().parent().unwrap().join("home")
    }

    fn policy(&self) -> PathBuf {
        self.home().join(".config/stockade/workspace-project.toml")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.project().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A program that does nothing, below the home directory.
    fn program(&self, name: &str) {
        let path = self.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.stockade(args);
        command.env("HOME", self.home());
        command
    }

    fn run(&self, args: &[&str]) -> Answer {
        Answer::of(self.command(args).output().unwrap())
    }

    fn init(&self, args: &[&str]) -> Answer {
        self.run(&[&["init"], args].concat())
    }

    /// Everything below the project and the home directory, with its content.
    fn all(&self) -> Vec<(PathBuf, String)> {
        let mut open = vec![self.project(), self.home()];
        let mut found = Vec::new();
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let text = fs::read_to_string(&path).unwrap_or_default();
                    found.push((path, text));
                }
            }
        }
        found.sort();
        found
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

// ---- the policy

#[test]
fn the_policy_of_every_kind_of_project_checks_and_tests() {
    let kinds: [(&[&str], &str, &str); 7] = [
        (&["Cargo.toml"], "rust", "cargo add serde"),
        (&["package.json"], "node", "npm install left-pad"),
        (&["pyproject.toml"], "python", "pip install requests"),
        (&["setup.py"], "python", "python3 -m pip install -U pytest"),
        (&["go.mod"], "go", "go get golang.org/x/text"),
        (&["Makefile"], "generic", "make install"),
        (&["package.json", "go.mod"], "node, go", "npm i -D vitest"),
    ];
    for (files, kind, refused) in kinds {
        for base in ["developer", "default"] {
            let desk = Desk::new(files);
            let program = refused.split(' ').next().unwrap();
            desk.program(&format!(".local/bin/{program}"));
            let file = desk.policy().display().to_string();
            let answer = desk.init(&["--policy", base, "--no-client"]);
            answer.is(0, &format!("created    {file}\n"), &[&format!("is made for {kind}.")]);
            let check = desk.run(&["policy", "check", "-D", "warnings", &file]);
            assert!(check.code == Some(0) && check.stderr.is_empty(), "{kind} on {base}: {check:#?}");
            let test = desk.run(&["policy", "test", &file]);
            assert!(test.code == Some(0) && test.stdout.contains(": all hold;"), "{kind} on {base}: {test:#?}");
            let explain = desk.run(&["policy", "explain", "--policy", &file, "--", refused]);
            assert_eq!(explain.code, Some(126), "{kind} on {base}: {explain:#?}");
            // In the directory of the stub, `developer` looks for programs; `default` does not.
            let known = base == "developer" || Path::new("/usr/bin").join(program).exists();
            assert!(!known || explain.stdout.contains("workspace-project/no-"), "{kind} on {base}: {explain:#?}");
        }
    }
}

#[test]
fn the_policy_is_its_owners_alone_and_lies_outside_of_the_project() {
    let desk = Desk::new(&["Cargo.toml"]);
    desk.init(&["--no-client"]);
    assert_eq!(mode(&desk.policy()), 0o600);
    assert_eq!(mode(desk.policy().parent().unwrap()), 0o700);
    let run = desk.run(&["run", "--policy", desk.policy().to_str().unwrap(), "--", "ls"]);
    run.is(0, "Cargo.toml\n", &[]);
}

#[test]
fn a_policy_that_jobs_could_write_is_not_written() {
    let desk = Desk::new(&["Cargo.toml"]);
    let mut command = desk.command(&["init"]);
    command.env("XDG_CONFIG_HOME", desk.project().join("conf"));
    let before = desk.all();
    Answer::of(command.output().unwrap()).is(1, "", &["file-exposed", "conf/stockade"]);
    assert_eq!(desk.all(), before);
    let home = desk.home();
    desk.init(&[home.to_str().unwrap(), "--no-client"]).is(1, "", &["file-exposed"]);
    assert_eq!(desk.all(), before);
}

#[test]
fn a_policy_that_others_could_change_is_not_written() {
    let desk = Desk::new(&["Cargo.toml"]);
    let config = desk.home().join(".config");
    fs::create_dir(&config).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o775)).unwrap();
    desk.init(&["--no-client"]).is(1, "", &["file-writable", "chmod go-w"]);
    assert!(!config.join("stockade").exists());
}

#[test]
fn a_policy_that_is_there_is_kept_with_all_that_was_made_of_it() {
    let desk = Desk::new(&["Cargo.toml"]);
    desk.init(&["--no-client"]);
    let edited = fs::read_to_string(desk.policy()).unwrap() + "\n[limits]\njobs = 2\n";
    fs::write(desk.policy(), &edited).unwrap();
    for args in [&["--client", "cursor"][..], &["--client", "cursor", "--force"], &["--no-client", "--kind", "go"]] {
        let answer = desk.init(args);
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        assert!(answer.stdout.starts_with("unchanged  ") && answer.stderr.contains("is kept"), "{answer:#?}");
        assert_eq!(fs::read_to_string(desk.policy()).unwrap(), edited);
    }
    // What was asked for by name is not passed over.
    desk.init(&["--policy", "default"]).is(1, "", &["not-written", "extends `developer` and not `default`"]);
    fs::write(desk.policy(), edited.replace("jobs = 2", "jobs = 0")).unwrap();
    desk.init(&["--no-client"]).is(1, "", &["bad-value", "jobs = 0", "^"]);
}

#[test]
fn a_policy_of_another_project_is_not_taken() {
    let desk = Desk::new(&["Cargo.toml"]);
    desk.init(&["--no-client"]);
    let other = desk.home().join("workspace");
    fs::create_dir(&other).unwrap();
    let other = other.to_str().unwrap();
    desk.init(&["--no-client", other]).is(1, "", &["not-written", "another project", "--name"]);
    let answer = desk.init(&["--no-client", "--name", "second", other]);
    assert!(answer.code == Some(0) && answer.stdout.ends_with("/second.toml\n"), "{answer:#?}");
    fs::write(desk.policy(), "version = 1\nname = \"mine\"\n").unwrap();
    desk.init(&["--no-client"]).is(1, "", &["does not say that it is the policy of this project", "# Project: "]);
}

#[test]
fn programs_of_a_version_manager_are_found() {
    let desk = Desk::new(&["go.mod"]);
    desk.program("go/sdk/bin/go");
    let mut command = desk.command(&["init", "--no-client"]);
    let answer = Answer::of(command.env("PATH", desk.home().join("go/sdk/bin")).output().unwrap());
    answer.is(0, &format!("created    {}\n", desk.policy().display()), &[]);
    let text = fs::read_to_string(desk.policy()).unwrap();
    assert!(text.contains("\n[env.set]\nPATH = \"~/go/sdk/bin:~/.cargo/bin:"), "{text}");
    let file = desk.policy().display().to_string();
    let explain = desk.run(&["policy", "explain", "--policy", &file, "--", "go", "test", "./..."]);
    assert!(explain.code == Some(0) && explain.stdout.contains("/go/sdk/bin/go\n"), "{explain:#?}");
}

#[test]
fn a_base_may_be_a_file_and_has_to_load() {
    let desk = Desk::new(&["Cargo.toml"]);
    let base = desk.place.policy("version = 1\nname = \"team\"\nextends = \"developer\"\n");
    let answer = desk.init(&["--no-client", "--policy", base.to_str().unwrap()]);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    let file = desk.policy().display().to_string();
    assert_eq!(desk.run(&["policy", "test", &file]).code, Some(0));
    desk.init(&["--name", "b", "--policy", "absent"]).is(1, "", &["unknown-base", "`developer`"]);
    fs::write(&base, "version = 1\nname = \"team\"\nnmae = 1\n").unwrap();
    desk.init(&["--name", "c", "--policy", base.to_str().unwrap()]).is(1, "", &["unknown-key", "nmae"]);
}

#[test]
fn the_rule_of_the_getting_started_guide_works_as_it_says() {
    let guide = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/getting-started.md")).unwrap();
    let rule = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let desk = Desk::new(&["package.json"]);
    desk.program(".local/bin/npm");
    desk.init(&["--client", "claude-code"]);
    let file = desk.policy().display().to_string();
    let explain = || desk.run(&["policy", "explain", "--policy", &file, "--", "npm", "run", "deploy"]);
    assert_eq!(explain().code, Some(0));
    let starter = fs::read_to_string(desk.policy()).unwrap();
    fs::write(desk.policy(), format!("{starter}{rule}")).unwrap();
    assert_eq!(desk.run(&["policy", "check", "-D", "warnings", &file]).code, Some(0));
    assert_eq!(desk.run(&["policy", "test", &file]).code, Some(0));
    assert!(explain().stdout.contains("/no-deploy"), "{:#?}", explain());
    let wrong = rule.replace("npm( -\\S+)* (run|run-script) deploy( .*)?", "npm run deploy");
    assert_ne!(wrong, rule);
    fs::write(desk.policy(), format!("{starter}{wrong}")).unwrap();
    let told = "an example of the rule `no-deploy` has to match, and does not";
    assert!(guide.contains(told));
    let check = desk.run(&["policy", "check", &file]);
    assert!(check.code == Some(1) && check.stderr.contains(told), "{check:#?}");
}

// ---- clients

#[test]
fn each_client_gets_its_own_form() {
    let desk = Desk::new(&["package.json"]);
    let all = ["--client", "claude-code", "--client", "cursor", "--client", "vscode", "--client", "codex"];
    let answer = desk.init(&all);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    assert_eq!(answer.stdout.matches("created  ").count(), 5);
    let (policy, project) = (desk.policy().display().to_string(), desk.project().display().to_string());
    let state = desk.place.log().ancestors().nth(2).unwrap().display().to_string();
    let command = env!("CARGO_BIN_EXE_stockade");
    let args = ["serve", "--policy", &policy];
    let by_setting = json!({
        "type": "stdio", "command": command, "args": args,
        "env": { "MCP_BG_WORKING_DIR": project, "XDG_STATE_HOME": state },
    });
    let env = json!({ "XDG_STATE_HOME": state });
    assert_eq!(json(&desk.read(".mcp.json")), json!({ "mcpServers": { "stockade": by_setting } }));
    assert_eq!(json(&desk.read(".cursor/mcp.json")), json(&desk.read(".mcp.json")));
    let by_cwd = json!({ "type": "stdio", "command": command, "args": args, "cwd": project, "env": env });
    assert_eq!(json(&desk.read(".vscode/mcp.json")), json!({ "servers": { "stockade": by_cwd } }));
    let codex = desk.home().join(".codex/config.toml");
    let read: Value = toml::from_str(&fs::read_to_string(&codex).unwrap()).unwrap();
    let entry = json!({ "command": command, "args": args, "cwd": project, "env": env });
    assert_eq!(read, json!({ "mcp_servers": { "stockade": entry } }));
    assert_eq!(mode(&codex), 0o600);
    assert!(answer.stderr.contains("Codex reads") && answer.stderr.contains("let everybody run `init`"), "{answer:#?}");

    let before = desk.all();
    let again = desk.init(&all);
    assert_eq!(again.stdout.matches("unchanged  ").count(), 5, "{again:#?}");
    assert_eq!(desk.all(), before);
}

#[test]
fn clients_are_found_by_what_they_leave() {
    let desk = Desk::new(&["CLAUDE.md", ".vscode/settings.json"]);
    let answer = desk.init(&[]);
    let files: Vec<_> = answer.stdout.lines().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(files, ["workspace-project.toml", ".mcp.json", "mcp.json"], "{answer:#?}");
    assert!(desk.project().join(".vscode/mcp.json").exists() && !desk.project().join(".cursor").exists());
    // A project with a directory of its own for Codex has a configuration of its own there.
    fs::create_dir(desk.home().join(".codex")).unwrap();
    fs::create_dir(desk.project().join(".codex")).unwrap();
    let answer = desk.init(&[]);
    assert!(answer.stdout.contains("workspace/.codex/config.toml\n"), "{answer:#?}");
    assert!(!desk.home().join(".codex/config.toml").exists());
}

#[test]
fn without_a_client_every_way_to_connect_is_told() {
    let desk = Desk::new(&["go.mod"]);
    let answer = desk.init(&[]);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    for part in ["claude mcp add stockade -e MCP_BG_WORKING_DIR=", "codex mcp add", "{\"mcpServers\"", "{\"servers\""] {
        assert!(answer.stderr.contains(part), "`{part}` is not in\n{}", answer.stderr);
    }
}

#[test]
fn other_servers_and_settings_stay() {
    let desk = Desk::new(&[]);
    let json_before = "{\n    \"mcpServers\": {\n        \"z\": {\"url\": \"http://x\"},\n        \"a\": {\"command\": \"a\"}\n    },\n    \"other\": 1.0\n}\n";
    desk.write(".mcp.json", json_before);
    let toml_before = "# mine\nmodel = \"x\"  # best\n\n[mcp_servers.z]\ncommand = 'z'\n";
    desk.write(".codex/config.toml", toml_before);
    fs::set_permissions(desk.project().join(".mcp.json"), fs::Permissions::from_mode(0o640)).unwrap();
    let answer = desk.init(&[]);
    assert_eq!(answer.stdout.matches("changed    ").count(), 2, "{answer:#?}");
    let after = desk.read(".mcp.json");
    let (head, rest) = after.split_once(",\n        \"stockade\"").unwrap();
    let (_, tail) = rest.split_once("\n    },\n    \"other\"").unwrap();
    assert_eq!(format!("{head}\n    }},\n    \"other\"{tail}"), json_before);
    assert_eq!(mode(&desk.project().join(".mcp.json")), 0o640);
    assert!(desk.read(".codex/config.toml").starts_with(toml_before), "{}", desk.read(".codex/config.toml"));
    assert_eq!(fs::read_dir(desk.project()).unwrap().count(), 2, "nothing is left beside the files");
}

#[test]
fn an_entry_that_differs_is_replaced_by_force_alone_and_stops_all_else() {
    let desk = Desk::new(&["Cargo.toml", ".cursor/rules"]);
    let old = "{\"mcpServers\": {\"stockade\": {\"command\": \"/old/stockade\", \"args\": [\"serve\"]}}}";
    desk.write(".mcp.json", old);
    let before = desk.all();
    desk.init(&[]).is(1, "", &["not-written", ".mcp.json", "--force"]);
    assert_eq!(desk.all(), before);
    let answer = desk.init(&["--force"]);
    assert!(answer.code == Some(0) && answer.stdout.contains("changed    "), "{answer:#?}");
    assert_eq!(json(&desk.read(".mcp.json"))["mcpServers"]["stockade"]["command"], env!("CARGO_BIN_EXE_stockade"));
}

#[test]
fn a_file_with_comments_is_left_alone_and_its_entry_is_shown() {
    let desk = Desk::new(&["Cargo.toml", ".cursor/rules"]);
    let commented = "{\n  // ours\n  \"servers\": {},\n}\n";
    desk.write(".vscode/mcp.json", commented);
    let answer = desk.init(&[]);
    assert_eq!(answer.code, Some(1), "{answer:#?}");
    assert!(answer.stdout.contains("skipped    ") && answer.stdout.contains("created    "), "{answer:#?}");
    for part in ["warning[not-written]", "is left as it is: it is not plain JSON", "\"stockade\": {", "\"servers\": {"]
    {
        assert!(answer.stderr.contains(part), "`{part}` is not in\n{}", answer.stderr);
    }
    assert_eq!(desk.read(".vscode/mcp.json"), commented);
    assert!(desk.project().join(".cursor/mcp.json").exists());
}

#[test]
fn a_link_does_not_lead_out_of_the_project() {
    let desk = Desk::new(&["Cargo.toml"]);
    let outside = desk.home().join("settings.json");
    fs::write(&outside, "{}").unwrap();
    symlink(&outside, desk.project().join(".mcp.json")).unwrap();
    symlink(desk.home(), desk.project().join(".cursor")).unwrap();
    let before = desk.all();
    desk.init(&["--client", "claude-code"]).is(1, "", &["not-written", "leads out of the project"]);
    desk.init(&["--client", "cursor"]).is(1, "", &["not-written", "leads out of the project"]);
    assert_eq!(desk.all(), before);
}

#[test]
fn a_configuration_that_jobs_could_change_is_not_written() {
    let desk = Desk::new(&["Cargo.toml"]);
    let base =
        desk.place.policy("version = 1\nname = \"team\"\nextends = \"developer\"\n[workspace]\nprotect = [\".git\"]\n");
    let answer = desk.init(&["--client", "vscode", "--policy", base.to_str().unwrap()]);
    answer.is(1, "", &["file-exposed", "add `.vscode` to `[workspace] protect`"]);
    let answer =
        desk.init(&["--client", "vscode", "--client", "codex", "--client", "cursor", "--client", "claude-code"]);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
}

#[test]
fn a_server_starts_with_what_was_written_wherever_the_client_is() {
    let desk = Desk::new(&["Cargo.toml"]);
    desk.init(&["--client", "claude-code"]);
    let entry = json(&desk.read(".mcp.json"))["mcpServers"]["stockade"].clone();
    let args = entry["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap());
    #[expect(clippy::disallowed_methods, reason = "the test is the client that starts the server")]
    let mut command = Command::new(entry["command"].as_str().unwrap());
    command.args(args).current_dir("/").env_clear().env("HOME", desk.home());
    for (name, value) in entry["env"].as_object().unwrap() {
        command.env(name, value.as_str().unwrap());
    }
    let mut server = Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "execute", "arguments": { "command": "pwd", "wait_seconds": 30 },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            },
        },
    });
    let mut input = server.0.stdin.take().unwrap();
    writeln!(input, "{call}").unwrap();
    let answer = BufReader::new(server.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let answer = json(&answer);
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    assert!(answer.to_string().contains(desk.project().to_str().unwrap()), "{answer}");
    drop(input);
    assert!(server.0.wait().unwrap().success());
    assert!(desk.place.log().exists());
}

// ---- what it says

#[test]
fn a_dry_run_shows_everything_and_writes_nothing() {
    let desk = Desk::new(&["package.json", ".cursor/rules"]);
    desk.write(".mcp.json", "{\"mcpServers\": {\"a\": {\"env\": {\"TOKEN\": \"secret\"}}}}");
    let before = desk.all();
    let answer = desk.init(&["--dry-run"]);
    assert_eq!(answer.code, Some(0), "{answer:#?}");
    for part in ["would create  ", "would change  ", "==> ", "no-new-npm-packages", "\"mcpServers\": {"] {
        assert!(answer.stdout.contains(part), "`{part}` is not in\n{}", answer.stdout);
    }
    assert!(!answer.stdout.contains("secret"), "{answer:#?}");
    assert_eq!(answer.stderr, "nothing was written\n");
    assert_eq!(desk.all(), before);
}

#[test]
fn all_of_it_as_one_object() {
    let desk = Desk::new(&["package.json"]);
    desk.write(".vscode/mcp.json", "// c\n{}");
    let answer = desk.init(&["--json", "--client", "vscode", "--client", "cursor"]);
    assert_eq!(answer.code, Some(1), "{answer:#?}");
    let object = json(&answer.stdout);
    assert_eq!((&object["kinds"], &object["name"]), (&json!(["node"]), &json!("workspace-project")));
    assert_eq!((&object["extends"], &object["dry_run"]), (&json!("developer"), &json!(false)));
    assert_eq!(object["policy"], desk.policy().to_str().unwrap());
    let files: Vec<_> =
        object["files"].as_array().unwrap().iter().map(|file| (file["for"].clone(), file["status"].clone())).collect();
    let expected = [("policy", "created"), ("cursor", "created"), ("vscode", "skipped")];
    assert_eq!(files, expected.map(|(purpose, status)| (json!(purpose), json!(status))));
    assert!(object["files"][2]["text"].as_str().unwrap().contains("stockade"));
    let shown = json(&desk.init(&["--json", "--dry-run", "--client", "codex"]).stdout);
    assert_eq!((&shown["dry_run"], &shown["files"][1]["status"]), (&json!(true), &json!("created")));
    assert!(shown["files"][1]["text"].as_str().unwrap().starts_with("[mcp_servers.stockade]"), "{shown}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let desk = Desk::new(&["Cargo.toml"]);
    let before = desk.all();
    for (args, code, part) in [
        (&["--client", "emacs"][..], 2, "claude-code, cursor, vscode, codex"),
        (&["--name", "a/b"], 2, "a name holds letters"),
        (&["--name", "shell"], 2, "another layer"),
        (&["--no-client", "--client", "codex"], 2, "cannot be used with"),
        (&["absent"], 1, "cwd-unusable"),
    ] {
        desk.init(args).is(code, "", &[part]);
    }
    assert_eq!(desk.all(), before);
}
