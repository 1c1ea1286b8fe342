//! Entries about files: what would destroy the system or somebody's home.

use super::{
    super::inside::base_name,
    Entry,
    argv::{Invocation, Parts},
    place::is_precious,
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "remove-system",
        reason: "this removes the root, a directory of the system or a home directory with all that is in it",
        hint: "remove a directory inside the workspace by its own name, such as `rm -rf ./build`",
        refuses: &[
            &["rm", "-rf", "/"],
            &["rm", "-fr", "/"],
            &["rm", "-r", "-f", "/"],
            &["rm", "-Rf", "/"],
            &["rm", "-rfv", "/"],
            &["rm", "--recursive", "--force", "/"],
            &["rm", "--recur", "--fo", "/"],
            &["rm", "/", "-rf"],
            &["rm", "-rf", "--", "/"],
            &["rm", "-rf", "--no-preserve-root", "/"],
            &["rm", "-rf", "--no-pres", "./x"],
            &["rm", "-rf", "//"],
            &["rm", "-rf", "/."],
            &["rm", "-rf", "/*"],
            &["rm", "-rf", "/etc/"],
            &["rm", "-rf", "./build", "/usr/lib"],
            &["rm", "-rf", "/home/dev"],
            &["rm", "-rf", "~"],
            &["rm", "-rf", "~/*"],
            &["rm", "-rf", "$HOME"],
            &["rm", "-rf", "../../"],
            &["/bin/rm", "-rf", "/"],
            &["xargs", "-0", "rm", "-rf", "/"],
            &["env", "-S", "rm -rf /"],
            &["find", "/tmp", "-exec", "rm", "-rf", "/", ";"],
        ],
        passes: &[
            &["rm", "-rf", "./build"],
            &["rm", "-rf", "target", "node_modules"],
            &["rm", "-rf", "/tmp/x"],
            &["rm", "-f", "/"],
            &["rm", "--force", "a-r"],
            &["rm", "--", "-rf"],
            &["rm", "-rf", "/builds/project/etc"],
            &["grep", "rm -rf /", "x"],
            &["echo", "rm", "-rf", "/"],
            &["git", "rm", "-rf", "docs"],
        ],
        applies: removes,
    },
    Entry {
        id: "find-delete-system",
        reason: "this deletes files of the system or of a home directory wherever `find` meets them",
        hint: "start `find` inside the workspace",
        refuses: &[
            &["find", "/", "-delete"],
            &["find", "/", "-name", "*.log", "-delete"],
            &["find", "-L", "/etc", "-exec", "rm", "{}", "+"],
            &["find", "/usr/lib", "-execdir", "/bin/rm", "-f", "{}", ";"],
            &["find", "~", "-delete"],
        ],
        passes: &[
            &["find", ".", "-name", "*.pyc", "-delete"],
            &["find", "/", "-name", "x"],
            &["find", "/usr/include", "-name", "-delete.h"],
            &["find", "build", "-exec", "rm", "{}", "+"],
        ],
        applies: finds_and_deletes,
    },
    Entry {
        id: "change-owner-system",
        reason: "this changes modes or owners of the root, a directory of the system or a home directory, recursively",
        hint: "name the files inside the workspace",
        refuses: &[
            &["chmod", "-R", "777", "/"],
            &["chmod", "777", "-R", "/"],
            &["chmod", "--recursive", "a+rwx", "/etc"],
            &["chmod", "--rec", "u+s", "/usr/bin"],
            &["chown", "-R", "dev", "/"],
            &["chown", "-hR", "dev:dev", "/home"],
            &["chgrp", "-R", "dev", "/*"],
            &["setfacl", "-R", "-m", "u:dev:rwx", "/"],
        ],
        passes: &[
            &["chmod", "-R", "u+w", "./target"],
            &["chmod", "+x", "script.sh"],
            &["chmod", "777", "/"],
            &["chown", "dev", "x"],
            &["echo", "chmod", "-R", "777", "/"],
        ],
        applies: changes_owners,
    },
];

fn removes(command: &Invocation<'_>) -> bool {
    if !command.is(&["rm"]) {
        return false;
    }
    let parts = command.parts();
    is_recursive(&parts) && (parts.long("no-preserve-root") || names_precious(&parts, command))
}

fn finds_and_deletes(command: &Invocation<'_>) -> bool {
    const REMOVERS: &[&str] = &["rm", "unlink", "shred", "rmdir"];
    if !command.is(&["find"]) {
        return false;
    }
    // Starting points come first, after options such as `-L` and before the first test.
    let mut starts = command.args.iter().skip_while(|arg| matches!(arg.as_str(), "-L" | "-H" | "-P"));
    let starts = starts.by_ref().take_while(|arg| !arg.starts_with(['-', '(', '!']));
    let deletes = command.args.windows(2).any(|pair| match pair {
        [action, program] => {
            matches!(action.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir") && REMOVERS.contains(&base_name(program))
        }
        _ => false,
    });
    (deletes || command.has("-delete")) && starts.into_iter().any(|start| is_precious(start, command.cwd))
}

fn changes_owners(command: &Invocation<'_>) -> bool {
    if !command.is(&["chmod", "chown", "chgrp", "setfacl", "chattr", "chcon"]) {
        return false;
    }
    let parts = command.parts();
    is_recursive(&parts) && names_precious(&parts, command)
}

fn is_recursive(parts: &Parts<'_>) -> bool {
    parts.short('r') || parts.short('R') || parts.long("recursive")
}

fn names_precious(parts: &Parts<'_>, command: &Invocation<'_>) -> bool {
    parts.operands.iter().any(|operand| is_precious(operand, command.cwd))
}
