//! What the language takes beyond one literal command, and the tree that it makes of it.

use super::parse;
use crate::command::{Builtin, Redirect, Script, Word};

/// The canonical text of what a text says.
fn said(text: &str) -> String {
    parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}")).canonical()
}

macro_rules! says {
    ($($name:ident { $($text:expr => $canonical:expr),+ $(,)? })*) => {
        $(#[test]
        fn $name() {
            $(assert_eq!(said($text), $canonical, "{:?}", $text);)+
        })*
    };
}

says! {
    lists { "a; b" => "a\nb", "a;b;" => "a\nb", "a\n\n# c\nb\n" => "a\nb", "a # x ; y\nb" => "a\nb" }
    lists_by_status { "a && b || c" => "a && b || c", "a&&b" => "a && b", "a &&\n\n b" => "a && b", "a && b; c" => "a && b\nc" }
    pipelines { "a | b" => "a | b", "a|b|c" => "a | b | c", "a |\n # c\n b" => "a | b", "a | b && c | d" => "a | b && c | d" }
    negations { "! a" => "! a", "! a | b && ! c" => "! a | b && ! c", "!\ta" => "! a", "! (a)" => "! ( a\n)" }
    subshells {
        "(a)" => "( a\n)", "(a; b) | c" => "( a\nb\n) | c", "( (a) )" => "( ( a\n)\n)", "(a\n)" => "( a\n)",
        "a && (b || c)" => "a && ( b || c\n)", "(a;)" => "( a\n)", "(a)|(b)" => "( a\n) | ( b\n)",
    }
    files {
        "a > f" => "a 1>f", "a >>f" => "a 1>>f", "a <f" => "a 0<f", "a 2>f" => "a 2>f", "a 3<f" => "a 3<f", "a >| f" => "a 1>f",
        "> f a b" => "a b 1>f", "a > f b" => "a b 1>f", "a>f<g" => "a 1>f 0<g", "a2>f" => "a2 1>f", "a > 'x y'" => "a 1>'x y'",
        "a > $X/f" => "a 1>${X}/f", "a > ~/f" => "a 1>~/f", "a < \"$X\"" => "a 0<\"${X}\"",
    }
    copies {
        "a 2>&1" => "a 2>&1", "a >&2" => "a 1>&2", "a 2>& 1" => "a 2>&1", "a <&3" => "a 0<&3", "a 2>&-" => "a 2>&-",
        "a <&-" => "a 0<&-", "a 3<&0" => "a 3>&0", "a 2>&1 | b" => "a 2>&1 | b", "a 2>&1|b" => "a 2>&1 | b",
    }
    both_streams { "a &> f" => "a 1>f 2>&1", "a &>>f" => "a 1>>f 2>&1", "a&>f" => "a 1>f 2>&1", "a 2 &>f" => "a 2 1>f 2>&1" }
    here_documents {
        "cat <<EOF\na b\nEOF" => "cat 0<<'EOF_0'\na b\nEOF_0\n", "cat <<'E'\n$x `y` \\z\nE\n" => "cat 0<<'EOF_0'\n$x `y` \\z\nEOF_0\n",
        "cat <<-E\n\t\ta\n\tE\n" => "cat 0<<'EOF_0'\na\nEOF_0\n", "cat <<\"E\"\nE" => "cat 0<<'EOF_0'\nEOF_0\n",
        "cat << \\E\nE \nE" => "cat 0<<'EOF_0'\nE \nEOF_0\n", "cat <<E | b\nx\nE\nc" => "cat 0<<'EOF_0' | b\nx\nEOF_0\nc",
        "cat <<A <<B\n1\nA\n2\nB\n" => "cat 0<<'EOF_0' 0<<'EOF_1'\n1\nEOF_0\n2\nEOF_1\n",
        "(cat <<E)\nx\nE" => "( cat 0<<'EOF_0'\nx\nEOF_0\n)", "cat <<E > f\nEOF_0\nE" => "cat 0<<'EOF_0_' 1>f\nEOF_0\nEOF_0_\n",
        "cat <<E &&\nx\nE\nb" => "cat 0<<'EOF_0' && b\nx\nEOF_0\n", "0<<E cat\nE" => "cat 0<<'EOF_0'\nEOF_0\n",
        "cat <<E 'a\nb'\nx\nE" => "cat 'a\nb' 0<<'EOF_0'\nx\nEOF_0\n",
    }
    here_strings { "a <<< b" => "a 0<<<b", "a <<<\"$X y\"" => "a 0<<<\"${X}\"' y'", "a <<< *.[ch]" => "a 0<<<'*.[ch]'", "a <<<~" => "a 0<<<~" }
    assignments {
        "A=1 c $A" => "A=1 c ${A}", "A=$B B=1 c" => "A=${B} B=1 c", "A=1 B=2 c > $A" => "A=1 B=2 c 1>${A}", "A=$A c" => "A=${A} c",
        "A=b c" => "A=b c", "A= c" => "A= c", "A='x y' B=$C d" => "A='x y' B=${C} d", "A=* c" => "A='*' c", "A=a=b c" => "A=a=b c",
        "A=1 A=2 c A=3" => "A=1 A=2 c A=3", ">f A=1 c" => "A=1 c 1>f", "A=[a] c" => "A='[a]' c",
    }
    variables {
        "a $X" => "a ${X}", "a ${X}" => "a ${X}", "a \"$X\"" => "a \"${X}\"", "a x$X.y" => "a x${X}.y", "a \"b${X}c\"" => "a b\"${X}\"c",
        "a '$X' \\$X" => "a '$X' '$X'", "a $X$Y" => "a ${X}${Y}", "a ''$X\"\"" => "a ${X}",
    }
    patterns {
        "ls *.rs" => "ls *.rs", "ls a?c" => "ls a?c", "ls [a-c]*" => "ls [a-c]*", "ls [!0-9_]" => "ls [!0-9_]", "ls '*'*" => "ls '*'*",
        "ls */*" => "ls */*", "ls ./*" => "ls ./*", "ls ../*" => "ls ../*", "ls .git*" => "ls .git*", "ls [-a]" => "ls [-a]",
        "ls [a-]" => "ls [a-]", "ls \"x y\"[ab]" => "ls 'x y'[ab]", "ls $X/*" => "ls ${X}/*", "ls ~/*" => "ls ~/*", "ls **" => "ls **",
        "ls [ab][cd]" => "ls [ab][cd]", "ls [a]b]" => "ls [a]'b]'",
    }
    tildes { "ls ~" => "ls ~", "ls ~/x" => "ls ~/x", "ls ~/'x y'" => "ls ~/'x y'", "ls '~'" => "ls '~'", "ls ~;b" => "ls ~\nb" }
    builtins {
        "cd \"$(a)\"" => "cd \"$( a )\"", "cd $X/y" => "cd ${X}/y", "cd ~" => "cd ~", "exit" => "exit", "exit 255" => "exit 255", "cd .." => "cd ..",
        ": *.c $(a) -x" => ": *.c $( a ) -x", "cd x >f" => "cd x 1>f", "exit 007" => "exit 007",
        "cd src && ls" => "cd src && ls", "exit 1" => "exit 1", ":" => ":", "'cd' x" => "cd x", ": > f" => ": 1>f",
    }
    comments { "a #b | c" => "a", "# a\nb" => "b", "a '#' b#c" => "a '#' 'b#c'" }
}

