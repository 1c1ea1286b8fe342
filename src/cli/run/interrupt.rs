//! Signals to a foreground run end its job, not the program.

use std::{io, sync::Arc};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{job::Haste, model::outcome::Reason};

use super::{Cut, Target};

/// The signals that a terminal, a service manager or a person sends to end a program.
pub(super) struct Interrupts {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// From here on the signals end this program no longer; those that come are kept.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Ends the job at the first signal, and at the second one without any further grace.
    pub(super) async fn end(mut self, job: Target, cut: Arc<Cut>) {
        let number = self.next().await;
        // Nobody else sets it.
        let _ = cut.signal.set(number);
        tokio::select! {
            () = job.end(Reason::Cancelled, Haste::Grace) => {}
            _ = self.next() => job.end(Reason::Cancelled, Haste::AtOnce).await,
        }
    }

    /// The number of the next signal.
    async fn next(&mut self) -> u8 {
        let kind = tokio::select! {
            _ = self.hangup.recv() => SignalKind::hangup(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        };
        u8::try_from(kind.as_raw_value()).unwrap_or(0)
    }
}
