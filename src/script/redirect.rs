//! A command's redirections, from left to right.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::OwnedFd,
};

use rustix::fs::{MemfdFlags, OFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::{
    exec::reopen,
    message::reason,
    shell::{End, Shell},
    simple::complain,
    streams::{NotOpen, Table, internal},
    tree::{Redirection, Target},
};

impl Shell<'_> {
    /// What a command's numbers stand for after its redirections; none when one of them failed, which has been said. A
    /// substitution in a target sees the redirections before it.
    pub(super) fn redirect(&mut self, redirections: &[Redirection]) -> Result<Option<Table<OwnedFd>>, End> {
        let mut streams = Table::new(&self.open);
        for (at, redirection) in redirections.iter().enumerate() {
            let number = redirection.number;
            let done = match &redirection.to {
                Target::Copy(from) => {
                    let copied = streams.copy(*from, number);
                    copied.map_err(|NotOpen| (from.to_string(), "bad file descriptor".to_owned()))
                }
                Target::Close => self.placed(streams.close(number))?,
                Target::Text(word) => {
                    let text = self.text_with(word, Some(&streams))?;
                    let file = sealed(&text);
                    let file = self.broken("keep a text", file)?;
                    self.placed(streams.open(number, file))?
                }
                Target::File(access, word) => {
                    let name = self.text_with(word, Some(&streams))?;
                    match self.open(at, *access, &name)? {
                        Ok(file) => self.placed(streams.open(number, file))?,
                        Err(error) => Err((name, reason(&error))),
                    }
                }
            };
            if let Err((subject, what)) = done {
                complain(&streams, &subject, &what);
                return Ok(None);
            }
        }
        Ok(Some(streams))
    }

    /// The parser gives no number beyond the table.
    fn placed<T>(&mut self, placed: Result<(), NotOpen>) -> Result<Result<(), T>, End> {
        self.broken("redirect", placed.map_err(|NotOpen| "there is no such number")).map(Ok)
    }
}

/// A file without a name that holds the text and nothing else, ever, at its beginning and for reading.
fn sealed(text: &str) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("text", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.write_all(text.as_bytes())?;
    fcntl_add_seals(&file, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    internal(reopen(&file.into(), OFlags::RDONLY)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_from_its_start_and_never_changed() {
        let text = "é\n".repeat(40_000);
        let file = sealed(&text).unwrap();
        assert_eq!(io::read_to_string(File::from(file.try_clone().unwrap())).unwrap(), text);
        assert!(rustix::io::write(&file, b"x").is_err());
        let again = reopen(&file, OFlags::RDWR).unwrap();
        assert!(rustix::io::write(&again, b"x").is_err());
        assert!(rustix::fs::ftruncate(&again, 0).is_err());
    }
}
