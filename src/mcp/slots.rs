//! How many calls may be in flight at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{diagnostic::Code, model::denial::Denial};

use super::tools::Tool;

/// Places for calls in flight. Kills have places of their own: a client whose waits take up all others can still stop
/// its jobs.
#[derive(Debug)]
pub(super) struct Slots {
    calls: Arc<Semaphore>,
    kills: Arc<Semaphore>,
}

/// A call in flight; dropping it makes room.
#[derive(Debug)]
pub(super) struct Slot(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// Calls in flight at the same time. Jobs do not hold a place, only calls that wait for one do.
pub(super) const MAX_CALLS: usize = 64;

impl Slots {
    /// All places free.
    pub(super) fn new() -> Self {
        Self { calls: Arc::new(Semaphore::new(MAX_CALLS)), kills: Arc::new(Semaphore::new(MAX_CALLS)) }
    }

    /// Takes a place, or says that there is none. A call never queues: the client would not know why it hangs.
    pub(super) fn take(&self, tool: Tool) -> Result<Slot, Denial> {
        let places = if tool == Tool::Kill { &self.kills } else { &self.calls };
        let permit = Arc::clone(places).try_acquire_owned().map_err(|_| {
            Denial::new(Code::TooManyCalls, format!("{MAX_CALLS} calls are in flight already"))
                .with_hint("wait for one of them to return, or use a shorter `wait_seconds`")
        })?;
        Ok(Slot(permit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_can_never_keep_a_kill_out() {
        let slots = Slots::new();
        let taken: Vec<_> = (0..MAX_CALLS).map(|_| slots.take(Tool::Status).unwrap()).collect();
        assert_eq!(slots.take(Tool::Execute).unwrap_err().code, Code::TooManyCalls);
        assert!(slots.take(Tool::Kill).is_ok());
        drop(taken);
        assert!(slots.take(Tool::Execute).is_ok());
    }
}
