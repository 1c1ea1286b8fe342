//! Substitutions: what is taken, the tree that it makes, and what is refused.

use super::{parse, refuses};
use crate::command::{Direction, MAX_COMMANDS, MAX_DEPTH, Piece, Script, parse_counted};

/// Texts that say the same, and their canonical text.
fn said(texts: &[&str], canonical: &str) {
    for text in texts {
        let script = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assert_eq!(script.canonical(), canonical, "{text:?}");
        assert_eq!(parse(canonical).unwrap().unplaced(), script.unplaced(), "{text:?}");
    }
}

macro_rules! says {
    ($($name:ident { $($texts:expr => $canonical:expr),+ $(,)? })*) => {
        $(#[test]
        fn $name() {
            $(said(&$texts, $canonical);)+
        })*
    };
}

says! {
    unquoted { ["a $(b)", "a `b`", "a $( b )", "a $(b;)", "a $(b # )\n)", "a `b # c`"] => "a $( b )" }
    quoted { ["a \"$(b)\"", "a \"`b`\"", "a \"\"\"$(b)\"", "a \"$(\nb\n)\""] => "a \"$( b )\"" }
    whole_lists {
        ["a $(b; c && d | e)", "a $(b\nc && d |\n e)"] => "a $( b; c && d | e )",
        ["a $( (b; c) | d)", "a $( (b\nc)|d )"] => "a $( ( b; c ) | d )",
        ["a $(! b)", "a `! b`"] => "a $( ! b )",
        ["a $(cd x; exit 1)"] => "a $( cd x; exit 1 )",
        ["a $(A=1 b <f 2>&1 *.c)"] => "a $( A=1 b *.c 0<f 2>&1 )",
    }
    inside_each_other {
        ["a $(b $(c \"$(d)\"))", "a $(b $(c \"`d`\"))"] => "a $( b $( c \"$( d )\" ) )",
        ["a \"$(b \"$(c \"d e\")\")\""] => "a \"$( b \"$( c 'd e' )\" )\"",
        ["a `b $(c)`"] => "a $( b $( c ) )", ["a \"$(b `c \"d\"`)\""] => "a \"$( b $( c d ) )\"",
    }
    parts_of_words {
        ["a x$(b)y", "a 'x'`b`\"y\""] => "a x$( b )y", ["a $(b)$(c)", "a `b``c`"] => "a $( b )$( c )",
        ["a \"x $(b) y\""] => "a 'x '\"$( b )\"' y'", ["a $(b)*.c"] => "a $( b )*.c", ["a ~/$(b)"] => "a ~/$( b )",
        ["a ''x$(b)", "a x''$(b)"] => "a x$( b )", ["a \"$X\"''$(b)"] => "a \"${X}\"$( b )", ["a \\'$(b)"] => "a ''\\'''$( b )",
        ["a if=$(b)"] => "a if=$( b )", ["a \"$(b)\"''"] => "a \"$( b )\"", ["a @{`b`"] => "a '@{'$( b )",
        ["a '$(b)' \\$\\(b\\) '`b`' \\`b\\`"] => "a '$(b)' '$(b)' '`b`' '`b`'", ["a \"\\$(b)\" \"\\`b\\`\""] => "a '$(b)' '`b`'",
    }
    values_and_targets {
        ["a \"$(b)\"$ '$'$(b)"] => "a \"$( b )\"'$' '$'$( b )", ["A=$(b)$ c"] => "A=$( b )'$' c",
        ["A=$(b) c", "A=`b` c"] => "A=$( b ) c", ["A=\"$(b)\" B=1 c"] => "A=\"$( b )\" B=1 c", ["A=''$(b) c"] => "A=$( b ) c",
        ["a <<< $(b)"] => "a 0<<<$( b )", ["a <<<\"$(b)\""] => "a 0<<<\"$( b )\"", ["a > \"$(b)/f\""] => "a 1>\"$( b )\"/f",
    }
    backslashes_between_backticks {
        ["a `b \\. '\\n' \\* \\ \\'`", "a $(b \\. '\\n' \\* \\ \\')"] => "a $( b . '\\n' '*' ' '\\''' )",
        ["a `b \\\"c`"] => "a $( b '\"c' )", ["a \"`b \\x \\; c`\""] => "a \"$( b x ';' c )\"",
    }
    beside_the_command {
        ["a <(b) >(c; d)", "a <( b )\t>(c\nd)", "a \\\n<(b) >(c # )\n d)"] => "a <( b ) >( c; d )",
        ["a <(b <(c) $(d)) e"] => "a <( b <( c ) $( d ) ) e", ["a \"$(b <(c))\""] => "a \"$( b <( c ) )\"",
        ["a $(b) <(c)"] => "a $( b ) <( c )", ["(a <(b)| c)"] => "( a <( b ) | c\n)", [": <(a)&&b"] => ": <( a ) && b",
        ["a >f <(b);c"] => "a <( b ) 1>f\nc", ["cat <<E <(a)\nx\nE"] => "cat <( a ) 0<<'EOF_0'\nx\nEOF_0\n",
    }
    beside_here_documents {
        ["cat <<E \"$(b)\"\nx\nE", "cat \"$(b\n)\" <<E\nx\nE"] => "cat \"$( b )\" 0<<'EOF_0'\nx\nEOF_0\n",
        ["cat <<E; b $( (c) )\nx\nE"] => "cat 0<<'EOF_0'\nx\nEOF_0\nb $( ( c ) )",
    }
}

