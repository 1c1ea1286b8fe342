//! Holds `docs/command-language.md` to what the parser says.

use std::{collections::BTreeSet, fs, path::Path};

use stockade::{
    command::{MAX_COMMANDS, MAX_DEPTH, MAX_TEXT, MAX_WORDS, RefusalNote, parse, refusals},
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
    let page = include_str!("../docs/command-language.md").replace(',', "").replace('\n', " ");
    let limits = format!(
        "{MAX_TEXT} bytes {MAX_WORDS} words {MAX_COMMANDS} commands and {MAX_DEPTH} subshells and substitutions"
    );
    assert!(page.contains(&limits), "{limits}");
}

/// One text for each row of "What runs now", in its order, and what it says in canonical text.
const RUNS: [(&str, &str); 30] = [
    ("word", "word"),
    ("a 'b\n$c'", "a 'b\n$c'"),
    ("a \"b\\$c\"", "a 'b$c'"),
    ("a \\*", "a '*'"),
    ("a $'\\x41\\n'", "a 'A\n'"),
    ("a ''", "a ''"),
    ("a # b", "a"),
    ("a \\\n b", "a b"),
    ("a; b", "a\nb"),
    ("a && b || c", "a && b || c"),
    ("a | b", "a | b"),
    ("! a", "! a"),
    ("( a; b )", "( a\nb\n)"),
    ("a >f 2>>f >|g <h", "a 1>f 2>>f 1>g 0<h"),
    ("a 2>&1 3<&0 2>&-", "a 2>&1 3>&0 2>&-"),
    ("a &>f", "a 1>f 2>&1"),
    ("a <<-'E'\n\t$x\nE", "a 0<<'EOF_0'\n$x\nEOF_0\n"),
    ("a <<E\nx\nE", "a 0<<'EOF_0'\nx\nEOF_0\n"),
    ("a <<<word", "a 0<<<word"),
    ("A=x cmd", "A=x cmd"),
    ("a $NAME", "a ${NAME}"),
    ("a [!a-z]*", "a [!a-z]*"),
    ("a ~/x", "a ~/x"),
    ("a \"$(b; c)\" $(d)", "a \"$( b; c )\" $( d )"),
    ("a `b`", "a $( b )"),
    ("a <(b; c) >(d)", "a <( b; c ) >( d )"),
    ("a {b,c} {1..9..4} {d..e}", "a b c 1 5 9 d e"),
    ("cd x", "cd x"),
    ("exit 3", "exit 3"),
    (": x", ": x"),
];

#[test]
fn what_the_page_says_to_run_is_taken() {
    let page = include_str!("../docs/command-language.md");
    let (_, rest) = page.split_once("## What runs now").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| form")).count();
    assert_eq!(rows, RUNS.len());
    for (text, canonical) in RUNS {
        assert_eq!(parse(text).unwrap().canonical(), canonical, "{text}");
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
