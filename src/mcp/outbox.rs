//! The one writer of the connection.
//!
//! Whole messages go through one task, so that a send that is given up halfway can never leave half a line behind.

use std::{io, sync::Arc, time::Duration};

use serde::Serialize;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Sends messages, each on a line.
#[derive(Debug)]
pub(super) struct Outbox {
    letters: mpsc::Sender<Letter>,
    /// One place for each message that is not written yet.
    places: Arc<Semaphore>,
    writer: JoinHandle<()>,
}

#[derive(Debug)]
struct Letter {
    line: Vec<u8>,
    written: Option<oneshot::Sender<()>>,
    _place: Option<OwnedSemaphorePermit>,
}

/// Messages that may wait for a client that does not read, before we stop reading from it. An answer holds at most a
/// few MiB, so the memory that such a client can bind is bounded too.
const PLACES: usize = 64;

/// How long the last messages may take once the connection ends.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Outbox {
    /// Starts the writer.
    pub(super) fn new(output: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let (letters, queue) = mpsc::channel(PLACES);
        Self { letters, places: Arc::new(Semaphore::new(PLACES)), writer: tokio::spawn(write_all(output, queue)) }
    }

    /// Sends a message; the future ends when it is written.
    pub(super) fn send<M>(&self, message: &M) -> impl Future<Output = io::Result<()>> + Send + 'static + use<M>
    where
        M: Serialize + 'static,
    {
        let line = line(message);
        let letters = self.letters.clone();
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        async move {
            let (written, receipt) = oneshot::channel();
            let letter = Letter { line: line?, written: Some(written), _place: place };
            letters.send(letter).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
            receipt.await.map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
    }

    /// Queues a message that nobody waits for. Cancel safe: it is taken out of `message` at the moment when it is queued.
    pub(super) async fn post(&self, message: &mut Option<impl Serialize>) {
        if message.is_none() {
            return;
        }
        let Ok(slot) = self.letters.reserve().await else { return };
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        if let Some(Ok(line)) = message.take().map(|message| line(&message)) {
            slot.send(Letter { line, written: None, _place: place });
        }
    }

    /// Waits until the client has read enough for another message.
    pub(super) async fn has_room(&self) {
        // The permit is given back at once: only the wait is wanted.
        drop(self.places.acquire().await);
    }

    /// Waits until nothing can be written any more.
    pub(super) async fn broken(&self) {
        self.letters.closed().await;
    }

    /// Waits, not for long, until all that was queued is written.
    pub(super) async fn flush(&self) {
        let (written, receipt) = oneshot::channel();
        let mark = Letter { line: Vec::new(), written: Some(written), _place: None };
        let queued_and_written = async {
            if self.letters.send(mark).await.is_ok() {
                receipt.await.ok();
            }
        };
        if timeout(LAST_WORDS, queued_and_written).await.is_err() {
            tracing::debug!("the client does not read its last answers");
        }
    }

    /// Stops the writer.
    pub(super) fn close(&self) {
        self.writer.abort();
    }
}

fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

async fn write_all(mut output: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Letter>) {
    while let Some(letter) = queue.recv().await {
        let result = match output.write_all(&letter.line).await {
            Ok(()) => output.flush().await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "standard output cannot be written any more");
            return;
        }
        if let Some(written) = letter.written {
            // Nobody waits any more: nothing is lost.
            written.send(()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn messages_are_whole_lines_in_order() {
        let (near, mut far) = duplex(4);
        let outbox = Outbox::new(near);
        let both = tokio::spawn({
            let (a, b) = (outbox.send(&"one"), outbox.send(&"two"));
            async move { (a.await, b.await) }
        });
        let mut text = vec![0; 12];
        far.read_exact(&mut text).await.unwrap();
        assert_eq!(text, b"\"one\"\n\"two\"\n");
        let (a, b) = both.await.unwrap();
        assert!(a.is_ok() && b.is_ok());
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_uses_up_the_room() {
        let (near, mut far) = duplex(1);
        let outbox = Outbox::new(near);
        let sends: Vec<_> = (0..PLACES).map(|n| tokio::spawn(outbox.send(&n))).collect();
        assert!(timeout(Duration::ZERO, outbox.has_room()).await.is_err());
        let reader = tokio::spawn(async move { far.read_to_end(&mut Vec::new()).await });
        outbox.has_room().await;
        for send in sends {
            send.await.unwrap().unwrap();
        }
        outbox.close();
        reader.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_noticed() {
        let (near, far) = duplex(64);
        let outbox = Outbox::new(near);
        drop(far);
        assert!(outbox.send(&1).await.is_err());
        outbox.broken().await;
        outbox.flush().await;
    }

    #[tokio::test]
    async fn what_is_posted_is_taken_once() {
        let (near, mut far) = duplex(64);
        let outbox = Outbox::new(near);
        let mut message = Some("x");
        outbox.post(&mut message).await;
        assert_eq!(message, None);
        outbox.post(&mut message).await;
        outbox.flush().await;
        outbox.close();
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "\"x\"\n");
    }
}
