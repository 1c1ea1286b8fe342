//! The reference of policies is true: every command that it shows answers as it shows.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::place::Place;

const REFERENCE: &str = include_str!("../../docs/policy.md");

/// The text of a file that the reference shows: the first block of TOML after its name.
fn file(name: &str) -> &'static str {
    let after = REFERENCE.split_once(&format!("`{name}`")).and_then(|(_, after)| after.split_once("```toml\n"));
    after.and_then(|(_, block)| block.split_once("```")).map(|(block, _)| block).unwrap()
}

/// Each command that the reference shows, and the lines below it.
fn commands() -> Vec<(&'static str, Vec<&'static str>)> {
    let blocks = REFERENCE.split("```\n$ ").skip(1).filter_map(|rest| rest.split_once("\n```"));
    let shown = blocks.flat_map(|(block, _)| block.split("\n$ "));
    shown.map(|one| (one.lines().next().unwrap(), one.lines().skip(1).collect())).collect()
}

/// Words in single quotes are one, as in a shell.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in command.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_ascii_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// A line without what changes with the shipped policies: the numbers of their lines.
fn timeless(line: &str) -> String {
    let mut told = String::new();
    let mut rest = line.trim_end();
    while let Some((before, after)) = rest.split_once(".toml:").filter(|(before, _)| before.contains("policy/")) {
        told.push_str(before);
        told.push_str(".toml:N");
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    told + rest
}

#[test]
fn every_command_of_the_reference_answers_as_it_shows() {
    let place = Place::new();
    for name in ["team.toml", "new.toml"] {
        let path = place.workspace().join(name);
        fs::write(&path, file(name)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let commands = commands();
    assert!(commands.len() > 6, "{commands:?}");
    for (command, expected) in commands {
        let words = words(command);
        assert_eq!(words[0], "stockade", "{command}");
        let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let answer = place.run(&args);
        let told: Vec<String> = answer.stderr.lines().chain(answer.stdout.lines()).map(timeless).collect();
        let mut left = told.iter();
        for line in expected.iter().map(|line| timeless(line)) {
            assert!(
                left.any(|told| *told == line),
                "`{command}` does not say `{line}` in its place, but:\n{}",
                told.join("\n")
            );
        }
    }
}
