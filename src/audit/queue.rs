//! What waits to be written: filled by whoever has something to record, emptied by the one thread that writes.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{oneshot, watch};

use super::{
    chain::{Link, Record, Stamp},
    error::RecordError,
};

/// Bytes that may wait before requests are refused. Ends of jobs are taken in any case.
const MAX_WAITING: usize = 16 << 20;

/// A record that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) record: Record,
    pub(super) stamp: Stamp,
    pub(super) weight: Weight,
    /// Told when the record is durable, or that it never will be.
    pub(super) waiter: Option<Sender>,
}

type Sender = oneshot::Sender<Result<Link, RecordError>>;

/// Whether a record may be refused when space is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It asks for something new, which can be refused with it.
    Refusable,
    /// It tells what has happened, or how something ended.
    Essential,
}

/// Between the writer's handles and its thread.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    ready: Condvar,
    failed: watch::Sender<bool>,
}

#[derive(Debug)]
struct Inner {
    waiting: Vec<Waiting>,
    bytes: usize,
    state: State,
    /// Whether the last commit found the reserve short.
    low: bool,
    /// Whether somebody was refused for want of space since then.
    probe: bool,
}

#[derive(Clone, Debug)]
enum State {
    Open,
    /// Nothing more is taken; what waits is still written.
    Ending,
    Failed(Arc<str>),
}

impl Queue {
    pub(super) fn new() -> Self {
        let inner = Inner { waiting: Vec::new(), bytes: 0, state: State::Open, low: false, probe: false };
        Self { inner: Mutex::new(inner), ready: Condvar::new(), failed: watch::Sender::new(false) }
    }

    /// Takes a record that somebody waits for. Its time is set under the lock, so that times and numbers have one order.
    pub(super) fn push(&self, record: Record, weight: Weight) -> Result<Waiter, RecordError> {
        let (sender, receiver) = oneshot::channel();
        self.add(&mut self.lock(), record, weight, Some(sender))?;
        Ok(Waiter(receiver))
    }

    /// Takes a record that nobody waits for.
    pub(super) fn push_unwatched(&self, record: Record, weight: Weight) -> Result<(), RecordError> {
        let mut inner = self.lock();
        if inner.low && weight == Weight::Refusable {
            // Nobody would learn of a refusal later. The thread looks whether there is space again.
            inner.probe = true;
            self.ready.notify_one();
            return Err(RecordError::NoSpace);
        }
        self.add(&mut inner, record, weight, None)
    }

    /// Takes the last records of the stream and none after them. The answer is for the very last.
    pub(super) fn finish(&self, stop: Record, close: Record) -> Result<Waiter, RecordError> {
        let (sender, receiver) = oneshot::channel();
        let mut inner = self.lock();
        self.add(&mut inner, stop, Weight::Essential, None)?;
        self.add(&mut inner, close, Weight::Essential, Some(sender))?;
        inner.state = State::Ending;
        Ok(Waiter(receiver))
    }

    /// Takes no more records: nobody is left who could bring one.
    pub(super) fn hang_up(&self) {
        let mut inner = self.lock();
        if let State::Open = inner.state {
            inner.state = State::Ending;
        }
        self.ready.notify_one();
    }

    /// Everything that waits, as soon as there is something; nothing when there will never be more. The batch is empty
    /// when somebody wants to know whether there is space again.
    pub(super) fn next_batch(&self) -> Option<Vec<Waiting>> {
        let mut inner = self.lock();
        while inner.waiting.is_empty() && !inner.probe {
            match inner.state {
                State::Open => inner = self.ready.wait(inner).unwrap_or_else(PoisonError::into_inner),
                State::Ending | State::Failed(_) => return None,
            }
        }
        inner.bytes = 0;
        inner.probe = false;
        Some(mem::take(&mut inner.waiting))
    }

    /// Tells whether space is short from now on.
    pub(super) fn set_low(&self, low: bool) {
        self.lock().low = low;
    }

    /// Ends the log for good: what waits and what comes is refused.
    pub(super) fn fail(&self, why: &Arc<str>) {
        let mut inner = self.lock();
        if let State::Failed(_) = inner.state {
            return;
        }
        inner.state = State::Failed(why.clone());
        let waiting = mem::take(&mut inner.waiting);
        drop(inner);
        self.failed.send_replace(true);
        refuse(waiting, why);
    }

    pub(super) fn has_failed(&self) -> bool {
        *self.failed.borrow()
    }

    /// Resolves once the log has failed.
    pub(super) async fn failed(&self) {
        // The sender lives as long as `self`, so the only way to return is the value.
        let _ = self.failed.subscribe().wait_for(|failed| *failed).await;
    }

    fn add(
        &self,
        inner: &mut Inner,
        record: Record,
        weight: Weight,
        waiter: Option<Sender>,
    ) -> Result<(), RecordError> {
        match &inner.state {
            State::Open => {}
            State::Ending => return Err(RecordError::Closed),
            State::Failed(why) => return Err(RecordError::Failed(why.clone())),
        }
        if weight == Weight::Refusable && inner.bytes > MAX_WAITING {
            return Err(RecordError::Backlog);
        }
        inner.bytes = inner.bytes.saturating_add(record.fields.len());
        inner.waiting.push(Waiting { record, stamp: now(), weight, waiter });
        self.ready.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for a record to be durable.
#[derive(Debug)]
#[must_use = "a record is durable only when its waiter says so"]
pub(super) struct Waiter(oneshot::Receiver<Result<Link, RecordError>>);

impl Waiter {
    /// Where the record lies on disk.
    pub(super) async fn durable(self) -> Result<Link, RecordError> {
        match self.0.await {
            Ok(answer) => answer,
            Err(_gone) => Err(RecordError::Failed("its thread has ended".into())),
        }
    }
}

/// Tells those who wait that their records will never be durable.
pub(super) fn refuse(waiting: Vec<Waiting>, why: &Arc<str>) {
    for waiter in waiting.into_iter().filter_map(|waiting| waiting.waiter) {
        // Who does not wait any more needs no answer.
        let _ = waiter.send(Err(RecordError::Failed(why.clone())));
    }
}

/// The time of day, and the time that never goes back: CLOCK_MONOTONIC (clock_gettime(2)) counts from this boot.
pub(super) fn now() -> Stamp {
    let mono = clock_gettime(ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    let mono_ns = part(mono.tv_sec).saturating_mul(1_000_000_000).saturating_add(part(mono.tv_nsec));
    Stamp { ts: Timestamp::now(), mono_ns }
}
