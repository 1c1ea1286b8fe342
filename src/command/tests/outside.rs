//! What the whole language refuses, beyond what one literal command may not hold: the code, and the part of the text.

use super::{check, parse, refuses};
use crate::command::{MAX_COMMANDS, MAX_DEPTH, MAX_WORDS, parse_counted};

refuses! {
    missing_commands: "missing-command" {
        "| a" => "|", "a |" => "", "a | | b" => "|", "a &&" => "", "&& a" => "&&", "a || ; b" => ";", "; a" => ";", "! " => "",
        "a && \n" => "", "( | a)" => "|", "a; ; b" => ";",
    }
    redirections_alone: "missing-command" { "> f" => "> f", "A=b > f" => "> f", "a | < f" => "< f" }
    assignments_alone: "assignment" { "A=b" => "A=", "A=b B=c" => "A=", "a; A=b" => "A=", "A=b | c" => "A=" }
    negations_elsewhere: "negation" { "! ! a" => "!", "a | ! b" => "!", "A=b ! c" => "!", ">f ! c" => "!" }
    case_operators: "sequence" { "a ;; b" => ";;", "a;;" => ";;", "a ;& b" => ";&", "a;&>f b" => ";&" }
    background: "background" { "a & b" => "&", "a &" => "&", "(a) &" => "&", "a | b & c" => "&" }
    both_pipes: "pipe-both" { "a |& b" => "|&", "(a) |& b" => "|&" }
    parentheses: "unexpected-parenthesis" { "a; )" => ")", "(a))" => ")", "A=b (c)" => "(", "> f (a)" => "(", "(a) (b)" => "(", "a (b" => "(" }
    functions: "function-definition" { "a; f() { b; }" => "f()" }
    subshells: "subshell" {
        "(a" => "(", "( (a)" => "(", "()" => "()", "( )" => "( )", "(a) > f" => ">", "(a) 2>&1" => "2>&1", "(a) b" => "b", "(\n# x\n)" => "(\n# x\n)",
    }
    arithmetic: "arithmetic-command" { "((1))" => "((", "a; ((1))" => "((", "((a); b)" => "((" }
    reserved_words: "reserved-word" { "a; if b" => "if", "a | while" => "while", "A=b if" => "if", "a && then" => "then", "(for" => "for", ">f do" => "do" }
    brace_groups: "brace-group" { "a; { b; }" => "{", "a | }" => "}" }
    builtins: "shell-builtin" { "a; eval b" => "eval", "A=b exec c" => "exec", "a | read x" => "read", "(export A=b)" => "export" }
    operands: "shell-builtin" {
        "cd" => "cd", "cd a b" => "b", "cd -" => "-", "cd -P" => "-P", "cd ''" => "''", "cd a*" => "a*", "'cd'" => "'cd'",
        "exit a" => "a", "exit 256" => "256", "exit 1 2" => "2", "exit $X" => "$X", "exit -1" => "-1", "exit ''" => "''", "exit +1" => "+1",
        "a | cd" => "cd", "cd x >f y" => "y",
    }
    assignments_of_builtins: "assignment-prefix" { "A=1 cd x" => "A=1", "A= :" => "A=", "A=1 B=2 exit" => "A=1" }
    assignments_in_order: "assignment-prefix" {
        "A=1 B=$A c" => "$A", "A=1 A=\"x$A\" c" => "$A", "A=1 B=$(c) d" => "$(c)", "A=$(b) C=$(d) e" => "$(d)", "A=1 B=${C}x$A c" => "$A",
    }
    unknown_programs: "program-name" { "$X a" => "$X", "\"$X\"" => "\"$X\"", "~/bin/x" => "~/bin/x", "a; *" => "*", "x$Y" => "x$Y", "[a]b" => "[a]b" }
    targets: "redirect-target" {
        "a >" => "", "a > ; b" => ";", "a > #x" => "#", "a >#x" => "#", "a > > f" => ">", "a <<<" => "", "a <<<2>&1" => "2", "a &>2>&1" => "2",
        "a > | b" => "|", "a <<" => "", "a >\nb" => "\n", "a > (b)" => "(",
    }
    patterns_as_targets: "glob" { "a > *" => "*", "a < f?" => "?", "a &> [ab]" => "[ab]", "cat <<E*" => "*" }
    process_substitutions: "process-substitution" {
        "a > >(b)" => ">(", "<(b)" => "<(", "A=1 <(b)" => "<(", "A=<(b) c" => "<(", "a x<(b)" => "<(", "a <(b)x" => "<(b)", "a <(b)<(c)" => "<(b)",
        "a <(b)>f" => "<(b)", "a 2<(b)" => "2<(", "a ''<(b)" => "<(", "a $X<(b)" => "<(", "a >f<(b)" => "<(", "a <<<<(b)" => "<(", "a < <(b)" => "<(",
        "a 2>&1 | <(b)" => "<(", "a >(b" => ">(", "a <(b\n" => "<(", "a <()" => "<()", "a >( # x\n)" => ">( # x\n)", "a <(b)(c)" => "<(b)",
    }
    orders_beside: "command-substitution" { "A=$(a) b <(c)" => "<(c)", "a <(b) > \"$(c)\"" => "$(c)", "a <<<$(b) >(c)" => ">(c)" }
    operands_beside: "shell-builtin" { "cd <(a)" => "<(a)", "exit <(a)" => "<(a)" }
    documents_beside: "here-document" { "a <(b <<E\nx\nE\n)" => "<<", "a <<E <(b\nc)\nx\nE" => "<<E" }
    copies: "redirect-duplicate" {
        "a >&12" => ">&12", "a 2>&1x" => "2>&1", "a <&f" => "<&", "a 2>&1>f" => "2>&1", "a >&--" => ">&--", "a >&1-" => ">&1-",
    }
    older_both: "redirect-both" { "a >& f" => ">&", "a 2>& f" => "2>&" }
    read_write: "redirect-read-write" { "a <> f" => "<>" }
    here_documents: "here-document" {
        "a <<E" => "<<E", "a <<E\nb" => "<<E", "a <<E\nE x" => "<<E", "a <<E\n E" => "<<E", "a <<'E F'\nE F" => "'E F'", "a <<''\n\n" => "''",
        "a <<$E\n" => "$E", "a 3<<E\nE" => "3<<", "a <<E\n$x\nE" => "$", "a <<E\n`\nE" => "`", "a <<E\nb\\\nE" => "\\", "(a <<E\nb)" => "<<E",
        "a <<é\né" => "é", "a <<A <<B\nA\n" => "<<B",
    }
    hidden_names: "glob" { "ls .*" => ".*", "ls a/.*" => "a/.*", "ls ..?" => "..?", "ls '.'*" => "'.'*", "ls */.." => "*/..", "ls .[a]" => ".[a]" }
    sets: "glob" {
        "ls []" => "[]", "ls [^a]" => "[^a]", "ls [[:alpha:]]" => "[[:alpha:]", "ls [a/b]" => "[a/b]", "ls [a\"]\"" => "[a\"]", "ls [z-a]" => "[z-a]", "ls [a-a]" => "[a-a]",
        "ls [a-c-e]" => "[a-c-e]", "ls [.]" => "[.]", "ls [é]" => "[é]", "ls [$X]" => "[$X]",
    }
    tildes: "tilde" { "ls ~user" => "~", "ls a=~" => "~", "ls a:~" => "~", "A=~ b" => "~", "A=x:~ b" => "~", "ls ~+" => "~", "ls ~''" => "~", "ls ~$X" => "~" }
    braces: "brace-expansion" {
        "{a,b}" => "{a,b}", "x{a,b} c" => "{a,b}", "a > {b,c}" => "{b,c}", "a < x{1..2}" => "{1..2}", "a {[b,c]}" => "{[b,c]}", "a {b,$(c)}" => "{b,$(c)}",
        "a $(b){c,d}" => "$(b){c,d}", "a $X{b,c}" => "$X{b,c}", "a {$X,b}c" => "{$X,b}c", "a {$,b}c" => "{$,b}c", "a {b..C}" => "{b..C}",
        "a {\"b,c\"..d}" => "{\"b,c\"..d}", "a {1..5000}" => "{1..5000}", "a {1..1000}{1..1000}" => "{1..1000}{1..1000}",
        "a {1..9999999999}" => "{1..9999999999}",
    }
    tildes_in_braces: "tilde" { "a {~,b}" => "{~,b}", "a {,b}~" => "{,b}~", "a {b,c=}~" => "{b,c=}~" }
    dots_in_braces: "glob" { "a {.,b}*" => "{.,b}*", "a {b,.*}" => "{b,.*}" }
    line_continuations: "line-continuation" { "a |\\\n b" => "\\", "a >\\\nf" => "\\", "a &&\\\nb" => "\\" }
    controls_in_here_documents: "control-character" { "a <<'E'\n\u{1b}\nE" => "\u{1b}" }
}

