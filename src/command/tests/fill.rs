//! Values in a tree.

use std::collections::BTreeMap;

use super::parse;
use crate::command::{Script, SyntaxError, fill};

const ENV: [(&str, &str); 8] = [
    ("HOME", "/home/u"),
    ("X", "a/b.c"),
    ("EMPTY", ""),
    ("WIDE", "a b*"),
    ("DOT", "."),
    ("OPTION", "-P"),
    ("PWD", "/w"),
    ("QUOTE", "it's $X `y` $(z)"),
];

fn filled(text: &str) -> Result<Script, SyntaxError> {
    let env: BTreeMap<_, _> = ENV.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    fill(&parse(text).unwrap(), &env)
}

#[test]
fn values_become_known_text_that_joins_its_neighbours() {
    for (text, canonical) in [
        ("a $X", "a a/b.c"),
        ("a x${X}y", "a xa/b.cy"),
        ("a \"$WIDE\" \"x$WIDE\"", "a 'a b*' 'xa b*'"),
        ("a \"$QUOTE\"", "a 'it'\\''s $X `y` $(z)'"),
        ("a \"$EMPTY\" x\"$EMPTY\"y", "a '' xy"),
        ("a $X$X *\"$WIDE\"", "a a/b.ca/b.c *'a b*'"),
        ("a ~ ~/x", "a /home/u /home/u/x"),
        ("A=$X b <<< \"$WIDE\" > ~/$X", "A=a/b.c b 0<<<'a b*' 1>/home/u/a/b.c"),
        ("(a $X | b \"$(c $X $(d ~))\")", "( a a/b.c | b \"$( c a/b.c $( d /home/u ) )\"\n)"),
        ("a \"$EMPTY\"\"$(b)\"", "a \"$( b )\""),
        ("a $PWD", "a /w"),
        ("cd $X && a $PWD \"$PWD/$X\"", "cd a/b.c && a ${PWD} \"${PWD}\"/a/b.c"),
        ("a $(cd x; b) \"$PWD\"", "a $( cd x; b ) \"${PWD}\""),
        ("a \"$DOT\"x*", "a .x*"),
        ("a <(b $X) >(c ~)", "a <( b a/b.c ) >( c /home/u )"),
        ("a {$X,b}/{1,2}", "a a/b.c/1 a/b.c/2 b/1 b/2"),
        ("a b", "a b"),
    ] {
        let script = filled(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assert_eq!(script.canonical(), canonical, "{text:?}");
        assert_eq!(parse(canonical).unwrap().unplaced().root, script.unplaced().root, "{text:?}");
        assert_eq!(script.text, text);
    }
}

#[test]
fn what_cannot_be_filled_is_refused() {
    for (text, code, covered) in [
        ("a $Y", "variable", "$Y"),
        ("a $X \"${Y}\"", "variable", "${Y}"),
        ("a $(b $(c $Y))", "variable", "$Y"),
        ("a > \"$Y\"", "variable", "$Y"),
        ("a $WIDE", "variable", "$WIDE"),
        ("a x$EMPTY", "variable", "$EMPTY"),
        ("a \"$DOT\"*", "glob", "\"$DOT\"*"),
        ("a */$DOT$DOT", "glob", "*/$DOT$DOT"),
        ("cd $OPTION", "shell-builtin", "$OPTION"),
        ("cd \"$EMPTY\"", "shell-builtin", "\"$EMPTY\""),
        ("a \"$EMPTY\"$(b)", "command-substitution", "$EMPTY"),
    ] {
        let error = filled(text).expect_err(text);
        assert_eq!((error.code.as_str(), error.span.of(text)), (code, covered), "{text:?}: {error:?}");
    }
}

#[test]
fn the_first_refusal_is_named() {
    assert_eq!(filled("a $Y; b $Z").unwrap_err().span, parse("a $Y").unwrap().commands().next().unwrap().words[1].span);
}

#[test]
fn a_hint_names_what_is_set_and_stays_short() {
    let error = filled("a $Y").unwrap_err();
    assert!(error.hint.ends_with("; set are: DOT EMPTY HOME OPTION PWD QUOTE WIDE X"), "{}", error.hint);
    let env = (0..500).map(|at| (format!("NAME_{at}\u{1b}"), String::new())).collect();
    let error = fill(&parse("a $Y").unwrap(), &env).unwrap_err();
    assert!(error.hint.len() < 250 && error.hint.ends_with('…') && !error.hint.contains('\u{1b}'), "{}", error.hint);
    let error = fill(&parse("a ~").unwrap(), &BTreeMap::new()).unwrap_err();
    assert_eq!((error.code.as_str(), error.span.of("a ~")), ("tilde", "~"));
}
