//! The handle through which the house records.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use uuid::Uuid;

use crate::{
    model::{ids::ExecId, outcome::Reason},
    plan::SandboxPlan,
};

use super::{
    chain::{CLOSE, Head, MAX_FIELDS, OPEN, Record, VERSION},
    commit::Committer,
    datum::{Datum, Fields},
    digest::{Key, KeyedDigest},
    encode,
    error::{OpenError, RecordError},
    event::{Decided, Event},
    fit::fit,
    queue::{Queue, Waiter, Weight},
    receipt::Receipt,
    storage::{Storage, StreamFile},
};

/// The one writer of one stream. Cheap to clone; every clone is the same stream.
///
/// A stream that is not closed with [`Writer::close`] shows as one that ended without a word.
#[derive(Clone, Debug)]
pub struct Writer(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    queue: Arc<Queue>,
    path: PathBuf,
    key: Key,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue.hang_up();
    }
}

impl Writer {
    /// Opens a new stream in a directory, which is made when it is missing. Its first record is durable on return.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        // Version 7 (RFC 9562, section 5.7), so that names sort by time.
        let stream = Uuid::now_v7();
        let file = StreamFile::create(dir, &format!("{stream}.jsonl"))?;
        let path = file.path().to_owned();
        Self::start(file, stream, path)
    }

    pub(super) fn start<S: Storage>(storage: S, stream: Uuid, path: PathBuf) -> Result<Self, OpenError> {
        let write = |source| OpenError::Write { path: path.clone(), source };
        let queue = Arc::new(Queue::new());
        let first = record(None, (OPEN, opening())).map_err(write)?;
        queue.push_unwatched(first, Weight::Essential).map_err(write)?;
        let committer = Committer::new(queue.clone(), storage, Head::start(stream), boot_id());
        let (opened, first) = mpsc::channel();
        thread::Builder::new()
            .name("audit".into())
            .spawn(move || committer.run(&opened))
            .map_err(|source| OpenError::Create { path: path.clone(), source })?;
        first.recv().unwrap_or(Err(RecordError::Failed("its thread has ended".into()))).map_err(write)?;
        Ok(Self(Arc::new(Handle { queue, path, key: Key::new() })))
    }

    /// Records an event. It is durable on return, and so is everything that was recorded or queued before it.
    pub async fn record(&self, exec: Option<ExecId>, event: Event) -> Result<(), RecordError> {
        self.submit(exec, event)?.durable().await
    }

    /// Records an event in its order; what is given back waits until it is durable.
    pub fn submit(&self, exec: Option<ExecId>, event: Event) -> Result<Pending, RecordError> {
        let record = record(exec, encode::encode(&event))?;
        self.0.queue.push(record, weight(&event)).map(Pending)
    }

    /// Records an event in its order, without waiting until it is durable. A later [`Writer::record`] covers it.
    pub fn queue(&self, exec: Option<ExecId>, event: Event) -> Result<(), RecordError> {
        self.0.queue.push_unwatched(record(exec, encode::encode(&event))?, weight(&event))
    }

    /// Records the decision to run a plan. The receipt proves that the decision is durable: without it nothing starts.
    pub async fn begin(&self, exec: ExecId, decision: Decided, plan: &SandboxPlan) -> Result<Receipt, RecordError> {
        self.begin_digest(exec, &decision, plan.digest()).await
    }

    pub(super) async fn begin_digest(
        &self,
        exec: ExecId,
        decision: &Decided,
        plan: String,
    ) -> Result<Receipt, RecordError> {
        let record = record(Some(exec), encode::decision(decision, Some(&plan)))?;
        let link = self.0.queue.push(record, Weight::Refusable)?.durable().await?;
        Ok(Receipt::new(exec, link, plan))
    }

    /// What the log holds of bytes that it must not hold: input that was given to a job.
    pub fn keyed_digest(&self, bytes: &[u8]) -> KeyedDigest {
        self.0.key.digest(bytes)
    }

    /// Whether the log has failed. Nothing new may run then.
    pub fn poisoned(&self) -> bool {
        self.0.queue.has_failed()
    }

    /// Resolves once the log has failed. What runs has to be killed then: its end could not be recorded.
    pub async fn failed(&self) {
        self.0.queue.failed().await;
    }

    /// Records the server's end, closes the stream, and returns when both are durable. Other handles of the stream are
    /// refused from here on.
    pub async fn close(self, reason: &Reason) -> Result<(), RecordError> {
        let stop = record(None, encode::server_stop(reason))?;
        let close = record(None, (CLOSE, Fields::new()))?;
        self.0.queue.finish(stop, close)?.durable().await.map(drop)
    }

    /// The stream's file.
    pub fn stream_path(&self) -> &Path {
        &self.0.path
    }
}

/// A record that has its place in the order and is not known to be durable yet.
#[derive(Debug)]
#[must_use = "a record is durable only when this says so"]
pub struct Pending(Waiter);

impl Pending {
    /// Returns when the record is durable, and everything that was recorded or queued before it.
    pub async fn durable(self) -> Result<(), RecordError> {
        self.0.durable().await.map(drop)
    }
}

/// What may be refused when space is short: what asks for something new. What has happened is always told.
fn weight(event: &Event) -> Weight {
    match event {
        Event::ServerStart(_)
        | Event::PolicyLoad(_)
        | Event::PolicyReload(_)
        | Event::Request(_)
        | Event::Decision(_)
        | Event::Act(_)
        | Event::Stdin(_) => Weight::Refusable,
        Event::PolicyReloadFailed(_) | Event::Start(_) | Event::Kill(_) | Event::Exit(_) => Weight::Essential,
    }
}

fn record(exec: Option<ExecId>, (kind, fields): (&'static str, Fields)) -> Result<Record, RecordError> {
    let fields = fit(&fields, MAX_FIELDS).ok_or(RecordError::TooLong)?;
    Ok(Record { kind, exec, fields })
}

/// The fields of a stream's first record.
fn opening() -> Fields {
    vec![
        ("format", VERSION.into()),
        ("program", concat!("stockade ", env!("CARGO_PKG_VERSION")).into()),
        ("pid", rustix::process::getpid().as_raw_pid().into()),
        ("uid", rustix::process::geteuid().as_raw().into()),
        ("host", Datum::from(rustix::system::uname().nodename().to_string_lossy().into_owned())),
    ]
}

/// The kernel's name for this boot (random(4)), without which times of different boots could not be told apart. A
/// machine that does not say leaves it out.
fn boot_id() -> Option<String> {
    let read: io::Result<String> = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    read.ok()?.trim().parse::<Uuid>().ok().map(|id| id.hyphenated().to_string())
}
