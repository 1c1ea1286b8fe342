//! A directory in which scripts run, with a judge that writes down what it is asked.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    os::{
        fd::{AsRawFd as _, BorrowedFd},
        unix::fs::{PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, setsid, waitpid};
use serde::{Deserialize, Serialize};
use stockade::{
    command::parse,
    script::{Answer, Judge, Question, Tree, run},
    sys::{
        fork::{Fork, fork},
        process::{Fate, close_from, exit_now, reset_signals},
    },
};
use tempfile::TempDir;

pub struct Stage {
    root: TempDir,
    refused: Option<usize>,
    meddler: Option<Meddler>,
    user: Option<u32>,
}

/// The number of a question, and what somebody does to the directory while it is being answered.
type Meddler = (usize, fn(&Path));

/// What became of a script.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    pub asked: Vec<Asked>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub process: u32,
    pub question: Question,
    /// Where the descriptors lead.
    pub files: Vec<String>,
}

impl Stage {
    /// A directory with some files in it.
    pub fn new() -> Self {
        let root = TempDir::new().unwrap();
        let stage = Self { root, refused: None, meddler: None, user: None };
        fs::create_dir(stage.dir()).unwrap();
        stage
    }

    /// The same, with files that patterns and redirections have something to do with.
    pub fn furnished() -> Self {
        let stage = Self::new();
        let dir = stage.dir();
        for sub in ["d", "e", "d/deep", ".hidden"] {
            fs::create_dir(dir.join(sub)).unwrap();
        }
        for file in ["a.txt", "b.txt", "B.txt", "sp ace", "d/x", "d/y", "e/x", ".dot", ".hidden/x", "d/deep/x", "é"] {
            fs::write(dir.join(file), format!("{file}\n")).unwrap();
        }
        symlink("d", dir.join("link")).unwrap();
        symlink("nothing", dir.join("dangling")).unwrap();
        stage
    }

    /// Refuses the question with this number, and none after it.
    pub fn refusing(mut self, question: usize) -> Self {
        self.refused = Some(question);
        self
    }

    /// Lets somebody change the directory while the question with this number is being answered.
    pub fn meddling(mut self, question: usize, meddle: fn(&Path)) -> Self {
        self.meddler = Some((question, meddle));
        self
    }

    /// Runs scripts as another user.
    pub fn owned_by(mut self, user: u32) -> Self {
        fs::set_permissions(self.root.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(self.dir(), fs::Permissions::from_mode(0o777)).unwrap();
        self.user = Some(user);
        self
    }

    pub fn dir(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap().join("stage")
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.dir().join(file)).unwrap()
    }

    pub fn has(&self, file: &str) -> bool {
        fs::symlink_metadata(self.dir().join(file)).is_ok()
    }

