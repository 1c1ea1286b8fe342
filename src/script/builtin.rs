//! What a script does without a program: `cd` and `exit`. (`:` does nothing.)

use std::os::fd::AsFd as _;

use rustix::{
    fs::OFlags,
    process::{fchdir, getcwd},
};

use super::{
    file::find,
    message::reason,
    question::{Act, Trouble},
    shell::{End, Shell, Status},
    simple::Ready,
};

const FAILED: u8 = 1;

impl Shell<'_> {
    /// `cd`: changes this process's directory. A name is followed as the kernel follows it, so that what is judged and what
    /// is entered are one: after `cd link` the parent is that of the real directory (in bash: `cd -P`).
    pub(super) fn cd(&mut self, ready: &Ready) -> Status {
        // The parser sees to it that there is one word. What a substitution makes of it can still be something else, which
        // shells take in different ways.
        let mut names = ready.argv().skip(1);
        let (Some(name), None) = (names.next(), names.next()) else {
            return Err(self.give_up(Trouble::NotOneDirectory(ready.argv().skip(1).count())));
        };
        if name.starts_with('-') {
            return Err(self.give_up(Trouble::OptionLikeName(name.to_owned())));
        }
        self.enter(name, ready)
    }

    fn enter(&mut self, name: &str, ready: &Ready) -> Status {
        let directory = match find(name, OFlags::DIRECTORY) {
            Ok(directory) => directory,
            Err(error) => {
                ready.say(name, &reason(&error));
                return Ok(FAILED);
            }
        };
        self.ask(Act::Enter { name: name.to_owned() }, &[directory.as_fd()])?;
        if let Err(errno) = fchdir(&directory) {
            ready.say(name, &reason(&errno.into()));
            return Ok(FAILED);
        }
        self.set_pwd();
        Ok(0)
    }

    /// Keeps `PWD` true where the environment has it. A path that is no text has no place in it.
    fn set_pwd(&mut self) {
        if self.env.remove("PWD").is_some()
            && let Some(path) = getcwd(Vec::new()).ok().and_then(|path| path.into_string().ok())
        {
            self.env.insert("PWD".to_owned(), path);
        }
    }

    /// `exit`: ends this process with a status, which without an operand is that of the command before.
    pub(super) fn exit(&mut self, ready: &Ready) -> Status {
        match ready.argv().nth(1).map(str::parse) {
            None => Err(End::Exit(self.last)),
            // The parser takes no other.
            Some(code) => Err(End::Exit(self.broken("exit", code)?)),
        }
    }
}
