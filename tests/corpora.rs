//! Reads the corpora of real commands and of edge cases, when they are there, and parses every row. Rows are data: nothing
//! here runs one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a corpus that does not read as expected fails the test"
)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;
use stockade::command::{Script, parse};

/// A text, where it comes from, and whether bash accepts it, where that is known.
struct Row {
    text: String,
    source: String,
    bash: Option<bool>,
}

/// Rows of one kind, and how many of those that bash accepts the language has to take, in per cent.
struct Kind {
    name: &'static str,
    file: &'static str,
    key: &'static str,
    of: fn(&str) -> bool,
    floor: f64,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "tldr",
        file: "real-commands.jsonl",
        key: "command",
        of: |source| source.contains("tldr"),
        floor: 96.0,
    },
    Kind {
        name: "nl2bash",
        file: "real-commands.jsonl",
        key: "command",
        of: |source| source.contains("nl2bash"),
        floor: 88.0,
    },
    Kind {
        name: "workflow one-liners",
        file: "real-commands.jsonl",
        key: "command",
        of: |source| source.contains(".yml") || source.contains(".yaml"),
        floor: 97.0,
    },
    Kind { name: "workflow scripts", file: "real-scripts.jsonl", key: "script", of: |_| true, floor: 45.0 },
    Kind { name: "edge cases", file: "syntax-edge.jsonl", key: "script", of: |_| true, floor: 10.0 },
];

/// The rows of a file, or nothing where the corpora are not there.
fn rows(file: &str, key: &str) -> Option<Vec<Row>> {
    let folder = match std::env::var_os("STOCKADE_CORPORA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    };
    let path = folder.join(file);
    if !path.exists() {
        say(&format!("NOT RUN: {} is not there; set STOCKADE_CORPORA to the folder that holds it", path.display()));
        return None;
    }
    let read = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        Row {
            text: row[key].as_str().unwrap().to_owned(),
            source: row["source"].as_str().unwrap_or_default().to_owned(),
            bash: row["bash_n"].as_bool(),
        }
    };
    Some(fs::read_to_string(path).unwrap().lines().map(read).collect())
}

/// Prints past the test harness, which would keep the output of a passed test to itself.
fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Whether the language takes the row; what it takes, bash takes, and canonical text says the same.
fn answer_fits(row: &Row) -> bool {
    let text = &row.text;
    match parse(text) {
        Ok(script) => {
            assert_ne!(row.bash, Some(false), "bash refuses {text:?}");
            reads_back(&script);
            true
        }
        Err(error) => {
            assert!(text.get(error.span.start..error.span.end).is_some(), "{text:?}: {error:?}");
            assert!(!error.message.is_empty() && !error.hint.is_empty(), "{text:?}: {error:?}");
            false
        }
    }
}

fn reads_back(script: &Script) {
    let printed = script.canonical();
    let again = parse(&printed).unwrap_or_else(|error| unreadable(&printed, &error));
    assert_eq!(again.unplaced(), script.unplaced(), "{:?} printed as {printed:?}", script.text);
    assert_eq!(again.canonical(), printed);
}

#[expect(clippy::panic, reason = "what does not read back fails the test")]
fn unreadable(printed: &str, error: &stockade::command::SyntaxError) -> Script {
    panic!("{printed:?}: {error:?}")
}

#[test]
fn real_texts_are_taken_as_far_as_promised() {
    for kind in KINDS {
        let Some(rows) = rows(kind.file, kind.key) else { continue };
        let rows: Vec<_> = rows.iter().filter(|row| row.bash == Some(true) && (kind.of)(&row.source)).collect();
        let taken = rows.iter().filter(|row| answer_fits(row)).count();
        let share = |part: usize| {
            100.0 * f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(rows.len()).unwrap())
        };
        say(&format!(
            "{:<20} {:>5} rows that bash takes: taken {:>5} = {:>4.1} %",
            kind.name,
            rows.len(),
            taken,
            share(taken)
        ));
        assert!(share(taken) >= kind.floor, "{}: {:.1} % of {:.1} %", kind.name, share(taken), kind.floor);
    }
}

#[test]
fn nothing_is_taken_that_bash_refuses_and_every_refusal_explains_itself() {
    let files = [
        ("real-commands.jsonl", "command"),
        ("real-scripts.jsonl", "script"),
        ("syntax-edge.jsonl", "script"),
        ("verdicts.jsonl", "command"),
    ];
    for (file, key) in files {
        rows(file, key).iter().flatten().for_each(|row| {
            answer_fits(row);
        });
    }
}