    /// Every file with what is in it.
    pub fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.dir()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let kind = fs::symlink_metadata(&path).unwrap();
                let name = path.strip_prefix(self.dir()).unwrap().to_path_buf();
                if kind.is_dir() {
                    open.push(path);
                    found.insert(name, "directory".to_owned());
                } else if kind.is_symlink() {
                    found.insert(name, format!("link to {}", fs::read_link(&path).unwrap().display()));
                } else {
                    found.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
                }
            }
        }
        found
    }

    pub fn run(&self, text: &str) -> Ran {
        self.ended(self.begin(text))
    }

    /// Runs a script and sends a signal to its group a while after it has made the file `ready`.
    pub fn signalled(&self, text: &str, after: Duration, signal: Signal) -> Ran {
        let pid = self.begin(text);
        let start = Instant::now();
        while !self.has("ready") && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(after);
        kill_process_group(pid, signal).unwrap();
        self.ended(pid)
    }

    fn begin(&self, text: &str) -> Pid {
        let script = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let programs: Vec<_> = script.commands().map(|command| program(&command.words[0].literal().unwrap())).collect();
        let tree = serde_json::to_vec(&Tree::new(&script, &programs)).unwrap();
        let tree: Tree = serde_json::from_slice(&tree).unwrap();
        for file in ["out", "err", "asked"] {
            fs::write(self.root.path().join(file), "").unwrap();
            fs::set_permissions(self.root.path().join(file), fs::Permissions::from_mode(0o666)).unwrap();
        }
        match fork().unwrap() {
            Fork::Child => exit_now(self.perform(&tree).map_or(99, i32::from)),
            Fork::Parent(pid) => Pid::from_raw(pid).unwrap(),
        }
    }

    fn ended(&self, pid: Pid) -> Ran {
        let status = wait(pid);
        let asked = fs::read_to_string(self.root.path().join("asked")).unwrap();
        let asked = asked.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Ran { status, stdout: self.written("out"), stderr: self.written("err"), asked }
    }

    fn written(&self, file: &str) -> String {
        fs::read_to_string(self.root.path().join(file)).unwrap()
    }

    /// In the new process: what the launcher does before it calls the executor.
    fn perform(&self, tree: &Tree) -> io::Result<u8> {
        let dir = self.dir();
        setsid()?;
        std::env::set_current_dir(&dir)?;
        rustix::stdio::dup2_stdin(fs::File::open("/dev/null")?)?;
        rustix::stdio::dup2_stdout(fs::OpenOptions::new().append(true).open(self.root.path().join("out"))?)?;
        rustix::stdio::dup2_stderr(fs::OpenOptions::new().append(true).open(self.root.path().join("err"))?)?;
        if let Some(user) = self.user.filter(|_| rustix::process::geteuid().is_root()) {
            nix::unistd::setuid(user.into())?;
        }
        reset_signals()?;
        close_from(3, Fate::CloseOnExec)?;
        let mut recorder = Recorder {
            log: self.root.path().join("asked"),
            refused: self.refused,
            meddler: self.meddler,
            dir: dir.clone(),
        };
        let env = [("PWD", dir.to_str().unwrap()), ("HOME", "/"), ("LC_ALL", "C.UTF-8"), ("A", "1")];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(run(tree, env, &mut recorder))
    }
}

struct Recorder {
    log: PathBuf,
    refused: Option<usize>,
    meddler: Option<Meddler>,
    dir: PathBuf,
}

impl Judge for Recorder {
    fn judge(&mut self, question: &Question, files: &[BorrowedFd<'_>]) -> io::Result<Answer> {
        let number = fs::read_to_string(&self.log)?.lines().count();
        let lead = |fd: &BorrowedFd<'_>| {
            let path = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()));
            path.map(|path| path.display().to_string())
        };
        let files = files.iter().map(lead).collect::<io::Result<_>>()?;
        let asked = Asked { process: std::process::id(), question: question.clone(), files };
        let line = format!("{}\n", serde_json::to_string(&asked)?);
        fs::OpenOptions::new().append(true).open(&self.log)?.write_all(line.as_bytes())?;
        if let Some((_, meddle)) = self.meddler.filter(|(question, _)| *question == number) {
            meddle(&self.dir);
        }
        Ok(if self.refused == Some(number) { Answer::Refused } else { Answer::Go })
    }

    fn forked(&mut self) {}
}

/// Longer than any script here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file of a program's name, if there is one.
fn program(name: &str) -> Option<PathBuf> {
    if name.contains('/') || ["cd", "exit", ":"].contains(&name) {
        return None;
    }
    ["/usr/bin", "/bin"].iter().map(|place| Path::new(place).join(name)).find(|path| path.exists())
}

/// Waits for the leader of a session, and for a while only.
fn wait(pid: Pid) -> i32 {
    let start = Instant::now();
    loop {
        if let Some((_, status)) = waitpid(Some(pid), WaitOptions::NOHANG).unwrap() {
            return status.exit_status().unwrap_or_else(|| 1000 + status.terminating_signal().unwrap_or(0));
        }
        if start.elapsed() > PATIENCE {
            let _ = kill_process_group(pid, Signal::KILL);
            panic!("the script did not end");
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
