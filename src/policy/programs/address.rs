//! Names of files as programs read them: with a host before them, or as addresses.

/// Whether a name is one of another host: `host:path`, `user@host:`.
pub(super) fn is_elsewhere(text: &str) -> bool {
    text.find(':').is_some_and(|colon| text.find('/').is_none_or(|slash| colon < slash))
}

/// What stands behind `scheme:` or `scheme://` (RFC 3986, section 3.1).
pub(super) fn behind_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let named = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    (named && scheme.len() > 1 && !rest.is_empty()).then_some(rest)
}

/// A path of an address without its escapes (RFC 3986, section 2.1).
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let escaped = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        let skipped = if escaped.is_some() { 2 } else { 0 };
        rest = behind.get(skipped..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
