//! What the language takes, and the fields that it makes of it.

use super::{argv, parse};
use crate::command::canonical;

macro_rules! accepted {
    ($($name:ident: $text:expr => [$($field:expr),+];)*) => {
        $(#[test]
        fn $name() {
            let script = parse($text).unwrap_or_else(|error| panic!("{:?}: {error:?}", $text));
            assert_eq!(argv(&script), [$($field),+]);
        })*
    };
}

accepted! {
    plain_words: "git status --short" => ["git", "status", "--short"];
    blanks_and_tabs_around_words: " \t ls \t -l  " => ["ls", "-l"];
    lines_around_the_command: "\n \n ls -l \n\n" => ["ls", "-l"];
    single_quotes: r#"echo 'a b' '$x `y` "z" \n'"# => ["echo", "a b", r#"$x `y` "z" \n"#];
    double_quotes: r#"echo "a b" "it's" "# => ["echo", "a b", "it's"];
    double_quotes_keep_other_backslashes: r#"grep "a\.b\n" "\$HOME \`x\` \" \\""# => ["grep", r"a\.b\n", "$HOME `x` \" \\"];
    quoted_newline_and_tab: "printf 'a\n\tb' \"c\nd\"" => ["printf", "a\n\tb", "c\nd"];
    backslash_outside_quotes: r"echo a\ b \$HOME \\ \'" => ["echo", "a b", "$HOME", r"\", "'"];
    parts_join_to_one_word: r#"echo a'b'"c"\d$'e'f"# => ["echo", "abcdef"];
    empty_words: r#"echo '' "" $'' a"# => ["echo", "", "", "", "a"];
    escapes_of_one_letter: r#"p $'\n\t\r\\\'\"\a\b\e\f\v\?'"# => ["p", "\n\t\r\\'\"\u{7}\u{8}\u{1b}\u{c}\u{b}?"];
    escapes_of_digits: r"p $'\x41\102\u00e9\U0001F600\x0aff'" => ["p", "AB\u{e9}\u{1f600}\nff"];
    escapes_that_make_utf8_together: r"p $'\xc3\xa9'" => ["p", "\u{e9}"];
    escapes_of_hidden_characters: r"p $'\x1b[31m\u202e\U000E0041'" => ["p", "\u{1b}[31m\u{202e}\u{e0041}"];
    comment_after_words: "ls -l # all | of ; it" => ["ls", "-l"];
    comment_lines_around: "# first\n  # second\nls\n# third" => ["ls"];
    number_sign_inside_a_word: "echo a#b 'x'#y" => ["echo", "a#b", "x#y"];
    line_continuation_between_words: "git log \\\n  --oneline \\\n-n1" => ["git", "log", "--oneline", "-n1"];
    line_continuation_before_everything: "\\\nls" => ["ls"];
    equals_sign_in_an_argument: "dd if=/dev/zero A=b" => ["dd", "if=/dev/zero", "A=b"];
    reserved_words_as_arguments: "echo if then { } ! [[ time" => ["echo", "if", "then", "{", "}", "!", "[[", "time"];
    reserved_word_in_quotes: "'time' ls" => ["time", "ls"];
    builtins_as_arguments: "echo eval cd ." => ["echo", "eval", "cd", "."];
    builtin_by_path: "/usr/bin/cd x" => ["/usr/bin/cd", "x"];
    shell_like_programs: "[ -f Cargo.toml ]" => ["[", "-f", "Cargo.toml", "]"];
    exclamation_mark_in_words: "find . ! -name x a!b" => ["find", ".", "!", "-name", "x", "a!b"];
    braces_without_separator: "git log HEAD@{1} {} {a} }{ a{ a@{1}..b@{0}" => ["git", "log", "HEAD@{1}", "{}", "{a}", "}{", "a{", "a@{1}..b@{0}"];
    braces_in_quotes: "echo '{a,b}' \"{1..3}\" \\{a,b}" => ["echo", "{a,b}", "{1..3}", "{a,b}"];
    lone_brackets: "echo [ a[b ] x]" => ["echo", "[", "a[b", "]", "x]"];
    patterns_in_quotes: "find . -name '*.rs' -o -name \"a?[b]\" \\*" => ["find", ".", "-name", "*.rs", "-o", "-name", "a?[b]", "*"];
    tilde_inside_a_word: "ls a~ HEAD~2 '~' \\~" => ["ls", "a~", "HEAD~2", "~", "~"];
    dollar_that_means_nothing: "grep -e 'a$' \"b$\" c$ \"$ 5\" \"$.x\" d$/" => ["grep", "-e", "a$", "b$", "c$", "$ 5", "$.x", "d$/"];
    operators_in_quotes: "echo 'a|b' \"a && b; c > d\" \\; \\| a\\&b" => ["echo", "a|b", "a && b; c > d", ";", "|", "a&b"];
    other_scripts_in_arguments: "echo café 日本 'a\u{a0}b' \"👩\u{200d}💻\"" => ["echo", "café", "日本", "a\u{a0}b", "👩\u{200d}💻"];
    digits_that_are_no_descriptor: "echo 2 22 2a" => ["echo", "2", "22", "2a"];
    at_and_percent_words: "npm i @types/node %1 a:b c,d +x" => ["npm", "i", "@types/node", "%1", "a:b", "c,d", "+x"];
}

#[test]
fn spans_cover_words_with_their_quotes() {
    let text = "  echo  'a b'\\ c \"\" # d";
    let script = parse(text).unwrap();
    let command = script.commands().next().unwrap();
    let words: Vec<_> = command.words.iter().map(|word| word.span.of(text)).collect();
    assert_eq!(words, ["echo", "'a b'\\ c", "\"\""]);
    assert_eq!(command.span.of(text), "echo  'a b'\\ c \"\"");
    assert_eq!(script.text, text);
}

#[test]
fn an_empty_word_has_no_pieces() {
    let script = parse("echo ''").unwrap();
    assert!(script.commands().next().unwrap().words[1].pieces.is_empty());
}

macro_rules! printed {
    ($($name:ident: [$($field:expr),*] => $text:expr;)*) => {
        $(#[test]
        fn $name() {
            let fields: &[&str] = &[$($field),*];
            assert_eq!(canonical(&fields.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>()), $text);
        })*
    };
}

printed! {
    print_nothing: [] => "";
    print_plain_words_bare: ["git", "log", "--format=%H", "a@b", "c:d,e+f_1/2.3"] => "git log --format=%H a@b c:d,e+f_1/2.3";
    print_an_empty_field: ["echo", ""] => "echo ''";
    print_blanks_in_quotes: ["echo", "a b"] => "echo 'a b'";
    print_a_single_quote: ["echo", "it's"] => r"echo 'it'\''s'";
    print_what_shells_expand_in_quotes: ["echo", "$x", "*", "~", "{a,b}", "#", "!"] => "echo '$x' '*' '~' '{a,b}' '#' '!'";
    print_other_scripts_in_quotes: ["echo", "é"] => "echo 'é'";
    print_an_assignment_as_a_program: ["a=b", "a=b"] => "'a=b' a=b";
    print_a_reserved_word_as_a_program: ["time", "time"] => "'time' time";
    print_newlines_in_quotes: ["echo", "a\n\tb"] => "echo 'a\n\tb'";
    print_hidden_characters_as_escapes: ["echo", "a\r\n'\\\u{1b}\u{202e}\u{e0041}\u{9b}é"] => r"echo $'a\x0d\x0a\'\\\x1b\u202e\U000e0041\u009bé'";
}
