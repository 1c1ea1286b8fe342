//! `stockade run`: one job in the foreground.

mod feed;
mod interrupt;
mod json;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    command,
    job::{Follower, Haste, JobView, Output},
    model::{
        ids::{ExecId, JobId},
        outcome::{ExitStatus, Reason},
        request::{Principal, Request, Via},
        size::TimeSpan,
    },
    service::{Stockade, own_principal, prepare},
};

use super::{chosen::Chosen, exit::Exit, output::Printer, serve::block_on};

use self::{feed::Unfed, interrupt::Interrupts};

/// Run one command in the foreground: same policy, same sandbox, same log
///
/// Output comes as the command writes it, all of it: a command that writes faster than its reader reads is held up. An
/// interrupt ends the command, a second one at once. The exit code is the command's own; 126 when it or its input is
/// refused, 124 when it ran into a time limit, 125 when Stockade itself failed, 128 and the number when a signal ended it.
///
/// Standard input reaches the command where the rules that allow it grant input; elsewhere the command reads nothing.
///
/// A script is one word, quoted for your own shell: pipes, `&& || ;`, redirections, here-documents, patterns, `$( )` and `cd`
/// run as a shell would run them. Loops, functions, variables of the script and `&` are refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade run -- ls -l
  stockade run --policy developer -- cargo test
  stockade run --policy developer -- 'cd service && make 2>&1 | tail -20'
  stockade run --policy ./team.toml --cwd service -- make -j2
  stockade run --json -- 'git log --oneline -n 3'")]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// The directory to start in, inside a workspace root
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Set an environment variable that the policy lets clients set
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = assignment)]
    env: Vec<(String, String)>,
    /// End the command after this time, such as `90s`; the policy's limit holds all the same
    #[arg(long, value_name = "TIME")]
    timeout: Option<TimeSpan>,
    /// Print one JSON object about the whole run instead of the output as it comes; of long output, the end is kept
    #[arg(long)]
    json: bool,
    /// The words of one command, or one word that holds a whole script
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// One word is text in the command language; several are the words of one command.
pub(super) fn command_text(words: &[String]) -> String {
    match words {
        [text] => text.clone(),
        words => command::canonical(words),
    }
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Exit {
    let setup = match prepare(&args.chosen.options()) {
        Ok(setup) => setup,
        Err(error) => return printer.unprepared(&error),
    };
    let done = block_on(async {
        match Stockade::open(setup).await {
            Ok(stockade) => {
                let exit =
                    Foreground { stockade: &stockade, who: own_principal(Via::Cli), args: &args }.run(printer).await;
                stockade.shutdown(Reason::Shutdown).await;
                Ok(exit)
            }
            Err(error) => Err(error),
        }
    });
    match done {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            printer.finding(&error.diagnostic());
            Exit::Failure
        }
        Err(error) => printer.failure(&error),
    }
}

/// The job, for those who act on it while its output is followed.
#[derive(Clone)]
struct Target {
    stockade: Stockade,
    who: Principal,
    id: JobId,
}

impl Target {
    async fn end(&self, reason: Reason, haste: Haste) {
        // A job that is gone needs no end.
        let _ = self.stockade.end(&self.who, self.id, reason, haste).await;
    }
}

/// Why this program itself ended the job.
#[derive(Debug, Default)]
struct Cut {
    /// A signal to this program.
    signal: OnceLock<u8>,
    /// Input that did not reach the job.
    unfed: OnceLock<Unfed>,
}

struct Foreground<'a> {
    stockade: &'a Stockade,
    who: Principal,
    args: &'a Args,
}