refuses! {
    in_programs: "program-name" { "$(a) b" => "$(a)", "a; `b`" => "`b`", "x\"$(a)\"" => "x\"$(a)\"", "A=1 $(a)" => "$(a)" }
    empty: "command-substitution" { "a $()" => "$()", "a `` " => "``", "a \"$( )\"" => "$( )", "a $(# b\n)" => "$(# b\n)", "a `#b`" => "`#b`" }
    open: "command-substitution" { "a $(b" => "$(", "a \"$(b \")\"" => "$(", "a $(b # )" => "$(", "a $(" => "$(", "a `$(b`" => "$(" }
    kept_backslashes_end_nothing: "backtick" { "a `b \\` `c`" => "\\", "a `b\\`" => "\\", "a `b\\$X`" => "\\", "a \"`b \\\"c`\"" => "\"" }
    backticks: "backtick" {
        "a `b" => "`", "a `b \\\\`" => "\\", "a `b \\`c\\``" => "\\", "a \"`b \"c\"`\"" => "\"", "a \"`b 'c\"'`\"" => "\"",
        "a `b \\\n c`" => "\\", "a `b` `c" => "`",
    }
    quotes_inside: "unclosed-quote" { "a $(b ')" => "'", "a `b '` '" => "'", "a \"$(b\"" => "\"" }
    operators: "missing-command" { "a $(&& b)" => "&&", "a $(<f)" => "<f", "a `<f`" => "<f", "a `b |`" => "" }
    arithmetic: "arithmetic-expansion" { "a $((1))" => "$((", "a \"$((b);c)\"" => "$((" }
    parentheses: "unexpected-parenthesis" { "a $(b (c))" => "(", "a `b )`" => ")", "a $(b))" => ")", "a $(b |)" => ")" }
    statements: "reserved-word" { "a $(for x in y; do z; done)" => "for", "a `if b`" => "if" }
    targets: "command-substitution" { "a > $(b)" => "$(b)", "a < x`b`" => "`b`", "a &> $(b)" => "$(b)", "cat << $(b)" => "$(b)" }
    here_documents: "here-document" {
        "a $(cat <<E\nx\nE\n)" => "<<", "a `cat <<E\nx\nE\n`" => "<<", "cat <<\"$(b)\"\n" => "\"$(b)\"", "cat <<E\n$(b)\nE" => "$",
        "cat <<E $(b\nc)\nx\nE" => "<<E", "cat <<E; a \"$(\nb)\"\nx\nE" => "<<E",
    }
    uncertain_fields: "command-substitution" {
        "a ''$(b)" => "''", "a $(b)\"\"" => "\"\"", "a x`b`$''" => "$''", "a $(b)''$(c)" => "''", "a x$(b)\"\"$(c)y" => "\"\"",
    }
    dollars: "dollar-form" { "a $(b)$" => "$", "a x$.`b`" => "$", "a $%\"x\"$(b)" => "$" }
    orders: "command-substitution" {
        "A=$(a) b $(c)" => "$(c)", "a $(b) > \"$(c)\"" => "$(c)", "> \"$(a)\" b `c`" => "`c`", "A=$(a) b <<< $(c)" => "$(c)",
    }
    closed: "command-substitution" { "a <&- < \"$(b)\"" => "$(b)", "a 2>&- >o <<<`b`" => "`b`" }
    braces: "brace-expansion" { "a {$(b),c}" => "{$(b),c}", "a {$(b,c)}" => "{$(b,c)}", "a {`b`}" => "{`b`}" }
    sets: "glob" { "a [$(b)" => "[$(b)", "a [x\"$(b)\"]" => "[x\"$(b)\"]", "a .*$(b)" => ".*$(b)", "a $(b)/.*" => "$(b)/.*" }
    tildes: "tilde" { "a ~$(b)" => "~", "a $(b ~x)" => "~", "A=$(b):~ c" => "~" }
    special: "special-parameter" { "a $(b $?)" => "$?", "a `b $1`" => "$1" }
    hidden: "carriage-return" { "a $(b\r)" => "\r", "a `b\r`" => "\r" }
}

