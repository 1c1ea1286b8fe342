//! Finds the `id` of a JSON-RPC message in a line that is too long to keep.
//!
//! A message over the limit deserves an answer, and an answer needs the request's id. Clients write it first or last,
//! so the whole line has to be looked at; this scanner does so byte by byte and keeps nothing but the id itself.

use rmcp::model::RequestId;

/// Looks through the bytes of one JSON object for its top-level `id`.
#[derive(Debug, Default)]
pub(super) struct IdScan {
    depth: u32,
    /// Inside a string; true after a backslash.
    string: Option<bool>,
    /// The key or scalar value being read at the top level.
    token: Vec<u8>,
    /// The value being read belongs to the key `id`.
    is_id: bool,
    id: Option<RequestId>,
}

/// Longest id that is worth finding. Clients use counters and UUIDs.
const TOKEN_MAX: usize = 256;

impl IdScan {
    /// Looks at the next bytes of the line.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.push(*byte);
        }
    }

    /// The id, when one was found.
    pub(super) fn finish(self) -> Option<RequestId> {
        self.id
    }

    fn push(&mut self, byte: u8) {
        if let Some(escaped) = self.string {
            self.keep(byte);
            self.string = match byte {
                _ if escaped => Some(false),
                b'\\' => Some(true),
                b'"' => None,
                _ => Some(false),
            };
            return;
        }
        match byte {
            b'"' => {
                self.string = Some(false);
                self.keep(byte);
            }
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.end_member();
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => self.is_id = std::mem::take(&mut self.token) == br#""id""#,
            b',' => self.end_member(),
            _ if byte.is_ascii_whitespace() => {}
            _ => self.keep(byte),
        }
    }

    /// Keeps one byte more than the limit, so that a token that is too long never reads as a whole one.
    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() <= TOKEN_MAX {
            self.token.push(byte);
        }
    }

    fn end_member(&mut self) {
        if self.depth != 1 {
            return;
        }
        let token = std::mem::take(&mut self.token);
        if std::mem::take(&mut self.is_id) && token.len() <= TOKEN_MAX {
            self.id = serde_json::from_slice(&token).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(line: &str) -> Option<serde_json::Value> {
        let mut scan = IdScan::default();
        // In pieces of three bytes, as a reader might see them.
        line.as_bytes().chunks(3).for_each(|piece| scan.feed(piece));
        scan.finish().map(|id| serde_json::to_value(id).unwrap())
    }

    macro_rules! finds {
        ($($name:ident: $line:expr => $id:expr;)*) => {$(
            #[test]
            fn $name() {
                assert_eq!(id_of($line), $id);
            }
        )*};
    }

    finds! {
        an_id_at_the_start: r#"{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":"b"}}"# => Some(7.into());
        an_id_at_the_end: r#"{"method":"x","params":{"a":[1,{"b":2}]},"jsonrpc":"2.0", "id" : "k-9" }"# => Some("k-9".into());
        an_id_of_a_parameter_is_not_ours: r#"{"method":"x","params":{"id":3}}"# => None;
        an_id_inside_a_text_is_not_ours: r#"{"method":"\"id\":4,","params":"{\"id\":5}"}"# => None;
        an_escaped_quote_does_not_end_a_text: r#"{"a":"\\\"","id":6}"# => Some(6.into());
        a_batch_has_no_id: r#"[{"id":1}]"# => None;
        a_cut_line_has_no_id: r#"{"method":"x","id":1"# => None;
        an_object_is_no_id: r#"{"id":{"id":1}}"# => None;
    }

    #[test]
    fn an_endless_id_is_not_kept() {
        let mut scan = IdScan::default();
        scan.feed(br#"{"id":""#);
        (0..100_000).for_each(|_| scan.feed(b"x"));
        assert!(scan.token.len() <= TOKEN_MAX + 1);
        scan.feed(br#""}"#);
        assert_eq!(scan.finish(), None);
    }
}
