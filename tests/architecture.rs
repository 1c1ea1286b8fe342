//! The walls of the house: which room may use which, where unsafe code may stand, and who may print or start processes.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test may stop at anything odd")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// From the top floor to the ground, as `lib.rs` and `docs/architecture.md` draw them.
const ROOMS: [&str; 16] = [
    "cli",
    "mcp",
    "service",
    "job",
    "doctor",
    "sandbox",
    "audit",
    "script",
    "host",
    "config",
    "plan",
    "policy",
    "command",
    "model",
    "diagnostic",
    "sys",
];

/// The head and the ground above `sys`: no files, clock, environment, network, processes or threads.
const PURE: [&str; 5] = ["plan", "policy", "command", "model", "diagnostic"];

fn source_files() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&root).unwrap().to_path_buf();
                let room = inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
                found.push((room, inside, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 30, "the walk found only {} files", found.len());
    found
}

/// The rooms that a text names by `crate::room`, grouped imports included. Comments are skipped.
fn rooms_named(text: &str) -> Vec<String> {
    let code = without_comments(text);
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            named.extend(heads_of_group(group));
        } else {
            named.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    named
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The first name of each element of a `{…}` group; nested groups belong to their element.
fn heads_of_group(group: &str) -> Vec<String> {
    let (mut depth, mut head, mut heads, mut reading) = (0, String::new(), Vec::new(), true);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(std::mem::take(&mut head));
                reading = true;
            }
            c if depth == 0 && reading && (c.is_alphanumeric() || c == '_') => head.push(c),
            ':' if depth == 0 => reading = false,
            _ => {}
        }
    }
    heads.push(head);
    heads.retain(|head| !head.is_empty());
    heads
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let text = "use crate::policy::X;\nuse crate::{\n    model::{a, b::c},\n    plan,\n};\nfn f() { crate::host::probe(); } // crate::cli";
    assert_eq!(rooms_named(text), ["policy", "model", "plan", "host"]);
}

#[test]
fn imports_go_down_only() {
    let order: BTreeMap<_, _> = ROOMS.iter().enumerate().map(|(floor, room)| (*room, floor)).collect();
    let mut wrong = Vec::new();
    for (room, file, text) in source_files() {
        let Some(floor) = order.get(room.as_str()) else {
            assert!(["lib.rs", "main.rs"].contains(&room.as_str()), "`{room}` is not a room of the house");
            continue;
        };
        for named in rooms_named(&text) {
            match order.get(named.as_str()) {
                Some(other) if other >= floor => {}
                Some(_) => wrong.push(format!("{}: `{room}` uses `{named}`, which stands above it", file.display())),
                None => wrong.push(format!("{}: `crate::{named}` is not a room", file.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_lists_the_rooms_in_order() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let listed: Vec<_> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let expected: Vec<_> = ROOMS.into_iter().filter(|room| listed.contains(room)).collect();
    assert_eq!(listed, expected);
}

#[test]
fn unsafe_code_stands_in_sys_alone() {
    for (room, file, text) in source_files() {
        let allows = text.contains("expect(unsafe_code") || text.contains("allow(unsafe_code");
        let says = text
            .lines()
            .any(|line| line.split("//").next().unwrap_or("").split_whitespace().any(|word| word == "unsafe"));
        assert!(room == "sys" || !(allows || says), "{}: unsafe code outside `sys`", file.display());
    }
}

#[test]
fn every_room_but_sys_forbids_unsafe_code() {
    for room in ROOMS.into_iter().filter(|room| *room != "sys") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room).join("mod.rs");
        if let Ok(text) = fs::read_to_string(&file) {
            assert!(text.contains("#![forbid(unsafe_code)]"), "{}", file.display());
        }
    }
}

#[test]
fn the_head_is_pure() {
    const WORLD: [&str; 12] = [
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::thread",
        "std::io",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "tokio::",
        "rustix::",
        "nix::",
    ];
    for (room, file, text) in source_files() {
        if !PURE.contains(&room.as_str()) {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for name in WORLD {
            assert!(!code.contains(name), "{}: a pure room uses `{name}`", file.display());
        }
    }
}

#[test]
fn evidence_is_made_in_one_place_each() {
    for (needle, home) in [("Permit {", "policy/decide.rs"), ("Receipt::new(", "audit/writer.rs")] {
        let makers: Vec<_> = source_files()
            .into_iter()
            .filter(|(_, _, text)| {
                text.split("#[cfg(test)]").next().unwrap_or("").lines().any(|line| makes(line, needle))
            })
            .map(|(_, file, _)| file.display().to_string())
            .collect();
        assert_eq!(makers, [home], "`{needle}`");
    }
}

/// Whether a line builds a value, rather than declaring or implementing its type.
fn makes(line: &str, needle: &str) -> bool {
    let line = line.trim_start();
    let declares = ["pub struct", "struct", "impl", "//"].iter().any(|start| line.starts_with(start));
    line.contains(needle) && !declares
}

#[test]
fn only_sandbox_and_script_start_processes() {
    for (room, file, text) in source_files() {
        let code = without_comments(&text);
        let starts =
            ["process::Command", "Command::new(", "posix_spawn", "execve"].iter().any(|needle| code.contains(needle));
        assert!(
            ["sandbox", "script", "sys"].contains(&room.as_str()) || !starts,
            "{}: starts a process",
            file.display()
        );
    }
}

#[test]
fn only_output_rs_writes_to_the_standard_streams() {
    for (_, file, text) in source_files() {
        let prints =
            ["io::stdout()", "io::stderr()", "println!", "eprintln!"].iter().any(|needle| text.contains(needle));
        assert!(file == Path::new("cli/output.rs") || !prints, "{}: prints", file.display());
    }
}

#[test]
fn every_test_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named: Vec<_> = text.split('`').filter_map(|word| word.split_once("::row_")).collect();
    assert!(named.len() > 20, "only {} tests are named", named.len());
    for (module, name) in named {
        let file = fs::read_to_string(root.join("tests/attacks").join(module).with_extension("rs")).unwrap();
        assert!(file.contains(&format!("fn row_{name}()")), "{module}::row_{name} is not a test");
    }
}