#[test]
fn names_of_what_a_script_does_itself_are_known() {
    let builtins = |text: &str| parse(text).unwrap().commands().map(|command| command.builtin()).collect::<Vec<_>>();
    assert_eq!(builtins("cd x; 'exit'; : y; ls"), [Some(Builtin::Cd), Some(Builtin::Exit), Some(Builtin::Null), None]);
    assert_eq!(builtins("/bin/cd x"), [None]);
}

#[test]
fn commands_come_in_the_order_of_the_text() {
    let script = parse("a | b && (c; ! d || e) | f\ng").unwrap();
    let names: Vec<_> = script.commands().map(|command| command.words[0].literal().unwrap()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f", "g"]);
}

#[test]
fn a_word_with_an_unknown_part_has_no_literal() {
    let literal = |text: &str| {
        parse(text).unwrap().commands().next().unwrap().words.iter().map(Word::literal).collect::<Vec<_>>()
    };
    assert_eq!(literal("a b$X *c ~ d"), [Some("a".into()), None, None, None, Some("d".into())]);
}

#[test]
fn here_documents_find_their_commands() {
    let script = parse("a <<X | (b <<Y; c) && d <<Z\n1\nX\n2\nY\n3\nZ\n").unwrap();
    let bodies = |script: &Script| -> Vec<(String, String)> {
        let of = |to: &Redirect| {
            let Redirect::HereDocument(document) = to else { return None };
            Some((document.body.clone(), document.span.of(&script.text).to_owned()))
        };
        script
            .commands()
            .flat_map(|command| &command.redirections)
            .filter_map(|redirection| of(&redirection.to))
            .collect()
    };
    assert_eq!(bodies(&script), ["1\n", "2\n", "3\n"].map(|body| (body.to_owned(), body.to_owned())));
}

#[test]
fn sets_match_what_they_say() {
    let script = parse("ls [!a-c_-]").unwrap();
    let command = script.commands().next().unwrap();
    let [crate::command::Piece::Glob { glob: crate::command::Glob::OneOf(set), .. }] =
        command.words[1].pieces.as_slice()
    else {
        panic!("{:?}", command.words[1])
    };
    let matched: String = "abcd_-é".chars().filter(|c| set.matches(*c)).collect();
    assert_eq!(matched, "dé");
}

#[test]
fn places_cover_every_part() {
    let text = " ! a 'b c' >f | ( X=1 d $Y ) && e";
    let script = parse(text).unwrap();
    let item = &script.root.items[0];
    assert_eq!(item.span.of(text), "! a 'b c' >f | ( X=1 d $Y ) && e");
    assert_eq!(item.first.span.of(text), "! a 'b c' >f | ( X=1 d $Y )");
    assert_eq!(item.rest[0].span.of(text), "&&");
    let spans: Vec<_> = item.first.commands.iter().map(|node| node.span().of(text)).collect();
    assert_eq!(spans, ["a 'b c' >f", "( X=1 d $Y )"]);
    let inner = script.commands().nth(1).unwrap();
    assert_eq!((inner.span.of(text), inner.assignments[0].span.of(text)), ("X=1 d $Y", "X=1"));
}
