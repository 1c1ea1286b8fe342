//! What the executor says to the script's own standard error.

use std::{io, os::fd::AsFd};

use crate::diagnostic::visible;

/// One line: what it is about, as the text names it, and what is wrong with it. Nobody waits for it to arrive.
pub(super) fn say(to: impl AsFd, subject: &str, what: &str) {
    let line = format!("stockade: `{}`: {what}\n", visible(subject));
    let mut rest = line.as_bytes();
    while let Ok(count @ 1..) = rustix::io::write(&to, rest) {
        rest = rest.get(count..).unwrap_or_default();
    }
}

/// The kernel's words for an error, lower case and without the number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_said_in_words() {
        let said = |errno: rustix::io::Errno| reason(&errno.into());
        assert_eq!(said(rustix::io::Errno::NOENT), "no such file or directory");
        assert_eq!(said(rustix::io::Errno::BADF), "bad file descriptor");
    }

    #[test]
    fn a_name_cannot_play_with_a_terminal() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        say(&writer, "a\u{1b}[2J\nb", "is odd");
        drop(writer);
        let mut said = String::new();
        io::Read::read_to_string(&mut std::fs::File::from(reader), &mut said).unwrap();
        assert_eq!(said, "stockade: `a\\u{1b}[2J\\nb`: is odd\n");
    }
}
