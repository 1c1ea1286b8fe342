//! What the house claims of a script, against what real shells do with it and against what its own executor does. A stub
//! stands for every command and records what it was given.
//!
//! `cargo test --test oracle` runs some thousands of scripts. More, with another seed:
//!
//! ```text
//! STOCKADE_ORACLE_SCRIPTS=100000 STOCKADE_ORACLE_SEED=7 cargo test --release --test oracle
//! ```
//!
//! A text in `STOCKADE_ORACLE_TEXT` is run alone, and the claim and what came of it are printed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    clippy::exit,
    clippy::disallowed_methods,
    reason = "a harness that cannot do its work fails the test, and it starts processes of its own"
)]

mod expand;
mod generate;
mod jail;
mod model;
mod random;
mod record;
mod runner;
mod world;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use model::Claim;
use random::Random;
use runner::Runs;
use stockade::command::{Script, parse};

/// How many accepted scripts a run has unless it is told.
const SCRIPTS: u64 = 2_500;

/// How long one script may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Differences that are told one by one.
const TOLD: usize = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--outside") => {
            std::process::exit(jail::outside(Path::new(&arguments[2]), Path::new(&arguments[3])));
        }
        Some("--inside") => {
            jail::inside();
            runner::serve();
        }
        _ => compare(),
    }
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

/// What is known so far.
#[derive(Debug, Default)]
struct Tally {
    compared: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<&'static str, u64>,
    accepted: u64,
    refused: u64,
    differences: Vec<String>,
}

fn compare() {
    let scratch = tempfile::tempdir().unwrap();
    let stub = jail::build_stub(scratch.path());
    if let Ok(text) = std::env::var("STOCKADE_ORACLE_TEXT") {
        let mut jail = Jail::new(scratch.path(), &stub, 0);
        let script = parse(&text).expect("the text has to be accepted");
        let claim = model::claim(&script).expect("the claim has to cover it");
        println!("{claim:#?}");
        for (way, outcome) in jail.run(&script, &claim, &mut Tally::default()) {
            println!("{way}: status {}, {:?}\n  {:#?}", outcome.status, outcome.errors, record::events(&outcome.log));
        }
        return;
    }
    let wanted = number("STOCKADE_ORACLE_SCRIPTS").unwrap_or(SCRIPTS);
    let seed = number("STOCKADE_ORACLE_SEED").unwrap_or(1);
    let (next, done, tally) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(Tally::default()));
    let stopped = AtomicBool::new(false);
    let start = Instant::now();
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    std::thread::scope(|scope| {
        for at in 0..workers {
            let (next, done, tally, stopped, scratch, stub) = (&next, &done, &tally, &stopped, scratch.path(), &stub);
            scope.spawn(move || {
                let mut jail = Jail::new(scratch, stub, at);
                let mut own = Tally::default();
                while done.load(Ordering::Relaxed) < wanted && !stopped.load(Ordering::Relaxed) {
                    let mut random = Random::new(seed, next.fetch_add(1, Ordering::Relaxed));
                    let text =
                        if random.one_in(3) { generate::grammar(&mut random) } else { generate::soup(&mut random) };
                    if jail.check(&text, &mut own) {
                        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                        if count.is_multiple_of(5_000) {
                            println!("{count} scripts in {:.0} s", start.elapsed().as_secs_f64());
                        }
                    }
                    if own.differences.len() > TOLD {
                        stopped.store(true, Ordering::Relaxed);
                    }
                }
                tally.lock().unwrap().add(own);
            });
        }
    });
    tally.into_inner().unwrap().tell(seed, start.elapsed());
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (mine, theirs) in [(&mut self.compared, other.compared), (&mut self.skipped, other.skipped)] {
            theirs.into_iter().for_each(|(name, count)| *mine.entry(name).or_default() += count);
        }
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.differences.extend(other.differences);
    }

    fn skip(&mut self, why: &'static str) {
        *self.skipped.entry(why).or_default() += 1;
    }

    fn tell(&self, seed: u64, took: Duration) {
        let rate = self.accepted as f64 / took.as_secs_f64();
        println!("oracle: seed {seed}, {:.1} s, {rate:.0} scripts a second", took.as_secs_f64());
        println!("{:>9} refused by the parser\n{:>9} accepted", self.refused, self.accepted);
        self.compared.iter().for_each(|(way, count)| println!("{count:>9} compared: {way}"));
        self.skipped.iter().for_each(|(why, count)| println!("{count:>9} not compared: {why}"));
        println!("{:>9} differences", self.differences.len());
        self.differences.iter().take(TOLD).for_each(|difference| println!("\n{difference}"));
        assert!(self.differences.is_empty(), "the claim and what runs differ");
    }
}

