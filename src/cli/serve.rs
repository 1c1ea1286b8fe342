//! `stockade serve`: the agents' door on standard input and output.

use std::{
    error::Error,
    fmt,
    io::{self, IsTerminal as _},
    path::Path,
};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::{
    mcp::{Door, stdio},
    model::outcome::Reason,
    service::{Options, StartError, Stockade, prepare},
};

use super::{connect::Connection, exit::Exit, output::Printer};

/// Serve agents over MCP on standard input and output
///
/// Standard output carries the protocol alone; talk goes to standard error (STOCKADE_LOG sets how much). All jobs end
/// when the client closes the input, and on SIGTERM, SIGINT and SIGHUP; a second signal takes their grace away.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade serve --policy developer
  claude mcp add stockade -- stockade serve --policy developer
  STOCKADE_LOG=stockade=debug stockade serve --policy ./team.toml")]
pub(super) struct Args {
    /// A shipped policy's name or a file; else STOCKADE_POLICY, /etc/stockade/policy.toml, or the shipped `default`
    #[arg(long, value_name = "NAME|FILE")]
    policy: Option<String>,
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Exit {
    if let Err(error) = start_log(std::env::var("STOCKADE_LOG").ok().as_deref()) {
        printer.talk(format_args!("error[bad-setting]: STOCKADE_LOG is not a log filter: {error}"));
        return Exit::Failure;
    }
    let setup = match prepare(&Options { policy: args.policy.clone() }) {
        Ok(setup) => setup,
        Err(error) => return printer.unprepared(&error),
    };
    if io::stdin().is_terminal() {
        let program = std::env::current_exe().unwrap_or_else(|_| "stockade".into());
        printer.talk_text(&terminal_help(&program, args.policy.as_deref()));
    }
    let done = block_on(async {
        // Before the log, so that a signal closes whatever was opened.
        let signals = Signals::listen().map_err(ServeError::Signals)?;
        let service = Stockade::open(setup).await.map_err(ServeError::Start)?;
        serve(service, signals).await
    });
    match done {
        Ok(Ok(())) => Exit::Success,
        Ok(Err(ServeError::Start(error))) => {
            printer.finding(&error.diagnostic());
            Exit::Failure
        }
        Ok(Err(error)) => printer.failure(&error),
        Err(error) => printer.failure(&error),
    }
}

/// Serves the client at the other end of standard input and output, until it closes our input or a signal ends us.
///
/// All jobs have ended and the log is closed when this returns. A client that goes away and a signal are both a good end.
async fn serve(service: Stockade, mut signals: Signals) -> Result<(), ServeError> {
    let stop = CancellationToken::new();
    let door = Door::for_own_user(service.clone());
    let session = async {
        let result = stdio::serve(door, stop.clone()).await;
        stop.cancel();
        result
    };
    // Jobs begin to end at the moment when the end is known, while the last answers are still on their way.
    let end = async {
        let why = tokio::select! {
            () = stop.cancelled() => Reason::ClientGone,
            () = signals.next() => Reason::Shutdown,
        };
        stop.cancel();
        let shutdown = service.shutdown(why);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                // In this order: only a shutdown that has begun can be hurried.
                biased;
                () = &mut shutdown => return,
                () = signals.next() => service.hurry(),
            }
        }
    };
    let (result, ()) = tokio::join!(session, end);
    result.map_err(ServeError::Session)
}

/// Runs a future on a runtime of its own and gives its result.
///
/// A read of a terminal or a file cannot be called off, so threads that are still in one are left behind.
pub(super) fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}

/// Sends the program's own log to standard error: standard output belongs to the protocol. `filter` is in the form of
/// `tracing_subscriber`'s `EnvFilter`, such as `info` or `stockade::job=debug`; warnings alone when absent.
fn start_log(filter: Option<&str>) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(filter.unwrap_or("warn"))?.add_directive(PROTOCOL_LIBRARY.parse()?);
    // A second call, as tests make it, leaves the first one's log in place.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init().ok();
    Ok(())
}

/// What somebody who starts the server on a terminal should know: how to connect a client to it.
fn terminal_help(program: &Path, policy: Option<&str>) -> String {
    let connection = Connection {
        program: program.display().to_string(),
        policy: policy.unwrap_or("developer").to_owned(),
        directory: None,
        state: None,
    };
    format!(
        "stockade serve speaks MCP on standard input and output, and is started by a client.\n\n\
         {}\n\
         `stockade init` writes a policy for a project, and connects clients to it.\n\n\
         Reading JSON-RPC from this terminal, one message a line; Ctrl-D ends the server and its jobs.\n",
        connection.how_to()
    )
}

/// The server could not serve.
#[derive(Debug)]
enum ServeError {
    /// Signals could not be listened to.
    Signals(io::Error),
    /// The house did not open.
    Start(StartError),
    /// The session broke.
    Session(stdio::SessionError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signals(_) => f.write_str("cannot listen to signals"),
            Self::Start(_) => f.write_str("cannot start"),
            Self::Session(_) => f.write_str("cannot serve on standard input and output"),
        }
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Signals(error) => Some(error),
            Self::Start(error) => Some(error),
            Self::Session(error) => Some(error),
        }
    }
}

/// The signals that end the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

/// The work between messages is small; jobs run in processes of their own.
const WORKERS: usize = 2;

/// rmcp warns of every error that it answers with, and tells whole messages at finer levels, with the secrets in them.
const PROTOCOL_LIBRARY: &str = "rmcp=error";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_gives_a_command_and_a_configuration_that_read_back() {
        let help = terminal_help(Path::new("/opt/my tools/stockade"), None);
        assert!(
            help.contains("claude mcp add stockade -- '/opt/my tools/stockade' serve --policy developer\n"),
            "{help}"
        );
        let line = help.lines().find(|line| line.trim_start().starts_with('{')).unwrap();
        let config: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
        assert_eq!(config["mcpServers"]["stockade"]["command"], "/opt/my tools/stockade");
        assert_eq!(config["mcpServers"]["stockade"]["args"], serde_json::json!(["serve", "--policy", "developer"]));
    }

    #[test]
    fn help_names_the_policy_that_was_asked_for() {
        assert!(terminal_help(Path::new("stockade"), Some("it's.toml")).contains(r"--policy 'it'\''s.toml'"));
    }

    #[test]
    fn a_log_filter_that_does_not_parse_is_an_error() {
        assert!(start_log(Some("stockade=loud=very")).is_err());
    }

    #[test]
    fn a_future_runs_to_its_end() {
        assert_eq!(
            block_on(async {
                tokio::task::yield_now().await;
                7
            })
            .unwrap(),
            7
        );
    }
}
