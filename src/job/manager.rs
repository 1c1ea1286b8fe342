//! The table of jobs: who may see which, how many there may be, and how long a finished one is kept.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedMutexGuard, mpsc, oneshot},
    time::{sleep, timeout},
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{
    audit::{self, Receipt},
    diagnostic::Code,
    host::Handles,
    model::{
        denial::Denial,
        ids::JobId,
        limits::Limits,
        outcome::Reason,
        request::{Principal, Request},
    },
    plan::SandboxPlan,
    sandbox::Launcher,
};

use super::{
    Cursor, Follower, Haste, JobView, Output, WaitEnd, Waited,
    inlet::{Input, Patience},
    record::{Record, until},
    second::{Judged, Second},
    streams::Pace,
    supervisor::{Assignment, supervise},
    table::Table,
    turns::Turns,
};

/// All jobs of this server.
#[derive(Debug)]
pub struct Manager {
    launcher: Launcher,
    audit: audit::Writer,
    table: Mutex<Table>,
    turns: Turns,
    held: Arc<AtomicUsize>,
    /// Counts places, so that the end of the server waits for jobs that are admitted and have no supervisor yet.
    places: TaskTracker,
}

/// A right to one more job, held from admission until the job has ended.
#[derive(Debug)]
pub struct Place {
    held: Option<Arc<AtomicUsize>>,
    /// Given back last of all: the end of the server waits for it.
    _token: TaskTrackerToken,
}

impl Place {
    /// Lets the next job in.
    pub(super) fn vacate(&mut self) {
        if let Some(held) = self.held.take() {
            held.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.vacate();
    }
}

/// A request that has a place, a plan, and a durable decision: all that a job needs.
#[derive(Debug)]
pub struct Accepted {
    /// Its place.
    pub place: Place,
    /// What was asked for.
    pub request: Request,
    /// What to do.
    pub plan: SandboxPlan,
    /// The opened files that the plan is about.
    pub handles: Handles,
    /// The evidence that the decision is on record.
    pub receipt: Receipt,
    /// What was judged, and by what: the acts of a script are judged again.
    pub judged: Judged,
}

impl Manager {
    /// An empty table.
    pub fn new(limits: Limits, launcher: Launcher, audit: audit::Writer) -> Self {
        Self {
            launcher,
            audit,
            turns: Turns::new(limits.jobs),
            table: Mutex::new(Table::new(limits)),
            held: Arc::default(),
            places: TaskTracker::new(),
        }
    }

    /// Goes by other limits from here on, in all that concerns more than one job. Each job keeps its own.
    pub fn adopt(&self, limits: Limits) {
        self.table().adopt(limits);
        self.turns.resize(limits.jobs);
    }

    /// Takes a place for one more job, if the limits of the policy that judged it leave one.
    pub fn admit(&self, who: &Principal, limits: &Limits) -> Result<Place, Denial> {
        // One lock for the whole of it: no place is taken after the server's end was announced.
        let mut table = self.table();
        if table.closing().is_some() {
            return Err(Denial::new(Code::ShuttingDown, "the server is stopping"));
        }
        table.sweep();
        if let Some(rate) = limits.rate {
            table.count_request(who, rate)?;
        }
        let most = limits.jobs.saturating_add(limits.queue);
        let taken =
            self.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| (held < most).then_some(held + 1));
        taken.map(|_| Place { held: Some(Arc::clone(&self.held)), _token: self.places.token() }).map_err(|_| {
            Denial::new(
                Code::QueueFull,
                format!(
                    "{} jobs are running and {} wait, which is all that the policy allows",
                    limits.jobs, limits.queue
                ),
            )
            .with_hint("wait for a job to end, or kill one")
        })
    }

    /// Starts a job, or queues it when the running ones leave no room. Returns as soon as it is known which, or after a
    /// moment when the start takes long.
    pub async fn start(&self, accepted: Accepted) -> JobView {
        let record = self.enter(accepted, Pace::Free);
        let _ = timeout(SETTLING, until(&record, Record::is_settled)).await;
        record.view()
    }

    /// Starts or queues a job whose output one reader gets whole.
    pub fn start_followed(&self, accepted: Accepted) -> Follower {
        Follower::new(self.enter(accepted, Pace::Followed))
    }

    fn enter(&self, accepted: Accepted, pace: Pace) -> Arc<Record> {
        let Accepted { place, request, plan, handles, receipt, judged } = accepted;
        let (sender, input) = mpsc::channel(INPUTS);
        let exec = request.id;
        let generation = judged.generation;
        let second = Second::new(judged, request.clone(), &plan, &handles, self.audit.clone());
        let record = Arc::new(Record::new(request, &plan, generation, pace, sender));
        let mut table = self.table();
        if let Some(why) = table.closing() {
            record.end(why.clone(), Haste::Grace);
        }
        table.enter(&record);
        drop(table);
        tokio::spawn(supervise(Assignment {
            record: Arc::clone(&record),
            exec,
            plan,
            handles,
            receipt,
            input,
            turns: self.turns.clone(),
            launcher: self.launcher.clone(),
            audit: self.audit.clone(),
            second,
            place,
        }));
        record
    }

    /// The principal's jobs, newest first.
    pub fn list(&self, who: &Principal) -> Vec<JobView> {
        let own = self.table().own(who);
        own.iter().map(|job| job.view()).collect()
    }