#[test]
fn inner_commands_come_before_the_command_that_uses_them() {
    let names = |script: &Script| -> Vec<String> {
        script.commands().map(|command| command.words[0].literal().unwrap()).collect()
    };
    let script = parse("a | b $(c $(d; e) f \"$(g)\") `h` && i > \"$(j)\"; A=$(k) l").unwrap();
    assert_eq!(names(&script), ["a", "d", "e", "g", "c", "h", "b", "j", "i", "k", "l"]);
}

#[test]
fn commands_beside_come_before_their_command() {
    let script = parse("a <(b $(c)) >(d | e) $(f); g").unwrap();
    let names: Vec<_> = script.commands().map(|command| command.words[0].literal().unwrap()).collect();
    assert_eq!(names, ["c", "b", "d", "e", "f", "a", "g"]);
    let command = script.commands().nth(5).unwrap();
    let [reads, writes] = [1, 2].map(|at| command.words[at].process().unwrap());
    assert_eq!((reads.direction, reads.span.of(&script.text)), (Direction::Read, "<(b $(c))"));
    assert_eq!((writes.direction, writes.list.span.of(&script.text)), (Direction::Write, "d | e"));
    assert_eq!(command.words[1].literal(), None);
}

#[test]
fn places_cover_the_substitution_and_its_list() {
    for (text, whole, list) in [("a x\"$( b; c )\"", "$( b; c )", "b; c"), ("a ` b `", "` b `", "b")] {
        let script = parse(text).unwrap();
        let command = script.commands().last().unwrap();
        let found = command.substitutions().next().unwrap();
        assert_eq!((found.span.of(text), found.list.span.of(text)), (whole, list));
        assert!(matches!(command.words[1].pieces.last(), Some(Piece::Substitution(_))));
    }
}

#[test]
fn substitutions_share_the_limits() {
    let nested = |depth: usize| format!("a {}b{}", "$(c ".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(parse(&nested(MAX_DEPTH + 1)).unwrap_err().code.as_str(), "too-deep");
    let mixed = |depth: usize| format!("{}b{}", "( a $( ".repeat(depth), ") )".repeat(depth));
    assert!(parse(&mixed(MAX_DEPTH / 2)).is_ok());
    assert_eq!(parse(&mixed(MAX_DEPTH / 2 + 1)).unwrap_err().code.as_str(), "too-deep");
    let beside = |depth: usize| format!("a {}b{}", "<(c ".repeat(depth), ")".repeat(depth));
    assert!(parse(&beside(MAX_DEPTH)).is_ok());
    assert_eq!(parse(&beside(MAX_DEPTH + 1)).unwrap_err().code.as_str(), "too-deep");
    let many = |count: usize| format!("a {}", "<(b) ".repeat(count));
    assert_eq!(parse(&many(MAX_COMMANDS)).unwrap_err().code.as_str(), "too-many-commands");
    let many = |count: usize| format!("a {}", "$(b) ".repeat(count));
    assert!(parse(&many(MAX_COMMANDS - 1)).is_ok());
    assert_eq!(parse(&many(MAX_COMMANDS)).unwrap_err().code.as_str(), "too-many-commands");
}

#[test]
fn hostile_substitutions_cost_little() {
    let texts = [
        format!("a {}", "$(".repeat(2_000)),
        format!("a {}", "\"$(a ".repeat(10_000)),
        format!("a {}", "`".repeat(60_000)),
        format!("a {}", "`b` ".repeat(15_000)),
        format!("a {}", "`b".repeat(30_000)),
        format!("a {}{}", "$(b {".repeat(32), "x,".repeat(30_000)),
        format!("a {}{}", "$(b [".repeat(32), "x".repeat(60_000)),
        format!("{}{}", "A[$(".repeat(31), "x".repeat(60_000)),
        format!("a {}`{}`", "$(b ".repeat(31), "x".repeat(60_000)),
        format!("a {}{}", "$(A=".repeat(31), "1".repeat(60_000)),
    ];
    for text in texts {
        let (_, steps) = parse_counted(&text);
        assert!(steps <= 64 * text.len() + 1000, "{:?}…: {steps} for {}", text.get(..20), text.len());
    }
}
