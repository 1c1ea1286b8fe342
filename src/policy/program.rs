//! The program that a rule names.

use std::path::Path;

use crate::command::ResolvedCommand;

/// A program by its name, as PATH finds it, or by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProgramName(String);

impl ProgramName {
    /// Reads a name or a path. Names are exact: neither globs nor arguments.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("an empty name names nothing");
        }
        // `[` alone is the name of test(1).
        if text.contains(['*', '?', '[', ']']) && text != "[" {
            return Err("programs are named exactly; list them one by one, or use `command`");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("a program is one word; its arguments belong in `command`");
        }
        if text.starts_with('~') {
            return Err("write the path in full, or the name alone and its directory in the policy's PATH");
        }
        if text.ends_with('/') || matches!(text, "." | "..") {
            return Err("this names a directory");
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the program is named by a path.
    pub(super) fn is_path(&self) -> bool {
        self.0.contains('/')
    }

    /// Whether this is certainly the program of a command. A name stands for what PATH finds: `/tmp/evil/ls` is not `ls`.
    /// A relative path has to be written the same way in the command. An absolute path has to be the one that is run; a
    /// link of another name to the same file is not, since programs such as busybox act by the name they are called by.
    pub(super) fn is_exactly(&self, command: &ResolvedCommand) -> bool {
        let program = &command.program;
        if !self.is_path() {
            return !program.by_path && program.name == self.0;
        }
        let path = Path::new(&self.0);
        if !path.is_absolute() {
            return program.by_path && command.argv.first() == Some(&self.0);
        }
        program.path == path || program.real == path && path.file_name() == Some(program.name.as_ref())
    }

    /// Whether this may be the program of a command: by any path, and by the name of the file behind a link.
    pub(super) fn may_be(&self, command: &ResolvedCommand) -> bool {
        let program = &command.program;
        if self.is_exactly(command) {
            return true;
        }
        if self.is_path() {
            let path = Path::new(&self.0);
            return program.path.ends_with(path) || program.real.ends_with(path) || relative_tail(path, command);
        }
        program.name == self.0 || program.real.file_name() == Some(self.0.as_ref())
    }
}

/// Whether a path such as `./x` is, without its leading dot, the end of the program's path.
fn relative_tail(path: &Path, command: &ResolvedCommand) -> bool {
    path.strip_prefix(".")
        .is_ok_and(|tail| command.program.path.ends_with(tail) || command.program.real.ends_with(tail))
}
