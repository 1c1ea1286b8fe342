//! The running house.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::sync::Mutex;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    audit::{self, Event, OpenError, PolicyLoad, RecordError, ServerStart, Typed},
    diagnostic::{Code, Diagnostic},
    job::{Claim, Cursor, Follower, Haste, JobView, Manager, Output, Waited},
    model::{
        denial::Denial,
        ids::JobId,
        limits::Limits,
        outcome::Reason,
        request::{Principal, Request},
    },
};

use super::{
    Origin, PolicyView, Reloaded, Setup, SetupError,
    edition::{Edition, Standing},
    pipeline, reload,
};

/// The running house. Cheap to clone; every clone is the same house.
#[derive(Clone, Debug)]
pub struct Stockade {
    house: Arc<House>,
}

/// What the steps of the journey use.
#[derive(Debug)]
pub(super) struct House {
    pub(super) standing: Standing,
    /// Where jobs of this server could ever write. Held for as long as a reload takes, so that there is one at a time.
    pub(super) written: Mutex<Vec<PathBuf>>,
    pub(super) audit: audit::Writer,
    pub(super) jobs: Arc<Manager>,
    _sweeper: AbortOnDropHandle<()>,
}

/// Why the house did not open.
#[derive(Debug)]
pub enum StartError {
    /// The audit log cannot be opened.
    OpenLog(OpenError),
    /// The first records cannot be written.
    Record(RecordError),
    /// The server's memory cannot be closed to other processes.
    Undumpable(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenLog(_) => "the audit log cannot be opened",
            Self::Record(_) => "the audit log cannot be written",
            Self::Undumpable(_) => "the server's memory cannot be closed to other processes",
        })
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::OpenLog(error) => Some(error),
            Self::Record(error) => Some(error),
            Self::Undumpable(error) => Some(error),
        }
    }
}

impl StartError {
    /// The error as a finding.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::OpenLog(error) => error.diagnostic(),
            Self::Record(error) => error.denial().into(),
            Self::Undumpable(error) => Diagnostic::error(Code::LaunchFailed, format!("{self}: {error}")),
        }
    }
}

impl Stockade {
    /// Opens the log, records the start and the policy, and takes requests from then on.
    pub async fn open(setup: Setup) -> Result<Self, StartError> {
        // Other processes of this user cannot read the server's memory, environment or descriptors (ptrace(2), prctl(2)
        // PR_SET_DUMPABLE). The launcher is executed anew and is not concerned.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|errno| StartError::Undumpable(errno.into()))?;
        let audit = audit::Writer::open(&setup.log_dir).map_err(StartError::OpenLog)?;
        audit.queue(None, server_start(&setup)).map_err(StartError::Record)?;
        let first = Edition::first(setup);
        let setup = &first.setup;
        let load = Event::PolicyLoad(PolicyLoad::new(&first.id, &setup.policy));
        audit.record(None, load).await.map_err(StartError::Record)?;
        reload::tell_files(&first);
        let jobs = Arc::new(Manager::new(setup.policy.limits, setup.launcher.clone(), audit.clone()));
        let sweeper = tokio::spawn({
            let (jobs, interval) = (Arc::clone(&jobs), setup.cleanup_interval);
            async move { jobs.sweep_every(interval).await }
        });
        let mut written = Vec::new();
        reload::remember(&mut written, setup);
        let (standing, written) = (Standing::new(first), Mutex::new(written));
        let house = House { standing, written, audit, jobs, _sweeper: AbortOnDropHandle::new(sweeper) };
        Ok(Self { house: Arc::new(house) })
    }

    /// The policy in use.
    pub fn policy(&self) -> PolicyView {
        self.house.standing.view()
    }

    /// The limits of the policy in use.
    pub fn limits(&self) -> Limits {
        self.house.standing.edition().setup.policy.limits
    }

    /// Loads the policy anew, for requests that come later; what runs keeps the policy that it was judged by. A policy that
    /// does not load, or cannot be recorded, leaves the one in use where it is, which [`Self::policy`] tells from then on.
    pub async fn reload(&self, origin: &Arc<Origin>) -> Result<Reloaded, SetupError> {
        reload::reload(&self.house, origin).await
    }

    /// Judges a request, records the decision, and starts the command as a job. Returns as soon as the job is accepted.
    pub async fn execute(&self, request: Request) -> Result<JobView, Denial> {
        let accepted = pipeline::accept(&self.house, request).await?;
        Ok(self.house.jobs.start(accepted).await)
    }