/// A jail and the process that runs scripts in it.
struct Jail {
    root: PathBuf,
    stub: PathBuf,
    process: Child,
}

impl Jail {
    fn new(scratch: &Path, stub: &Path, at: usize) -> Self {
        let root = scratch.join(format!("root-{at}"));
        std::fs::create_dir_all(&root).unwrap();
        let process = Self::start(&root, stub);
        Self { root, stub: stub.to_owned(), process }
    }

    fn start(root: &Path, stub: &Path) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--outside").arg(root).arg(stub).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Compares a text all ways. Whether it was compared at all.
    fn check(&mut self, text: &str, tally: &mut Tally) -> bool {
        let Ok(script) = parse(text) else {
            tally.refused += 1;
            return false;
        };
        let claim = match model::claim(&script) {
            Ok(claim) => claim,
            Err(why) => {
                tally.skip(why);
                return false;
            }
        };
        tally.accepted += 1;
        for (way, outcome) in self.run(&script, &claim, tally) {
            *tally.compared.entry(way).or_default() += 1;
            if let Some(difference) = record::difference(&claim, &outcome) {
                tally.differences.push(format!("{way}\n  text    {text:?}\n{difference}"));
            }
        }
        true
    }

    fn run(&mut self, script: &Script, claim: &Claim, tally: &mut Tally) -> Vec<(&'static str, runner::Outcome)> {
        let (original, canonical) = (script.text.as_str(), script.canonical());
        let mut ways = vec![("bash, the text", Runs::Bash, original), ("the executor", Runs::Executor, original)];
        if canonical != original {
            ways.push(("bash, canonical", Runs::Bash, &canonical));
        }
        for (way, text) in [("dash, the text", original), ("dash, canonical", &canonical)] {
            match claim.not_dash.or_else(|| bash_only(text)) {
                Some(why) => tally.skip(why),
                None if text == original && way == "dash, canonical" => {}
                None => ways.push((way, Runs::Dash, text)),
            }
        }
        ways.into_iter().map(|(way, runs, text)| (way, self.ask(runs, text, &claim.names))).collect()
    }

    fn ask(&mut self, runs: Runs, text: &str, names: &[String]) -> runner::Outcome {
        let stdin = self.process.stdin.as_mut().unwrap();
        runner::send(stdin, runs, text, names).expect("the jail ended; what it said stands above");
        let stdout = self.process.stdout.as_mut().unwrap();
        let mut fds = [rustix::event::PollFd::new(&*stdout, rustix::event::PollFlags::IN)];
        let patience = rustix::event::Timespec { tv_sec: PATIENCE.as_secs().try_into().unwrap(), tv_nsec: 0 };
        if rustix::event::poll(&mut fds, Some(&patience)).unwrap() > 0 {
            return runner::receive(stdout).expect("the jail ended; what it said stands above");
        }
        // The namespace ends with its first process, and that with its parent.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = Self::start(&self.root, &self.stub);
        runner::Outcome { status: -2, errors: "took too long".to_owned(), ..Default::default() }
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Whether it ended well shows in what it was asked.
        let _ = self.process.wait();
    }
}

/// A form of the text that dash does not have.
fn bash_only(text: &str) -> Option<&'static str> {
    let forms = [("$'", "dash has no $'…'"), ("<<<", "dash has no <<<"), ("&>", "dash has no &>")];
    forms.into_iter().find_map(|(form, why)| text.contains(form).then_some(why))
}
