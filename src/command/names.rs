//! Words that mean something to a shell in the place of a program's name, and names that programs may have.

use super::{cursor::Cursor, refusal::Refusal};

/// Words that a shell reads as part of its grammar when they stand unquoted in the place of a program's name
/// (bash(1), "Reserved words"; POSIX.1-2024, section 2.4).
pub(super) const RESERVED: &[(&str, Refusal)] = &[
    ("if", Refusal::ReservedWord),
    ("then", Refusal::ReservedWord),
    ("elif", Refusal::ReservedWord),
    ("else", Refusal::ReservedWord),
    ("fi", Refusal::ReservedWord),
    ("for", Refusal::ReservedWord),
    ("while", Refusal::ReservedWord),
    ("until", Refusal::ReservedWord),
    ("select", Refusal::ReservedWord),
    ("do", Refusal::ReservedWord),
    ("done", Refusal::ReservedWord),
    ("case", Refusal::ReservedWord),
    ("esac", Refusal::ReservedWord),
    ("in", Refusal::ReservedWord),
    ("function", Refusal::Function),
    ("time", Refusal::TimeKeyword),
    ("coproc", Refusal::Coprocess),
    ("[[", Refusal::ConditionalExpression),
    ("]]", Refusal::ConditionalExpression),
    ("{", Refusal::BraceGroup),
    ("}", Refusal::BraceGroup),
    ("!", Refusal::NegationInside),
];

/// The reserved word at a place where a program's name is wanted, if one stands there.
pub(super) fn reserved_at(cursor: &Cursor<'_>) -> Option<(&'static str, Refusal)> {
    let next = cursor.run(0, |c| !ends_word(c));
    let found = RESERVED.iter().copied().find(|(word, _)| *word == next)?;
    // `!(` begins a pattern.
    (next != "!" || cursor.peek_after(1) != Some('(')).then_some(found)
}

/// Whether a character ends an unquoted word.
pub(super) fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '|' | '&' | '<' | '>' | '(' | ')')
}

/// Why a first word is not the name of a program, and the part of it to quote. The word is judged without its quotes:
/// they do not change what a shell does with a builtin's name.
pub(super) fn program_refusal(name: &str) -> Option<(Refusal, String)> {
    if let Some(refusal) = builtin_refusal(name) {
        return Some((refusal, name.to_owned()));
    }
    if name == "[" {
        return None;
    }
    let Some(first) = name.chars().next() else { return Some((Refusal::ProgramEmpty, String::new())) };
    let odd = Some(first).filter(|c| !starts_name(*c)).or_else(|| name.chars().find(|c| !continues_name(*c)))?;
    Some((Refusal::ProgramName, described(odd)))
}

/// Names, beside those of `Builtin`, that a shell answers itself, without a program, or for which a program of that name cannot do the same
/// (bash(1), "Shell Builtin Commands"; dash(1), "Builtins"). `echo printf test [ pwd kill true false` are not among them:
/// programs of these names do what is wanted.
fn builtin_refusal(name: &str) -> Option<Refusal> {
    Some(match name {
        "chdir" | "pushd" | "popd" | "dirs" => Refusal::BuiltinDirectory,
        "return" | "break" | "continue" | "shift" | "logout" => Refusal::BuiltinFlow,
        "eval" | "." | "source" | "trap" | "fc" => Refusal::BuiltinCode,
        "exec" | "command" | "builtin" => Refusal::BuiltinPrefix,
        "export" | "declare" | "typeset" | "local" | "readonly" | "unset" | "let" | "getopts" | "read"
        | "readarray" | "mapfile" => Refusal::BuiltinVariable,
        "set" | "shopt" => Refusal::BuiltinOptions,
        "bg" | "fg" | "jobs" | "wait" | "disown" | "suspend" | "times" => Refusal::BuiltinJobs,
        "type" | "hash" => Refusal::BuiltinLookup,
        "alias" | "unalias" | "bind" | "caller" | "compgen" | "complete" | "compopt" | "enable" | "help"
        | "history" | "ulimit" | "umask" => Refusal::BuiltinOther,
        _ => return None,
    })
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./+@-".contains(c)
}

fn continues_name(c: char) -> bool {
    starts_name(c) || "%:,~".contains(c)
}

/// A character in words, so that look-alikes are told apart.
fn described(c: char) -> String {
    match c {
        ' ' => "a blank".to_owned(),
        '!'..='~' => format!("`{c}`"),
        c => format!("U+{:04X}", u32::from(c)),
    }
}
