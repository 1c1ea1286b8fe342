//! Braces in arguments: what bash makes of them.

use super::{argv, parse};
use crate::command::{MAX_WORDS, parse_counted};

/// The arguments of a text's one command.
fn arguments(text: &str) -> Vec<String> {
    argv(&parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"))).split_off(1)
}

macro_rules! makes {
    ($($name:ident { $($word:literal => [$($field:literal),* $(,)?]),+ $(,)? })*) => {
        $(#[test]
        fn $name() {
            $(assert_eq!(arguments(concat!("a ", $word)), [$($field,)*] as [&str; _], "{}", $word);)+
        })*
    };
}

makes! {
    alternatives {
        "{b,c}" => ["b", "c"], "x{b,c}y" => ["xby", "xcy"], "{b,c}{d,e}" => ["bd", "be", "cd", "ce"],
        "b{c,d{e,f}g}h" => ["bch", "bdegh", "bdfgh"], "{{b,c},d}" => ["b", "c", "d"], "A={b,c}" => ["A=b", "A=c"],
        "b,{c,d}" => ["b,c", "b,d"], "{b,c}}" => ["b}", "c}"], "{{b,c}" => ["{b", "{c"], "{{b,c}}" => ["{b}", "{c}"],
    }
    empty_ones {
        "{b,}" => ["b"], "{,b}" => ["b"], "x{b,}" => ["xb", "x"], "{,}" => [], "{'',b}" => ["", "b"], "''{,b}" => ["", "b"],
        "{,}x" => ["x", "x"], "{,,}''" => ["", "", ""],
    }
    sequences {
        "{1..3}" => ["1", "2", "3"], "{3..1}" => ["3", "2", "1"], "{08..10}" => ["08", "09", "10"], "{1..9..4}" => ["1", "5", "9"],
        "{9..1..4}" => ["9", "5", "1"], "{1..9..-4}" => ["1", "5", "9"], "{1..2..0}" => ["1", "2"], "{-1..1}" => ["-1", "0", "1"],
        "{-02..1}" => ["-02", "-01", "000", "001"], "{1..03}" => ["01", "02", "03"], "{+1..2}" => ["1", "2"], "{5..5}" => ["5"],
        "{a..e..2}" => ["a", "c", "e"], "{C..A}" => ["C", "B", "A"], "x{1..2}{a..b}" => ["x1a", "x1b", "x2a", "x2b"],
        "{{1..2}}" => ["{1}", "{2}"], "{{b,c}..d}" => ["b..d", "c..d"],
    }
    what_stays {
        "{}" => ["{}"], "{b}" => ["{b}"], "{b..}" => ["{b..}"], "{..b}" => ["{..b}"], "{,b" => ["{,b"], "{," => ["{,"], "b}" => ["b}"],
        "{1...3}" => ["{1...3}"], "{1..x}" => ["{1..x}"], "{ab..c}" => ["{ab..c}"], "{1..2..x}" => ["{1..2..x}"], "{1..2..}" => ["{1..2..}"],
        "{},b}" => ["{},b}"], "{b,c}{},d}" => ["b{},d}", "c{},d}"], "\\ {},b}" => [" {},b}"], "{x..{1..3}}" => ["{x..{1..3}}"],
        "@{u}" => ["@{u}"], "{b}{c,d}" => ["{b}c", "{b}d"], "{1..x}{c,d}" => ["{1..x}c", "{1..x}d"], "{é..ü}" => ["{é..ü}"],
    }
    what_opens_inside_a_word { "x{},b}" => ["x}", "xb"], "{''},b}" => ["}", "b"], "' '{},b}" => [" }", " b"] }
    quoted_marks {
        "{b\\,c}" => ["{b,c}"], "{'b,c'}" => ["{b,c}"], "\\{b,c}" => ["{b,c}"], "'{b,c}'" => ["{b,c}"], "\"{b,c}\"" => ["{b,c}"],
        "{b,c\\}" => ["{b,c}"], "{b,'c,d'}" => ["b", "c,d"], "{'1'..3}" => ["{1..3}"], "{1.'.'3}" => ["{1..3}"], "{b,$'c\\'}'}" => ["b", "c'}"],
        "{\"b c\",d}\\ e" => ["b c e", "d e"], "{b,\\}}" => ["b", "}"],
    }
}

#[test]
fn other_parts_of_a_word_stay() {
    for (text, canonical) in [
        ("a *.{c,h}", "a *.c *.h"),
        ("a {*,?}[bc]", "a *[bc] ?[bc]"),
        ("a \"$HOME\"/{b,c}", "a \"${HOME}\"/b \"${HOME}\"/c"),
        ("a ${X}{b,c}", "a ${X}b ${X}c"),
        ("a {$X,b}/c", "a ${X}/c b/c"),
        ("a ~/{b,c}", "a ~/b ~/c"),
        ("A={b,c} d", "A='{b,c}' d"),
        ("a <<<{b,c}", "a 0<<<'{b,c}'"),
        ("a $(b {c,d})", "a $( b c d )"),
        ("a <(b {c,d})", "a <( b c d )"),
    ] {
        let script = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assert_eq!(script.canonical(), canonical, "{text:?}");
        assert_eq!(parse(canonical).unwrap().unplaced(), script.unplaced(), "{text:?}");
    }
}

#[test]
fn each_word_stands_where_the_braces_do() {
    let text = "a b x{1..3}'y' c";
    let script = parse(text).unwrap();
    let places: Vec<_> = script.commands().next().unwrap().words.iter().map(|word| word.span.of(text)).collect();
    assert_eq!(places, ["a", "b", "x{1..3}'y'", "x{1..3}'y'", "x{1..3}'y'", "c"]);
}

#[test]
fn words_of_braces_count() {
    assert_eq!(arguments("a {1..2000}").len(), 2000);
    let refused = |text: &str| parse(text).unwrap_err().code.as_str();
    assert_eq!(refused(&format!("a {{1..{MAX_WORDS}}}")), "too-many-words");
    assert_eq!(refused(&format!("a {{0..{MAX_WORDS}}}")), "brace-expansion");
    assert_eq!(refused("a {1..1000} {1..1000} {1..1000} {1..1000} {1..1000}"), "too-many-words");
    assert_eq!(refused(&format!("a {}", "{b,c}".repeat(13))), "brace-expansion");
    assert_eq!(refused(&format!("a {}", "{b,}".repeat(17))), "brace-expansion");
    assert_eq!(refused(&format!("a {{b,c}}{}", "x".repeat(20_000))), "brace-expansion");
}

#[test]
fn hostile_braces_cost_little() {
    let texts = [
        format!("a {}", "{,".repeat(30_000)),
        format!("a {}{}", "{,".repeat(16), "}".repeat(16)),
        format!("a {}{}{}", "{".repeat(16), "x".repeat(60_000), ",..}"),
        format!("a {}{}{}", "{,".repeat(15), "x".repeat(60_000), "}".repeat(16)),
        format!("a {}", "{1..2}".repeat(10_000)),
        format!("a {}", "{x..y..z} ".repeat(6_000)),
        format!("a {}", "{,}".repeat(20_000)),
        format!("a {}", "{,} ".repeat(15_000)),
        format!("a {}{}", "{x..y..z}".repeat(16), "x".repeat(60_000)),
    ];
    for text in texts {
        let (_, steps) = parse_counted(&text);
        assert!(steps <= 64 * text.len() + 1000, "{:?}…: {steps} for {}", text.get(..20), text.len());
    }
}