    /// The same for one reader who gets all output, as it comes. The job is held up while the reader is slow.
    pub async fn execute_followed(&self, request: Request) -> Result<Follower, Denial> {
        let accepted = pipeline::accept(&self.house, request).await?;
        Ok(self.house.jobs.start_followed(accepted))
    }

    /// The principal's jobs, newest first.
    pub fn list(&self, who: &Principal) -> Vec<JobView> {
        self.house.jobs.list(who)
    }

    /// One job.
    pub fn status(&self, who: &Principal, id: JobId) -> Result<JobView, Denial> {
        self.house.jobs.view(who, id)
    }

    /// Output after a cursor, at most `max` bytes of both streams together.
    pub fn output(&self, who: &Principal, id: JobId, since: Cursor, max: usize) -> Result<Output, Denial> {
        self.house.jobs.output(who, id, since, max)
    }

    /// The last `lines` lines of each stream, at most `max` bytes of both streams together.
    pub fn tail(&self, who: &Principal, id: JobId, lines: usize, max: usize) -> Result<Output, Denial> {
        self.house.jobs.tail(who, id, lines, max)
    }

    /// Writes to a job's standard input, and closes it when `eof`. Nothing is added to the bytes. The input is on record
    /// before the job gets it. A job that does not read it is an error after a moment.
    pub async fn interact(&self, who: &Principal, id: JobId, input: Vec<u8>, eof: bool) -> Result<JobView, Denial> {
        let claim = self.recorded_input(who, id, &input, eof).await?;
        self.house.jobs.write_input(claim, input, eof).await
    }

    /// The same, and waits for as long as the job does not read.
    pub async fn feed(&self, who: &Principal, id: JobId, input: Vec<u8>, eof: bool) -> Result<JobView, Denial> {
        let claim = self.recorded_input(who, id, &input, eof).await?;
        self.house.jobs.feed_input(claim, input, eof).await
    }

    async fn recorded_input(&self, who: &Principal, id: JobId, input: &[u8], eof: bool) -> Result<Claim, Denial> {
        let job = self.status(who, id)?;
        let claim = self.house.jobs.claim_input(who, id, input).await?;
        let digest = self.house.audit.keyed_digest(input);
        let typed = Typed { principal: who.clone(), bytes: input.len() as u64, digest, eof };
        self.house.audit.record(Some(job.exec_id), Event::Stdin(typed)).await.map_err(|error| error.denial())?;
        Ok(claim)
    }

    /// Ends a job: SIGTERM, grace, SIGKILL to the whole tree. Returns when it has ended; a job that has ended already is
    /// left as it is.
    pub async fn kill(&self, who: &Principal, id: JobId) -> Result<JobView, Denial> {
        self.end(who, id, Reason::Cancelled, Haste::Grace).await
    }

    /// Ends a job for a reason. When several are given, the first stays; a second call can take the grace away.
    pub async fn end(&self, who: &Principal, id: JobId, reason: Reason, haste: Haste) -> Result<JobView, Denial> {
        self.house.jobs.end(who, id, reason, haste).await
    }

    /// Waits until a job has ended, at most `limit`. Dropping the future ends the wait and never the job.
    pub async fn wait(&self, who: &Principal, id: JobId, limit: Duration) -> Result<Waited, Denial> {
        self.house.jobs.wait(who, id, limit).await
    }

    /// Waits until a job has output after the cursor, has ended, or the time is over.
    pub async fn wait_output(&self, who: &Principal, id: JobId, since: Cursor, limit: Duration) -> Result<(), Denial> {
        self.house.jobs.wait_output(who, id, since, limit).await
    }

    /// Takes the rest of the grace away from jobs that a shutdown waits for.
    pub fn hurry(&self) {
        self.house.jobs.hurry();
    }

    /// Refuses new jobs, ends all running ones, and closes the log.
    pub async fn shutdown(&self, why: Reason) {
        self.house.jobs.close(&why).await;
        if let Err(error) = self.house.audit.clone().close(&why).await {
            tracing::error!(%error, "the end of the server could not be recorded");
        }
    }
}

fn server_start(setup: &Setup) -> Event {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Event::ServerStart(ServerStart { version, support: (*setup.support).clone() })
}
