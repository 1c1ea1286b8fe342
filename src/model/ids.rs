//! Identifiers.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Names one job. A version 4 UUID (RFC 9562, section 5.4): 122 random bits, so that it cannot be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(Uuid);

impl JobId {
    /// Draws a new identifier from the system's random source.
    #[expect(clippy::new_without_default, reason = "every identifier is different; a default would suggest otherwise")]
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

/// Joins the audit records of one request: the request itself, the decision, and whatever ran because of it.
///
/// A version 7 UUID (RFC 9562, section 5.7), so that identifiers sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecId(Uuid);

impl ExecId {
    /// The identifier of requests that are only thought of, such as the tests of a policy. Nothing is recorded under it.
    pub const NIL: Self = Self(Uuid::nil());

    /// Draws a new identifier from the clock and the system's random source.
    #[expect(clippy::new_without_default, reason = "every identifier is different; a default would suggest otherwise")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

/// The text was not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an identifier of the form 01234567-89ab-cdef-0123-456789abcdef")
    }
}

impl std::error::Error for ParseIdError {}

macro_rules! text_forms {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let id = Uuid::try_parse(text).map_err(|_| ParseIdError)?;
                // One spelling per identifier: braces, URN and bare-hex forms are refused.
                if id.hyphenated().to_string() == text { Ok(Self(id)) } else { Err(ParseIdError) }
            }
        }
    };
}

text_forms!(JobId);
text_forms!(ExecId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = JobId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(
            id.to_string().to_uppercase().parse::<JobId>().is_ok(),
            !id.to_string().contains(|c: char| c.is_ascii_lowercase())
        );
        assert_eq!(format!("{{{id}}}").parse::<JobId>(), Err(ParseIdError));
        assert_eq!("nope".parse::<JobId>(), Err(ParseIdError));
    }
}
