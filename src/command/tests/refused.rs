//! What one literal command may not hold: the code, and the exact part of the text.

use super::{check, parse, refuses};
use crate::{
    command::{MAX_TEXT, MAX_WORDS},
    diagnostic::{Diagnostic, Format, Source, render},
};

refuses! {
    empty_text: "empty-command" { "" => "", " \t\n" => " \t\n", "# only a comment" => "# only a comment" }
    carriage_return: "carriage-return" { "ls\r\n" => "\r", "echo 'a\rb'" => "\r", "ls # x\r" => "\r" }
    control_characters: "control-character" {
        "ls \u{0}" => "\u{0}", "echo '\u{1b}[31m'" => "\u{1b}", "echo \"\u{7f}\"" => "\u{7f}", "ls # \u{8}" => "\u{8}",
        "echo \u{85}" => "\u{85}", "echo \u{9b}" => "\u{9b}", "l\u{b}s" => "\u{b}", "echo \\\u{1}" => "\u{1}",
        "echo $'\u{2}'" => "\u{2}", "echo $'\\\u{2}'" => "\u{2}",
    }
    invisible_characters: "invisible-character" {
        "echo '\u{202e}'" => "\u{202e}", "echo \u{2066}" => "\u{2066}", "echo \"\u{200b}\"" => "\u{200b}",
        "\u{feff}ls" => "\u{feff}", "ls # \u{2028}" => "\u{2028}", "echo a\u{e0041}" => "\u{e0041}",
        "echo $'\u{61c}'" => "\u{61c}", "ls\u{200f}" => "\u{200f}",
    }
    invisible_blanks_outside_quotes: "invisible-blank" {
        "ls\u{a0}-l" => "\u{a0}", "echo \u{3000}" => "\u{3000}", "echo a\u{ad}b" => "\u{ad}", "echo a\u{200d}" => "\u{200d}",
        "echo \\\u{2003}" => "\u{2003}", "\u{a0}ls" => "\u{a0}",
    }
    unclosed_quotes: "unclosed-quote" {
        "echo 'a b" => "'", "echo \"a" => "\"", "echo \"a\\\"" => "\"", "echo $'a" => "$'", "echo $'a\\" => "$'",
        "echo \"a\\" => "\"", "echo 'a'\\''b" => "'",
    }
    trailing_backslash: "trailing-backslash" { "echo a \\" => "\\", "echo a\\" => "\\", "\\" => "\\" }
    line_continuation: "line-continuation" {
        "echo a\\\nb" => "\\", "echo 'a'\\\nb" => "\\", "echo \"a\\\nb\"" => "\\", "echo a \\\n" => "\\",
        "echo $'a\\\nb'" => "\\",
    }
    unknown_escapes: "bad-escape" {
        r"p $'\c'" => r"\c", r"p $'\x4'" => r"\x", r"p $'\1'" => r"\1", r"p $'\400'" => r"\400", r"p $'\u12'" => r"\u",
        r"p $'\ud800'" => r"\ud800", r"p $'\U00110000'" => r"\U00110000", r"p $'\0'" => r"\0", r"p $'\E'" => r"\E",
        r"p $'\x{41}'" => r"\x", "p $'\\é'" => "\\é",
    }
    escapes_of_zero: "escape-nul" { r"p $'\x00'" => r"\x00", r"p $'a\000'" => r"\000", r"p $'\u0000'" => r"\u0000" }
    escapes_outside_unicode: "escape-not-unicode" { r"p a$'\xff'" => r"$'\xff'", r"p $'\xc3'$'\xa9'" => r"$'\xc3'" }
    locale_quotes: "locale-quote" { "echo $\"a\"" => "$\"" }

    parameter_operators: "parameter-operator" {
        "echo ${x:-y}" => "${x:-y}", "echo ${x@P}" => "${x@P}", "echo ${!x}" => "${!x}", "echo \"${x//a/b}\"" => "${x//a/b}",
        "echo ${#x}" => "${#x}", "echo ${x[1]}" => "${x[1]}", "echo ${x" => "${x", "echo ${}" => "${}",
        "echo ${x:=$(y)}" => "${x:=$(y)}",
    }
    special_parameters: "special-parameter" {
        "echo $?" => "$?", "echo $$" => "$$", "echo \"$@\"" => "$@", "echo $*" => "$*", "echo $#" => "$#", "echo $1" => "$1",
        "echo $!" => "$!", "echo $-" => "$-", "echo $_" => "$_", "echo ${1}" => "${1}", "echo ${10}" => "${10}",
        "echo ${@}" => "${@}", "echo $0" => "$0",
    }
    arithmetic_expansions: "arithmetic-expansion" { "echo $((1+1))" => "$((", "echo \"$[1]\"" => "$[" }
    process_substitutions: "process-substitution" { "cat<(ls)" => "<(", "<(ls) cat" => "<(" }
    odd_dollars: "dollar-form" { "echo $é" => "$", "echo \"$'a'\"" => "$", "echo $\\x" => "$", "echo \"$`x`\"" => "$" }
    globs: "glob" {
        "ls [a\"]\"" => "[a\"]", "ls []" => "[]", "ls a[\\]" => "[\\]",
    }
    extended_globs: "extended-glob" {
        "ls @(a|b)" => "@(", "ls +(a)" => "+(", "ls !(a)" => "!(", "ls *(a)" => "*(", "ls ?(a)" => "?(", "!(a)" => "!(",
    }
    brace_expansions: "brace-expansion" { "{a,b}" => "{a,b}", "x{1..3} y" => "{1..3}", "echo {'a,b'..c}" => "{'a,b'..c}" }
    tildes: "tilde" {
        "ls ~user" => "~", "make A=~/x" => "~", "x a:~" => "~", "x --a=\"\"~" => "~",
        "x ~+" => "~",
    }

    empty_program_name: "program-name" { "'' x" => "''", "$'' x" => "$''" }
    odd_program_names: "program-name" {
        "'a=b' c" => "'a=b'", "l\u{0455} -l" => "l\u{0455}", "'a b'" => "'a b'", "a\"$ \"" => "a\"$ \"", "!x" => "!x",
        ",x" => ",x", "a{}" => "a{}", "^a" => "^a", "1=2 x" => "1=2", "a\\nb\\;" => "a\\nb\\;", "[x y" => "[x",
        "$'l\\ns'" => "$'l\\ns'",
    }
    reserved_words: "reserved-word" {
        "if true; then ls; fi" => "if", "for x in a; do ls; done" => "for", "while ls; do x; done" => "while",
        "until x" => "until", "case x in y) ;; esac" => "case", "select x" => "select", "do" => "do", "done" => "done",
        "then" => "then", "fi" => "fi", "esac" => "esac", "elif" => "elif", "else" => "else", "in x" => "in",
        "if;" => "if", "\n if [ -f x ]" => "if",
    }
    time_keyword: "time-keyword" { "time ls" => "time", "time" => "time" }
    conditional_expression: "conditional-expression" { "[[ -f x ]]" => "[[" }
    functions: "function-definition" { "f() { ls; }" => "f()", "f () { ls; }" => "f ()", "function f { ls; }" => "function" }
    coprocess: "coprocess" { "coproc ls" => "coproc" }
        brace_groups: "brace-group" { "{ ls; }" => "{", "}" => "}" }
    arithmetic_commands: "arithmetic-command" { "((1+1))" => "((" }
    parentheses: "unexpected-parenthesis" {
        ")" => ")", "ls )" => ")", "echo a(b)" => "(", "ls (a)" => "(", "find . ( -name x )" => "(", "echo a=(b)" => "(",
    }

    directory_builtins: "shell-builtin" { "pushd x" => "pushd", "dirs" => "dirs" }
    script_builtins: "shell-builtin" { "return" => "return", "break" => "break" }
    code_builtins: "shell-builtin" { "eval ls" => "eval", ". x" => ".", "source x" => "source", "trap x EXIT" => "trap" }
    prefix_builtins: "shell-builtin" { "exec ls" => "exec", "command ls" => "command", "builtin cd" => "builtin" }
    variable_builtins: "shell-builtin" {
        "export A=b" => "export", "declare -x A" => "declare", "typeset a" => "typeset", "unset A" => "unset",
        "read x" => "read", "local a" => "local", "readonly a" => "readonly",
    }
    option_builtins: "shell-builtin" { "set -euo pipefail" => "set", "shopt -s x" => "shopt" }
    job_builtins: "shell-builtin" { "wait" => "wait", "fg" => "fg", "jobs" => "jobs" }
    lookup_builtins: "shell-builtin" { "type ls" => "type", "hash -r" => "hash" }
    other_builtins: "shell-builtin" {
        "alias a=b" => "alias", "ulimit -n 1" => "ulimit", "umask 0" => "umask", "enable x" => "enable", "history" => "history",
    }
    quoted_builtins: "shell-builtin" { "'eval' ls" => "'eval'", "\\eval ls" => "\\eval", "e\"va\"l x" => "e\"va\"l", "$'set' x" => "$'set'" }

    assignments: "assignment" { "A=b" => "A=", "A=" => "A=", "A=b B=c" => "A=", "A=$(ls)" => "A=", "A=b; c" => "A=" }
    append_assignments: "append-assignment" { "A+=b" => "A+=", "A+=b c" => "A+=" }
    array_assignments: "array-assignment" { "A=(a b)" => "A=(", "A[1]=b" => "A[1]", "A[$(x)]+=b" => "A[$(x)]" }

    pipes_of_both_streams: "pipe-both" { "ls |& wc" => "|&" }
    background: "background" { "sleep 9 &" => "&", "a & b" => "&", "a&b" => "&" }

    descriptor_numbers: "descriptor-number" { "ls 10>f" => "10>", "echo 55555555555555555555<&-" => "55555555555555555555<&" }
    named_descriptors: "named-descriptor" { "ls {fd}>f" => "{fd}", "{v}<f" => "{v}" }
    the_first_refusal_wins: "backtick" { "ls | a `\\\\x` > 'y" => "\\" }
}

