//! One simple command: words, then variables, then streams, then the act.

use std::{
    collections::BTreeMap,
    ffi::CString,
    io,
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{FileType, OFlags, fstat},
    io::Errno,
};

use super::{
    exec::{exec, is_script},
    file::find,
    message::{reason, say},
    question::Act,
    shell::{End, Shell, Status},
    signals,
    streams::Table,
    tree::{Simple, Work},
};

/// What one string of an argument vector or environment can hold, with its end (`MAX_ARG_STRLEN`, execve(2)).
const MAX_STRING: usize = 128 << 10;
/// What all of them can hold together, which is below what the kernel takes with the usual limit of the stack, so that a
/// question is never about a program that could not start.
const MAX_STRINGS: usize = 1 << 20;

/// The shells' status for a program that is not there.
const NOT_FOUND: u8 = 127;
/// And for one that is there and cannot be executed.
const NOT_EXECUTABLE: u8 = 126;

/// What a command has become when its words and streams are known.
pub(super) struct Ready {
    /// What each word has become.
    pub(super) fields: Vec<Vec<String>>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) streams: Table<OwnedFd>,
}

impl Ready {
    /// The argument vector.
    pub(super) fn argv(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().flatten().map(String::as_str)
    }

    /// Says something where the command would.
    pub(super) fn say(&self, subject: &str, what: &str) {
        complain(&self.streams, subject, what);
    }
}

/// Says something at a command's standard error, if it has one.
pub(super) fn complain(streams: &Table<OwnedFd>, subject: &str, what: &str) {
    if let Ok(Some(stderr)) = streams.descriptor(2) {
        say(stderr, subject, what);
    }
}

impl Shell<'_> {
    /// Runs a command that is no member of a longer pipeline: what changes this process is done in it.
    pub(super) fn alone(&mut self, simple: &Simple) -> Status {
        match simple.work {
            Work::Cd | Work::Exit | Work::Null => self.simple(simple),
            Work::Program(_) | Work::Named => self.apart(|shell| shell.simple(simple)),
        }
    }

    /// Runs a command in this process, which becomes its program if nothing runs beside it.
    pub(super) fn simple(&mut self, simple: &Simple) -> Status {
        self.check()?;
        self.current = simple.index;
        let status = self.expanded(simple);
        if status != Err(End::Stop) {
            self.leave_beside()?;
        }
        status
    }

    fn expanded(&mut self, simple: &Simple) -> Status {
        let fields = self.fields(&simple.words)?;
        let mut variables = Vec::new();
        for (name, value) in &simple.assignments {
            variables.push((name.clone(), self.text(value)?));
        }
        let Some(streams) = self.redirect(&simple.redirections)? else { return Ok(1) };
        let ready = Ready { fields, variables, streams };
        match &simple.work {
            Work::Cd => self.cd(&ready),
            Work::Exit => self.exit(&ready),
            Work::Null => Ok(0),
            Work::Program(path) => self.with_beside(|shell| shell.program(path, ready)),
            Work::Named => self.with_beside(|shell| shell.named(ready)),
        }
    }

    /// Runs the program that the first word is a path to. A plain name is not looked for in the working directory.
    fn named(&mut self, ready: Ready) -> Status {
        let name = ready.argv().next().unwrap_or_default().to_owned();
        if name.contains('/') {
            return self.program(Path::new(&name), ready);
        }
        ready.say(&name, "there is no such program");
        Ok(NOT_FOUND)
    }

    fn program(&mut self, path: &Path, ready: Ready) -> Status {
        let Some(name) = ready.argv().next() else { return Ok(0) };
        let found = self.strings(&ready).and_then(|strings| Ok((strings, program(path)?)));
        let ((argv, env), (program, script)) = match found {
            Ok(found) => found,
            Err(error) => {
                ready.say(name, &reason(&error));
                return Ok(not_executed(&error));
            }
        };
        let here = find(".", OFlags::DIRECTORY);
        let here = self.broken("open the working directory", here)?;
        let act = Act::Execute { fields: ready.fields, variables: ready.variables };
        let name = argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.ask(act, &[program.as_fd(), here.as_fd()])?;
        let installed = ready.streams.install();
        self.broken("connect the streams", installed)?;
        // For the program, which would inherit it that they are held back.
        let released = signals::release();
        self.broken("release signals", released)?;
        let Err(error) = exec(path, &program, script, &argv, &env);
        // The numbers are what they were to become by now.
        complain(&Table::new(&ready.streams.opens()), &name, &reason(&error));
        Ok(not_executed(&error))
    }

    /// The argument vector, and the environment: the script's, then the command's own variables, the later ones over the
    /// earlier.
    fn strings(&self, ready: &Ready) -> io::Result<(Vec<CString>, Vec<CString>)> {
        let own = ready.variables.iter().map(|(name, value)| (name, value));
        let all: BTreeMap<_, _> = self.env.iter().chain(own).collect();
        let lines: Vec<_> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut room = MAX_STRINGS;
        Ok((strings(ready.argv(), &mut room)?, strings(lines.iter().map(String::as_str), &mut room)?))
    }
}

/// Opens a program, and says whether it is a script.
fn program(path: &Path) -> io::Result<(OwnedFd, bool)> {
    let file = find(path, OFlags::empty())?;
    let kind = FileType::from_raw_mode(fstat(&file)?.st_mode);
    if kind == FileType::Directory {
        return Err(Errno::ISDIR.into());
    }
    if kind != FileType::RegularFile {
        // As execve(2) says. To look into one is an act: it takes what a pipe holds away from its reader.
        return Err(Errno::ACCESS.into());
    }
    let script = is_script(&file)?;
    Ok((file, script))
}

/// As the kernel takes them, if there is room for them.
fn strings<'s>(texts: impl Iterator<Item = &'s str>, room: &mut usize) -> io::Result<Vec<CString>> {
    let string = |text: &str| {
        // Each costs its bytes, its end and its address.
        *room = room.checked_sub(text.len() + 1 + size_of::<usize>()).ok_or(Errno::TOOBIG)?;
        if text.len() < MAX_STRING { Ok(CString::new(text)?) } else { Err(Errno::TOOBIG.into()) }
    };
    texts.map(string).collect()
}

fn not_executed(error: &io::Error) -> u8 {
    if Errno::from_io_error(error) == Some(Errno::NOENT) { NOT_FOUND } else { NOT_EXECUTABLE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_no_program_takes_is_refused_before_anybody_is_asked() {
        let refused = |texts: &[String]| strings(texts.iter().map(String::as_str), &mut MAX_STRINGS.clone()).is_err();
        assert!(!refused(&["x".repeat(MAX_STRING - 1)]));
        assert!(refused(&["x".repeat(MAX_STRING)]));
        assert!(!refused(&vec!["x".repeat(1 << 16); 15]));
        assert!(refused(&vec!["x".repeat(1 << 16); 16]));
        assert!(refused(&vec![String::new(); MAX_STRINGS / 9 + 1]));
    }

    #[test]
    fn a_missing_program_has_a_status_of_its_own() {
        assert_eq!(not_executed(&Errno::NOENT.into()), 127);
        assert_eq!(not_executed(&Errno::ACCESS.into()), 126);
        assert_eq!(not_executed(&Errno::NOEXEC.into()), 126);
    }
}
