//! Paths as policies write them: text that `config` resolves on a machine.

use crate::diagnostic::Code;

use super::findings::{Findings, Spanned};

/// The word that stands for the workspace roots.
pub(super) const WORKSPACE: &str = "workspace";

/// Checks paths that stand alone: absolute, or below the home directory, or the word `workspace`. Globs are allowed.
pub(super) fn check_rooted(key: &str, paths: &[Spanned<String>], findings: &mut Findings) {
    for path in paths {
        let text = path.value.as_str();
        if text == WORKSPACE || text == "~" || text.starts_with('/') || text.starts_with("~/") {
            check_plain(key, path, findings);
        } else {
            let message = format!("`{key}` has the entry `{}`", text.escape_debug());
            let hint = "write an absolute path, one that starts with `~/`, or `workspace`";
            findings.error_with_hint(Code::BadValue, path, message, "not a path that stands alone", hint);
        }
    }
}

/// Checks names that are looked up inside other places: relative, and never above where they start.
pub(super) fn check_inside(key: &str, paths: &[Spanned<String>], findings: &mut Findings) {
    for path in paths {
        let text = path.value.as_str();
        if text.starts_with(['/', '~']) || text.split('/').any(|part| part == "..") {
            let message = format!("`{key}` has the entry `{}`", text.escape_debug());
            let hint = "write a name inside a workspace root, such as `.git/hooks`";
            findings.error_with_hint(Code::BadValue, path, message, "not a name inside a workspace root", hint);
        } else {
            check_plain(key, path, findings);
        }
    }
}

/// Checks what no path may hold, and that there is one.
pub(super) fn check_plain(key: &str, path: &Spanned<String>, findings: &mut Findings) {
    let problem = if path.value.is_empty() {
        "an empty path names nothing"
    } else if path.value.chars().any(char::is_control) {
        "a path here holds no control characters"
    } else if path.value.split('/').any(|part| part == "..") && path.value.starts_with(['/', '~']) {
        "write the path without `..`"
    } else {
        return;
    };
    let message = format!("`{key}` has the entry `{}`", path.value.escape_debug());
    findings.error(Code::BadValue, path, message, problem);
}
