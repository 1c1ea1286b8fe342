//! One program with its arguments, as the blocklist looks at it: wide, since it refuses.

use std::path::Path;

use super::super::inside::base_name;

/// An argument vector.
#[derive(Debug)]
pub(super) struct Invocation<'a> {
    /// The last component of the program's word.
    pub(super) name: &'a str,
    pub(super) args: &'a [String],
    pub(super) cwd: &'a Path,
}

/// The arguments by kind.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    options: Vec<&'a str>,
    pub(super) operands: Vec<&'a str>,
}

impl<'a> Invocation<'a> {
    /// The invocation of an argument vector; `None` when it is empty.
    pub(super) fn new(argv: &'a [String], cwd: &'a Path) -> Option<Self> {
        let (word, args) = argv.split_first()?;
        Some(Self { name: base_name(word), args, cwd })
    }

    /// Whether the program is one of these.
    pub(super) fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name)
    }

    /// Whether an argument is exactly this one.
    pub(super) fn has(&self, argument: &str) -> bool {
        self.args.iter().any(|arg| arg == argument)
    }

    /// Options and operands as getopt(3) of the GNU C library tells them apart: in any order, all operands after `--`.
    pub(super) fn parts(&self) -> Parts<'a> {
        let mut parts = Parts { options: Vec::new(), operands: Vec::new() };
        let mut args = self.args.iter().map(String::as_str);
        for arg in args.by_ref() {
            match arg {
                "--" => break,
                "-" => parts.operands.push(arg),
                _ if arg.starts_with('-') => parts.options.push(arg),
                _ => parts.operands.push(arg),
            }
        }
        parts.operands.extend(args);
        parts
    }
}

impl Parts<'_> {
    /// Whether a short option stands alone or in a cluster.
    pub(super) fn short(&self, letter: char) -> bool {
        self.options.iter().any(|option| !option.starts_with("--") && option.contains(letter))
    }

    /// Whether a long option is given, in full or as any beginning of its name, with or without a value.
    pub(super) fn long(&self, name: &str) -> bool {
        self.options.iter().any(|option| {
            let given = option.strip_prefix("--").and_then(|option| option.split('=').next());
            given.is_some_and(|given| !given.is_empty() && name.starts_with(given))
        })
    }
}
