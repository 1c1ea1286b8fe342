//! The layout of policy files: nothing is lost, and laying out twice changes nothing.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[track_caller]
fn laid_out(text: &str) -> String {
    format(text).expect(text)
}

fn value(text: &str) -> Value {
    toml::from_str(text).expect(text)
}

/// The comments of a text of which no string holds a `#`.
fn comments(text: &str) -> Vec<String> {
    let mut found: Vec<_> =
        text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment.trim().to_owned()).collect();
    found.sort();
    found
}

#[test]
fn one_layout() {
    let text = r#"


# Whom it suits: us.


version=1
name   =   'x'   # ours
[[rule]]
  # Why it says so.
  reason = "r"
  examples.no_match = [ 'b' ,"c", ]
  examples.match = ["a"]

  decision = "allow"
  grants = ["exec"]
  args.paths = "any"
  args.options = ["-n=[0-9]+"]
  args.subcommand = 'log'
  command = "a\\d \"b\""
  id = 'a'
[[program]]
operands = ["read..."]
source = "x(1)"
names = ["x"]
[[program.sub]]
options = [ "-a" ]
names = ["y"]
[[blocklist]]
reason = "r"
off = "power"


[env]
set = { A = "1" }  

# Long lists keep their lines.
pass = [
    "LANG", # the language
    "TERM",
]
[limits]

jobs=1
# The end.
"#;
    insta::assert_snapshot!(laid_out(text));
    assert_eq!(value(&laid_out(text)), value(text));
    assert_eq!(comments(&laid_out(text)), comments(text));
}

#[test]
fn the_shipped_policies_are_laid_out() {
    for name in shipped_names() {
        let source = shipped(name).expect(name);
        assert_eq!(laid_out(&source.text), source.text, "{name}");
    }
}

#[test]
fn texts_of_several_lines_and_awkward_ones_stay_what_they_are() {
    for text in
        ["a = '''x'y\\'''\n", "a = \"\"\"\nx\n\"\"\"\n", "a = \"it's \\\"x\\\"\"\n", "a = \"\\u202e\"\n", "a = '\\d'\n"]
    {
        assert_eq!(value(&laid_out(text)), value(text), "{text}");
        assert_eq!(laid_out(&laid_out(text)), laid_out(text), "{text}");
    }
}

#[test]
fn what_is_no_toml_has_no_layout() {
    assert!(format("a = ").is_err());
}

/// Lines of a table, in any order and spacing.
fn table() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        ("id", "id = 'x'"),
        ("decision", "decision=\"deny\""),
        ("reason", "reason = \"a \\\"b\\\" c\""),
        ("command", "command = '''a 'b' \\d'''"),
        ("hint", "hint = \"it's\""),
        ("program", "program = [ 'a',\"b\" , ]"),
        ("stdin", "stdin = \"any\""),
        ("m", "examples.match = [\n  'a', # one\n\n  'b'\n]"),
        ("n", "examples.no_match = []"),
        ("args", "args.options = [\"-n\"]"),
        ("set", "set = {A='1',B = \"2\"}"),
        ("when", "when = 2026-01-01"),
        ("size", "size = 1_000"),
        ("half", "half = 0.5"),
        ("yes", "yes=true"),
    ]);
    let around = prop::sample::select(vec!["", "\n", "\n\n\n", "# c\n", "\n# d\n\n\n# e\n\n", "  "]);
    let after = prop::sample::select(vec!["", "  ", " # f", "\t#g"]);
    prop::collection::vec((around, line, after), 0..9).prop_map(|lines| {
        let mut seen = std::collections::BTreeSet::new();
        let fresh = lines.into_iter().filter(|(_, (key, _), _)| seen.insert(*key));
        fresh.map(|(around, (_, line), after)| format!("{around}{line}{after}\n")).collect()
    })
}

proptest! {
    #[test]
    fn nothing_is_lost_and_twice_is_once(
        top in table(),
        tables in prop::collection::vec((prop::sample::select(vec!["[[rule]]", "[[test]] # h", "  [[rule]]"]), table()), 0..4),
        last in prop::sample::select(vec!["", "[env]\npass = []\n[env.set]\nA = 'b'\n", "# end", "\n\n"]),
    ) {
        let tables: String = tables.iter().map(|(head, body)| format!("{head}\n{body}")).collect();
        let text = format!("{top}{tables}{last}");
        let once = laid_out(&text);
        prop_assert_eq!(value(&once), value(&text), "{}", once);
        prop_assert_eq!(comments(&once), comments(&text), "{}", once);
        prop_assert_eq!(laid_out(&once), once.clone(), "{}", once);
        prop_assert!(!once.contains("\n\n\n"), "{}", once);
    }
}
