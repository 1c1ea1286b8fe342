//! Collects what is wrong with the files of a policy, so that one reading reports all of it.

use crate::diagnostic::{Code, Diagnostic, Severity, Span};

/// A value, the place where it is written, and the file it is written in.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Span,
    /// Index of the source.
    pub(super) file: usize,
}

impl<T> Spanned<T> {
    /// Another value from the same place.
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span, file: self.file }
    }
}

/// Takes the child's value where it has one, else the base's.
pub(super) fn over<T>(child: Option<T>, base: Option<T>) -> Option<T> {
    child.or(base)
}

/// The findings about a list of sources.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(usize, Diagnostic)>);

impl Findings {
    /// Adds a finding about one source.
    pub(super) fn add(&mut self, file: usize, finding: Diagnostic) {
        self.0.push((file, finding));
    }

    /// Adds an error about a value.
    pub(super) fn error<T>(&mut self, code: Code, about: &Spanned<T>, message: impl Into<String>, label: &str) {
        self.add(about.file, Diagnostic::error(code, message).at(about.span, label));
    }

    /// Adds an error about a value, with what to do about it.
    pub(super) fn error_with_hint<T>(
        &mut self,
        code: Code,
        about: &Spanned<T>,
        message: impl Into<String>,
        label: &str,
        hint: impl Into<String>,
    ) {
        self.add(about.file, Diagnostic::error(code, message).at(about.span, label).with_hint(hint));
    }

    /// Whether any finding is an error.
    pub(super) fn has_errors(&self) -> bool {
        self.0.iter().any(|(_, finding)| finding.severity == Severity::Error)
    }

    /// Drops findings that do not hold.
    pub(super) fn retain(&mut self, keep: impl FnMut(&(usize, Diagnostic)) -> bool) {
        self.0.retain(keep);
    }

    /// Drops the finding that a table lacks a key: the key is there and misspelt, and that is one mistake.
    pub(super) fn drop_missing(&mut self, file: usize, table: Span, key: &str) {
        let end = format!("has no `{key}`");
        let is_it = |finding: &Diagnostic| {
            matches!(finding.code, Code::MissingKey | Code::NoReason)
                && finding.message.ends_with(&end)
                && finding.primary.as_ref().is_some_and(|label| label.span == table)
        };
        self.0.retain(|(own, finding)| *own != file || !is_it(finding));
    }

    /// The findings in the order of the files and of their text.
    pub(super) fn into_sorted(mut self) -> Vec<(usize, Diagnostic)> {
        self.0.sort_by_key(|(file, finding)| (*file, finding.primary.as_ref().map(|label| label.span)));
        self.0
    }
}