impl Foreground<'_> {
    async fn run(&self, printer: &mut Printer) -> Exit {
        // Before the job, so that there is no moment at which a signal ends this program alone.
        let interrupts = match Interrupts::listen() {
            Ok(interrupts) => interrupts,
            Err(error) => return printer.failure(&error),
        };
        let text = command_text(&self.args.command);
        let follower = match self.stockade.execute_followed(self.request(text.clone())).await {
            Ok(follower) => follower,
            Err(denial) if self.args.json => {
                printer.data(super::policy::denial_json(&text, &denial));
                return Exit::of_denial(&denial);
            }
            Err(denial) => return printer.refusal(&text, &denial),
        };
        let job = follower.view();
        let target = Target { stockade: self.stockade.clone(), who: self.who.clone(), id: job.id };
        let cut = Arc::new(Cut::default());
        // Tasks of their own: they go on while a write to a slow reader keeps this one.
        let _interrupts = spawned(interrupts.end(target.clone(), Arc::clone(&cut)));
        // Before that, nobody takes input.
        follower.started().await;
        let lines = follower.takes_lines();
        let _feeder = job.accepts_input.then(|| spawned(feed::feed(target.clone(), lines, Arc::clone(&cut))));
        let job = self.follow(&follower, &target, printer).await;
        self.tell(&job, &follower, printer);
        match cut.unfed.get() {
            Some(Unfed::Refused(denial)) => printer.refusal(&text, denial),
            Some(Unfed::Unreadable(error)) => {
                printer.talk(format_args!("error: standard input cannot be read: {error}"));
                Exit::Failure
            }
            None => exit(&job, cut.signal.get().copied()),
        }
    }

    fn request(&self, command: String) -> Request {
        Request {
            cwd: self.args.cwd.clone(),
            env: self.args.env.iter().cloned().collect::<BTreeMap<_, _>>(),
            timeout: self.args.timeout.map(|span| span.0),
            ..Request::new(ExecId::new(), Timestamp::now(), self.who.clone(), command)
        }
    }

    /// Passes output on until the job has ended and all of it is out.
    async fn follow(&self, follower: &Follower, target: &Target, printer: &mut Printer) -> JobView {
        while !self.args.json
            && let Some(output) = follower.next(CHUNK).await
        {
            show(&output, printer);
            if printer.is_broken() {
                // What a pipe does to a program that writes to nobody.
                let (job, ()) = tokio::join!(follower.ended(), target.end(Reason::ClientGone, Haste::Grace));
                return job;
            }
        }
        follower.ended().await
    }

    fn tell(&self, job: &JobView, follower: &Follower, printer: &mut Printer) {
        if self.args.json {
            return printer.data(json::job_json(job, &follower.kept()));
        }
        match job.outcome.as_ref().map(|outcome| &outcome.reason) {
            None | Some(Reason::Exited | Reason::Signaled) => {}
            Some(Reason::LaunchFailed(why)) => printer
                .talk(format_args!("error[launch-failed]: the sandbox could not be built, so nothing ran: {why}")),
            Some(Reason::Refused(act)) => {
                printer.refusal(&job.command, &act.denial);
                printer.talk(format_args!("stockade: the script was ended half-way; {}", act.before));
            }
            Some(Reason::Lost) => {
                printer
                    .talk("error: the sandbox's init ended without a report, so nothing is known of the command's end");
            }
            Some(Reason::ClientGone) if printer.is_broken() => {}
            Some(reason) => {
                printer.talk(format_args!("stockade: the command was ended: {}", reason.as_str().replace('_', " ")));
            }
        }
    }
}

fn spawned(work: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(work))
}

fn show(output: &Output, printer: &mut Printer) {
    if !output.stdout.bytes.is_empty() {
        printer.bytes(&output.stdout.bytes);
    }
    if !output.stderr.bytes.is_empty() {
        printer.error_bytes(&output.stderr.bytes);
    }
}

/// The exit code of a job that has ended; `signal` is the one that this program was sent.
fn exit(job: &JobView, signal: Option<u8>) -> Exit {
    let Some(outcome) = &job.outcome else { return Exit::Failure };
    match (&outcome.reason, signal, outcome.exit) {
        (Reason::Timeout | Reason::IdleTimeout, ..) => Exit::Timeout,
        (Reason::AuditFailed, ..) => Exit::Failure,
        (Reason::Refused(_), ..) => Exit::Refused,
        // As of any program that the signal ends, whatever the command made of its own end.
        (Reason::Cancelled, Some(signal), _) => Exit::Command(128 + signal),
        (.., Some(ExitStatus::Code(code))) => Exit::Command(u8::try_from(code & 0xff).unwrap_or(u8::MAX)),
        (.., Some(ExitStatus::Signal(number))) => Exit::Command(u8::try_from(128 + number).unwrap_or(u8::MAX)),
        (.., None) => Exit::Failure,
    }
}

/// Bytes passed on at once.
const CHUNK: usize = 256 * 1024;
