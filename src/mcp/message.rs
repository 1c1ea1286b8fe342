//! One line to one message, or to the error that it deserves.

use rmcp::{
    RoleServer,
    model::{ErrorData, JsonRpcError, RequestId},
    service::RxJsonRpcMessage,
};
use serde_json::Value;

/// What a line holds.
#[derive(Debug)]
pub(super) enum Inbound {
    /// A message.
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// Nothing that wants an answer: a blank line, or a notification that means nothing to us.
    Nothing,
    /// Not a message.
    Refused(Box<JsonRpcError>),
}

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Inbound {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Inbound::Nothing;
    }
    match serde_json::from_slice(line) {
        Ok(message) => Inbound::Message(Box::new(message)),
        Err(_) => not_a_message(line),
    }
}

/// The answer to a line over the limit.
pub(super) fn too_long(id: Option<RequestId>, limit: usize) -> JsonRpcError {
    let text = format!("the message is longer than {limit} bytes and was not read; send less in one message");
    JsonRpcError::new(id, ErrorData::invalid_request(text, None))
}

/// The answer to a request with the id of one that is not answered yet.
pub(super) fn id_in_use(id: RequestId) -> JsonRpcError {
    let text = "an earlier request with this id is still in flight; give each request an id of its own";
    JsonRpcError::new(Some(id), ErrorData::invalid_request(text, None))
}

/// RFC 8259, section 8.1, lets a parser ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

fn not_a_message(line: &[u8]) -> Inbound {
    let (id, error) = match serde_json::from_slice::<Value>(line) {
        Err(error) => (None, ErrorData::parse_error(format!("the line is not JSON: {error}"), None)),
        Ok(Value::Object(object)) => {
            let is_notification = !object.contains_key("id") && object.get("method").is_some_and(Value::is_string);
            if is_notification {
                return Inbound::Nothing;
            }
            let id = object.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
            (id, ErrorData::invalid_request("the object is not a JSON-RPC 2.0 message", None))
        }
        Ok(Value::Array(_)) => (
            None,
            ErrorData::invalid_request("batches are not supported; send each message on a line of its own", None),
        ),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            (None, ErrorData::invalid_request("a message is a JSON object", None))
        }
    };
    Inbound::Refused(Box::new(JsonRpcError::new(id, error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> (i32, Option<Value>) {
        match read(line.as_bytes()) {
            Inbound::Refused(error) => (error.error.code.0, error.id.map(|id| serde_json::to_value(id).unwrap())),
            Inbound::Message(_) | Inbound::Nothing => panic!("not refused: {line}"),
        }
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        assert_eq!(refused("not json"), (-32700, None));
        assert_eq!(refused("{\"id\":1"), (-32700, None));
        assert_eq!(refused("\"\u{fffd}"), (-32700, None));
        let Inbound::Refused(error) = read(b"{\"a\":\"\xff\"}") else { panic!() };
        assert_eq!(error.error.code.0, -32700);
    }

    #[test]
    fn what_is_not_a_message_is_an_invalid_request_with_its_id() {
        assert_eq!(refused(r#"[{"jsonrpc":"2.0","id":9,"method":"ping"}]"#), (-32600, None));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":5,"method":7}"#), (-32600, Some(5.into())));
        assert_eq!(refused(r#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#), (-32600, Some("a".into())));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#).0, -32600);
        assert_eq!(refused("7"), (-32600, None));
        assert_eq!(refused("{}"), (-32600, None));
    }

    #[test]
    fn blank_lines_are_passed_over() {
        for line in ["", "  ", "\r", "\u{feff}"] {
            assert!(matches!(read(line.as_bytes()), Inbound::Nothing), "{line:?}");
        }
    }

    #[test]
    fn messages_are_read_with_a_mark_and_a_carriage_return() {
        let line = "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r";
        assert!(matches!(read(line.as_bytes()), Inbound::Message(_)));
    }

    #[test]
    fn deep_nesting_is_refused_and_not_a_crash() {
        let line = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(refused(&line).0, -32700);
    }
}
