//! The connection under rmcp: newline-delimited JSON-RPC, hardened.
//!
//! rmcp's own transport drops lines that are too long or not JSON without an answer, reads on from a client that does
//! not read its answers; its server loses an answer when an id is used twice, and ends the whole process over a
//! notification that comes before the first request. This one answers every line that wants an answer, stops reading when
//! too much waits to be written, holds such early messages back, and says at once when the client is gone.

use std::{collections::HashSet, io};

use rmcp::{
    RoleServer,
    model::{ClientNotification, ClientRequest, GetMeta, JsonRpcError, JsonRpcMessage, ProtocolVersion, RequestId},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{
    lines::{Line, LineReader},
    message::{self, Inbound},
    outbox::Outbox,
};

/// Longest line that is read: far above any honest request, far below what would hurt.
pub(super) const MAX_LINE: usize = 1 << 20;

/// Newline-delimited JSON-RPC over two byte streams.
#[derive(Debug)]
pub(super) struct LineTransport<R> {
    lines: LineReader<R>,
    outbox: Outbox,
    /// An answer that is not queued yet.
    owed: Option<JsonRpcError>,
    /// A request has come that starts a session in rmcp; from then on it bears any message.
    opened: bool,
    /// Requests that are not answered yet.
    in_flight: HashSet<RequestId>,
    /// Cancelled when the client is gone.
    gone: CancellationToken,
}

impl<R: AsyncRead + Send + Unpin> LineTransport<R> {
    /// A connection over these streams; `gone` is cancelled at its end.
    pub(super) fn new(input: R, output: impl AsyncWrite + Send + Unpin + 'static, gone: CancellationToken) -> Self {
        let lines = LineReader::new(input, MAX_LINE);
        Self { lines, outbox: Outbox::new(output), owed: None, opened: false, in_flight: HashSet::new(), gone }
    }

    /// Keeps back what rmcp would die of or lose.
    fn admit(&mut self, message: RxJsonRpcMessage<RoleServer>) -> Option<RxJsonRpcMessage<RoleServer>> {
        match &message {
            JsonRpcMessage::Request(request) => {
                if !self.in_flight.insert(request.id.clone()) {
                    self.owed = Some(message::id_in_use(request.id.clone()));
                    return None;
                }
                self.opened |= opens_session(&request.request);
                return Some(message);
            }
            JsonRpcMessage::Notification(notification) => {
                // What is cancelled is never answered.
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.in_flight.remove(id);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        if !self.opened {
            tracing::debug!("dropped a message that came before the first request");
        }
        self.opened.then_some(message)
    }

    async fn end(&mut self) {
        self.outbox.flush().await;
        self.gone.cancel();
    }
}

/// Whether rmcp leaves its opening phase on this request. It stays in it for pings and discovery, and for a request
/// without the metadata of the 2026-07-28 lifecycle, which it answers with an error.
fn opens_session(request: &ClientRequest) -> bool {
    if matches!(request, ClientRequest::InitializeRequest(_)) {
        return true;
    }
    if matches!(request, ClientRequest::DiscoverRequest(_) | ClientRequest::PingRequest(_)) {
        return false;
    }
    let meta = request.get_meta();
    let complete = meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty();
    complete && meta.protocol_version().is_some_and(|version| ProtocolVersion::KNOWN_VERSIONS.contains(&version))
}

impl<R: AsyncRead + Send + Unpin> Transport<RoleServer> for LineTransport<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        match &item {
            JsonRpcMessage::Response(response) => drop(self.in_flight.remove(&response.id)),
            JsonRpcMessage::Error(error) => drop(error.id.as_ref().map(|id| self.in_flight.remove(id))),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {}
        }
        self.outbox.send(&item)
    }

    // Cancel safe, as rmcp needs it: nothing that was read or is owed lives only in the future.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let line = tokio::select! {
                line = async {
                    self.outbox.post(&mut self.owed).await;
                    self.outbox.has_room().await;
                    self.lines.next().await
                } => line,
                () = self.outbox.broken() => Line::End,
            };
            let inbound = match line {
                Line::End => {
                    self.end().await;
                    return None;
                }
                Line::TooLong(id) => Inbound::Refused(Box::new(message::too_long(id, MAX_LINE))),
                Line::Whole(line) => message::read(&line),
            };
            match inbound {
                Inbound::Message(message) => {
                    if let Some(message) = self.admit(*message) {
                        return Some(message);
                    }
                }
                Inbound::Nothing => {}
                Inbound::Refused(error) => self.owed = Some(*error),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.outbox.flush().await;
        self.outbox.close();
        Ok(())
    }
}
