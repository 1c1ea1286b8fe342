//! Signals to a foreground run end its job, not the program.

use std::{io, sync::Arc};

use crate::{cli::signals::Signals, job::Haste, model::outcome::Reason};

use super::{Cut, Target};

/// The signals that end this program elsewhere.
pub(super) struct Interrupts(Signals);

impl Interrupts {
    /// From here on they end the job.
    pub(super) fn listen() -> io::Result<Self> {
        Signals::listen().map(Self)
    }

    /// Ends the job at the first signal, and at the second one without any further grace.
    pub(super) async fn end(mut self, job: Target, cut: Arc<Cut>) {
        let number = self.0.next().await;
        // Nobody else sets it.
        let _ = cut.signal.set(number);
        tokio::select! {
            () = job.end(Reason::Cancelled, Haste::Grace) => {}
            _ = self.0.next() => job.end(Reason::Cancelled, Haste::AtOnce).await,
        }
    }
}
