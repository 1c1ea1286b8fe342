//! What runs scripts inside the jail, and how it is spoken to.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::{fd::BorrowedFd, unix::fs::symlink},
    path::Path,
    process::{Command, Stdio},
};

use rustix::{
    io::Errno,
    process::{WaitOptions, setsid, wait},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};
use stockade::{
    command,
    script::{Act, Answer, Judge, Question, Tree},
    sys::fork::{Fork, fork},
};

use super::world::{BASE, TREE};

/// Who runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    Bash,
    Dash,
    Executor,
}

/// What came of a script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) log: Vec<u8>,
    pub(crate) errors: String,
    /// What stands in the work directory, directories with a slash.
    pub(crate) files: Vec<String>,
}

/// Sends a script.
pub(crate) fn send(to: &mut impl io::Write, runs: Runs, text: &str, names: &[String]) -> io::Result<()> {
    let kind: u8 = match runs {
        Runs::Bash => 0,
        Runs::Dash => 1,
        Runs::Executor => 2,
    };
    let mut frame = vec![kind];
    push(&mut frame, text.as_bytes());
    push(&mut frame, names.join("\0").as_bytes());
    to.write_all(&frame)
}

/// Receives what came of one.
pub(crate) fn receive(from: &mut impl io::Read) -> io::Result<Outcome> {
    let mut status = [0; 4];
    from.read_exact(&mut status)?;
    let log = pull(from)?;
    let errors = String::from_utf8_lossy(&pull(from)?).into_owned();
    let files = String::from_utf8_lossy(&pull(from)?).split('\0').map(str::to_owned).collect();
    Ok(Outcome { status: i32::from_le_bytes(status), log, errors, files })
}

/// Runs what comes until nothing more does.
pub(crate) fn serve() {
    let (mut requests, mut replies) = (io::stdin().lock(), io::stdout().lock());
    let mut kind = [0];
    while requests.read_exact(&mut kind).is_ok() {
        let text = String::from_utf8(pull(&mut requests).unwrap()).unwrap();
        let names = String::from_utf8(pull(&mut requests).unwrap()).unwrap();
        for name in names.split('\0').filter(|name| !name.is_empty()) {
            let link = Path::new("/stub").join(name);
            if link.symlink_metadata().is_err() {
                symlink("/bin/stub", link).unwrap();
            }
        }
        let outcome = one(kind[0], &text);
        let mut frame = outcome.status.to_le_bytes().to_vec();
        push(&mut frame, &outcome.log);
        push(&mut frame, outcome.errors.as_bytes());
        push(&mut frame, outcome.files.join("\0").as_bytes());
        replies.write_all(&frame).unwrap();
        replies.flush().unwrap();
    }
}

fn one(kind: u8, text: &str) -> Outcome {
    wipe(Path::new("/w"));
    for name in TREE {
        match name.strip_suffix('/') {
            Some(name) => fs::create_dir(format!("/w/{name}")).unwrap(),
            None => fs::write(format!("/w/{name}"), "").unwrap(),
        }
    }
    fs::write("/log/out", "").unwrap();
    fs::write("/log/err", "").unwrap();
    let main = match kind {
        0 => shell(&["/bin/bash", "--norc", "--noprofile", "-c", "--", text], true),
        1 => shell(&["/bin/dash", "-c", "--", text], false),
        _ => execute(text),
    };
    let mut status = 0;
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, ended))) if pid.as_raw_nonzero().get() == main => {
                status = ended.exit_status().or_else(|| Some(1000 + ended.terminating_signal()?)).unwrap_or(-1);
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => {
                assert_eq!(errno, Errno::CHILD);
                break;
            }
        }
    }
    let mut files = Vec::new();
    list(Path::new("/w"), "", &mut files);
    files.sort();
    let errors = String::from_utf8_lossy(&fs::read("/log/err").unwrap()).into_owned();
    Outcome { status, log: fs::read("/log/out").unwrap(), errors, files }
}

fn errors() -> File {
    OpenOptions::new().append(true).open("/log/err").unwrap()
}

#[expect(clippy::zombie_processes, reason = "`one` waits for every process that there is")]
fn shell(argv: &[&str], bash: bool) -> i32 {
    let mut command = Command::new(argv[0]);
    command.args(&argv[1..]).env_clear().envs(BASE).current_dir("/w");
    if bash {
        command.env("BASH_ENV", "/bash-env");
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors()).spawn().unwrap();
    i32::try_from(child.id()).unwrap()
}

/// Runs the house's own executor in a process of its own.
fn execute(text: &str) -> i32 {
    let script = command::parse(text).unwrap();
    let program = |command: &command::SimpleCommand| match command.builtin() {
        Some(_) => None,
        None => Some(Path::new("/stub").join(command.words[0].literal().unwrap())),
    };
    let programs: Vec<_> = script.commands().map(program).collect();
    let tree = Tree::new(&script, &programs);
    match fork().unwrap() {
        Fork::Parent(pid) => pid,
        Fork::Child => {
            setsid().unwrap();
            dup2_stdin(File::open("/dev/null").unwrap()).unwrap();
            dup2_stdout(OpenOptions::new().write(true).open("/dev/null").unwrap()).unwrap();
            dup2_stderr(errors()).unwrap();
            std::env::set_current_dir("/w").unwrap();
            let env: BTreeMap<_, _> =
                BASE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let status = stockade::script::run(&tree, env, &mut Yes);
            std::process::exit(i32::from(status))
        }
    }
}

/// Says yes to everything.
struct Yes;

impl Judge for Yes {
    fn judge(&mut self, question: &Question, _files: &[BorrowedFd<'_>]) -> io::Result<Answer> {
        if let Act::GiveUp(trouble) = &question.act {
            writeln!(io::stderr(), "gave up: {trouble:?}")?;
            return Ok(Answer::Refused);
        }
        Ok(Answer::Go)
    }

    fn forked(&mut self) {}
}

fn wipe(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
}

fn list(dir: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), files);
            files.push(format!("{name}/"));
        } else {
            files.push(name);
        }
    }
}

fn push(frame: &mut Vec<u8>, bytes: &[u8]) {
    frame.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    frame.extend(bytes);
}

fn pull(from: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