#[test]
fn commands_at_the_limit_are_taken_and_over_it_refused() {
    let text = "a;".repeat(MAX_COMMANDS);
    assert!(parse(&text).is_ok());
    check(&format!("{text}b"), "too-many-commands", "b");
    check(&format!("{}(b)", "a|".repeat(MAX_COMMANDS)), "too-many-commands", "(");
}

#[test]
fn subshells_at_the_limit_are_taken_and_over_it_refused() {
    let nested = |depth: usize| format!("{}a{}", "( ".repeat(depth), " )".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    check(&nested(MAX_DEPTH + 1), "too-deep", "(");
}

#[test]
fn words_are_counted_over_all_commands() {
    let half = "a ".repeat(MAX_WORDS / 2);
    assert!(parse(&format!("{half}; {half}")).is_ok());
    check(&format!("{half}; {half}b"), "too-many-words", "b");
    check(&format!("{half}; {half}> f"), "too-many-words", "f");
}

/// The inputs that make other parsers hang, panic, overflow the stack or take all memory.
#[test]
fn what_breaks_other_parsers_costs_little() {
    let deep = |open: &str, times: usize| open.repeat(times);
    let texts = [
        "p <<\"\"| ".to_owned(),
        deep("(", 40),
        deep("( ", 30_000),
        "echo 55555555555555555555<&-".to_owned(),
        format!("{}{}", deep("case a in a) ", 20), deep(";; esac ", 20)),
        format!("echo {}", deep("$(", 2_000)),
        deep("{", 3_000),
        format!("echo {}", deep("${", 20_000)),
        deep("p;", 30_000),
        deep("p|", 30_000),
        deep("! ", 30_000),
        deep("a <<E ", 10_000),
        format!("{}\n{}", deep("a <<E ", 200), deep("E\n", 200)),
        format!("a <<EOF\n{}", deep("EOF \n", 10_000)),
        deep("a=", 30_000),
        format!("a {}", deep("[a", 30_000)),
        format!("a {}", deep("[a]", 20_000)),
        format!("a {}", deep("{a..", 15_000)),
        format!("a {}", deep("*", 60_000)),
        format!("a {}", deep("$X", 30_000)),
        format!("a >{}", deep(" ", 60_000)),
        format!("a {}", deep(">& 1 ", 12_000)),
        deep("(a;", 20_000),
    ];
    for text in texts {
        let (_, steps) = parse_counted(&text);
        assert!(steps <= 64 * text.len() + 1000, "{:?}…: {steps} for {}", text.get(..20), text.len());
    }
}