    /// One job.
    pub fn view(&self, who: &Principal, id: JobId) -> Result<JobView, Denial> {
        Ok(self.find(who, id)?.view())
    }

    /// Output after a cursor, at most `max` bytes of both streams together.
    pub fn output(&self, who: &Principal, id: JobId, since: Cursor, max: usize) -> Result<Output, Denial> {
        Ok(self.find(who, id)?.output(since, max))
    }

    /// The last lines of each stream, at most `max` bytes of both streams together.
    pub fn tail(&self, who: &Principal, id: JobId, lines: usize, max: usize) -> Result<Output, Denial> {
        Ok(self.find(who, id)?.tail(lines, max))
    }

    /// Checks that a job may receive these bytes, and counts them. Nothing is written yet; until it is, or the claim is
    /// dropped, others who write to the job wait.
    pub async fn claim_input(&self, who: &Principal, id: JobId, bytes: &[u8]) -> Result<Claim, Denial> {
        let job = self.find(who, id)?;
        let turn = Arc::clone(&job.typing).lock_owned().await;
        job.claim_input(bytes)?;
        Ok(Claim { job, _turn: turn })
    }

    /// Writes bytes that were claimed. A job that does not read them holds this up for a moment alone.
    pub async fn write_input(&self, claim: Claim, bytes: Vec<u8>, eof: bool) -> Result<JobView, Denial> {
        self.put_input(claim, bytes, eof, Patience::Short).await
    }

    /// Writes bytes that were claimed, when the job reads them: as late as that may be.
    pub async fn feed_input(&self, claim: Claim, bytes: Vec<u8>, eof: bool) -> Result<JobView, Denial> {
        self.put_input(claim, bytes, eof, Patience::Endless).await
    }

    async fn put_input(&self, claim: Claim, bytes: Vec<u8>, eof: bool, patience: Patience) -> Result<JobView, Denial> {
        let Claim { job, _turn } = claim;
        let ended = || Denial::new(Code::JobEnded, "the job has ended and takes no input").with_hint("start a new job");
        let (reply, answer) = oneshot::channel();
        job.input.send(Input { bytes, eof, patience, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())??;
        Ok(job.view())
    }

    /// Ends a job and waits until it has ended. One that has ended already is left as it is.
    pub async fn end(&self, who: &Principal, id: JobId, reason: Reason, haste: Haste) -> Result<JobView, Denial> {
        let job = self.find(who, id)?;
        job.end(reason, haste);
        until(&job, Record::is_final).await;
        Ok(job.view())
    }

    /// Waits until a job has ended, at most `limit`.
    pub async fn wait(&self, who: &Principal, id: JobId, limit: Duration) -> Result<Waited, Denial> {
        let job = self.find(who, id)?;
        let end = match timeout(limit, until(&job, Record::is_final)).await {
            Ok(()) => WaitEnd::Exited,
            Err(_) => WaitEnd::Timeout,
        };
        Ok(Waited { job: job.view(), end })
    }

    /// Waits until a job has output after the cursor, has ended, or the time is over.
    pub async fn wait_output(&self, who: &Principal, id: JobId, since: Cursor, limit: Duration) -> Result<(), Denial> {
        let job = self.find(who, id)?;
        let news = |job: &Record| job.is_final() || job.has_output_after(since);
        // Output or not, the answer is what is there when the wait ends.
        let _ = timeout(limit, until(&job, news)).await;
        Ok(())
    }

    /// Takes no more jobs, ends all of them, and waits until they have ended.
    pub async fn close(&self, why: &Reason) {
        let (jobs, grace) = {
            let mut table = self.table();
            (table.close(why), table.longest_grace())
        };
        for job in jobs {
            job.end(why.clone(), Haste::Grace);
        }
        self.places.close();
        if timeout(grace.saturating_add(SLACK), self.places.wait()).await.is_err() {
            tracing::error!(
                left = self.places.len(),
                "jobs did not end in time; their inits end them when the server is gone"
            );
        }
    }

    /// Takes the rest of the grace away from jobs that [`Self::close`] waits for.
    pub fn hurry(&self) {
        let closing = self.table().closing().cloned();
        if let Some(why) = closing {
            for job in self.table().close(&why) {
                job.end(why.clone(), Haste::AtOnce);
            }
        }
    }

    /// Forgets finished jobs after the retention time, for as long as the server lives.
    pub async fn sweep_every(&self, interval: Duration) {
        loop {
            sleep(interval).await;
            self.table().sweep();
        }
    }

    fn find(&self, who: &Principal, id: JobId) -> Result<Arc<Record>, Denial> {
        self.table().find(who, id)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change to the table is complete in itself, so a panic elsewhere leaves it usable.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Input that was checked and counted, and may be written.
#[derive(Debug)]
pub struct Claim {
    job: Arc<Record>,
    _turn: OwnedMutexGuard<()>,
}

/// Inputs that may wait for one supervisor.
const INPUTS: usize = 16;

/// How long a start may take before the job is told as queued.
const SETTLING: Duration = Duration::from_secs(2);

/// Time beyond the grace that jobs have at the server's end: the kill itself, and the last records of the log.
const SLACK: Duration = Duration::from_secs(3);
