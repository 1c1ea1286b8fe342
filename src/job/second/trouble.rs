//! Why a script could not go on, in words.

use crate::{
    diagnostic::{Code, Span, visible},
    model::denial::Denial,
    script::Trouble,
};

/// The refusal that ends a script which cannot go on.
pub(super) fn denial(trouble: &Trouble, span: Span) -> Denial {
    let (code, reason, hint) = match trouble {
        Trouble::OptionLikeName(name) => (
            Code::OptionLikeName,
            format!("a pattern matches `{}`, which a program would take for an option", shown(name)),
            "write `./` before the pattern, or rename the file",
        ),
        Trouble::NotOneDirectory(number) => (
            Code::CwdUnusable,
            format!("`cd` takes one directory, and its operand has become {number}"),
            "put the substitution into double quotes",
        ),
        Trouble::DotPattern(pattern) => (
            Code::DotPattern,
            format!("the pattern `{}` asks for names that begin with a dot", shown(pattern)),
            "name the files one by one",
        ),
        Trouble::TooManyNames(limit) => (
            Code::TooManyNames,
            format!("a pattern matches more than {limit} names"),
            "name their directory instead, or use a narrower pattern",
        ),
        Trouble::NameNotText(name) => (
            Code::PathNotText,
            format!("a pattern matches `{}`, whose name is not valid UTF-8", shown(name)),
            "rename the file, or use a pattern that does not match it",
        ),
        Trouble::OutputTooLong(limit) => (
            Code::OutputTooLong,
            format!("the output of a substitution is longer than {limit} bytes"),
            "write it to a file, or take less of it",
        ),
        Trouble::OutputNotText => (
            Code::OutputNotText,
            "the output of a substitution is not text that an argument could hold".to_owned(),
            "write it to a file",
        ),
        Trouble::OutputPattern(character) => (
            Code::OutputPattern,
            format!("the output of a substitution holds `{character}`, which outside quotes is a part of a pattern"),
            "put the substitution into double quotes",
        ),
        Trouble::ValueSplits(name) => (
            Code::Variable,
            format!("the value of `${}` can split into several words or match names of files", shown(name)),
            "quote it: put double quotes around it",
        ),
        Trouble::System(what) => (
            Code::ScriptFailed,
            format!("the system refused what the script needs: {}", shown(what)),
            "the policy's limits on processes, files or memory may be too narrow",
        ),
    };
    Denial::new(code, reason).with_hint(hint).at(span)
}

/// The refusal that ends a script of which a process could not even ask.
pub(super) fn unasked(error: &std::io::Error) -> Denial {
    Denial::new(Code::ScriptFailed, format!("the system refused what the script needs: {error}"))
        .with_hint("the policy's limits on processes, files or memory may be too narrow")
}

/// Text from inside the sandbox, made fit to be shown and not too long.
fn shown(text: &str) -> String {
    visible(text).chars().take(LONGEST).collect()
}

const LONGEST: usize = 200;
