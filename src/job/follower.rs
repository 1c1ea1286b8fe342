//! One reader who misses nothing.

use std::sync::Arc;

use super::{
    Cursor, JobView, Output,
    record::{Record, until},
};

/// Reads a job's output as it comes, all of it: while there is more than the job's buffers hold, the job is held up.
/// Dropped, it lets the job run on, and the oldest output leaves when the buffers are full.
#[derive(Debug)]
pub struct Follower(Arc<Record>);

impl Follower {
    pub(super) fn new(record: Arc<Record>) -> Self {
        Self(record)
    }

    /// Waits until the command runs, or will never run.
    pub async fn started(&self) {
        until(&self.0, Record::has_begun).await;
    }

    /// The next output, at most `max` bytes, as soon as there is some; nothing once the job has ended and all was taken.
    pub async fn next(&self, max: usize) -> Option<Output> {
        until(&self.0, |job| job.has_untaken() || job.is_final()).await;
        // All output is in the buffers before the end is told, so what is there now is all there will be.
        self.0.has_untaken().then(|| self.0.take(max))
    }

    /// Holds the job up no longer, and gives it when it has ended.
    pub async fn ended(&self) -> JobView {
        self.0.run_free();
        until(&self.0, Record::is_final).await;
        self.0.view()
    }

    /// What is kept of the output.
    pub fn kept(&self) -> Output {
        self.0.output(Cursor::default(), usize::MAX)
    }

    /// The job as it is now.
    pub fn view(&self) -> JobView {
        self.0.view()
    }

    /// Whether the job takes its input in whole lines alone.
    pub fn takes_lines(&self) -> bool {
        self.0.takes_lines()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.run_free();
    }
}
