//! The last process: from the init's fork to the exec of the program, or to the end of the script.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    ffi::CString,
    io::{self, Read as _},
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
};

use rustix::{
    fs::Mode,
    process::{fchdir, setsid, umask},
};

use crate::{
    script::{self, exec, is_script},
    sys::process::{Fate, close_all_but, close_from, exit_now, join_new_session_keyring, reset_signals},
};

use super::{
    asker::Asker,
    descriptors,
    init::Job,
    landlock::{self, Ports, View},
    rlimits, seccomp,
    seccomp::{Internet, Numbers},
    step::{At as _, Failure},
    wire::Run,
};

/// Becomes the command, or writes the step that failed and ends.
pub(super) fn run(job: &Job, status: OwnedFd) -> ! {
    match &job.order.run {
        Run::Program { program, argv } => {
            let Err(failure) = become_program(job, program, argv, &status);
            tell(&status, &failure);
        }
        Run::Script { tree } => match prepare_script(job, &status) {
            Ok((mut asker, env)) => {
                // Closed, it says that the script has begun.
                drop(status);
                exit_now(i32::from(script::run(tree, env, &mut asker)))
            }
            Err(failure) => tell(&status, &failure),
        },
    }
    exit_now(NOT_STARTED)
}

fn tell(status: &OwnedFd, failure: &Failure) {
    // JSON of two strings cannot fail, and a pipe this empty takes it whole. If it fails all the same, the missing report
    // is a failure in itself.
    let _ = rustix::io::write(status, &serde_json::to_vec(failure).unwrap_or_default());
}

/// The command runs.
pub(super) enum Progress {
    Started,
}

/// What became of the process that [`run`] was called in: reads its pipe to the end, which comes with the exec or with its
/// death.
pub(super) fn outcome(status: OwnedFd) -> Result<Progress, Failure> {
    let mut text = Vec::new();
    std::fs::File::from(status).take(REPORT_LIMIT).read_to_end(&mut text).at("start the command")?;
    match text.split_first() {
        Some((&READY, [])) => Ok(Progress::Started),
        Some((&READY, report)) => Err(parse(report)),
        Some(_) | None => Err(parse(&text)),
    }
}

fn parse(report: &[u8]) -> Failure {
    serde_json::from_slice(report)
        .unwrap_or_else(|_| Failure::new("start the command", "its process died before the command ran"))
}

/// The steps to a program, each with the reason for its place.
fn become_program(job: &Job, path: &Path, argv: &[String], status: &OwnedFd) -> Result<Infallible, Failure> {
    // What can fail without the kernel's help comes before anything is given up.
    let argv = strings(argv, "arguments")?;
    let env = strings(&job.order.env, "environment")?;
    settle(job)?;
    // By path, as the job sees it, and compared with what was judged. Before Landlock, which may not let the job open it.
    let program = descriptors::same(path, &job.streams.what, "open the program")?;
    let script = is_script(&program).at_thing("read", path.display())?;
    close_from(3, Fate::CloseOnExec).at("mark descriptors")?;
    confine(job)?;
    // What follows the filter is a write and an exec.
    rustix::io::write(status, &[READY]).at("report")?;
    exec(path, &program, script, &argv, &env).at_thing("exec", path.display())
}

/// The steps to a script: what it asks with, and its environment.
fn prepare_script(job: &Job, status: &OwnedFd) -> Result<(Asker, BTreeMap<String, String>), Failure> {
    settle(job)?;
    let asker = Asker::new(&job.streams.what).at("take the doorbell")?;
    // No exec closes them in this process, and what it holds it would hold as long as the script runs: the init's socket
    // among them. Nothing that stands for one is used again, because this process never returns to where they came from.
    close_all_but(3, [asker.doorbell(), status.as_fd()]).at("close descriptors")?;
    confine(job)?;
    rustix::io::write(status, &[READY]).at("report")?;
    let env = job.order.env.iter().filter_map(|entry| entry.split_once('='));
    Ok((asker, env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
}

/// The steps that every command needs before it gives anything up, each with the reason for its place.
fn settle(job: &Job) -> Result<(), Failure> {
    let (order, streams) = (&job.order, &job.streams);
    // Own session and group: no terminal, and no process of another job or of the server in reach of a group's signals.
    setsid().at("start a session")?;
    descriptors::streams(&streams.stdin, &streams.stdout, &streams.stderr).at("connect the streams")?;
    // Before seccomp, which refuses all that has to do with keys.
    join_keyring()?;
    umask(Mode::from_raw_mode(0o022));
    // Before seccomp as well; after the fork, because the init needs none of them.
    rlimits::apply(&order.limits, job.core)?;
    reset_signals().at("reset signals")?;
    // As with the program: by path, compared, and before Landlock.
    let cwd = descriptors::same(&order.cwd, &streams.cwd, "open the working directory")?;
    fchdir(&cwd).at_thing("enter", order.cwd.display())
}

/// What takes rights away, for good.
fn confine(job: &Job) -> Result<(), Failure> {
    // After the mounts, which Landlock would refuse and whose files its rules name.
    if job.applied.landlock.is_some_and(|version| version > 0) {
        let view = if job.applied.namespaces.own_view { View::Own } else { View::Shared };
        let ports = if job.applied.own_loopback() { Ports::Own } else { Ports::Closed };
        landlock::restrict(&job.order.files, view, ports)?;
    }
    // Last: the steps before make calls that it refuses.
    if job.applied.seccomp {
        let internet = if job.applied.namespaces.network { Internet::Unreachable } else { Internet::Refused };
        let numbers = if job.applied.namespaces.own_view { Numbers::Own } else { Numbers::Shared };
        seccomp::install(&seccomp::filter(internet, numbers)?)?;
    }
    Ok(())
}

/// A kernel without keyrings has none to leave; where a filter around us refuses the call, as in many containers, it refuses
/// it to the job as well.
fn join_keyring() -> Result<(), Failure> {
    match join_new_session_keyring() {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => Ok(()),
        done => done.at("join a new keyring"),
    }
}

fn strings(list: &[String], what: &str) -> Result<Vec<CString>, Failure> {
    let c = |text: &String| CString::new(text.as_bytes()).map_err(io::Error::from);
    list.iter().map(c).collect::<io::Result<_>>().at_thing("read the", what)
}

/// Written when nothing is left to do but the exec. Without it an end of the pipe is a death, not a start.
const READY: u8 = b'R';
const REPORT_LIMIT: u64 = 64 << 10;
const NOT_STARTED: i32 = 127;

#[cfg(test)]
mod tests {
    use rustix::pipe::pipe;

    use super::*;

    fn after(bytes: &[u8]) -> Result<(), String> {
        let (reader, writer) = pipe().unwrap();
        rustix::io::write(&writer, bytes).unwrap();
        drop(writer);
        outcome(reader).map(|_| ()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn only_a_process_that_was_ready_has_started() {
        assert!(after(b"R").is_ok());
        assert!(after(b"").unwrap_err().contains("died before"));
        assert!(after(b"x").unwrap_err().contains("died before"));
        assert!(after(b"RR").is_err());
    }

    #[test]
    fn a_failed_step_is_told_before_and_after() {
        let report = serde_json::to_vec(&Failure::new("exec /x", "no such file")).unwrap();
        assert_eq!(after(&report).unwrap_err(), "step `exec /x`: no such file");
        assert_eq!(after(&[b"R", report.as_slice()].concat()).unwrap_err(), "step `exec /x`: no such file");
    }
}
