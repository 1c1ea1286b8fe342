//! `stockade serve`: the agents' door on standard input and output.

mod signals;
mod talk;

use std::{
    error::Error,
    fmt,
    io::{self, IsTerminal as _},
    path::Path,
    sync::Arc,
};

use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::{
    mcp::{Door, stdio},
    model::outcome::Reason,
    service::{Origin, SetupError, StartError, Stockade},
};

use super::{chosen::Chosen, connect::Connection, exit::Exit, output::Printer};

use self::signals::{Ends, Hangups};

/// Serve agents over MCP on standard input and output
///
/// Standard output carries the protocol alone; talk goes to standard error (STOCKADE_LOG sets how much). All jobs end
/// when the client closes the input, and on SIGTERM and SIGINT; a second signal takes their grace away.
///
/// SIGHUP loads the policy anew, from the same place: what runs keeps its policy, later requests get the new one. A policy
/// that does not load changes nothing: the last good one stays, and every answer says so until a load succeeds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade serve --policy developer
  claude mcp add stockade -- stockade serve --policy developer
  STOCKADE_LOG=stockade=debug stockade serve --policy ./team.toml")]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Exit {
    if let Err(error) = start_log(std::env::var("STOCKADE_LOG").ok().as_deref()) {
        printer.talk(format_args!("error[bad-setting]: STOCKADE_LOG is not a log filter: {error}"));
        return Exit::Failure;
    }
    let done = block_on(async {
        // First of all: a hangup that comes while the policy is read loads it once more, and ends nothing.
        let hangups = Hangups::listen().map_err(ServeError::Signals)?;
        let origin = Origin::find(&args.chosen.options()).map_err(ServeError::Setup)?;
        let setup = origin.prepare().map_err(ServeError::Setup)?;
        if io::stdin().is_terminal() {
            let program = std::env::current_exe().unwrap_or_else(|_| "stockade".into());
            printer.talk_text(&terminal_help(&program, args.chosen.policy.as_deref()));
        }
        // Before the log, so that a signal closes whatever was opened.
        let ends = Ends::listen().map_err(ServeError::Signals)?;
        let service = Stockade::open(setup).await.map_err(ServeError::Start)?;
        serve(service, Arc::new(origin), ends, hangups).await
    });
    match done {
        Ok(Ok(())) => Exit::Success,
        Ok(Err(ServeError::Setup(error))) => printer.unprepared(&error),
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
async fn serve(service: Stockade, origin: Arc<Origin>, mut ends: Ends, hangups: Hangups) -> Result<(), ServeError> {
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
            () = ends.next() => Reason::Shutdown,
        };
        stop.cancel();
        let shutdown = service.shutdown(why);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                // In this order: only a shutdown that has begun can be hurried.
                biased;
                () = &mut shutdown => return,
                () = ends.next() => service.hurry(),
            }
        }
    };
    let reloads = async {
        tokio::select! {
            // In this order: a hangup at the end does nothing.
            biased;
            () = stop.cancelled() => {}
            () = reload_on(hangups, &service, &origin) => {}
        }
    };
    let (result, (), ()) = tokio::join!(session, end, reloads);
    result.map_err(ServeError::Session)
}

/// Loads the policy anew for each hangup, one load after the other. Hangups that come during a load make one more together.
async fn reload_on(mut hangups: Hangups, service: &Stockade, origin: &Arc<Origin>) {
    while hangups.next().await {
        let reloaded = service.reload(origin).await;
        talk::reloaded(reloaded, service.policy()).await;
    }
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
    /// The policy or the settings have errors.
    Setup(SetupError),
    /// The house did not open.
    Start(StartError),
    /// The session broke.
    Session(stdio::SessionError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signals(_) => f.write_str("cannot listen to signals"),
            Self::Setup(_) | Self::Start(_) => f.write_str("cannot start"),
            Self::Session(_) => f.write_str("cannot serve on standard input and output"),
        }
    }
}

impl Error for ServeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Signals(error) => Some(error),
            Self::Setup(error) => Some(error),
            Self::Start(error) => Some(error),
            Self::Session(error) => Some(error),
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