#[test]
fn text_at_the_limit_is_taken_and_over_it_refused() {
    let text = format!("echo {}", "a".repeat(MAX_TEXT - 5));
    assert!(parse(&text).is_ok());
    check(&format!("{text}b"), "text-too-long", "b");
    check(&format!("echo {}é", "a".repeat(MAX_TEXT - 6)), "text-too-long", "é");
}

#[test]
fn words_at_the_limit_are_taken_and_over_it_refused() {
    let text = "a ".repeat(MAX_WORDS);
    assert!(parse(&text).is_ok());
    check(&format!("{text}b c"), "too-many-words", "b");
}

#[test]
fn hints_fit_the_construct() {
    let rows = [
        ("ls |& wc", "2>&1 |"),
        ("cd", "`cwd`"),
        ("pushd x", "`cd`"),
        ("{ a; }", "( … )"),
        ("echo `a \\\\b`", "$( … )"),
        ("A=b", "before the command"),
        ("export A=b", "`env`"),
        ("sleep 1 &", "a job of its own"),
        ("echo $'\\c'", "\\xHH"),
        ("time ls", "/usr/bin/time"),
    ];
    for (text, part) in rows {
        let hint = parse(text).unwrap_err().hint;
        assert!(hint.contains(part), "{text}: {hint}");
    }
}

#[test]
fn messages_name_what_was_found() {
    let rows = [
        ("ls\r", "the command holds a carriage return: a windows line ending"),
        ("echo \u{1b}", "the command holds the control character U+001B"),
        ("'eval' x", "`eval` makes a shell read text as commands, which is refused for good"),
        ("l\u{0455}", "a program's name may not hold U+0455"),
        ("'a b'", "a program's name may not hold a blank"),
        ("echo ${x@P}", "`${x@P}` computes a value from a variable, which is not part of the language"),
    ];
    for (text, message) in rows {
        assert_eq!(parse(text).unwrap_err().message, message);
    }
}

#[test]
fn a_refusal_renders_with_caret_and_hint() {
    let text = "cargo test |& tail";
    let finding = Diagnostic::from(parse(text).unwrap_err());
    let shown = render(&Source::new("command", text), &finding, Format::Human { color: false });
    insta::assert_snapshot!(shown, @r"
    error[pipe-both]: `|&` is not part of the language
     --> command:1:12
      |
    1 | cargo test |& tail
      |            ^^
      |
      = hint: write `2>&1 |`
    ");
}
