//! The thread that writes: takes all that waits, gives it places in the chain, appends it with one write, makes it durable
//! with one sync, and only then tells those who wait. There is no timer: while one commit runs, the next batch gathers.
//!
//! An error of a write or a sync is final. The kernel may have dropped the pages that it could not write, and would report
//! the next sync as a success (fsync(2), notes on errors), so nothing is tried a second time.

use std::sync::{Arc, mpsc};

use nix::sys::signal::SigSet;

use super::{
    chain::{Head, Link},
    error::RecordError,
    queue::{Queue, Waiting, Weight, refuse},
    storage::{Room, Storage},
};

/// The state of the thread.
#[derive(Debug)]
pub(super) struct Committer<S> {
    queue: Arc<Queue>,
    storage: S,
    head: Head,
    boot: Option<String>,
    done: bool,
}

type Answer = Result<Link, RecordError>;

impl<S: Storage> Committer<S> {
    pub(super) fn new(queue: Arc<Queue>, storage: S, head: Head, boot: Option<String>) -> Self {
        Self { queue, storage, head, boot, done: false }
    }

    /// Writes until the stream is closed or has failed, and tells how the first commit went. Dropping the storage ends
    /// its lock.
    pub(super) fn run(mut self, opened: &mpsc::Sender<Result<(), RecordError>>) {
        // A write beyond RLIMIT_FSIZE sends SIGXFSZ to the thread that wrote, which would end the server (setrlimit(2));
        // blocked, it leaves the error EFBIG. Nor should this thread be the one that handles any other signal.
        if let Err(errno) = SigSet::all().thread_block() {
            self.queue.fail(&format!("cannot block signals: {errno}").into());
        }
        while let Some(batch) = self.queue.next_batch() {
            let result = self.commit(batch);
            let failed = result.is_err();
            // Only the first answer is waited for; after that nobody listens.
            let _ = opened.send(result);
            if failed {
                break;
            }
        }
        self.done = true;
    }

    /// Makes a batch durable, or ends the log.
    fn commit(&mut self, batch: Vec<Waiting>) -> Result<(), RecordError> {
        match self.write(&batch) {
            Ok(answers) => {
                for (waiter, answer) in batch.into_iter().map(|waiting| waiting.waiter).zip(answers) {
                    // Who does not wait any more needs no answer.
                    let _ = waiter.map(|waiter| waiter.send(answer));
                }
                Ok(())
            }
            Err(error) => {
                let why: Arc<str> = error.to_string().into();
                self.queue.fail(&why);
                refuse(batch, &why);
                Err(RecordError::Failed(why))
            }
        }
    }

    fn write(&mut self, batch: &[Waiting]) -> std::io::Result<Vec<Answer>> {
        self.storage.check()?;
        let size = batch.iter().map(|waiting| waiting.record.fields.len().saturating_add(1024)).sum();
        let room = self.storage.reserve(size);
        self.queue.set_low(room == Room::Low);
        let mut bytes = Vec::new();
        let answers = batch.iter().map(|waiting| self.place(waiting, room, &mut bytes)).collect();
        if !bytes.is_empty() {
            self.storage.append(&bytes)?;
            self.storage.sync()?;
        }
        Ok(answers)
    }

    fn place(&mut self, waiting: &Waiting, room: Room, bytes: &mut Vec<u8>) -> Answer {
        let Waiting { record, stamp, weight, waiter } = waiting;
        match (room, weight) {
            // A record without a waiter was taken before space ran short; nobody could be told of its loss.
            (Room::Low, Weight::Refusable) if waiter.is_some() => Err(RecordError::NoSpace),
            (Room::Low, Weight::Refusable | Weight::Essential) | (Room::Ample, _) => {
                Ok(self.head.append(record, *stamp, self.boot.as_deref(), bytes))
            }
        }
    }
}

impl<S> Drop for Committer<S> {
    /// A thread that ends otherwise than by its own last line has panicked; nobody must wait for it.
    fn drop(&mut self) {
        if !self.done {
            self.queue.fail(&"its thread has ended".into());
        }
    }
}
