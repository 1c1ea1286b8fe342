//! Holds `docs/command-language.md` to what the parser says.

use std::{collections::BTreeSet, fs, path::Path};

use stockade::{
    command::{MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS, RefusalNote, parse, parse_single, refusals},
    diagnostic::Code,
};

const BEGIN: &str = "<!-- begin: written by `STOCKADE_BLESS=1 cargo test --test command_language` -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_table_of_refusals_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/command-language.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let wanted = table();
    if std::env::var_os("STOCKADE_BLESS").is_some() {
        fs::write(&path, [before, BEGIN, &wanted, END, after].concat()).unwrap();
        return;
    }
    assert!(written == wanted, "the table is stale; run `STOCKADE_BLESS=1 cargo test --test command_language`");
}

#[test]
fn the_page_names_the_limits() {
    let page = include_str!("../docs/command-language.md").replace(',', "");
    let limits = format!("{MAX_TEXT} bytes {MAX_WORDS} words {MAX_COMMANDS} commands and {MAX_DEPTH} subshells");
    assert!(page.contains(&limits), "{limits}");
}

/// One text for each row of "Parsed, not run yet", in its order, and the code by which the house refuses to run it.
const NOT_RUN_YET: [(&str, &str); 16] = [
    ("a; b", "sequence"),
    ("a && b", "and-list"),
    ("a | b", "pipe"),
    ("! a", "negation"),
    ("( a; b )", "subshell"),
    ("a 2>>f", "redirect-append"),
    ("a 2>&1", "redirect-duplicate"),
    ("a &>f", "redirect-both"),
    ("a <<-'E'\n$x\nE", "here-document"),
    ("a <<E\nx\nE", "here-document"),
    ("a <<<word", "here-string"),
    ("A=x cmd", "assignment-prefix"),
    ("a ${NAME}", "variable"),
    ("a [!a-z]*", "glob"),
    ("a ~/x", "tilde"),
    ("cd x", "shell-builtin"),
];

#[test]
fn what_the_page_calls_parsed_and_not_run_is_that() {
    let page = include_str!("../docs/command-language.md");
    let (_, rest) = page.split_once("## Parsed, not run yet").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, NOT_RUN_YET.len());
    for (text, code) in NOT_RUN_YET {
        assert!(parse(text).is_ok(), "{text}");
        assert_eq!(parse_single(text).unwrap_err().code.as_str(), code, "{text}");
    }
}

#[test]
fn every_code_of_the_language_is_used() {
    let used: BTreeSet<Code> = refusals().map(|note| note.code).collect();
    let section: BTreeSet<Code> = Code::ALL.iter().copied().take_while(|code| *code != Code::NoRule).collect();
    assert_eq!(used, section);
}

fn table() -> String {
    let mut text = String::from("| code | message | hint |\n|---|---|---|\n");
    for note in refusals() {
        text.push_str(&row(&note));
    }
    text
}

fn row(note: &RefusalNote) -> String {
    let cell = |text: &str| text.replace("{}", "…").replace('|', "\\|");
    format!("| `{}` | {} | {} |\n", note.code, cell(note.message), cell(note.hint))
}
