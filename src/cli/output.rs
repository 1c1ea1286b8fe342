//! Printing. Standard output is data, standard error is talk. A reader who goes away ends the program quietly; data that
//! cannot be written otherwise is a failure. Talk that nobody hears is none.

use std::{
    error::Error,
    io::{self, IsTerminal as _, Write},
};

use crate::{
    diagnostic::{Diagnostic, Format, Source, render},
    model::denial::Denial,
    service::SetupError,
};

use super::exit::Exit;

/// Where a subcommand writes.
pub(super) struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    color: bool,
    /// Why data could not be written. Nothing more is tried then.
    broken: Option<io::Error>,
}

impl Printer {
    /// Writes to the process's own standard streams. Colour only goes to a terminal, and not when NO_COLOR is set
    /// (no-color.org).
    pub(super) fn for_process() -> Self {
        let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { out: Box::new(io::stdout()), err: Box::new(io::stderr()), color, broken: None }
    }

    /// A line of data.
    pub(super) fn data(&mut self, line: impl std::fmt::Display) {
        if self.broken.is_none() {
            self.broken = writeln!(self.out, "{line}").err();
        }
    }

    /// Data as it is.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.broken = self.out.write_all(bytes).and_then(|()| self.out.flush()).err();
        }
    }

    /// Bytes for standard error as they are: data of somebody else.
    pub(super) fn error_bytes(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.broken = self.err.write_all(bytes).and_then(|()| self.err.flush()).err();
        }
    }

    /// Whether data can no longer be written, so that making more is of no use.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// How the program ends, when everything was printed or could not be.
    pub(super) fn finish(mut self, exit: Exit) -> Exit {
        match self.broken.take() {
            None => exit,
            // As if the signal had come that other programs die of.
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Command(128 + SIGPIPE),
            Some(error) => {
                self.talk(format_args!("error: the output cannot be written: {error}"));
                Exit::Failure
            }
        }
    }

    /// A line of talk.
    pub(super) fn talk(&mut self, line: impl std::fmt::Display) {
        let _ = writeln!(self.err, "{line}");
    }

    /// Talk that is already rendered.
    pub(super) fn talk_text(&mut self, text: &str) {
        let _ = write!(self.err, "{text}");
    }

    /// An error with everything that caused it, on one line.
    pub(super) fn failure(&mut self, error: &dyn Error) -> Exit {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.talk(format_args!("error: {text}"));
        Exit::Failure
    }

    /// Findings in somebody's text.
    pub(super) fn findings<'a>(&mut self, findings: impl IntoIterator<Item = (&'a Source, &'a Diagnostic)>) {
        for (source, finding) in findings {
            let text = render(source, finding, Format::Human { color: self.color });
            self.talk_text(&text);
        }
    }

    /// A finding that no text is about.
    pub(super) fn finding(&mut self, finding: &Diagnostic) {
        self.findings([(&Source::new("", ""), finding)]);
    }

    /// Everything that keeps the house from opening.
    pub(super) fn unprepared(&mut self, error: &SetupError) -> Exit {
        self.findings(error.findings.iter().map(|(source, finding)| (source, finding)));
        Exit::Failure
    }

    /// A refusal, with the place in the command when there is one.
    pub(super) fn refusal(&mut self, command: &str, denial: &Denial) -> Exit {
        let source = Source::new("command", command);
        let finding = as_finding(denial);
        self.findings([(&source, &finding)]);
        Exit::of_denial(denial)
    }

    /// What clap has to say: help and versions are data, mistakes are talk.
    pub(super) fn usage(&mut self, error: &clap::Error) -> Exit {
        let text = if self.color { error.render().ansi().to_string() } else { error.render().to_string() };
        if error.use_stderr() {
            self.talk_text(&text);
            Exit::Usage
        } else {
            self.bytes(text.as_bytes());
            Exit::Success
        }
    }
}

/// signal(7)
const SIGPIPE: u8 = 13;

fn as_finding(denial: &Denial) -> Diagnostic {
    let by = denial.rule.as_ref().map_or_else(String::new, |rule| match &rule.at {
        Some(at) => format!(" (rule `{rule}`, {at})"),
        None => format!(" (rule `{rule}`)"),
    });
    let reason = format!("refused: {}{by}", denial.reason);
    Denial { reason, ..denial.clone() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printer(kind: io::ErrorKind) -> Printer {
        Printer { out: Box::new(Closed(kind)), err: Box::new(io::sink()), color: false, broken: None }
    }

    #[test]
    fn a_reader_who_goes_away_ends_the_program_quietly() {
        let mut printer = printer(io::ErrorKind::BrokenPipe);
        assert!(!printer.is_broken());
        printer.data("line");
        assert!(printer.is_broken());
        assert_eq!(printer.finish(Exit::Success), Exit::Command(141));
    }

    #[test]
    fn data_that_is_lost_is_a_failure_whatever_came_of_the_rest() {
        let mut printer = printer(io::ErrorKind::StorageFull);
        printer.bytes(b"data");
        assert_eq!(printer.finish(Exit::Success), Exit::Failure);
    }

    #[test]
    fn what_the_audit_log_cannot_take_is_no_refusal_of_the_policy() {
        for (code, exit) in [(Code::AuditUnavailable, Exit::Failure), (Code::DeniedByRule, Exit::Refused)] {
            let denial = Denial::new(code, "because");
            assert_eq!(printer(io::ErrorKind::Other).refusal("ls", &denial), exit);
        }
    }
}
