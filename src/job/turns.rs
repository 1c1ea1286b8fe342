//! How many jobs may run at the same time: a number that may change while they do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Turns to run, given in the order in which they are asked for.
///
/// A number that grows lets waiting jobs in at once. One that shrinks ends no job: turns that are in use then are not given
/// on when their jobs end, until no more jobs run than may.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    free: Arc<Semaphore>,
    count: Mutex<Count>,
}

#[derive(Debug)]
struct Count {
    /// Jobs that may run.
    most: usize,
    /// Turns beyond that which there still are. They are taken away as they become free.
    owed: usize,
}

impl Turns {
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        let count = Mutex::new(Count { most, owed: 0 });
        Self(Arc::new(Inner { free: Arc::new(Semaphore::new(most)), count }))
    }

    /// Waits for a turn.
    pub(super) async fn take(self) -> Result<Turn, AcquireError> {
        // One that was given to a job which did not wait for it any more has come back by itself.
        self.settle(&mut self.count());
        let permit = Arc::clone(&self.0.free).acquire_owned().await?;
        Ok(Turn { permit: Some(permit), turns: self })
    }

    /// Changes the number of jobs that may run.
    pub(super) fn resize(&self, most: usize) {
        let most = most.min(Semaphore::MAX_PERMITS);
        let mut count = self.count();
        let (more, fewer) = (most.saturating_sub(count.most), count.most.saturating_sub(most));
        count.most = most;
        let forgiven = more.min(count.owed);
        count.owed = count.owed.saturating_sub(forgiven);
        self.0.free.add_permits(more.saturating_sub(forgiven));
        count.owed = count.owed.saturating_add(fewer);
        self.settle(&mut count);
    }

    /// Takes free turns away, as far as they are owed.
    fn settle(&self, count: &mut Count) {
        let taken = self.0.free.forget_permits(count.owed);
        count.owed = count.owed.saturating_sub(taken);
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        // Plain numbers, whole after each change.
        self.0.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn to run; dropping it lets the next job in.
#[derive(Debug)]
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    turns: Turns,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut count = self.turns.count();
        if count.owed > 0 {
            count.owed = count.owed.saturating_sub(1);
            permit.forget();
        } else {
            drop(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
    };

    use super::*;

    /// Asks whether something is ready, without a runtime.
    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn take(turns: &Turns) -> Option<Turn> {
        match poll_once(pin!(turns.clone().take())) {
            Poll::Ready(turn) => Some(turn.unwrap()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn no_more_turns_are_given_than_there_are() {
        let turns = Turns::new(2);
        let (one, _two) = (take(&turns).unwrap(), take(&turns).unwrap());
        assert!(take(&turns).is_none());
        drop(one);
        assert!(take(&turns).is_some());
    }

    #[test]
    fn a_number_that_grows_lets_the_next_in_at_once() {
        let turns = Turns::new(1);
        let _one = take(&turns).unwrap();
        let mut waiting = pin!(turns.clone().take());
        assert!(poll_once(waiting.as_mut()).is_pending());
        turns.resize(2);
        assert!(poll_once(waiting.as_mut()).is_ready());
    }

    #[test]
    fn a_number_that_shrinks_is_kept_as_jobs_end() {
        let turns = Turns::new(3);
        let running: Vec<_> = (0..3).map(|_| take(&turns).unwrap()).collect();
        turns.resize(1);
        let mut running = running.into_iter();
        drop(running.next());
        drop(running.next());
        assert!(take(&turns).is_none(), "one still runs");
        drop(running.next());
        let one = take(&turns);
        assert!(one.is_some() && take(&turns).is_none());
    }

    #[test]
    fn free_turns_go_first_when_the_number_shrinks() {
        let turns = Turns::new(3);
        let _one = take(&turns).unwrap();
        turns.resize(2);
        let _two = take(&turns).unwrap();
        assert!(take(&turns).is_none());
    }

    #[test]
    fn what_is_owed_is_forgiven_when_the_number_grows_again() {
        let turns = Turns::new(2);
        let running = [take(&turns).unwrap(), take(&turns).unwrap()];
        turns.resize(1);
        turns.resize(2);
        assert!(take(&turns).is_none());
        drop(running);
        let again = [take(&turns), take(&turns), take(&turns)];
        assert_eq!(again.map(|turn| turn.is_some()), [true, true, false]);
    }

    #[test]
    fn a_turn_that_nobody_waits_for_any_more_is_taken_away_too() {
        let turns = Turns::new(1);
        let one = take(&turns).unwrap();
        let mut waiting = Box::pin(turns.clone().take());
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(one);
        // It is the waiting one's now, and so not free; jobs of both numbers would run if it came back unseen.
        turns.resize(0);
        drop(waiting);
        assert!(take(&turns).is_none());
    }

    #[test]
    fn a_number_beyond_all_use_is_no_trouble() {
        let turns = Turns::new(usize::MAX);
        let _one = take(&turns).unwrap();
        turns.resize(1);
        turns.resize(usize::MAX);
        assert!(take(&turns).is_some());
    }
}
