//! One session over the server's standard streams.

use std::{fmt, time::Duration};

use rmcp::{ServerHandler, ServiceExt, service::ServerInitializeError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{Door, transport::LineTransport};

/// Serves the client at the other end of standard input and output, until it goes away or `stop` is cancelled.
///
/// Either way `stop` is cancelled at the moment when it is known, so that the caller can end its jobs at the same time.
/// Returns when the answers to the calls in flight are written, or have had their time.
pub async fn serve(door: Door, stop: CancellationToken) -> Result<(), SessionError> {
    let (input, output) = rmcp::transport::io::stdio_pipes();
    match session(door, input, output, stop).await? {
        Calls::Answered => {}
        Calls::GivenUp => tracing::debug!("calls in flight did not end in time"),
    }
    Ok(())
}

/// The session broke inside; the client going away is not an error.
#[derive(Debug)]
pub struct SessionError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session with the client failed")
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// What became of the calls that were in flight at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calls {
    Answered,
    GivenUp,
}

/// Time for the answers to calls in flight. Clients send SIGTERM two seconds after they close our standard input.
const DRAIN: Duration = Duration::from_millis(1500);

async fn session<H: ServerHandler>(
    handler: H,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    stop: CancellationToken,
) -> Result<Calls, SessionError> {
    let transport = LineTransport::new(input, output, stop.clone());
    // With `stop` as its token, rmcp tells every call in flight of the end.
    let running = match handler.serve_with_ct(transport, stop.clone()).await {
        Ok(running) => running,
        // The client left, or we were told to stop, before any request. Both are a good end.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => {
            return Ok(Calls::Answered);
        }
        Err(error) => return Err(SessionError(error.into())),
    };
    tokio::select! {
        end = running.waiting() => match end {
            Ok(_) => Ok(Calls::Answered),
            Err(error) => Err(SessionError(error.into())),
        },
        () = async {
            stop.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        } => Ok(Calls::GivenUp),
    }
}

