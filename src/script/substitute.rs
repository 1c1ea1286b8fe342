//! `$( … )`: what a list writes, as text.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
};

use crate::sys::fork::Fork;

use super::{
    question::Trouble,
    run::Ends,
    shell::{End, Shell, Status, finish},
    streams::Table,
    tree::ListId,
};

/// The longest output of one substitution.
const MAX_OUTPUT: usize = 1 << 20;

impl Shell<'_> {
    /// Runs a list in a process of its own, with these streams where there are some, and gives what it writes to its
    /// standard output, without the newlines at its end.
    pub(super) fn substitute(&mut self, list: ListId, streams: Option<&Table<OwnedFd>>) -> Result<String, End> {
        let Ends { reader, writer } = self.pipe()?;
        let pid = match self.fork()? {
            Fork::Child => {
                drop(reader);
                finish(self.inside(list, streams, writer));
            }
            Fork::Parent(pid) => pid,
        };
        drop(writer);
        let output = read(reader);
        let output = self.broken("read a pipe", output)?;
        // Whoever writes more need not end.
        if output.len() > MAX_OUTPUT {
            return Err(self.give_up(Trouble::OutputTooLong(MAX_OUTPUT)));
        }
        // After the end of its output, which comes when the last process that could write is gone or has closed it.
        self.wait(pid)?;
        // What a signal has cut off is not judged.
        self.check()?;
        text(output).map_err(|trouble| self.give_up(trouble))
    }

    fn inside(&mut self, list: ListId, streams: Option<&Table<OwnedFd>>, output: OwnedFd) -> Status {
        if let Some(streams) = streams {
            let installed = streams.install();
            self.broken("connect the streams", installed)?;
            self.open = streams.opens();
        }
        self.take_output(&output)?;
        drop(output);
        self.list(list)
    }
}

/// One byte more than the limit at most.
fn read(from: OwnedFd) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_OUTPUT + 1).map_err(io::Error::other)?;
    File::from(from).take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(output: Vec<u8>) -> Result<String, Trouble> {
    let mut text = String::from_utf8(output).map_err(|_| Trouble::OutputNotText)?;
    if text.contains('\0') {
        return Err(Trouble::OutputNotText);
    }
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newlines_at_the_end_go() {
        assert_eq!(text(b"a\n\nb \n\n".to_vec()).unwrap(), "a\n\nb ");
        assert_eq!(text(b"\n".to_vec()).unwrap(), "");
        assert_eq!(text(b"a\r\n".to_vec()).unwrap(), "a\r");
    }

    #[test]
    fn what_is_no_text_is_trouble() {
        assert_eq!(text(b"a\0b".to_vec()), Err(Trouble::OutputNotText));
        assert_eq!(text(b"\xff".to_vec()), Err(Trouble::OutputNotText));
    }
}
