//! The constructs of a script by name.

use super::parse;
use crate::command::{Construct, constructs};

/// Names and first places.
fn found(text: &str) -> Vec<(&'static str, &str)> {
    constructs(&parse(text).unwrap()).into_iter().map(|(construct, span)| (construct.as_str(), span.of(text))).collect()
}

#[test]
fn each_construct_is_found_where_it_stands_first() {
    let rows: &[(&str, &[(&str, &str)])] = &[
        ("a 'b' 2>&1 3>&-", &[]),
        ("a; b; c", &[("seq", "b")]),
        ("a\nb", &[("seq", "b")]),
        ("a && b || c && d", &[("and", "&&"), ("or", "||")]),
        ("a | b c | d", &[("pipe", "b c")]),
        ("! a", &[("not", "!")]),
        ("(a)", &[("subshell", "(a)")]),
        ("a 2>f >>g", &[("redirect", "2>f")]),
        ("a <<<b", &[("here", "<<<b")]),
        ("a <<E\nE", &[("here", "<<E")]),
        ("a x*y?", &[("glob", "*")]),
        ("a $X ${Y}", &[("variable", "$X")]),
        ("a ~/x", &[("tilde", "~")]),
        ("A=1 b", &[("assignment", "A=1")]),
        ("a `b`", &[("substitution", "`b`")]),
        ("a >(b <(c) *)", &[("glob", "*"), ("process", ">(b <(c) *)")]),
        (
            "a \"$(b; ! c | d >$X)\" && e",
            &[
                ("seq", "! c | d >$X"),
                ("and", "&&"),
                ("pipe", "d >$X"),
                ("not", "!"),
                ("redirect", ">$X"),
                ("variable", "$X"),
                ("substitution", "$(b; ! c | d >$X)"),
            ],
        ),
        (">$X a ~ <~/f", &[("redirect", ">$X"), ("variable", "$X"), ("tilde", "~")]),
    ];
    for (text, wanted) in rows {
        assert_eq!(&found(text), wanted, "{text}");
    }
    assert_eq!(constructs(&parse("a $X >$Y").unwrap())[1].1.start, 2, "the first of two in a command");
}

#[test]
fn names_are_read_back() {
    for construct in Construct::ALL {
        assert_eq!(Construct::from_name(construct.as_str()), Some(*construct));
    }
    assert_eq!(Construct::from_name("Pipe"), None);
}