#[cfg(test)]
mod tests {
    use rmcp::{
        ErrorData, RoleServer,
        model::{
            CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ServerCapabilities, ServerConfig,
        },
        service::RequestContext,
    };
    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
        task::JoinHandle,
    };

    use super::{super::transport::MAX_LINE, *};

    /// A handler with one tool that answers at once and one that waits for the end of its call.
    struct Example;

    impl ServerHandler for Example {
        fn get_info(&self) -> ServerConfig {
            ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
        }

        async fn call_tool(
            &self,
            request: CallToolRequestParams,
            context: RequestContext<RoleServer>,
        ) -> Result<CallToolResponse, ErrorData> {
            if request.name == "wait" {
                context.ct.cancelled().await;
            }
            Ok(CallToolResult::success(vec![ContentBlock::text(request.name)]).into())
        }
    }

    struct Client {
        to: DuplexStream,
        from: BufReader<DuplexStream>,
        stop: CancellationToken,
        session: JoinHandle<Result<Calls, SessionError>>,
    }

    impl Client {
        fn connect() -> Self {
            let (to, input) = duplex(1 << 16);
            let (output, from) = duplex(1 << 16);
            let stop = CancellationToken::new();
            let session = tokio::spawn(session(Example, input, output, stop.clone()));
            Self { to, from: BufReader::new(from), stop, session }
        }

        async fn line(&mut self, line: &str) {
            self.to.write_all(line.as_bytes()).await.unwrap();
            self.to.write_all(b"\n").await.unwrap();
        }

        async fn modern(&mut self, id: u32, method: &str, mut params: Value) {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            self.line(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()).await;
        }

        async fn call(&mut self, id: u32, tool: &str) {
            self.modern(id, "tools/call", json!({ "name": tool })).await;
        }

        async fn answer(&mut self) -> Value {
            let mut line = String::new();
            self.from.read_line(&mut line).await.unwrap();
            serde_json::from_str(&line).unwrap()
        }

        async fn expect_call_of(&mut self, id: u32, tool: &str) {
            let answer = self.answer().await;
            assert_eq!(
                (&answer["id"], &answer["result"]["content"][0]["text"]),
                (&json!(id), &json!(tool)),
                "{answer}"
            );
        }

        /// Ends the connection from the client's side, and gives what is still in it.
        async fn hang_up(self) -> String {
            use tokio::io::AsyncReadExt;
            let Self { to, mut from, stop, session } = self;
            drop(to);
            let mut rest = String::new();
            from.read_to_string(&mut rest).await.unwrap();
            assert_eq!(session.await.unwrap().unwrap(), Calls::Answered);
            assert!(stop.is_cancelled(), "the caller is told");
            rest
        }
    }

    #[tokio::test]
    async fn a_client_that_leaves_at_once_is_a_good_end() {
        assert_eq!(Client::connect().hang_up().await, "");
    }

    #[tokio::test]
    async fn a_lone_discover_is_answered_and_a_good_end() {
        let mut client = Client::connect();
        client.modern(1, "server/discover", json!({})).await;
        let rest = client.hang_up().await;
        assert!(rest.contains("\"supportedVersions\""), "{rest}");
    }

    #[tokio::test]
    async fn early_notifications_and_responses_are_survived() {
        let mut client = Client::connect();
        client.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#).await;
        client.line(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).await;
        // A request that rmcp refuses does not open the session either.
        client.line(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#).await;
        assert_eq!(client.answer().await["error"]["code"], -32602);
        client.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#).await;
        client.call(3, "x").await;
        client.expect_call_of(3, "x").await;
        client.hang_up().await;
    }

    #[tokio::test]
    async fn the_end_of_input_ends_a_call_in_flight_at_once() {
        let mut client = Client::connect();
        client.call(1, "wait").await;
        client.call(2, "x").await;
        client.expect_call_of(2, "x").await;
        // The waiting call returned because it was told to, not because its time was over.
        client.hang_up().await;
    }

    #[tokio::test]
    async fn a_stop_ends_the_session_and_answers_calls_in_flight() {
        let mut client = Client::connect();
        client.call(1, "wait").await;
        client.call(2, "x").await;
        client.expect_call_of(2, "x").await;
        client.stop.cancel();
        client.expect_call_of(1, "wait").await;
        assert_eq!(client.session.await.unwrap().unwrap(), Calls::Answered);
    }

    #[tokio::test]
    async fn a_stop_before_any_request_is_a_good_end() {
        let client = Client::connect();
        client.stop.cancel();
        assert_eq!(client.session.await.unwrap().unwrap(), Calls::Answered);
    }

    #[tokio::test]
    async fn a_cancelled_call_is_never_answered() {
        let mut client = Client::connect();
        client.call(1, "wait").await;
        client.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#).await;
        client.call(2, "x").await;
        client.expect_call_of(2, "x").await;
        assert_eq!(client.hang_up().await, "");
    }

    #[tokio::test]
    async fn an_id_that_is_in_flight_is_refused_and_neither_answer_is_lost() {
        let mut client = Client::connect();
        client.call(1, "wait").await;
        client.call(1, "x").await;
        let answer = client.answer().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32600)), "{answer}");
        client.stop.cancel();
        client.expect_call_of(1, "wait").await;
    }

    #[tokio::test]
    async fn an_id_is_free_again_after_its_answer_and_after_a_cancel() {
        let mut client = Client::connect();
        for _ in 0..2 {
            client.call(1, "x").await;
            client.expect_call_of(1, "x").await;
        }
        client.call(1, "wait").await;
        client.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#).await;
        client.call(1, "x").await;
        assert_eq!(client.answer().await["id"], 1);
        client.hang_up().await;
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_answered_with_its_id() {
        let mut client = Client::connect();
        let long = "a".repeat(MAX_LINE);
        client.line(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"x":"{long}"}}}}"#)).await;
        let answer = client.answer().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32600)), "{answer}");
        client.call(2, "x").await;
        client.expect_call_of(2, "x").await;
        client.hang_up().await;
    }

    #[tokio::test]
    async fn garbage_and_batches_are_answered_before_and_in_a_session() {
        let mut client = Client::connect();
        for id in 1..3 {
            client.line("not json").await;
            assert_eq!(client.answer().await["error"]["code"], -32700);
            client.line(r#"[{"jsonrpc":"2.0","id":9,"method":"ping"}]"#).await;
            let answer = client.answer().await;
            assert_eq!((&answer["error"]["code"], answer.get("id")), (&json!(-32600), None));
            client.call(id, "x").await;
            client.expect_call_of(id, "x").await;
        }
        client.hang_up().await;
    }

    #[tokio::test]
    async fn one_pipe_serves_both_eras() {
        let mut client = Client::connect();
        client.call(1, "x").await;
        client.expect_call_of(1, "x").await;
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } });
        client.line(&json!({ "jsonrpc": "2.0", "id": 2, "method": "initialize", "params": hello }).to_string()).await;
        assert_eq!(client.answer().await["result"]["protocolVersion"], "2025-06-18");
        client.call(3, "x").await;
        client.expect_call_of(3, "x").await;
        client.hang_up().await;
    }
}
