//! What the numbers 0 to 9 stand for while a command is being prepared.
//!
//! The table is a plan: nothing is connected until the command's own process installs it, so a builtin can have
//! redirections and lose them again. All that the executor holds for itself has a number of 10 or more and is closed on
//! exec, so that a number that the script did not open is open to nobody.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    rc::Rc,
};

use crate::sys::descriptor;

/// Numbers that a script can speak of.
pub(super) const NUMBERS: u8 = 10;

/// Whether a number is open, for each of [`NUMBERS`].
pub(super) type Open = [bool; NUMBERS as usize];

/// What a number stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slot<F> {
    /// What that number is in this process.
    Inherited(u8),
    Opened(Rc<F>),
    Closed,
}

#[derive(Debug)]
pub(super) struct Table<F>([Slot<F>; NUMBERS as usize]);

/// The number is not open.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotOpen;

impl<F> Table<F> {
    /// Everything as it is in this process.
    pub(super) fn new(open: &Open) -> Self {
        let mut numbers = 0..NUMBERS;
        Self(open.map(|open| numbers.next().filter(|_| open).map_or(Slot::Closed, Slot::Inherited)))
    }

    pub(super) fn open(&mut self, number: u8, file: F) -> Result<(), NotOpen> {
        self.put(number, Slot::Opened(Rc::new(file)))
    }

    pub(super) fn close(&mut self, number: u8) -> Result<(), NotOpen> {
        self.put(number, Slot::Closed)
    }

    /// Makes a number what another one is now.
    pub(super) fn copy(&mut self, from: u8, to: u8) -> Result<(), NotOpen> {
        let slot = match self.slot(from) {
            Some(Slot::Inherited(number)) => Slot::Inherited(*number),
            Some(Slot::Opened(file)) => Slot::Opened(Rc::clone(file)),
            Some(Slot::Closed) | None => return Err(NotOpen),
        };
        self.put(to, slot)
    }

    pub(super) fn opens(&self) -> Open {
        self.0.each_ref().map(|slot| match slot {
            Slot::Inherited(_) | Slot::Opened(_) => true,
            Slot::Closed => false,
        })
    }

    fn slot(&self, number: u8) -> Option<&Slot<F>> {
        self.0.get(usize::from(number))
    }

    fn put(&mut self, number: u8, slot: Slot<F>) -> Result<(), NotOpen> {
        *self.0.get_mut(usize::from(number)).ok_or(NotOpen)? = slot;
        Ok(())
    }
}

impl Table<OwnedFd> {
    /// A descriptor of its own for what the number stands for, if it is open.
    pub(super) fn descriptor(&self, number: u8) -> io::Result<Option<OwnedFd>> {
        match self.slot(number) {
            Some(Slot::Inherited(number)) => descriptor::duplicate(*number, NUMBERS).map(Some),
            Some(Slot::Opened(file)) => internal(file.try_clone()?).map(Some),
            Some(Slot::Closed) | None => Ok(None),
        }
    }

    /// Makes this process's numbers what the table says. What one number is to become is taken before any of them changes.
    pub(super) fn install(&self) -> io::Result<()> {
        let mut changes = Vec::new();
        for (number, slot) in (0..).zip(&self.0) {
            match slot {
                Slot::Inherited(from) if *from == number => {}
                Slot::Inherited(_) | Slot::Opened(_) | Slot::Closed => {
                    changes.push((number, self.descriptor(number)?));
                }
            }
        }
        for (number, file) in changes {
            match file {
                Some(file) => descriptor::replace(file.as_fd(), number)?,
                None => descriptor::close(number),
            }
        }
        Ok(())
    }
}

/// Moves a descriptor of the executor's own out of the way of the script's numbers.
pub(super) fn internal(fd: OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, i32::from(NUMBERS))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAMS: Open = [true, true, true, false, false, false, false, false, false, false];

    fn table() -> Table<&'static str> {
        Table::new(&STREAMS)
    }

    #[test]
    fn a_copy_is_what_the_other_was_at_that_moment() {
        let mut table = table();
        table.copy(1, 2).unwrap();
        table.open(1, "f").unwrap();
        assert_eq!(table.slot(1), Some(&Slot::Opened(Rc::new("f"))));
        assert_eq!(table.slot(2), Some(&Slot::Inherited(1)));
    }

    #[test]
    fn a_later_copy_is_the_file() {
        let mut table = table();
        table.open(1, "f").unwrap();
        table.copy(1, 2).unwrap();
        assert_eq!(table.slot(2), Some(&Slot::Opened(Rc::new("f"))));
    }

    #[test]
    fn streams_can_be_exchanged() {
        let mut table = table();
        table.copy(1, 3).unwrap();
        table.copy(2, 1).unwrap();
        table.copy(3, 2).unwrap();
        table.close(3).unwrap();
        assert_eq!(table.slot(1), Some(&Slot::Inherited(2)));
        assert_eq!(table.slot(2), Some(&Slot::Inherited(1)));
        assert_eq!(table.opens(), STREAMS);
    }

    #[test]
    fn what_is_closed_cannot_be_copied() {
        let mut table = table();
        assert_eq!(table.copy(3, 1), Err(NotOpen));
        table.close(1).unwrap();
        table.close(1).unwrap();
        assert_eq!(table.copy(1, 2), Err(NotOpen));
    }

    #[test]
    fn there_are_no_more_than_ten() {
        let mut table = table();
        assert_eq!(table.open(10, "f"), Err(NotOpen));
        assert_eq!(table.copy(10, 1), Err(NotOpen));
        assert_eq!(table.copy(1, 10), Err(NotOpen));
    }
}
