//! `stockade audit`: reads the log and says whether it is whole. Nothing here writes to it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    audit::{Completeness, Conclusion, Fault, Integrity, Report, StreamReport, verify_dir},
    config::{environment, layers::Layers, state},
};

use super::{exit::Exit, output::Printer};

/// Verify the audit log
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  stockade audit verify
  stockade audit verify --dir /var/lib/stockade/audit --json"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say whether every record follows from the one before it, and whether any are missing
    ///
    /// Exit code 0 when all is well, 1 when something was altered, 2 when a stream ends without its closing record, 3 when
    /// there is no log or it cannot be read.
    ///
    /// The records of a stream are linked by hashes. The links show every change inside a stream that does not redo all
    /// links after it. They do not show that a stream was cut where one record ends, was written anew from some record on,
    /// or was removed: for that, compare with a copy that the log's owner cannot reach.
    #[command(after_help = "\
Examples:
  stockade audit verify                          the log of the policy that would be used here
  stockade audit verify --policy developer
  stockade audit verify --dir ./copy-of-the-log --json")]
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// The log's directory; else the one that the policy or the environment gives
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The policy whose log is meant: a shipped name or a file
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "dir")]
    policy: Option<String>,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args, printer: &mut Printer) -> Exit {
    match args.command {
        Command::Verify(args) => verify(args, printer),
    }
}

fn verify(args: Verify, printer: &mut Printer) -> Exit {
    let dir = match args.dir {
        Some(dir) => dir,
        None => match log_dir(args.policy.as_deref(), printer) {
            Ok(dir) => dir,
            Err(exit) => return exit,
        },
    };
    let report = verify_dir(&dir);
    if args.json {
        printer.data(as_json(&report));
    } else {
        for line in as_text(&report) {
            printer.data(line);
        }
    }
    match report.conclusion() {
        Conclusion::Ok => Exit::Success,
        Conclusion::Tampered => Exit::Findings,
        // The same number as a command line that makes no sense, as `exit.rs` has it.
        Conclusion::Incomplete => Exit::Usage,
        Conclusion::Undecided => Exit::Undecided,
    }
}

/// The directory that a server with this policy would write to.
fn log_dir(policy: Option<&str>, printer: &mut Printer) -> Result<PathBuf, Exit> {
    let loaded = Layers::find(policy, &environment).load().map_err(|failure| {
        let findings = failure.findings.iter().filter_map(|(at, finding)| Some((failure.sources.get(*at)?, finding)));
        printer.findings(findings);
        Exit::Undecided
    })?;
    let Some(home) = std::env::home_dir().filter(|home| home.is_absolute()) else {
        printer.talk("error: `HOME` is not an absolute path; name the log with `--dir`");
        return Err(Exit::Undecided);
    };
    Ok(state::log_dir(loaded.audit_dir(), &environment, &home))
}

fn as_text(report: &Report) -> Vec<String> {
    let mut lines: Vec<String> = report.streams.iter().flat_map(stream_text).collect();
    let (dir, conclusion) = (report.path.display().to_string(), report.conclusion());
    let dir = dir.escape_debug();
    lines.push(match (&report.trouble, conclusion) {
        (Some(why), _) => format!("cannot decide: `{dir}`: {}", why.escape_debug()),
        (None, Conclusion::Ok) => format!("ok: `{dir}` is intact, {}", streams(report)),
        (None, Conclusion::Tampered) => format!("TAMPERED: `{dir}` was altered, {}", streams(report)),
        (None, Conclusion::Incomplete) => {
            format!("incomplete: what `{dir}` holds is intact, but a stream was not closed, {}", streams(report))
        }
        (None, Conclusion::Undecided) => format!("cannot decide: `{dir}`, {}", streams(report)),
    });
    lines
}

fn streams(report: &Report) -> String {
    let records: u64 = report.streams.iter().map(|stream| stream.records).sum();
    format!("streams {}, records {records}", report.streams.len())
}

fn stream_text(stream: &StreamReport) -> Vec<String> {
    let name = stream.path.file_name().unwrap_or(stream.path.as_os_str()).to_string_lossy();
    let last = stream.last.as_deref().unwrap_or("none");
    let mut lines = vec![
        format!("stream {}", name.escape_debug()),
        format!("  records       {}, last {}", stream.records, last.escape_debug()),
        format!("  integrity     {}", stream.integrity.as_str()),
    ];
    match &stream.integrity {
        Integrity::Intact => {}
        Integrity::Undecided(why) => lines.push(format!("    {}", why.escape_debug())),
        Integrity::Broken { faults, count } => {
            lines.extend(faults.iter().map(fault_text));
            let told = u64::try_from(faults.len()).unwrap_or(u64::MAX);
            if let Some(more) = count.checked_sub(told).filter(|more| *more > 0) {
                lines.push(format!("    and {more} more"));
            }
        }
    }
    lines.push(format!("  completeness  {}", completeness_text(stream.completeness)));
    lines
}

fn fault_text(Fault { seq, offset, flaw }: &Fault) -> String {
    format!("    record {seq} at byte {offset}: {flaw}")
}

fn completeness_text(completeness: Completeness) -> String {
    let word = completeness.as_str();
    match completeness {
        Completeness::Closed => word.to_owned(),
        Completeness::Open => format!("{word}, its server is running"),
        Completeness::Unclosed => format!("{word}, its server ended without closing it"),
        Completeness::Torn { offset, bytes } => {
            format!("{word}, its server ended within a record: {bytes} bytes at byte {offset}")
        }
    }
}

fn as_json(report: &Report) -> Value {
    json!({
        "dir": report.path.to_string_lossy(),
        "conclusion": report.conclusion().as_str(),
        "trouble": report.trouble,
        "streams": report.streams.iter().map(stream_json).collect::<Vec<_>>(),
    })
}

fn stream_json(stream: &StreamReport) -> Value {
    let (faults, count, why) = match &stream.integrity {
        Integrity::Intact => (&[][..], 0, None),
        Integrity::Broken { faults, count } => (faults.as_slice(), *count, None),
        Integrity::Undecided(why) => (&[][..], 0, Some(why)),
    };
    let torn = match stream.completeness {
        Completeness::Torn { offset, bytes } => Some(json!({ "offset": offset, "bytes": bytes })),
        Completeness::Closed | Completeness::Open | Completeness::Unclosed => None,
    };
    json!({
        "file": stream.path.to_string_lossy(),
        "records": stream.records,
        "last": stream.last,
        "conclusion": stream.conclusion().as_str(),
        "integrity": stream.integrity.as_str(),
        "undecided": why,
        "faults": faults.iter().map(fault_json).collect::<Vec<_>>(),
        "fault_count": count,
        "completeness": stream.completeness.as_str(),
        "torn": torn,
    })
}

fn fault_json(Fault { seq, offset, flaw }: &Fault) -> Value {
    json!({ "seq": seq, "offset": offset, "what": flaw.what.as_str(), "expected": flaw.expected, "found": flaw.found })
}
